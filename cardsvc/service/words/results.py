"""What a job did, as rows of labels and values; what products, purses and the parts of a refund are called in them."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any

from cardsvc.service.cards.application_names import APPLICATIONS, PRODUCTS
from cardsvc.service.machines import OLD_CARD
from cardsvc.service.purse.area_names import months_name
from cardsvc.service.words.codes import CARD_STATES, EVIDENCE, METHODS, SETTLED, SETTLED_FEES, VALIDITY, called, place_name
from cardsvc.text import Text
from cardsvc.units import format_yuan, local_stamp

LABELS: Mapping[str, Text] = {
    "card_no": Text("卡号", "Card"),
    "application": Text("应用", "Application"),
    "opened": Text("转入的应用", "Opened"),
    "state": Text("状态", "State"),
    "product": Text("产品", "Product"),
    "period": Text("月份", "Months"),
    "amount": Text("金额", "Amount"),
    "gift": Text("赠送", "Gift"),
    "given": Text("收现金", "Cash given"),
    "change": Text("找零", "Change"),
    "paid_before": Text("上次已付，本次不收款", "Paid before, nothing was taken now"),
    "returned": Text("退还", "Returned"),
    "fee": Text("手续费", "Fee"),
    "forfeited": Text("作废", "Forfeited"),
    "balance": Text("卡内余额", "Balance"),
    "valid_from": Text("生效", "Valid from"),
    "valid_to": Text("到期", "Valid to"),
    "issue_date": Text("发卡日", "Issued"),
    "expiry_date": Text("有效期至", "Expires"),
    "genuine": Text("真卡", "Genuine"),
    "right": Text("合格", "As it should be"),
    "void": Text("作废", "Void"),
    "valid": Text("有效", "Valid"),
    "reasons": Text("原因", "Reasons"),
    "holder": Text("持卡人", "Holder"),
    "resumed": Text("续做", "Resumed"),
    "healthy": Text("卡片正常", "Healthy"),
}
KEPT: Mapping[str, Text] = {
    "fee": Text("手续费", "fee"),
    "forfeited": Text("已过的时间，按规则作废", "time that is over: void by the rule"),
    "gift": Text("赠送的部分收回", "the gift goes back to its giver"),
}
PURSES: Mapping[str, Text] = {"citizen": Text("城市通", "City purse"), "parking": Text("停车卡", "Parking card")}
AMOUNTS = frozenset({"amount", "gift", "given", "change", "paid_before", "returned", "fee", "forfeited", "balance"})


def result_rows(result: Mapping[str, Any], number: Callable[[str], str] = str) -> Iterator[tuple[Text, Text]]:
    """A result as labels and values; ``number`` says how a card number is shown. What became of money has a line of its own."""
    hidden = {"state"} if {"load_id", "purchase_id", "purse"} & set(result) else set()
    for key, label in LABELS.items():
        value = result.get(key)
        if value is not None and key not in hidden and (value or key not in ("gift", "fee", "forfeited", "resumed", "reasons")):
            shown = number(value) if key == "card_no" else value
            named = key == "product" and "application" in result
            told = product_name(result["application"], value) if named else _value(key, shown)
            if told.zh:
                yield label, told
        if key == "returned":
            yield from _ways_back(result.get("payouts", ()))
    if "spent" in result:
        yield from _caught_up(result["loads"], result["spent"])


def _caught_up(loads: Sequence[Mapping[str, Any]], spent: Iterable[Mapping[str, Any]]) -> Iterator[tuple[Text, Text]]:
    """What was booked from the card, or that nothing was missing; what people must find out."""
    for load in loads:
        yield Text("已按卡补账", "Booked from the card"), _caught_up_text(load)
    if not loads:
        yield Text("按卡补账", "Catching up"), Text("账上不缺这张卡的充值", "The books have every top-up of this card")
    for debit in spent:
        yield Text("账上缺一笔扣款", "The books lack a debit"), _spent_here_text(debit)


def settled_text(entry: Mapping[str, Any]) -> Text:
    """What became of something that broke off before: a transaction, or an opening with its fee."""
    amount = format_yuan(entry["amount"])
    if "fee_id" in entry:
        what, state = called(APPLICATIONS, entry["application"]), called(SETTLED_FEES, entry["state"])
        zh = f"已结清上次中断的开通：{what.zh} {amount} 元，{state.zh}"
        return Text(zh, f"Settled an earlier opening: {what.en}, {amount} yuan, {state.en}")
    state = called(SETTLED, entry["state"])
    if entry["state"] == "suspect":
        return Text(
            f"上次中断的交易没有结清：{amount} 元，{state.zh}",
            f"An earlier transaction is not settled: {amount} yuan, {state.en}",
        )
    return Text(f"已结清上次中断的交易：{amount} 元，{state.zh}", f"Settled an earlier transaction: {amount} yuan, {state.en}")


def _caught_up_text(load: Mapping[str, Any]) -> Text:
    amount, rule, order = format_yuan(load["amount"]), called(EVIDENCE, load["rule"]), load["order_id"]
    place, at = place_name(*load["taken_by"].split(":", 1)), local_stamp(load["at"])
    whose = Text("补登订单", "an order") if order else Text(f"应缴：{place.zh}", f"owed by {place.en}")
    return Text(f"{at} 充值 {amount} 元，{whose.zh}（依据：{rule.zh}）", f"{amount} yuan of {at}, {whose.en} (by: {rule.en})")


def _spent_here_text(debit: Mapping[str, Any]) -> Text:
    """What a terminal of ours took off a card."""
    amount, at, terminal = format_yuan(debit["amount"]), local_stamp(debit["at"]), debit["terminal"]
    zh = f"{at} 在 {terminal} 扣 {amount} 元；查那里的凭证（消费、退款、转卡），由两人更正"
    return Text(zh, f"{amount} yuan of {at} at {terminal}; by its receipts (purchase, refund, transfer) two people correct it")


def paid_text(fee: Mapping[str, Any]) -> Text:
    """What was paid for an opening that is not on the card, and waits."""
    amount, what = format_yuan(fee["amount"]), called(APPLICATIONS, fee["application"])
    zh = f"{what.zh}上次已付 {amount} 元，没有写上：再开通不用付款，不要了可退款"
    return Text(zh, f"{what.en}: {amount} yuan were paid, it is not on the card: they open it, or go back")


def _ways_back(payouts: Iterable[Mapping[str, Any]]) -> Iterator[tuple[Text, Text]]:
    """What of a refund is handed over, and what goes back through the channel that it came by."""
    for part in payouts:
        way = "cash" if part["kind"] == "refund_cash" else part["account"]
        if part["kind"].removeprefix("refund_") not in KEPT:
            yield part_name(way), _value("returned", part["amount"])


def _value(key: str, value: Any) -> Text:
    if isinstance(value, bool):
        return Text("是", "yes") if value else Text("否", "no")
    if key in AMOUNTS:
        return Text(f"{format_yuan(value)} 元", f"{format_yuan(value)} yuan")
    if key == "opened":
        names = [(APPLICATIONS[name], product_name(name, product)) for name, product in value.items()]
        zh, en = (f"{n.zh} {p.zh}".strip() for n, p in names), (f"{n.en} {p.en}".strip() for n, p in names)
        return Text("、".join(zh), ", ".join(en))
    if key == "reasons":
        reasons = [called(VALIDITY, reason) for reason in value]
        return Text("、".join(reason.zh for reason in reasons), ", ".join(reason.en for reason in reasons))
    if key == "holder":
        shown = f"{value['name']}  {value['id_number']}"
        return Text(shown, shown)
    words = {"application": APPLICATIONS, "state": {**OLD_CARD.words, **CARD_STATES}, "product": PURSES}.get(key, {})
    shown = str(value)
    return words.get(value, months_name(value) if key == "period" else Text(shown, shown))


def product_name(application: str, product: str) -> Text:
    """A product beside its application's name: what PRODUCTS says in brackets, a bus card by its letter; empty for the only one
    of its application."""
    known = PRODUCTS.get((application, product))
    if application == "bus" or known is None:
        return Text(product, product)
    _, _, zh = known.zh.partition("（")
    _, _, en = known.en.partition("(")
    return Text(zh.rstrip("）"), en.rstrip(")"))


def part_name(name: str) -> Text:
    """A part of a refund: the way on which it goes back, or why it is kept."""
    kind, _, channel = name.partition(":")
    if not channel:
        return KEPT.get(name) or METHODS[name]
    way = METHODS.get(channel, Text(channel, channel))
    return Text(f"{way.zh}，原路退回", f"{way.en}, back the way it came") if kind == "payout" else way
