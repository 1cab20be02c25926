"""What a reconciliation can find, and how it is told."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from cardsvc.ledger import postings
from cardsvc.text import Text, joined
from cardsvc.units import format_yuan

REASONS: Mapping[str, Text] = {
    "paid_not_loaded": Text("已付款，卡上没有或尚不能确定", "Paid, and not on the card or not known to be"),
    "loaded_not_paid": Text(
        "卡上已有（或已收费办理），对方文件说没有付款", "On the card, or done for a fee, and by the other side's file not paid"
    ),
    "amount_differs": Text("金额不一致", "The amounts differ"),
    "reference_unknown": Text("对方文件里的交易，我方没有", "The other side's file has what the books do not have"),
    "duplicate_in_file": Text("文件里重复出现", "It stands in the file more than once"),
    "missing_in_file": Text("我方有，对方文件里没有", "The books have it, the other side's file does not"),
    "counter_gap": Text(
        "脱机计数器缺号，对应的消费记录还没有到", "Numbers of the offline counter are missing: spending not delivered yet"
    ),
    "counter_conflict": Text(
        "同一计数器有两笔不同的消费，或同一笔消费报了两个计数器，疑似伪造",
        "One counter has two different purchases, or one purchase has two counters: forgery is possible",
    ),
    "balance_differs": Text("卡上余额与账上余额不一致", "The card's balance is not that of the books"),
    "refunded_but_written": Text(
        "账上已退款的充值，卡片显示写进去了",
        "The books paid a load back, and the card shows that it was written",
    ),
    "moved_too_much": Text(
        "旧卡余额已按账转走，之后才送到的消费使它透支",
        "The books had moved an old card's money, and spending came after that",
    ),
    "tac_wrong": Text("TAC 验证不通过，没有入账", "The TAC is wrong; it was not booked"),
    "late_record": Text("消费记录迟到，已入账", "Spending came late, and was booked"),
}
"""Every code of a difference."""

EXPLANATIONS: Mapping[str, Text] = {
    "unsettled_spends": Text("还有脱机消费没有送到", "Offline spending is still on its way"),
    "bicycle_guarantee": Text("公共自行车押金占用或退回", "The guarantee of a rented bicycle"),
    "last_ride_owed": Text("余额不足时的最后一次乘车，欠款下次补足", "The last ride with too little money is owed"),
    "corrected": Text("两人已更正，分录已记账", "Corrected: two people agreed and its entry is booked"),
    "open_transaction": Text("有待核实的交易，卡片下次出现时结清", "A suspect transaction: the card's next contact settles it"),
    "waits_for_file": Text("在等运营单位的文件", "The operator's file is awaited"),
    "counted_once": Text("只计一次", "Counted once"),
    "card_decides": Text("卡片的 TAC 证明已写入，以卡为准", "The card's TAC proves it: the card decides"),
    "booked_late": Text("迟到，已按实际入账", "Late, and booked as it happened"),
}
"""Every explanation that a run finds by itself; people write their own."""

REFUNDED_BUT_WRITTEN = "refunded_but_written"
LOST = "lost"
"""Detail of what is of a time that is missing from restored books."""
MAX_LINES = 20
RECONCILIATION = postings.difference_account("reconciliation")


@dataclass(frozen=True, slots=True)
class Finding:
    """A difference before it is stored. ``entry``: the proposed correcting entry; ``explanation``: why there is none."""

    code: str
    subject: str
    amount: int
    card_no: str | None = None
    details: Mapping[str, Any] = field(default_factory=dict)
    entry: Mapping[str, Any] | None = None
    explanation: str | None = None

    @property
    def event_key(self) -> str:
        """The same for the same matter in every run: what it is about and how much, not when it was looked at."""
        content = json.dumps([self.code, self.subject, self.amount, self.details.get("matter")])
        return hashlib.sha256(content.encode()).hexdigest()

    def explained(self, by: str) -> "Finding":
        """The same with a reason why there is nothing to book."""
        return replace(self, explanation=by, entry=None)


def entry(chain: str, debit: str, credit: str, amount: int) -> dict[str, Any]:
    """A correcting entry as it is proposed."""
    return {"chain": chain, "debit": debit, "credit": credit, "amount": amount}


def details_told(details: Mapping[str, Any]) -> Text:
    """What whoever asks the other side has to name: counters, lines, balances. Empty where the subject says it all."""
    parts: list[Text] = []
    if ranges := details.get("missing"):
        numbers = [str(low) if low == high else f"{low}-{high}" for low, high in ranges]
        parts.append(Text(f"计数器 {'、'.join(numbers)}", f"counter {', '.join(numbers)}"))
    if "terminal_no" in details:
        counter, terminal = details["counter"], details["terminal_no"]
        parts.append(Text(f"计数器 {counter}，终端 {terminal}", f"counter {counter}, terminal {terminal}"))
    if "file" in details:
        lines = details["lines"]
        some = [str(line) for line in lines[:MAX_LINES]] + ["…"] * (len(lines) > MAX_LINES)
        parts.append(Text(f"{details['file']} 第 {'、'.join(some)} 行", f"{details['file']} line {', '.join(some)}"))
    if LOST in details:
        zh = "在账册缺失的时段：先等卡补账，不要退款"
        parts.append(Text(zh, "of the time that is missing from the books: its card catches up first, give nothing back"))
    if "load_id" in details:
        parts.append(Text(f"充值 {details['load_id']}", f"top-up {details['load_id']}"))
    if "books" in details:
        books, card = format_yuan(details["books"]), format_yuan(details["card"])
        parts.append(Text(f"账上 {books}，卡上 {card}", f"books {books}, card {card}"))
    return joined(parts)
