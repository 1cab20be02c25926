"""``cardsvc hall``: appraisals and call-backs, service stars, complaints, notes of the day."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import click

from cardsvc.cli.hall.queue import outlet_option, with_rules
from cardsvc.cli.shared.database import known_outlet
from cardsvc.cli.shared.days import DAY, local_time
from cardsvc.cli.shared.output import json_option, listed, said, show, t
from cardsvc.cli.shared.person import as_option, signed_in
from cardsvc.text import Text, language_of_environment

if TYPE_CHECKING:
    from cardsvc.rules import RuleSet
    from cardsvc.store import Store


@click.group(help=t("大厅：评价回访、服务之星、投诉、晨会和巡视记录", "The hall: appraisals, service stars, complaints, notes"))
def hall() -> None:
    """Group of hall commands."""


@hall.command("call-backs", help=t("待回访的差评", "Bad appraisals that wait for a call"))
@as_option
@json_option
def call_backs(staff_id: str, *, as_json: bool) -> None:
    """List call-backs."""
    from cardsvc.bootstrap import now
    from cardsvc.cli.shared.local import books
    from cardsvc.service.hall.appraisals import to_call_back

    with books() as opened:
        by = signed_in(opened.store, staff_id)
        found = to_call_back(opened.store, opened.engine.keystore, by=by, now=now())
    shown = {
        "case_no": t("编号", "Case"),
        "due_on": t("期限", "Until"),
        "staff_id": t("工号", "Staff"),
        "job": t("业务", "Job"),
        "level": t("评价", "Level"),
        "reason": t("原因", "Reason"),
        "contact": t("联系方式", "Contact"),
        "remark": t("备注", "Remark"),
    }
    rows = [tuple(str(row[name] or "-") for name in shown) for row in found]
    nobody = t("没有待回访的差评", "Nobody waits for a call")
    show(found, as_json=as_json, lines=lambda: listed(rows, nobody, tuple(shown.values())))


@hall.command("called-back", help=t("记下回访结果", "Keep the result of a call"))
@click.argument("case_no")
@click.option("--note", required=True, help=t("回访记录", "What was said"))
@as_option
@json_option
def called_back(case_no: str, note: str, staff_id: str, *, as_json: bool) -> None:
    """Keep a call-back."""
    from cardsvc.bootstrap import now
    from cardsvc.service.hall.appraisals import call_back

    kept = with_rules(lambda store, _rules: call_back(store, case_no, note, by=signed_in(store, staff_id), now=now()))
    show({"case_no": kept.case_no}, as_json=as_json, lines=lambda: [t("已记下", "Kept")])


@hall.command(help=t("服务之星：每人一季度的数字", "Service stars: figures of each person in a quarter"))
@click.argument("quarter")
@outlet_option
@as_option
@json_option
def stars(quarter: str, outlet_id: str, staff_id: str, *, as_json: bool) -> None:
    """Show service stars."""
    from cardsvc.service.hall.stars import service_stars
    from cardsvc.service.hall.stars_print import COLUMNS

    found = with_rules(lambda store, _rules: service_stars(store, outlet_id, quarter, by=signed_in(store, staff_id)))
    rows = [tuple("-" if row[name] is None else str(row[name]) for name in COLUMNS) for row in found]
    head = tuple(title.into(language_of_environment()) for title in COLUMNS.values())
    nothing = t("这一季度没有人接待过", "Nobody was served in this quarter")
    show(found, as_json=as_json, lines=lambda: listed(rows, nothing, head))


@hall.command(help=t("记晨会、巡视或事件", "Keep a line of the checklist, a patrol or an incident"))
@click.argument("kind", type=click.Choice(["checklist", "patrol", "incident"]))
@click.option("--item", help=t("晨会项目", "Item of the checklist"))
@click.option("--bad", is_flag=True, help=t("不合格", "It is not good"))
@click.option("--text", default="", help=t("情况", "What there is to say"))
@as_option
@json_option
def note(kind: str, item: str | None, text: str, staff_id: str, *, bad: bool, as_json: bool) -> None:
    """Keep a note."""
    from cardsvc.bootstrap import now
    from cardsvc.service.hall.notes import write_note

    def work(store: "Store", rules: "RuleSet") -> Any:
        by = signed_in(store, staff_id)
        return write_note(store, rules, kind, text, by=by, now=now(), item=item, good=not bad)

    kept = with_rules(work)
    show({"note_id": kept.note_id}, as_json=as_json, lines=lambda: [t("已记下", "Kept")])


@hall.command(help=t("一天的记录，晨会还缺哪些", "The notes of a day, and what of the checklist is missing"))
@outlet_option
@click.option("--day", type=DAY, help=t("哪一天，默认今天", "Which day, today by default"))
@json_option
def notes(outlet_id: str, day: Any, *, as_json: bool) -> None:
    """Show the notes of a day."""
    from cardsvc.bootstrap import now
    from cardsvc.rules.hall import checklist
    from cardsvc.service.hall.notes import day_notes
    from cardsvc.service.operations.rule_book import local_day

    wanted = day.date() if day else local_day(now())

    def read(store: "Store", rules: "RuleSet") -> dict[str, Any]:
        known_outlet(store, outlet_id)
        with store.read() as uow:
            items.update({code: Text(zh, en) for code, zh, en in checklist(rules, wanted)})
            return day_notes(uow, rules, outlet_id, wanted)

    items: dict[str, Text] = {}
    found = with_rules(read)
    show(found, as_json=as_json, lines=lambda: _note_lines(found, items))


def _note_lines(found: dict[str, Any], items: Mapping[str, Text]) -> list[str]:
    from cardsvc.service.words.codes import NOTES

    head = (t("时间", "Time"), t("种类", "Kind"), t("项目", "Item"), t("结果", "Result"), t("谁", "Who"), t("内容", "Text"))
    rows = [
        (
            local_time(n["at"]),
            said(NOTES, n["kind"]),
            said(items, n["item"]),
            t("好", "good") if n["good"] else t("有问题", "not good"),
            n["by"],
            n["text"],
        )
        for n in found["notes"]
    ]
    missing = t("、", ", ").join(said(items, code) for code in found["missing"])
    return listed(rows, t("没有记录", "No notes"), head) + ([t("晨会还缺：", "Missing: ") + missing] if missing else [])
