"""``cardsvc complaint``: taking, giving on and answering complaints."""

from typing import TYPE_CHECKING, Any

import click

from cardsvc.cli.hall.queue import with_rules
from cardsvc.cli.shared.output import json_option, listed, said, show, t
from cardsvc.cli.shared.person import as_option, signed_in

if TYPE_CHECKING:
    from cardsvc.store import Store

text_option = click.option("--text", required=True, help=t("内容", "Text"))


@click.group(help=t("投诉：受理、转交、答复", "Complaints: take, give on, answer"))
def complaint() -> None:
    """Group of complaint commands."""


@complaint.command(help=t("受理投诉", "Take a complaint"))
@click.argument("channel", type=click.Choice(["12345", "96225", "desk"]))
@text_option
@click.option("--contact", help=t("联系方式，加密保存", "How to reach the person; kept sealed"))
@as_option
@json_option
def take(channel: str, text: str, contact: str | None, staff_id: str, *, as_json: bool) -> None:
    """Take a complaint."""
    from cardsvc.bootstrap import now
    from cardsvc.cli.shared.local import books
    from cardsvc.service.hall.complaints import receive
    from cardsvc.service.operations.rule_book import local_day

    with books() as opened:
        store, by = opened.store, signed_in(opened.store, staff_id)
        with store.read() as uow:
            rules = opened.rules.in_force(uow, local_day(now()))
        case = receive(store, rules, opened.engine.keystore, channel, text, by=by, now=now(), contact=contact)
    found = {"case_no": case.case_no, "due_on": case.due_on.isoformat()}
    line = t(f"{case.case_no}，{case.due_on} 前答复", f"{case.case_no}, to be answered by {case.due_on}")
    show(found, as_json=as_json, lines=lambda: [line])


@complaint.command("list", help=t("未答复的投诉，最急的在前", "Complaints without an answer, the most urgent first"))
@click.option("--all", "all_", is_flag=True, help=t("已答复的也列出", "Answered ones, too"))
@json_option
def list_(*, all_: bool, as_json: bool) -> None:
    """List complaints."""
    from cardsvc.bootstrap import now
    from cardsvc.service.hall.complaints import complaints_view

    found = with_rules(lambda store, _rules: complaints_view(store, now=now(), only_open=not all_))
    nothing = t("没有投诉", "No complaints") if all_ else t("没有未答复的投诉", "Every complaint is answered")
    rows = [(c["case_no"], c["due_on"], t("逾期", "late") if c["late"] else "-", c["owner"], c["text"]) for c in found]
    head = (t("编号", "Case"), t("答复期限", "Answer by"), t("逾期", "Late"), t("经办", "With"), t("内容", "Text"))
    show(found, as_json=as_json, lines=lambda: listed(rows, nothing, head))


def _step(case_no: str, staff_id: str, name: str, *texts: str, as_json: bool) -> None:
    from cardsvc.bootstrap import now
    from cardsvc.service.hall import complaints
    from cardsvc.service.words.codes import COMPLAINT_STEPS

    def work(store: "Store", _rules: Any) -> Any:
        return getattr(complaints, name)(store, case_no, *texts, by=signed_in(store, staff_id), now=now())

    step = with_rules(work)
    found = {"case_no": step.case_no, "number": step.number, "step": step.step, "owner": step.owner}
    show(found, as_json=as_json, lines=lambda: [f"{step.case_no}  {said(COMPLAINT_STEPS, step.step)}  {step.owner}"])


@complaint.command(help=t("转交给另一人", "Give it to somebody else"))
@click.argument("case_no")
@click.argument("owner")
@text_option
@as_option
@json_option
def assign(case_no: str, owner: str, text: str, staff_id: str, *, as_json: bool) -> None:
    """Assign a complaint."""
    _step(case_no, staff_id, "assign", owner, text, as_json=as_json)


@complaint.command(help=t("记下查到的情况", "Keep what was found out"))
@click.argument("case_no")
@text_option
@as_option
@json_option
def note(case_no: str, text: str, staff_id: str, *, as_json: bool) -> None:
    """Note something."""
    _step(case_no, staff_id, "add_note", text, as_json=as_json)


@complaint.command(help=t("答复，办结（主管）", "Answer and close (supervisor)"))
@click.argument("case_no")
@text_option
@as_option
@json_option
def answer(case_no: str, text: str, staff_id: str, *, as_json: bool) -> None:
    """Answer a complaint."""
    _step(case_no, staff_id, "answer", text, as_json=as_json)
