"""``cardsvc card repair``: what is wrong, what would be done about it, and doing it."""

from collections.abc import Mapping
from typing import Any

import click

from cardsvc.cli.card.diagnose import connector, report_lines
from cardsvc.cli.card.results import settled_lines
from cardsvc.cli.shared.local import (
    HERE,
    card_channel,
    do,
    file_option,
    reader_option,
    services,
    trace_option,
    wait_option,
)
from cardsvc.cli.shared.output import json_option, said, show, t, table
from cardsvc.cli.shared.person import signed_in
from cardsvc.text import language_of_environment


@click.command(
    help=t(
        "修复：按检测结果修卡，修后重读核对；要两人的步骤等复核",
        "Repair by the findings and read again; some steps want two people",
    )
)
@click.option("--dry-run", is_flag=True, help=t("只列出会做什么，不改卡", "Only list what would be done"))
@click.option("--person", default=None, help=t("办理人证件号：解锁密码要核对本人", "ID number of the person at the desk"))
@click.option("--propose", "reason", default=None, help=t("为要两人的步骤提请复核：理由", "Ask a second person: why"))
@click.option("--as", "staff_id", envvar="CARDSVC_STAFF", default=None, help=t("提请人的工号", "Who asks"))
@reader_option
@wait_option
@file_option
@trace_option
@json_option
def repair(
    reader: str | None,
    wait: float,
    card_file: str | None,
    person: str | None,
    reason: str | None,
    staff_id: str | None,
    *,
    dry_run: bool,
    trace: bool,
    as_json: bool,
) -> int:
    """Repair the card; exit code 1 when it is not healthy afterwards."""
    if reason is not None and staff_id is None:
        raise click.UsageError(t("--propose 要与 --as 同用", "--propose wants --as"))
    if dry_run or reason is not None:
        return _plan(reader, wait, card_file, reason, staff_id, as_json=as_json)
    with services() as opened, card_channel(reader, wait, card_file, trace=trace) as channel:
        result = do(opened, channel, "repair", {"person": person})
    show(result, as_json=as_json, lines=lambda: _result_lines(result))
    return 0 if result["healthy"] else 1


def _plan(
    reader: str | None, wait: float, card_file: str | None, reason: str | None, staff_id: str | None, *, as_json: bool
) -> int:
    """Diagnose, list the steps, and ask a second person where that was wanted."""
    from cardsvc.bootstrap import now
    from cardsvc.cli.card.examine import examine
    from cardsvc.service.approval_kinds import APPROVALS
    from cardsvc.service.faults.repair import planned, propose_repair

    with services() as opened, connector(reader, wait, card_file) as connect:
        report = examine(opened.engine, HERE, connect)
        plan = planned(opened.store, report)
        if reason is not None and staff_id is not None:
            steps = [step["name"] for step in plan["steps"] if step["two_people"]]
            by = signed_in(opened.store, staff_id)
            asked = propose_repair(opened.store, APPROVALS, plan["card_no"] or "", steps, reason, by=by, now=now())
            plan["approval_id"] = asked.approval_id
    show(plan, as_json=as_json, lines=lambda: [*report_lines(report), *_step_lines(plan["steps"]), *_left_lines(plan)])
    return 0 if report["healthy"] else 1


def _result_lines(result: Mapping[str, Any]) -> list[str]:
    done = [*settled_lines(result), *_step_lines(result["steps"])]
    done = done or [t("卡上没有要做的", "Nothing was to be done on the card")]
    waiting = [t("等第二人复核（--propose）：", "Waits for a second person (--propose):"), *_step_lines(result["waiting"])]
    healthy = [t("修后检测正常", "Healthy after the repair")] if result["healthy"] else []
    return [*done, *(waiting if result["waiting"] else []), *_left_lines(result), *healthy]


def _step_lines(steps: list[dict[str, Any]]) -> list[str]:
    from cardsvc.service.cards.application_names import APPLICATIONS

    language = language_of_environment()
    rows = []
    for step in steps:
        people = t("（两人）", " (two people)") if step["two_people"] else ""
        document = t("（验证件：--person）", " (document: --person)") if step["document"] else ""
        rows.append(
            (f"{step['title'][language]}{people}{document}", said(APPLICATIONS, step["application"]), step["effect"][language])
        )
    return table(rows) if rows else []


def _left_lines(result: Mapping[str, Any]) -> list[str]:
    """What no step of the card cures: of it the repair itself settles what is open, before anything else."""
    first = [finding for finding in result["findings"] if finding["plan"] == "settle"]
    left = [finding for finding in result["findings"] if finding not in first]
    lines = [t("修复先做：", "The repair does first:"), *_cure_lines(first)] if first else []
    return [*lines, *([t("不在卡上修的：", "Not repaired on the card:"), *_cure_lines(left)] if left else [])]


def _cure_lines(findings: list[Mapping[str, Any]]) -> list[str]:
    language = language_of_environment()
    cures = ((finding["word"][language], finding["cure"]) for finding in findings)
    return table([(word, cure["title"][language], cure["effect"][language]) for word, cure in cures])
