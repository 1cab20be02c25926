"""``cardsvc shift``: a teller's shift with its cash drawer."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import click

from cardsvc.cli.shared.database import database, known_outlet
from cardsvc.cli.shared.output import json_option, listed, said, show, t
from cardsvc.cli.shared.person import as_option, signed_in
from cardsvc.units import format_yuan, parse_yuan

if TYPE_CHECKING:
    from cardsvc.store import Store
    from cardsvc.store.records import Shift


@click.group(help=t("班次：开班、交班、长短款", "Shifts: open, close, differences of the drawer"))
def shift() -> None:
    """Group of shift commands."""


class _Pieces(click.ParamType[tuple[str, int]]):
    """``100x3``: three notes of 100 yuan."""

    name = "YUANxN"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> tuple[str, int]:
        """Denomination in fen and number of pieces."""
        from cardsvc.errors import RequestError

        yuan, _, number = str(value).partition("x")
        try:
            return str(parse_yuan(yuan)), int(number)
        except (RequestError, ValueError):
            self.fail(t(f"{value}：应为 面额x张数，例如 100x3", f"{value}: give YUANxN, for example 100x3"), param, ctx)


count_option = click.option(
    "--count",
    "pieces",
    multiple=True,
    type=_Pieces(),
    help=t("点钞：面额x张数，可多次给出，例如 --count 100x3 --count 0.5x2", "The count: YUANxN, may be given several times"),
)
at_option = click.option(
    "--at",
    "workstation",
    default="local:cli",
    show_default=True,
    help=t("工位：本机 local:cli，联网桌面 terminal:编号", "Workstation: local:cli, or terminal:ID"),
)


def counted_pieces(pieces: tuple[tuple[str, int], ...]) -> dict[str, int]:
    """A count as the service wants it; the same denomination twice adds up."""
    found: dict[str, int] = {}
    for denomination, number in pieces:
        found[denomination] = found.get(denomination, 0) + number
    return found


def _do(staff_id: str, action: Callable[..., "Shift"], *, as_json: bool) -> None:
    from cardsvc.service.cash.shifts import shift_view

    with database() as store:
        found = shift_view(action(store, signed_in(store, staff_id)))
    show(found, as_json=as_json, lines=lambda: shift_lines([found]))


def shift_lines(found: list[dict[str, Any]]) -> list[str]:
    """Shifts, one a line."""

    def yuan(amount: int | None) -> str:
        return "-" if amount is None else format_yuan(amount)

    from cardsvc.service.words.codes import SHIFTS, place_name

    names = ("shift_id", "outlet_id", "staff_id")
    sums = ("opening_float", "change", "counted", "expected", "difference")
    head = (t("班次", "shift"), t("网点", "outlet"), t("柜员", "teller"), t("工位", "workstation"), t("状态", "state"))
    titles = (
        *head,
        t("备用金", "float"),
        t("找零", "change"),
        t("实点", "counted"),
        t("应有", "expected"),
        t("差额", "difference"),
    )
    rows = [
        (
            *(str(f[name]) for name in names),
            t(*place_name(*f["workstation"].split(":", 1))),
            said(SHIFTS, f["state"]),
            *(yuan(f.get(name)) for name in sums),
        )
        for f in found
    ]
    return listed(rows, t("没有班次", "No shifts"), titles)


@shift.command("open", help=t("开班：点清备用金，从网点金库领出", "Open a shift with a counted float from the vault"))
@at_option
@count_option
@as_option
@json_option
def open_(workstation: str, pieces: tuple[tuple[str, int], ...], staff_id: str, *, as_json: bool) -> None:
    """Open a shift."""
    from cardsvc.bootstrap import now
    from cardsvc.service.cash.shifts import open_shift, workstation_of

    where = workstation_of(workstation)

    def action(store: "Store", by: Any) -> "Shift":
        return open_shift(store, where, counted_pieces(pieces), by=by, now=now())

    _do(staff_id, action, as_json=as_json)


@shift.command(
    help=t(
        "交班：先停止收款，再盲点现金；相符即入库，不符待说明和他人复核。没有现金时用 --count 100x0",
        "Close a shift: no more cash moves, then the drawer is counted without being told what is expected",
    )
)
@click.argument("shift_id")
@count_option
@as_option
@json_option
def close(shift_id: str, pieces: tuple[tuple[str, int], ...], staff_id: str, *, as_json: bool) -> None:
    """Close a shift; without a count it only stops taking cash."""
    from cardsvc.bootstrap import now
    from cardsvc.service.cash.shifts import begin_close, close_shift

    def action(store: "Store", by: Any) -> "Shift":
        if not pieces:
            return begin_close(store, shift_id, by=by)
        return close_shift(store, shift_id, counted_pieces(pieces), by=by, now=now())

    _do(staff_id, action, as_json=as_json)


@shift.command(
    help=t("说明长短款，由另一人复核（cardsvc approvals approve）", "Explain a difference; another person approves it")
)
@click.argument("shift_id")
@click.option("--reason", default="", help=t("说明；点数与账相符时不必给", "Why; not needed for a count that agrees"))
@as_option
@json_option
def explain(shift_id: str, reason: str, staff_id: str, *, as_json: bool) -> None:
    """Explain a difference."""
    from cardsvc.bootstrap import now
    from cardsvc.cli.staff.approvals import show_approval
    from cardsvc.service.approval_kinds import APPROVALS
    from cardsvc.service.cash.shifts import explain_difference

    with database() as store:
        by = signed_in(store, staff_id)
        found = explain_difference(store, APPROVALS, shift_id, reason, by=by, now=now())
    show_approval(found, as_json=as_json)


@shift.command(
    help=t(
        "班中从金库领入现金（in）或缴出（out）：柜员点数提出，主管复核后入账（cardsvc approvals approve）",
        "Cash from the vault into the drawer (in), or back (out): the teller counts, a supervisor approves, and it is booked",
    )
)
@click.argument("shift_id")
@click.argument("direction", type=click.Choice(["in", "out"]))
@count_option
@click.option("--reason", default=t("备用金", "float"), show_default=True, help=t("说明", "Why"))
@as_option
@json_option
def cash(
    shift_id: str, direction: str, pieces: tuple[tuple[str, int], ...], reason: str, staff_id: str, *, as_json: bool
) -> None:
    """Propose to move cash between vault and drawer."""
    from cardsvc.bootstrap import now
    from cardsvc.cli.staff.approvals import show_approval
    from cardsvc.service.approval_kinds import APPROVALS
    from cardsvc.service.cash.drawer import propose_move

    with database() as store:
        by, counted = signed_in(store, staff_id), counted_pieces(pieces)
        found = propose_move(store, APPROVALS, shift_id, direction, counted, reason, by=by, now=now())
    show_approval(found, as_json=as_json)


@shift.command("list", help=t("一个网点的班次，新的在前", "Shifts of an outlet, newest first"))
@click.option("--outlet", "outlet_id", required=True, help=t("网点编号", "Outlet id"))
@json_option
def list_(outlet_id: str, *, as_json: bool) -> None:
    """List shifts."""
    from cardsvc.service.cash.shifts import listed_shifts

    with database() as store:
        known_outlet(store, outlet_id)
        with store.read() as uow:
            found = listed_shifts(uow, uow.shifts.of_outlet(outlet_id))
    show(found, as_json=as_json, lines=lambda: shift_lines(found))
