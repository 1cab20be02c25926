"""``cardsvc held``: money of old cards that no card has taken, and paying it back to its holder (代管余额)."""

from typing import TYPE_CHECKING, Any

import click

from cardsvc.cli.shared.database import database, rule_book
from cardsvc.cli.shared.local import HERE, books
from cardsvc.cli.shared.output import json_option, listed, show, t, table
from cardsvc.cli.shared.person import as_option, signed_in
from cardsvc.cli.staff.approvals import show_approval
from cardsvc.units import format_yuan

if TYPE_CHECKING:
    from cardsvc.store import Store

REASONS = click.Choice(["no_card", "death", "not_writable"])
part_argument = click.argument("part_id", metavar="[PART]", required=False)
reason_option = click.option(
    "--reason",
    type=REASONS,
    help=t(
        "为什么不能写进新卡：no_card 不再办卡，death 持卡人去世，not_writable 写不进新卡",
        "Why no card takes it: no_card (they want none), death (of the holder), not_writable (the new card cannot take it)",
    ),
)
papers_option = click.option(
    "--papers",
    help=t("看过的证件（去世：证明和继承人证件）", "Papers that were shown (death: the certificate and the heir's)"),
)


@click.group(
    help=t("代管余额：没有写进新卡的旧卡余额，到期按来路退回", "Held money: what no new card took goes back on its day")
)
def held() -> None:
    """Group of commands on held money."""


@held.command("list", help=t("谁的钱还代管着，最早的在前", "Whose money is still held, oldest first"))
@json_option
def list_(*, as_json: bool) -> None:
    """List held money."""
    from cardsvc.bootstrap import now
    from cardsvc.service.transactions.held_view import held_worklist

    with database() as store:
        found = held_worklist(store, rule_book(), now())
    rows = [
        (one["card_no"], one["holder"]["name"], one["since"], one["part_id"], _what(one), one["new_card_no"] or "-", _next(one))
        for one in found
    ]
    head = (
        t("旧卡", "Old card"),
        t("持卡人", "Holder"),
        t("收卡日", "Taken in"),
        t("部分", "Part"),
        t("金额", "Amount"),
        t("新卡", "New card"),
        t("怎么办", "What next"),
    )
    show(found, as_json=as_json, lines=lambda: listed(rows, t("没有代管的余额", "No held money"), head))


@held.command(
    "show", help=t("旧卡的代管余额：各部分、可退日、是否要两人", "An old card's held money: parts, days, who decides")
)
@click.argument("card_no")
@json_option
def show_(card_no: str, *, as_json: bool) -> None:
    """Show the held money of a card."""
    with database() as store:
        found = _held(store, card_no)
    show(found, as_json=as_json, lines=lambda: _lines(found))


@held.command(help=t("读不出的卡到期：由账上转出余额", "The day of a card that cannot be read has come: the books decide"))
@click.argument("card_no")
@as_option
@json_option
def move(card_no: str, staff_id: str, *, as_json: bool) -> None:
    """Let the books decide."""
    from cardsvc.bootstrap import now
    from cardsvc.service.transactions.held_payout import move_due

    with database() as store:
        signed_in(store, staff_id)
        _held(store, card_no)
        move_due(store, card_no, now())
        found = _held(store, card_no)
    show(found, as_json=as_json, lines=lambda: _lines(found))


@held.command(
    help=t(
        "大额：提请退款，由另一人复核；只有一部分时可不给 PART",
        "A large amount: ask for it, another person approves; name the PART where there are more",
    )
)
@click.argument("card_no")
@part_argument
@reason_option
@papers_option
@as_option
@json_option
def propose(card_no: str, part_id: str | None, reason: str | None, papers: str | None, staff_id: str, *, as_json: bool) -> None:
    """Propose a payout."""
    from cardsvc.bootstrap import now
    from cardsvc.service.approval_kinds import APPROVALS
    from cardsvc.service.staff.approvals import propose as ask
    from cardsvc.service.transactions.held_payout import HELD_PAYOUT, PayoutClaim, payout_asked

    with database() as store:
        by, part = signed_in(store, staff_id), _part_of(store, card_no, part_id)
        subject, payload = payout_asked(store, PayoutClaim(card_no, part, reason or "", papers or ""))
        made = ask(store, APPROVALS, HELD_PAYOUT.name, subject, payload, payload["papers"], by=by, now=now())
    show_approval(made, as_json=as_json)


@held.command(help=t("复核同意退款；付款另用 pay", "Agree to a payout, as the second person; pay pays it"))
@click.argument("card_no")
@part_argument
@as_option
@json_option
def approve(card_no: str, part_id: str | None, staff_id: str, *, as_json: bool) -> None:
    """Approve a payout."""
    from cardsvc.bootstrap import now
    from cardsvc.errors import RequestError
    from cardsvc.service.approval_kinds import APPROVALS
    from cardsvc.service.staff.approvals import approve as agree
    from cardsvc.service.transactions.held_payout import asked_of

    with database() as store:
        by, part = signed_in(store, staff_id), _part_of(store, card_no, part_id)
        asked = asked_of(store, card_no, part)
        if asked is None:
            raise RequestError("approval_unknown")
        found = agree(store, APPROVALS, asked.approval_id, by=by, now=now())
    show_approval(found, as_json=as_json)


