"""``cardsvc day``: the end of a day and of a month, and corrections by two people."""

import datetime as dt
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import click

from cardsvc.cli.shared.database import database, write_out
from cardsvc.cli.shared.days import DAY, MONTH, local_time
from cardsvc.cli.shared.output import json_option, listed, show, t, table
from cardsvc.cli.shared.person import as_option, signed_in
from cardsvc.units import LOCAL, parse_yuan


@click.group(help=t("日结、月结、更正", "Day-end, month-end, corrections"))
def day() -> None:
    """Group of day commands."""


outlet_option = click.option("--outlet", "outlet_id", required=True, help=t("网点编号", "Outlet id"))


def local_day(given: dt.datetime | None) -> dt.date:
    """The day that was given, or today in the city."""
    from cardsvc.bootstrap import now

    return given.date() if given else now().astimezone(LOCAL).date()


@day.command(help=t("列出妨碍日结的事项；有则退出码 1", "What keeps the day from ending; exit code 1 when there is something"))
@outlet_option
@json_option
def status(outlet_id: str, *, as_json: bool) -> int:
    """List what is open."""
    from cardsvc.cli.shared.local import books
    from cardsvc.service.books.day_end import REASONS, blockers
    from cardsvc.text import language_of_environment

    with books() as opened:
        opened.engine.sweep_all()
        found = blockers(opened.store, outlet_id)
    language = language_of_environment()
    rows = [(REASONS[f["reason"]].into(language), f["id"], f["owner"] or "-", f["about"]) for f in found]
    head = (t("还缺什么", "What is missing"), t("编号", "Id"), t("谁在跟", "Owner"), t("关于", "About"))
    show(found, as_json=as_json, lines=lambda: listed(rows, t("可以日结", "The day can end"), head))
    return 1 if found else 0


@day.command(help=t("日结：封存全部账册链；封根请随报表存档", "End the day and seal the ledger; keep the root on paper"))
@click.argument("date", type=DAY, required=False)
@outlet_option
@as_option
@json_option
def end(date: dt.datetime | None, outlet_id: str, staff_id: str, *, as_json: bool) -> None:
    """End a day."""
    from cardsvc.bootstrap import now
    from cardsvc.cli.shared.local import books
    from cardsvc.service.books.day_end import end_day, seal_view

    with books() as opened:
        by = signed_in(opened.store, staff_id)
        opened.engine.sweep_all()
        found = seal_view(end_day(opened.store, outlet_id, local_day(date), by=by, now=now()))
    show(found, as_json=as_json, lines=lambda: _seal_lines(found))


def _seal_lines(seal: Mapping[str, Any]) -> list[str]:
    """A seal as the day sheet has it."""
    return table(
        [
            (t("网点", "Outlet"), seal["outlet_id"]),
            (t("营业日", "Day"), seal["day"]),
            (t("封号", "Seal"), str(seal["number"])),
            (t("封存人", "Sealed by"), seal["sealed_by"]),
            (t("封存时间", "Sealed at"), local_time(seal["sealed_at"])),
            (t("封根", "Root"), seal["root"]),
        ]
    )


@day.command("month-end", help=t("月结：该月各营业日都已日结", "End a month whose days were all ended"))
@click.argument("month", type=MONTH)
@outlet_option
@as_option
@json_option
def month_end(month: dt.datetime, outlet_id: str, staff_id: str, *, as_json: bool) -> None:
    """End a month."""
    from cardsvc.bootstrap import now
    from cardsvc.service.books.day_end import end_month

    with database() as store:
        end_month(store, outlet_id, month.date(), by=signed_in(store, staff_id), now=now())
    line = t(f"{outlet_id} {month:%Y-%m} 已月结", f"{outlet_id} {month:%Y-%m} is ended")
    show({"outlet_id": outlet_id, "month": f"{month:%Y-%m}"}, as_json=as_json, lines=lambda: [line])


@day.command(
    help=t(
        "更正：提出一笔新的转账（借方、贷方、元），由另一人复核后入账",
        "Propose a new transfer (debit, credit, yuan) that corrects something; it is booked when another person approves",
    )
)
@click.argument("debit")
@click.argument("credit")
@click.argument("yuan")
@click.option("--corrects", required=True, help=t("所更正的交易、班次或单据号", "The load, shift or slip that it is about"))
@click.option("--reason", required=True, help=t("理由", "Why"))
@as_option
@json_option
def correct(debit: str, credit: str, yuan: str, corrects: str, reason: str, staff_id: str, *, as_json: bool) -> None:
    """Propose a correction."""
    from cardsvc.bootstrap import now
    from cardsvc.cli.staff.approvals import show_approval
    from cardsvc.service.approval_kinds import APPROVALS
    from cardsvc.service.books.corrections import CORRECTION
    from cardsvc.service.staff.approvals import propose

    payload: dict[str, Any] = {"debit": debit, "credit": credit, "amount": int(parse_yuan(yuan)), "corrects": corrects}
    with database() as store:
        by = signed_in(store, staff_id)
        found = propose(store, APPROVALS, CORRECTION.name, corrects, payload, reason, by=by, now=now())
    show_approval(found, as_json=as_json)


@day.command(help=t("日报表：按柜员、工位、网点或产品", "The day sheet by teller, workstation, outlet or product"))
@click.argument("date", type=DAY, required=False)
@click.option("--outlet", "outlet_id", help=t("网点编号；默认全部", "Outlet id; all when left out"))
@click.option(
    "--by",
    type=click.Choice(["teller", "terminal", "outlet", "product"]),
    default="teller",
    show_default=True,
    help=t("按什么分列", "What its lines are by"),
)
@click.option(
    "--format", "form", type=click.Choice(["csv", "json", "pdf"]), default="csv", show_default=True, help=t("格式", "Format")
)
@click.option("--to", "file", type=click.Path(dir_okay=False, path_type=Path), help=t("存到文件", "Write to a file"))
def report(date: dt.datetime | None, outlet_id: str | None, by: str, form: str, file: Path | None) -> None:
    """Print the day sheet."""
    from cardsvc.service.books.reports import day_sheet
    from cardsvc.service.books.sheet_print import printed_sheet
    from cardsvc.text import language_of_environment

    with database() as store:
        found = day_sheet(store, local_day(date), by, outlet_id)
    content = printed_sheet(found, form, language_of_environment())
    write_out(content, file)
