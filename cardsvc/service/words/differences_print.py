"""Differences of a reconciliation as a file for a spreadsheet, in the words of their page."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from cardsvc.printing.sheet import Grid, Sheet, as_csv
from cardsvc.service.words.accounts import account_in_full
from cardsvc.service.words.codes import DIFFERENCES
from cardsvc.service.words.names import matter_name
from cardsvc.text import Language, Text
from cardsvc.units import format_yuan

_COLUMNS = (
    Text("编号", "Number"),
    Text("差异", "Difference"),
    Text("关于", "About"),
    Text("卡号", "Card"),
    Text("详情", "Details"),
    Text("状态", "State"),
    Text("谁在管", "Owner"),
    Text("说明", "Explained"),
    Text("建议借方", "Proposed debit"),
    Text("建议贷方", "Proposed credit"),
    Text("建议金额（元）", "Proposed yuan"),
    Text("金额（元）", "Yuan"),
)
NUMBERS = 2
"""The last columns are numbers."""


def differences_csv(
    run: Mapping[str, Any], rows: Sequence[Mapping[str, Any]], card_no: Callable[[str], str], language: Language
) -> bytes:
    """A line for each difference of ``differences_page``; ``card_no`` groups a number's digits, or a spreadsheet rounds it."""

    def cells(row: Mapping[str, Any]) -> list[str]:
        entry, explained = row["entry"], row["explanation_text"]
        return [
            row["difference"].partition("/")[2],
            row["reason"][language],
            matter_name(row["subject"]).into(language),
            card_no(row["card_no"]) if row["card_no"] else "",
            row["details_text"][language],
            DIFFERENCES[row["state"]].into(language),
            row["owner"] or "",
            explained[language] if explained else row["explanation"] or "",
            *(account_in_full(entry[side]).into(language) if entry else "" for side in ("debit", "credit")),
            format_yuan(entry["amount"]) if entry else "",
            format_yuan(row["amount"]),
        ]

    title = Text("对账差异", "Differences of the reconciliation").into(language)
    columns = [column.into(language) for column in _COLUMNS]
    return as_csv(
        Sheet(title, [f"{run['day']} {run['run_id']}"], [Grid(title, columns, [cells(row) for row in rows], NUMBERS)])
    )