@held.command(
    help=t(
        "按来路退回：现金从办理人自己开着的钱箱付，不论在哪个窗口；两人同意过的不用再给理由和证件",
        "Pay it back the way it came: cash out of your own open drawer, wherever; what two agreed on needs no reason again",
    )
)
@click.argument("card_no")
@part_argument
@reason_option
@papers_option
@as_option
@json_option
def pay(card_no: str, part_id: str | None, reason: str | None, papers: str | None, staff_id: str, *, as_json: bool) -> None:
    """Pay held money back."""
    from cardsvc.bootstrap import now
    from cardsvc.service.transactions.held_payout import PayoutClaim, pay_held
    from cardsvc.service.words.accounts import account_name

    with books() as opened:
        by, part = signed_in(opened.store, staff_id), _part_of(opened.store, card_no, part_id)
        claim = PayoutClaim(card_no, part, reason or "", papers or "")
        row = pay_held(opened.store, opened.rules, HERE, claim, by=by, now=now(), own_drawer=True)
    found = {
        "payout_id": row.payout_id,
        "card_no": row.card_no,
        "part_id": row.part_id,
        "amount": row.amount,
        "returned": row.returned,
        "payouts": row.payouts,
        "approval_id": row.approval_id,
    }
    told = [(t("退还", "Returned"), format_yuan(row.returned)), (t("凭证", "Receipt"), row.payout_id)]
    told += [(t(*account_name(piece["account"])), format_yuan(piece["amount"])) for piece in row.payouts]
    show(found, as_json=as_json, lines=lambda: table(told))


@held.command(
    help=t(
        "网上付了、再也写不了的订单退回付款渠道：旧卡已收、不再办卡，或规则已不许写",
        "Orders that can be written no more go back to their payer: the card was taken in, or the rules refuse them by now",
    )
)
@click.argument("card_no")
@papers_option
@as_option
@json_option
def orders(card_no: str, papers: str | None, staff_id: str, *, as_json: bool) -> None:
    """Send the orders of an old card back."""
    from cardsvc.bootstrap import now
    from cardsvc.cli.money.order import order_lines
    from cardsvc.service.purse.orders import order_json
    from cardsvc.service.transactions.held_orders import return_held_orders
    from cardsvc.units import parse_card_no

    with database() as store:
        by = signed_in(store, staff_id)
        returned = return_held_orders(store, rule_book(), parse_card_no(card_no), papers or "", by=by, now=now())
    found = [order_json(one) for one in returned]
    show(found, as_json=as_json, lines=lambda: order_lines(found))


def _held(store: "Store", card_no: str) -> dict[str, Any]:
    """The held money of a card. Raises RequestError ``nothing_held`` for a card that was never taken in."""
    from cardsvc.bootstrap import now
    from cardsvc.errors import RequestError
    from cardsvc.service.transactions.held_view import held_view
    from cardsvc.units import parse_card_no

    found = held_view(store, rule_book(), parse_card_no(card_no), now())
    if found is None:
        raise RequestError("nothing_held", card_no=card_no)
    return found


def _part_of(store: "Store", card_no: str, part_id: str | None) -> str:
    """The part that is meant: the one named, or the only one. Raises RequestError ``nothing_held``, ``held_part_needed``."""
    from cardsvc.errors import RequestError

    parts = [part["part_id"] for part in _held(store, card_no)["parts"]]
    if part_id is not None:
        return part_id
    if len(parts) > 1:
        raise RequestError("held_part_needed", card_no=card_no, parts=", ".join(parts))
    if not parts:
        raise RequestError("nothing_held", card_no=card_no)
    return str(parts[0])


def _lines(found: dict[str, Any]) -> list[str]:
    rows = [(part["part_id"], _what(part), _next(part)) for part in found["parts"]]
    waits = [(t("账上余额转出日", "The books decide on"), found["waits_until"], "")] if found["waits_until"] else []
    return listed(waits + rows, t("没有代管的余额", "No held money"))


def _what(part: dict[str, Any]) -> str:
    from cardsvc.service.purse.area_names import purse_name

    return f"{t(*purse_name(part['product'], part['area']))} {format_yuan(part['amount'])}"


def _next(part: dict[str, Any]) -> str:
    """What became of a part, or what is to be done about it."""
    if part["payout"]:
        return t("已退 ", "paid back ") + format_yuan(part["payout"]["returned"])
    if part["gone"]:
        return t("已转入新卡", "on the new card")
    asks = {
        "asked": t("等第二人复核", "waits for a second person"),
        "agreed": t("已同意，待付款", "agreed, to be paid"),
        "ask": t("可以退款，要两人", "may be paid back, by two people"),
        None: t("可以退款", "may be paid back"),
    }
    if part["asks"] in ("asked", "agreed"):
        return asks[part["asks"]]
    if part.get("new_card_no"):
        return t("等持卡人转入新卡", "its holder's card takes it")
    due = part["due"] or "-"
    return asks[part["asks"]] if part["payable"] else t(f"{due} 起可退", f"may be paid back from {due}")
