"""What lines and accounts of the ledger are called."""

import re
from collections.abc import Mapping

from cardsvc.service.cards.application_names import APPLICATIONS
from cardsvc.service.words.codes import METHODS, called, place_name
from cardsvc.text import Text

POSTINGS: Mapping[str, Text] = {
    "load_authorised": Text("收款，在途", "paid, on its way"),
    "load_gift": Text("赠送，在途", "gift, on its way"),
    "load_confirmed": Text("充入卡内", "on the card"),
    "load_refunded": Text("没写进卡，退款", "not on the card, paid back"),
    "load_gift_returned": Text("没写进卡，赠送收回", "not on the card, gift back"),
    "purchase_confirmed": Text("卡上扣款", "paid by the card"),
    "order_paid": Text("线上付款", "paid online"),
    "order_returned": Text("线上付款退回", "paid online, sent back"),
    "order_left": Text("补登订单离开旧卡", "order off the old card"),
    "order_held": Text("停用产品的余额转代管", "money of a withdrawn product, held"),
    "order_moved": Text("补登订单转新卡", "order moved to the new card"),
    "moved_from_books": Text("按账转出旧卡", "moved off the old card by the books"),
    "held_cash": Text("代管余额退现金", "held money back in cash"),
    "held_channel": Text("代管余额原路退回", "held money back the way it came"),
    "held_fee": Text("代管余额手续费", "fee on held money"),
    "held_gift": Text("代管余额里的赠送收回", "gift in held money back"),
    "refund_cash": Text("退现金", "refund in cash"),
    "refund_channel": Text("原路退款", "refund the way it came"),
    "refund_fee": Text("退款手续费", "fee of a refund"),
    "refund_forfeited": Text("过期作废", "void: its time is over"),
    "refund_gift": Text("退款时赠送收回", "gift back at a refund"),
    "deposit_taken": Text("收押金", "deposit taken"),
    "deposit_returned": Text("退押金", "deposit returned"),
    "deposit_left": Text("押金离开旧卡", "deposit off the old card"),
    "deposit_moved": Text("押金转新卡", "deposit moved to the new card"),
    "deposit_worn": Text("押金折旧", "depreciation of a deposit"),
    "fee_authorised": Text("收开通费，在途", "fee of an application, on its way"),
    "fee_confirmed": Text("开通费入账", "fee of an application, earned"),
    "fee_refunded": Text("没有开通，退款", "not opened, paid back"),
    "fee_taken": Text("收费", "fee taken"),
    "fee_returned": Text("退费", "fee returned"),
    "correction": Text("更正", "correction"),
}
"""What was booked in a card's chain; channels of one payout are numbered behind their kind."""
ACCOUNTS: Mapping[str, Text] = {
    "purse": Text("卡内", "on the card"),
    "suspense": Text("在途", "on its way"),
    "order": Text("待补登", "waits to be written"),
    "held": Text("代管", "held"),
    "deposit": Text("押金", "deposit"),
    "clearing": Text("应缴", "to be handed over by"),
    "drawer": Text("钱箱", "drawer"),
    "vault": Text("金库", "vault"),
    "merchant": Text("商户", "merchant"),
    "gift": Text("赠送", "gift"),
    "fee": Text("收入", "income"),
    "difference": Text("长短款", "difference"),
    "payout": Text("待退回", "to be sent back through"),
}
"""Accounts by their first word."""
FEES: Mapping[str, Text] = {
    "replace": Text("补换卡", "replacements"),
    "refund": Text("退款手续费", "refunds"),
    "forfeited": Text("过期作废", "time that is over"),
    "depreciation": Text("押金折旧", "depreciation of deposits"),
    "lapsed_month": Text("过期月票", "months that are over"),
}
"""What fees are taken for, besides applications."""


def posting_name(kind: str) -> Text:
    """What was booked, by the kind of a transfer."""
    return called(POSTINGS, re.sub(r"_\d+$", "", kind))


def account_name(account: str) -> Text:
    """An account as people read it: a card's own without its number, and a drawer without that of its shift."""
    kind, *parts = account.split(":")
    name = called(ACCOUNTS, kind)
    if kind == "purse":
        where = called(APPLICATIONS, parts[1])
    elif kind in ("suspense", "order", "held", "deposit", "drawer"):
        return name
    elif kind == "clearing":
        where = place_name(parts[0], " ".join(parts[1:]))
    elif kind in ("payout", "fee"):
        where = called({**METHODS, **APPLICATIONS, **FEES}, " ".join(parts))
    else:
        where = Text(*[" ".join(parts)] * 2)
    return Text(f"{name.zh} {where.zh}".strip(), f"{name.en} {where.en}".strip())


def account_in_full(account: str) -> Text:
    """An account where no card or shift stands beside it: with the number that its name leaves out."""
    kind, number, *_rest = [*account.split(":"), ""]
    name = account_name(account)
    if kind not in ("purse", "suspense", "order", "held", "deposit", "drawer"):
        return name
    return Text(f"{name.zh} {number}", f"{name.en} {number}")
