"""Bars over time as an SVG picture. Its words stand in the page beside it: the picture holds numbers and days only."""

import math
from collections.abc import Sequence

from reportlab.graphics import renderSVG
from reportlab.graphics.charts.barcharts import VerticalBarChart
from reportlab.graphics.shapes import Drawing
from reportlab.lib import colors

WIDTH, HEIGHT = 640, 230
LEFT, BELOW, ABOVE = 64, 30, 18
STEPS = 5
"""Lines across the bars, about."""
MOST_LABELS = 14
"""Labels under the bars that fit beside each other."""
MOST_NUMBERS = 16
"""With more bars than this their numbers would run into each other."""


def bars(labels: Sequence[str], numbers: Sequence[float]) -> str:
    """One bar for each label, with its number above it."""
    chart = VerticalBarChart()
    chart.x, chart.y, chart.width, chart.height = LEFT, BELOW, WIDTH - LEFT - 10, HEIGHT - BELOW - ABOVE
    chart.data = [list(numbers)]
    every = -(-len(labels) // MOST_LABELS)
    chart.categoryAxis.categoryNames = [label if place % every == 0 else "" for place, label in enumerate(labels)]
    chart.categoryAxis.labels.fontSize = chart.valueAxis.labels.fontSize = 12
    chart.categoryAxis.visibleTicks = chart.valueAxis.visibleTicks = 0
    chart.valueAxis.valueMin = 0
    step = _step(max(numbers))
    chart.valueAxis.valueStep = step
    chart.valueAxis.valueMax = step * max(1, math.ceil(max(numbers) / step))
    chart.valueAxis.labels.dx = -5
    chart.valueAxis.visibleGrid = 1
    chart.valueAxis.gridStrokeColor = colors.HexColor("#c5ced8")
    chart.bars[0].fillColor = colors.HexColor("#0b5394")
    chart.bars[0].strokeColor = None
    chart.groupSpacing = 4
    if len(labels) <= MOST_NUMBERS:
        chart.barLabelFormat = lambda number: f"{number:g}" if number else ""
        chart.barLabels.nudge = 8
        chart.barLabels.fontSize = 12
    drawing = Drawing(WIDTH, HEIGHT)
    drawing.add(chart)
    return str(renderSVG.drawToString(drawing))


def _step(largest: float) -> int:
    """A round number, 1, 2 or 5 with noughts, of which a few make the largest: counts have no halves."""
    wanted = max(1.0, largest / STEPS)
    noughts = int(10 ** int(math.log10(wanted)))
    return next(first * noughts for first in (1, 2, 5, 10) if first * noughts >= wanted)
