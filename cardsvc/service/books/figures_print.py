"""Figures in words: as tables for a spreadsheet, and as the bars of one table."""

from typing import Any

from cardsvc.printing.chart import bars
from cardsvc.printing.sheet import Grid, Sheet, as_csv
from cardsvc.service.books.figures import ALL, JOB_NAMES, MAKING, MEANS, MONEY, TABLES, finding_names
from cardsvc.service.books.receipts import METHODS
from cardsvc.text import Language, Text
from cardsvc.units import format_yuan


def named(table: str, what: str, tickets: dict[str, Text]) -> Text:
    """What a row of a table is about, in words; ``tickets``: the names of the kinds of tickets."""
    if what == ALL:
        return Text("全部", "All")
    kinds = {"findings": finding_names(), "tickets": tickets, "waiting": tickets, "making": MAKING, "batches": {}}
    words = {"jobs": JOB_NAMES, "loads": METHODS, MONEY: METHODS, **kinds}[table]
    return words.get(what, Text(what, what))


def figures_csv(found: dict[str, Any], tickets: dict[str, Text], language: Language) -> bytes:
    """Every table: a line for each day or hour, a column for each kind. Money in yuan."""
    time = Text("小时", "Hour") if found["by"] == "hour" else Text("日期", "Day")
    about = Text(
        f"{found['first']} 至 {found['last']}　网点 {found['outlet_id'] or '全部'}",
        f"{found['first']} to {found['last']}, outlet {found['outlet_id'] or 'all'}",
    )
    grids = []
    for name, rows in found["tables"].items():
        columns = [time.into(language), *(named(name, row["what"], tickets).into(language) for row in rows)]
        lines = [(at, *(_number(name, row["numbers"][place]) for row in rows)) for place, at in enumerate(found["at"]) if rows]
        grids.append(Grid(TABLES[name].into(language), columns, lines, len(rows)))
    return as_csv(Sheet(Text("统计", "Figures").into(language), [about.into(language)], grids))


def _number(table: str, number: float) -> str:
    return format_yuan(int(number)) if table == MONEY else str(number)


def figures_chart(found: dict[str, Any], table: str) -> str:
    """The sums of one table over time, or its means, as an SVG picture."""
    rows = found["tables"][table][: 1 if table in MEANS else None]
    totals = [sum(row["numbers"][place] for row in rows) for place in range(len(found["at"]))]
    labels = [at[-5:] for at in found["at"]]
    return bars(labels, [total / 100 for total in totals] if table == MONEY else totals)
