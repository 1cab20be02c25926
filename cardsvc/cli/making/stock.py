"""``cardsvc stock``: blank cards as the stock keeper handles them."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from cardsvc.cli.shared.database import write_file
from cardsvc.cli.shared.local import books
from cardsvc.cli.shared.output import json_option, listed, show, t
from cardsvc.cli.shared.person import as_option, signed_in
from cardsvc.text import language_of_environment

if TYPE_CHECKING:
    from cardsvc.bootstrap import Services
    from cardsvc.store.records import Staff

batch_argument = click.argument("batch_id", metavar="BATCH")
count_argument = click.argument("count", type=int)
reason_option = click.option("--reason", required=True, help=t("理由", "Why"))
place_option = click.option(
    "--from",
    "place",
    required=True,
    metavar="PLACE",
    help=t("store，或窗口 terminal:编号、local:cli、local:bulk", "store, or a desk: terminal:ID, local:cli, local:bulk"),
)
desk_option = click.option(
    "--desk",
    required=True,
    metavar="DESK",
    help=t(
        "窗口：terminal:工作台编号；本机 local:cli、local:bulk", "The desk: terminal:ID; this machine: local:cli, local:bulk"
    ),
)


@click.group(
    help=t(
        "白卡库存：入库、领用、退回、调拨、盘点、废卡销毁", "Blank cards: receive, hand out, take back, send, count, destroy"
    )
)
def stock() -> None:
    """Group of stock commands."""


def _do(staff_id: str, deed: "Callable[[Services, Staff], Any]", *, as_json: bool) -> None:
    """One deed of a person; then what the outlet has."""
    from cardsvc.bootstrap import now
    from cardsvc.service.management.stock_figures import stock_view

    with books() as opened:
        by = signed_in(opened.store, staff_id)
        deed(opened, by)
        found = stock_view(opened.store, opened.rules, by.outlet_id, now())
    show(found, as_json=as_json, lines=lambda: stock_lines(found))


def stock_lines(found: Mapping[str, Any]) -> list[str]:
    """The stock of an outlet as a table, and whether it lasts the day."""
    names = {"store": t("库房", "store"), "void": t("废卡", "void")}
    head = (t("在哪里", "Where"), t("批次", "Batch"), t("卡型", "Family"), t("张数", "Number"))
    rows = [
        (names.get(row["place"], row["place"]), row["batch_id"], row["family"], str(row["number"]))
        for row in (*found["store"], *found["desks"], *found["short"], *found["void"])
    ]
    lasts = t("今天够用", "lasts the day") if found["lasts"] else t("今天不够用", "does NOT last the day")
    left, needed = found["left"], found["needed"]
    return [
        *listed(rows, t("没有白卡", "No blank cards"), head),
        t(f"可用 {left} 张，今天还要 {needed} 张：{lasts}", f"{left} left, today needs {needed} more: {lasts}"),
        *(
            t(
                f"账上不足：{row['place']} {row['batch_id']}，用了没有登记领用的卡，请盘点",
                f"Below zero: {row['place']} {row['batch_id']}: cards were used that nobody handed out; count",
            )
            for row in found["short"]
        ),
    ]


@stock.command(
    "show", help=t("一个网点的白卡：库房、窗口、废卡，够不够今天用", "What an outlet has, and whether it lasts the day")
)
@click.option("--outlet", required=True, help=t("网点", "Outlet"))
@json_option
def show_(outlet: str, *, as_json: bool) -> None:
    """Show the stock of an outlet."""
    from cardsvc.bootstrap import now
    from cardsvc.service.management.stock_figures import stock_view

    with books() as opened:
        found = stock_view(opened.store, opened.rules, outlet, now())
    show(found, as_json=as_json, lines=lambda: stock_lines(found))


@stock.command("receive", help=t("入库一个批次", "Receive a batch into the store room"))
@batch_argument
@count_argument
@click.option("--family", required=True, help=t("卡型（profiles list）", "Card family, see profiles list"))
@click.option("--first", required=True, help=t("首个芯片号，16 进制", "First chip serial, hex"))
@click.option("--last", required=True, help=t("末个芯片号", "Last chip serial"))
@click.option("--supplier", required=True, help=t("供应商", "Supplier"))
@click.option("--transport", default=1, show_default=True, help=t("传输密钥版本", "Version of the transport key"))
@as_option
@json_option
def receive_(
    batch_id: str,
    count: int,
    family: str,
    first: str,
    last: str,
    supplier: str,
    transport: int,
    staff_id: str,
    *,
    as_json: bool,
) -> None:
    """Receive a batch."""
    from cardsvc.service.stock.blanks import delivery_of, receive

    delivery = delivery_of(
        batch_id=batch_id,
        count=count,
        family=family,
        first_serial=first,
        last_serial=last,
        supplier=supplier,
        transport_version=transport,
    )
    _do(staff_id, lambda opened, by: receive(opened.engine, delivery, by=by), as_json=as_json)


@stock.command(help=t("发给窗口，写明领用人", "Hand blanks to a desk, to a named person"))
@batch_argument
@count_argument
@desk_option
@click.option("--receiver", required=True, help=t("领用人工号", "Staff id of the receiver"))
@as_option
@json_option
def hand(batch_id: str, count: int, desk: str, receiver: str, staff_id: str, *, as_json: bool) -> None:
    """Hand blanks to a desk."""
    from cardsvc.bootstrap import now
    from cardsvc.service.stock.blanks import hand_to_desk

    _do(staff_id, lambda o, by: hand_to_desk(o.store, batch_id, count, desk, receiver, by=by, now=now()), as_json=as_json)


@stock.command(help=t("窗口退回库房", "Take blanks back from a desk"))
@batch_argument
@count_argument
@desk_option
@as_option
@json_option
def back(batch_id: str, count: int, desk: str, staff_id: str, *, as_json: bool) -> None:
    """Take blanks back."""
    from cardsvc.bootstrap import now
    from cardsvc.service.stock.blanks import take_back

    _do(staff_id, lambda o, by: take_back(o.store, batch_id, count, desk, by=by, now=now()), as_json=as_json)


@stock.command(help=t("调拨给另一个网点", "Send blanks to another outlet"))
@batch_argument
@count_argument
@click.option("--outlet", required=True, help=t("调往的网点", "Where to"))
@as_option
@json_option
def send(batch_id: str, count: int, outlet: str, staff_id: str, *, as_json: bool) -> None:
    """Send blanks to another outlet."""
    from cardsvc.bootstrap import now
    from cardsvc.service.stock.blanks import send_to_outlet

    _do(staff_id, lambda o, by: send_to_outlet(o.store, batch_id, count, outlet, by=by, now=now()), as_json=as_json)


@stock.command(help=t("坏的空白卡（没有开始做）放进废卡", "Blanks that are no good before a card was begun on them"))
@batch_argument
@count_argument
@place_option
@reason_option
@as_option
@json_option
def spoil(batch_id: str, count: int, place: str, reason: str, staff_id: str, *, as_json: bool) -> None:
    """Put dead blanks to the void ones."""
    from cardsvc.bootstrap import now
    from cardsvc.service.stock.blanks import spoil_blanks

    _do(staff_id, lambda o, by: spoil_blanks(o.store, batch_id, count, place, reason, by=by, now=now()), as_json=as_json)


@stock.command("void", help=t("做到一半、做不完的卡作废", "Give up a card that was begun and cannot be finished"))
@click.argument("card_no")
@reason_option
@as_option
@json_option
def void_(card_no: str, reason: str, staff_id: str, *, as_json: bool) -> None:
    """Give a begun card up."""
    from cardsvc.bootstrap import now
    from cardsvc.service.stock.use import give_card_up
    from cardsvc.units import parse_card_no

    number = parse_card_no(card_no)
    _do(staff_id, lambda o, by: give_card_up(o.store, number, reason, by=by, now=now()), as_json=as_json)


@stock.command(
    help=t(
        "盘点：一个地方、一个批次的实数；--reason 把差异提请第二人复核",
        "Count a batch in a place (store, void or a desk); --reason asks a second person to put a difference right",
    )
)
@batch_argument
@click.argument("counted", type=int)
@click.option("--place", required=True, help=t("store、void 或窗口", "store, void or a desk"))
@click.option("--reason", default="", help=t("差异的原因", "Why there is a difference"))
@as_option
@json_option
def count(batch_id: str, counted: int, place: str, reason: str, staff_id: str, *, as_json: bool) -> None:
    """Count a place."""
    from cardsvc.bootstrap import now
    from cardsvc.service.approval_kinds import APPROVALS
    from cardsvc.service.staff.approvals import approval_view
    from cardsvc.service.stock.blanks import count_place
    from cardsvc.service.stock.decisions import propose_difference

    with books() as opened:
        by = signed_in(opened.store, staff_id)
        made = count_place(opened.store, batch_id, place, counted, by=by, now=now())
        wrong = made.counted != made.expected
        asked = (
            propose_difference(opened.store, APPROVALS, made.count_id, reason, by=by, now=now()) if wrong and reason else None
        )
    found = {
        "count_id": made.count_id,
        "expected": made.expected,
        "counted": made.counted,
        "approval": approval_view(asked) if asked else None,
    }
    told = t(f"账上 {made.expected}，实数 {made.counted}", f"By the books {made.expected}, counted {made.counted}")
    waits = [t(f"待复核 {asked.approval_id}", f"Waits for a second person: {asked.approval_id}")] if asked else []
    show(found, as_json=as_json, lines=lambda: [told, *waits])


@stock.command(
    help=t(
        "提请销毁本网点全部废卡，逐批写明点出的张数", "Ask to destroy all void cards of one's outlet, counted batch by batch"
    )
)
@click.option(
    "--void", "counts", multiple=True, required=True, metavar="BATCH=N", help=t("批次=张数，可多次", "May be repeated")
)
@reason_option
@as_option
@json_option
def destroy(counts: tuple[str, ...], reason: str, staff_id: str, *, as_json: bool) -> None:
    """Propose a destruction."""
    from cardsvc.bootstrap import now
    from cardsvc.cli.staff.approvals import show_approval
    from cardsvc.service.approval_kinds import APPROVALS
    from cardsvc.service.stock.decisions import propose_destruction

    pairs = dict(pair.rpartition("=")[::2] for pair in counts)
    if not all(batch and number.isascii() and number.isdecimal() for batch, number in pairs.items()):
        raise click.UsageError(t("写 批次=张数", "Give BATCH=N"))
    with books() as opened:
        by = signed_in(opened.store, staff_id)
        numbers = {batch: int(number) for batch, number in pairs.items()}
        found = propose_destruction(opened.store, APPROVALS, numbers, reason, by=by, now=now())
    show_approval(found, as_json=as_json)


@stock.command("protocol", help=t("销毁记录（复核通过后），PDF", "The protocol of a destruction that was agreed to, as a PDF"))
@click.argument("approval_id")
@click.option("--to", "target", type=click.Path(dir_okay=False, path_type=Path), help=t("存到这个 PDF 文件", "Write this PDF"))
def protocol_(approval_id: str, target: Path | None) -> None:
    """Print a protocol."""
    from cardsvc.service.stock.decisions import printed_protocol, protocol

    with books() as opened:
        record = protocol(opened.store, approval_id)
    if target is not None:
        write_file(target, printed_protocol(record, language_of_environment()))
    show(record, as_json=target is None, lines=lambda: [t(f"已存到 {target}", f"Written to {target}")])


@stock.command(
    help=t("查明停止制卡的原因后放行：一个窗口或一个批次", "Let the making go on at a desk, or of a batch, after a stop")
)
@click.option("--desk", default=None, metavar="DESK", help=t("窗口", "The desk"))
@click.option("--batch", "batch_id", default=None, metavar="BATCH", help=t("批次", "The batch"))
@reason_option
@as_option
@json_option
def release(desk: str | None, batch_id: str | None, reason: str, staff_id: str, *, as_json: bool) -> None:
    """Release a desk or a batch."""
    from cardsvc.bootstrap import now
    from cardsvc.service.stock.making import release as let_go_on

    _do(staff_id, lambda o, by: let_go_on(o.store, reason, desk=desk, batch_id=batch_id, by=by, now=now()), as_json=as_json)
