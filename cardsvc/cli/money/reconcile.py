"""``cardsvc reconcile``: ledger, cards and files against each other."""

import datetime as dt
from typing import Any

import click

from cardsvc.cli.shared.database import database
from cardsvc.cli.shared.days import DAY
from cardsvc.cli.shared.output import json_option, listed, said, show, t, table
from cardsvc.cli.shared.person import as_option, signed_in
from cardsvc.cli.shared.progress import progress_bar
from cardsvc.cli.staff.approvals import show_approval
from cardsvc.text import language_of_environment
from cardsvc.units import format_yuan

outlet_option = click.option(
    "--outlet",
    help=t("只看一个网点的差异（班次、工作站、终端属于它的）", "Only what shifts and terminals of an outlet made"),
)


@click.group(help=t("对账：账册、卡片、文件三方核对", "Reconcile ledger, cards and files"))
def reconcile() -> None:
    """Group of reconciliation commands."""


def _run_lines(found: list[dict[str, Any]]) -> list[str]:
    every = t("全部", "all")
    head = (t("编号", "Id"), t("日期", "Day"), t("范围", "Of"), t("结果", "Result"))
    rows = [
        (
            run["run_id"],
            run["day"],
            run.get("outlet") or run["channel"] or run["terminal"] or every,
            t("；", "; ").join(_counted(*one) for one in sorted(run["counts"].items())) or t("没有差异", "no differences"),
        )
        for run in found
    ]
    return listed(rows, t("还没有对过账", "No runs yet"), head)


def _counted(what: str, count: int) -> str:
    """How many differences of a reason are in a state (``reason.state``)."""
    from cardsvc.service.reconcile.findings import REASONS
    from cardsvc.service.words.codes import DIFFERENCES

    reason, _, state = what.partition(".")
    shown = said(DIFFERENCES, state)
    return t(f"{said(REASONS, reason)}（{shown}） {count}", f"{said(REASONS, reason)} ({shown}) {count}")


def _difference_lines(found: list[dict[str, Any]]) -> list[str]:
    from cardsvc.service.words.accounts import account_in_full
    from cardsvc.service.words.codes import DIFFERENCES

    language = language_of_environment()
    rows = []
    for row in found:
        why = (row["explanation_text"] or {}).get(language) or row["explanation"] or ""
        details, proposed = row["details_text"][language], ""
        if entry := row["entry"]:
            debit, credit = t(*account_in_full(entry["debit"])), t(*account_in_full(entry["credit"]))
            proposed = t(f"借 {debit} 贷 {credit} ", f"debit {debit} credit {credit} ") + format_yuan(entry["amount"])
        reason, about = row["reason"][language], row["card_no"] or row["subject"]
        amount, state = format_yuan(row["amount"]), said(DIFFERENCES, row["state"])
        rows.append((row["difference"], state, reason, about, details, amount, why or proposed))
    return table(rows)


@reconcile.command(help=t("核对一天；只记录差异，不记账", "Compare a day; differences are stored, nothing is booked"))
@click.option("--day", type=DAY, required=True, help=t("日期，如 2026-11-24", "Day, as 2026-11-24"))
@click.option("--channel", help=t("只核对一个付款渠道", "One payment channel alone"))
@click.option("--terminal", help=t("只核对一个终端", "One terminal alone"))
@outlet_option
@as_option
@json_option
def run(
    day: dt.datetime, channel: str | None, terminal: str | None, outlet: str | None, staff_id: str, *, as_json: bool
) -> None:
    """Run a reconciliation."""
    from cardsvc.bootstrap import now, open_database
    from cardsvc.config import Settings
    from cardsvc.rules import rule_text
    from cardsvc.service.management.rule_versions import rules_now
    from cardsvc.service.reconcile.run import Scope, run_with_differences
    from cardsvc.service.reconcile.run import reconcile as compare

    settings = Settings()
    store = open_database(settings)
    try:
        by = signed_in(store, staff_id, job=True)
        with progress_bar(t("核对", "Reconciling")) as progress:
            rules = rules_now(store, rule_text(settings.rules), now())
            done = compare(store, rules, Scope(day.date(), channel, terminal), now(), progress, by=by)
        view = run_with_differences(store, done.run_id, outlet)
    finally:
        store.close()
    show(view, as_json=as_json, lines=lambda: _run_lines([view]) + _difference_lines(view["differences"]))


@reconcile.command("list", help=t("以往的对账，最新的在前", "Runs, newest first"))
@json_option
def list_(*, as_json: bool) -> None:
    """List runs."""
    from cardsvc.service.reconcile.run import run_view

    with database() as store, store.read() as uow:
        found = [run_view(row) for row in uow.runs.recent()]
    show(found, as_json=as_json, lines=lambda: _run_lines(found))


@reconcile.command("show", help=t("一次对账的全部差异", "All differences of a run"))
@click.argument("run_id")
@outlet_option
@json_option
def show_(run_id: str, outlet: str | None, *, as_json: bool) -> None:
    """Show a run."""
    from cardsvc.service.reconcile.run import run_with_differences

    with database() as store:
        view = run_with_differences(store, run_id, outlet)
    show(view, as_json=as_json, lines=lambda: _run_lines([view]) + _difference_lines(view["differences"]))


@reconcile.command(help=t("认领一条差异", "Become the owner of a difference"))
@click.argument("difference")
@as_option
@json_option
def take(difference: str, staff_id: str, *, as_json: bool) -> None:
    """Take a difference."""
    from cardsvc.service.reconcile.correct import parse_difference
    from cardsvc.service.reconcile.correct import take as become_owner

    which = parse_difference(difference)
    _see_to(staff_id, lambda store, **who: become_owner(store, which, **who), as_json=as_json)


@reconcile.command(help=t("说明一条差异为什么不用记账", "Say why a difference needs no entry"))
@click.argument("difference")
@click.option("--reason", required=True, help=t("理由", "Why"))
@as_option
@json_option
def explain(difference: str, reason: str, staff_id: str, *, as_json: bool) -> None:
    """Explain a difference."""
    from cardsvc.service.reconcile.correct import explain as say_why
    from cardsvc.service.reconcile.correct import parse_difference

    which = parse_difference(difference)
    _see_to(staff_id, lambda store, **who: say_why(store, which, reason, **who), as_json=as_json)


def _see_to(staff_id: str, see_to: Any, *, as_json: bool) -> None:
    from cardsvc.bootstrap import now
    from cardsvc.service.reconcile.run import difference_view

    with database() as store:
        view = difference_view(see_to(store, by=signed_in(store, staff_id), now=now()))
    show(view, as_json=as_json, lines=lambda: _difference_lines([view]))


@reconcile.command(
    help=t(
        "提出记更正分录，由另一人复核（cardsvc approvals approve）",
        "Propose that the correcting entry be booked; another person approves (cardsvc approvals approve)",
    )
)
@click.argument("difference")
@click.option("--reason", required=True, help=t("理由", "Why"))
@as_option
@json_option
def propose(difference: str, reason: str, staff_id: str, *, as_json: bool) -> None:
    """Propose a correction."""
    from cardsvc.bootstrap import now
    from cardsvc.service.approval_kinds import APPROVALS
    from cardsvc.service.reconcile.correct import parse_difference, propose_entry

    which = parse_difference(difference)
    with database() as store:
        by = signed_in(store, staff_id)
        found = propose_entry(store, APPROVALS, which, reason, by=by, now=now())
    show_approval(found, as_json=as_json)
