"""Bars over time as an SVG picture. Its words stand in the page beside it: the picture holds numbers and days only."""

from collections.abc import Sequence

from reportlab.graphics import renderSVG
from reportlab.graphics.charts.barcharts import VerticalBarChart
from reportlab.graphics.shapes import Drawing
from reportlab.lib import colors

WIDTH, HEIGHT = 1000, 230
LEFT, BELOW, ABOVE = 70, 34, 16
MOST_LABELS = 16
"""Labels under the bars that fit beside each other."""
FEWEST_WITH_NUMBERS = 32
"""With more bars than this their numbers would run into each other."""


def bars(labels: Sequence[str], numbers: Sequence[float]) -> str:
    """One bar for each label, with its number above it."""
    chart = VerticalBarChart()
    chart.x, chart.y, chart.width, chart.height = LEFT, BELOW, WIDTH - LEFT - 10, HEIGHT - BELOW - ABOVE
    chart.data = [list(numbers)]
    every = -(-len(labels) // MOST_LABELS)
    chart.categoryAxis.categoryNames = [label if place % every == 0 else "" for place, label in enumerate(labels)]
    chart.categoryAxis.labels.fontSize = chart.valueAxis.labels.fontSize = 13
    chart.categoryAxis.visibleTicks = 0
    chart.valueAxis.valueMin = 0
    chart.valueAxis.valueMax = max(*numbers, 1) if len(numbers) > 1 else max(numbers[0], 1)
    chart.valueAxis.visibleGrid = 1
    chart.valueAxis.gridStrokeColor = colors.HexColor("#c5ced8")
    chart.bars[0].fillColor = colors.HexColor("#0b5394")
    chart.bars[0].strokeColor = None
    chart.groupSpacing = 4
    if len(labels) <= FEWEST_WITH_NUMBERS:
        chart.barLabelFormat = lambda number: f"{number:g}" if number else ""
        chart.barLabels.nudge = 8
        chart.barLabels.fontSize = 13
    drawing = Drawing(WIDTH, HEIGHT)
    drawing.add(chart)
    return str(renderSVG.drawToString(drawing))
