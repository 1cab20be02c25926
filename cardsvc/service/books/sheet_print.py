"""The day sheet in words: what reports.py added up, as it is printed."""

import json
import re
from typing import Any

from cardsvc.printing.sheet import Grid, Sheet, as_csv, as_pdf
from cardsvc.service.books.receipts import METHODS
from cardsvc.service.books.reports import KINDS
from cardsvc.service.machines.money import SHIFT
from cardsvc.service.purse.area_names import purse_name
from cardsvc.text import Language, Text
from cardsvc.units import format_yuan

_BY = {
    "teller": Text("柜员", "Teller"),
    "terminal": Text("工位、终端", "Workstation"),
    "outlet": Text("网点", "Outlet"),
    "product": Text("产品", "Product"),
}
_DRAWER = (
    ("opening_float", Text("备用金", "Float")),
    ("cash_in", Text("收入", "In")),
    ("cash_out", Text("支出", "Out")),
    ("brought", Text("领缴", "Brought")),
    ("expected", Text("应有", "Expected")),
    ("counted", Text("实点", "Counted")),
    ("difference", Text("差额", "Difference")),
)


_CHANGE = (("given", Text("收现金", "Cash given")), ("change", Text("找零", "Change")))
"""Where it was typed; what was given less the change is part of what came in."""


def printable(sheet: dict[str, Any], language: Language) -> Sheet:
    """The sheet with its titles and labels in one language."""

    def say(zh: str, en: str) -> str:
        return Text(zh, en).into(language)

    def named(row: dict[str, Any]) -> tuple[str, str]:
        kind = KINDS.get(re.sub(r"_\d+$", "", row["kind"]))  # channels of one payout are numbered
        method = METHODS.get(row["method"])
        return kind.into(language) if kind else row["kind"], method.into(language) if method else ""

    sums = (say("笔数", "Number"), say("金额（元）", "Amount (yuan)"))
    job, paid = say("项目", "Item"), say("付款", "Paid by")
    rows = [
        (_group(sheet["by"], r["group"], language), *named(r), str(r["number"]), format_yuan(r["amount"]))
        for r in sheet["rows"]
    ]
    totals = [(named(r)[0], str(r["number"]), format_yuan(r["amount"])) for r in sheet["totals"]]

    def by_drawer(columns: tuple[tuple[str, Text], ...]) -> tuple[tuple[str, ...], list[tuple[str, ...]], int]:
        titles = (say("柜员、工位、状态", "Teller, workstation, state"), *(title.into(language) for _, title in columns))
        return titles, [(_whose(d, language), *(_yuan(d[name]) for name, _ in columns)) for d in sheet["drawers"]], len(columns)

    seal = sheet["seal"]
    sealed = say(f"日封 {seal['number']}：{seal['root']}", f"Seal {seal['number']}: {seal['root']}") if seal else None
    return Sheet(
        title=say("日报表", "Day sheet"),
        lines=[
            say(
                f"营业日 {sheet['day']}　网点 {sheet['outlet'] or '全部'}",
                f"Day {sheet['day']}, outlet {sheet['outlet'] or 'all'}",
            ),
            sealed or say("尚未日结", "The day is not ended"),
        ],
        grids=[
            Grid(say("明细", "By group"), (_BY[sheet["by"]].into(language), job, paid, *sums), rows, 2),
            Grid(say("合计", "Totals"), (job, *sums), totals, 2),
            Grid(say("现金箱", "Drawers"), *by_drawer(_DRAWER)),
            Grid(say("收现金与找零", "Cash given and change"), *by_drawer(_CHANGE)),
        ],
        signatures=(say("制表", "Made by"), say("复核", "Checked by"), say("主管", "Supervisor")),
    )


def _group(by: str, group: str, language: Language) -> str:
    """What a row is of; products by the names that the desk has for them."""
    product, slash, area = group.partition("/")
    return purse_name(product, area).into(language) if by == "product" and slash else group


def _whose(drawer: dict[str, Any], language: Language) -> str:
    return f"{drawer['staff_id']} {drawer['workstation']} {SHIFT.words[drawer['state']].into(language)}"


def _yuan(amount: int | None) -> str:
    return "-" if amount is None else format_yuan(amount)


def printed_sheet(sheet: dict[str, Any], form: str, language: Language) -> bytes:
    """The sheet as csv, json or pdf."""
    if form == "json":
        return json.dumps(sheet, ensure_ascii=False, indent=2).encode() + b"\n"
    return (as_pdf if form == "pdf" else as_csv)(printable(sheet, language))
