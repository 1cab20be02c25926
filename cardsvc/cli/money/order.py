"""``cardsvc order``: loads that were paid online and wait for the card (补登)."""

from typing import Any

import click

from cardsvc.cli.card.command import area_option, month_option, product_option
from cardsvc.cli.shared.days import local_time
from cardsvc.cli.shared.local import books
from cardsvc.cli.shared.output import json_option, listed, said, show, t
from cardsvc.cli.shared.person import as_option, signed_in
from cardsvc.units import format_yuan, parse_card_no, parse_yuan

METHODS = click.Choice(["mobile", "bank_card", "transfer", "credit_card"])


@click.group(help=t("补登订单：线上付款，在任一终端刷卡时写卡", "Orders paid online, written at the next tap at any terminal"))
def order() -> None:
    """Group of order commands."""


@order.command(help=t("登记一笔线上付款的充值", "Take a load that was paid online"))
@click.argument("card_no")
@click.argument("amount")
@click.option("--channel", required=True, help=t("支付渠道（终端号）", "Payment channel (terminal id)"))
@click.option("--method", type=METHODS, default="mobile", show_default=True, help=t("付款方式", "How it was paid"))
@click.option("--reference", required=True, help=t("付款凭证号", "Reference of the payment"))
@area_option
@month_option
@product_option
@as_option
@json_option
def create(
    card_no: str, amount: str, channel: str, method: str, reference: str, staff_id: str, *, as_json: bool, **area: Any
) -> None:
    """Take an order."""
    from cardsvc.service.purse.orders import channel_of, create_order, order_json, order_params

    payment = {"method": method, "reference": reference}
    params = order_params({"card_no": parse_card_no(card_no), "amount": int(parse_yuan(amount)), "payment": payment, **area})
    with books() as opened:
        by, name = signed_in(opened.store, staff_id), channel_of(opened.store, channel)
        made, _replayed = create_order(opened.store, opened.rules, name, params, opened.engine.clock(), by=by)
    show(order_json(made), as_json=as_json, lines=lambda: order_lines([order_json(made)]))


@order.command("list", help=t("列出一张卡的订单，或所有等待写卡的订单", "The orders of a card, or all that wait"))
@click.argument("card_no", required=False)
@json_option
def list_(card_no: str | None, *, as_json: bool) -> None:
    """List orders."""
    from cardsvc.service.purse.orders import orders_view

    with books() as opened:
        found = orders_view(opened.store, parse_card_no(card_no) if card_no else None)
    nothing = t("这张卡没有订单", "This card has no orders") if card_no else t("没有等待写卡的订单", "No order waits")
    show(found, as_json=as_json, lines=lambda: order_lines(found, nothing))


@order.command("return-expired", help=t("月份已过仍未写卡的订单：退回付款渠道", "Return unfetched orders whose month is over"))
@as_option
@json_option
def return_expired(staff_id: str, *, as_json: bool) -> None:
    """Return orders whose month is over."""
    from cardsvc.service.purse.orders import order_json
    from cardsvc.service.purse.orders import return_expired as return_orders

    with books() as opened:
        by = signed_in(opened.store, staff_id, job=True)
        returned = [order_json(one) for one in return_orders(opened.store, opened.engine.clock(), by=by)]
    nothing = t("没有过期未写的订单", "No order's time is over")
    show(returned, as_json=as_json, lines=lambda: order_lines(returned, nothing))


def order_lines(rows: list[dict[str, Any]], nothing: str = "") -> list[str]:
    """Orders as a person reads them."""
    from cardsvc.service.words.codes import ORDERS

    head = (
        t("时间", "Time"),
        t("订单", "Order"),
        t("卡号", "Card"),
        t("充到", "Onto"),
        t("金额", "Amount"),
        t("状态", "State"),
    )
    body = [
        (
            local_time(row["paid_at"]),
            row["order_id"],
            row["card_no"],
            _area(row),
            format_yuan(row["amount"]),
            said(ORDERS, row["state"]),
        )
        for row in rows
    ]
    return listed(body, nothing, head)


def _area(row: dict[str, Any]) -> str:
    from cardsvc.service.purse.area_names import purse_name

    return " ".join(filter(None, (t(*purse_name(row["product"], row["area"])), row["period"])))
