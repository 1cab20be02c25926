"""``cardsvc card deposit``: deposits of cards."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import click

from cardsvc.cli.card.payment import given_option, payment_of
from cardsvc.cli.shared.local import HERE, books
from cardsvc.cli.shared.output import json_option, listed, said, show, t, table
from cardsvc.cli.shared.person import as_option, signed_in
from cardsvc.units import format_yuan

if TYPE_CHECKING:
    from cardsvc.store.records import Deposit

METHODS = click.Choice(["cash", "bank_card", "mobile", "transfer"])


@click.group(help=t("押金：收取，退卡时按折旧退还", "Deposits: take, and give back less depreciation"))
def deposit() -> None:
    """Group of deposits."""


@deposit.command(help=t("收押金，金额按规则", "Take the deposit that the rules ask for"))
@click.argument("card_no")
@click.option("--product", required=True, help=t("产品，例如 T", "Product, for example T"))
@click.option("--method", type=METHODS, default="cash", show_default=True, help=t("付款方式", "How it was paid"))
@click.option("--reference", default=None, help=t("付款凭证号；现金以外必填", "Reference of the payment; cash has none"))
@given_option
@as_option
@json_option
def take(card_no: str, product: str, staff_id: str, *, as_json: bool, **paid: Any) -> None:
    """Take a deposit."""
    from pydantic import ValidationError

    from cardsvc.bootstrap import now
    from cardsvc.errors import RequestError
    from cardsvc.errors.fields import reasons
    from cardsvc.service.purse.payments import Payment, told_change
    from cardsvc.service.transactions.deposits import take_deposit

    try:
        payment = Payment.model_validate(payment_of(**paid))
    except ValidationError as error:
        raise RequestError("params_invalid", reason=reasons(error)) from None
    with books() as opened:
        by = signed_in(opened.store, staff_id)
        row = take_deposit(opened.store, opened.engine.rules, HERE, card_no, product, payment, by=by, now=now())
    _show(row, told_change(row.amount, payment.model_dump()), as_json=as_json)


@deposit.command("return", help=t("退押金：卡里没有钱了才退", "Give a deposit back; the card must be empty"))
@click.argument("card_no")
@as_option
@json_option
def return_(card_no: str, staff_id: str, *, as_json: bool) -> None:
    """Give a deposit back."""
    from cardsvc.bootstrap import now
    from cardsvc.service.transactions.deposits import return_deposit

    with books() as opened:
        by = signed_in(opened.store, staff_id)
        row = return_deposit(opened.store, opened.engine.rules, HERE, card_no, by=by, now=now())
    _show(row, {}, as_json=as_json)


@deposit.command(
    "show", help=t("一张卡的押金：收过的，现在能退多少、为什么不能", "The deposits of a card, and what would go back now")
)
@click.argument("card_no")
@json_option
def show_(card_no: str, *, as_json: bool) -> None:
    """Show the deposits of a card."""
    from cardsvc.bootstrap import now
    from cardsvc.service.books.receipts import DEPOSITS
    from cardsvc.service.transactions.deposits import deposit_plan
    from cardsvc.text import language_of_environment
    from cardsvc.units import parse_card_no

    with books() as opened:
        found = deposit_plan(opened.store, opened.engine.rules, HERE, parse_card_no(card_no), now())
    refused = found["refused"]
    head = (t("收押金", "Taken"), t("产品", "For"), t("金额", "Amount"), t("已退", "Returned"))
    rows = [
        (
            one["taken_on"],
            said(DEPOSITS, one["product"]),
            format_yuan(one["amount"]),
            "-" if one["returned"] is None else format_yuan(one["returned"]),
        )
        for one in found["deposits"]
    ]
    lines = listed(rows, t("没有收过押金", "No deposit was taken"), head)
    if found["back"]:
        lines.append(
            t(
                f"现在退 {format_yuan(found['back']['returned'])} 元",
                f"{format_yuan(found['back']['returned'])} yuan would go back",
            )
        )
    if refused:
        lines.append(refused.what.into(language_of_environment()))
    view = {**found, "refused": refused.code if refused else None}
    show(view, as_json=as_json, lines=lambda: lines)


def _show(row: "Deposit", change: Mapping[str, int], *, as_json: bool) -> None:
    from cardsvc.service.transactions.deposits import deposit_view

    view = {**deposit_view(row), **change}
    rows = [
        (t("卡号", "Card"), view["card_no"]),
        (t("凭证号", "Receipt"), view["deposit_id"]),
        (t("押金", "Deposit"), format_yuan(view["amount"])),
        (t("退还", "Returned"), "-" if view["returned"] is None else format_yuan(view["returned"])),
    ]
    for name, label in (("given", t("收现金", "Cash given")), ("change", t("找零", "Change"))):
        if name in change:
            rows.append((label, format_yuan(change[name])))
    show(view, as_json=as_json, lines=lambda: table(rows))
