"""Service stars as a file for a spreadsheet."""

from collections.abc import Mapping, Sequence
from typing import Any

from cardsvc.printing.sheet import Grid, Sheet, as_csv
from cardsvc.text import Language, Text

COLUMNS: Mapping[str, Text] = {
    "staff_id": Text("工号", "Staff id"),
    "name": Text("姓名", "Name"),
    "served": Text("接待人数", "People served"),
    "jobs": Text("办成业务", "Jobs done"),
    "median_minutes": Text("每人用时（分钟，中位数）", "Minutes each (median)"),
    "cases": Text("请求评价", "Asked for an appraisal"),
    "appraised": Text("收到评价", "Appraisals"),
    "mean_level": Text("平均（满分 5）", "Mean (best 5)"),
    "bad": Text("差评", "Bad ones"),
    "drawers_wrong": Text("长短款班次", "Shifts with a difference"),
}
WORDS = 2
"""The first columns are words, the others numbers."""


def stars_csv(rows: Sequence[Mapping[str, Any]], outlet_id: str, quarter: str, language: Language) -> bytes:
    """What ``service_stars`` found, a line for each person, the best first."""
    columns = [title.into(language) for title in COLUMNS.values()]
    lines = [["" if row[name] is None else str(row[name]) for name in COLUMNS] for row in rows]
    title = Text("服务之星", "Service stars").into(language)
    about = Text(f"{quarter}　网点 {outlet_id}", f"{quarter}, outlet {outlet_id}").into(language)
    return as_csv(Sheet(title, [about], [Grid(title, columns, lines, len(columns) - WORDS)]))
