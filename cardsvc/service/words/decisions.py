"""What a second person is asked to agree to, as rows that can be read: amounts in yuan, documents by name, long texts apart."""

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from cardsvc.diagnosis.plans import plans
from cardsvc.diagnosis.table import finding_word
from cardsvc.service.cards.application_names import APPLICATIONS
from cardsvc.service.reconcile.findings import REASONS
from cardsvc.service.transactions.held_payout import REASONS as HELD_REASONS
from cardsvc.service.words.accounts import account_in_full
from cardsvc.text import Text
from cardsvc.units import format_yuan, local_stamp

LABELS: Mapping[str, Text] = {
    "counted": Text("点得（元）", "Counted (yuan)"),
    "expected": Text("账上（元）", "In the books (yuan)"),
    "amount": Text("金额（元）", "Amount (yuan)"),
    "code": Text("差异", "Difference"),
    "debit": Text("借方", "Debit"),
    "credit": Text("贷方", "Credit"),
    "corrects": Text("更正哪一笔", "Corrects"),
    "card_no": Text("卡号", "Card"),
    "citizen_id": Text("持卡人", "Holder"),
    "written": Text("卡上有没有这笔钱", "The card has the money"),
    "attachments": Text("证据文件", "Documents"),
    "steps": Text("步骤", "Steps"),
    "effective_from": Text("生效日期", "In force from"),
    "sha256": Text("摘要 SHA-256", "SHA-256"),
    "run_id": Text("对账批次", "Reconciliation"),
    "number": Text("第几条", "Entry"),
    "direction": Text("现金", "Cash"),
    "reason": Text("原因", "Reason"),
    "findings": Text("检测结论", "Findings"),
    "diagnosed": Text("检测", "Diagnosis"),
    "shown": Text("卡上钱包余额（元）", "The purse shows (yuan)"),
    "books": Text("账上余额（元）", "The books owe (yuan)"),
    "due": Text("账上的钱哪天起可转", "The books decide from"),
    "rule": Text("规则", "Rule"),
    "new_card": Text("持卡人要新卡", "The holder gets a new card"),
    "free": Text("免费的依据", "Free by"),
    "outlet": Text("网点", "Outlet"),
    "papers": Text("看过的证件", "Papers that were shown"),
    "counts": Text("批次和张数", "Batches and cards"),
    "since": Text("账册缺失从", "Lost from"),
    "until": Text("账册缺失到", "Lost until"),
    "backup": Text("备份", "Backup"),
}
VALUES: Mapping[str, Mapping[str, Text]] = {
    "direction": {
        "in": Text("金库到钱箱", "from the vault into the drawer"),
        "out": Text("钱箱到金库", "from the drawer into the vault"),
    },
    "reason": HELD_REASONS,
    "code": REASONS,
}
MONEY = frozenset({"counted", "expected", "amount", "books", "shown"})
YES_NO = (Text("否", "no"), Text("是", "yes")), (Text("没有", "no"), Text("有", "yes"))
"""Of whether something is so, and of whether the card has it."""
LONG = 120
"""Characters of a value that stand in a row; a longer one is a text of its own."""


def payload_rows(payload: Mapping[str, Any], number: Callable[[str], str] = str) -> Iterator[tuple[str, Text, Text]]:
    """What is decided on, as names, labels and values; ``number`` shows a card number. What has no word goes by its name."""
    for name, value in payload.items():
        shown = _value(name, number(value) if name == "card_no" else value)
        if len(shown.zh) <= LONG:
            yield name, LABELS.get(name, Text(name, name)), shown


def payload_texts(payload: Mapping[str, Any]) -> list[str]:
    """The long ones: a whole set of rules."""
    return [value for value in payload.values() if isinstance(value, str) and len(value) > LONG]


def _value(name: str, value: Any) -> Text:
    if isinstance(value, bool):
        return YES_NO[name == "written"][value]
    if name in LISTED:
        words = [LISTED[name](one) for one in value]
        return Text("；".join(word.zh for word in words), "; ".join(word.en for word in words))
    if isinstance(value, str) and value in VALUES.get(name, {}):
        return VALUES[name][value]
    if name in ("debit", "credit") and isinstance(value, str):
        return account_in_full(value)
    if value is None:
        shown = "-"
    elif name in ("since", "until"):
        shown = local_stamp(value)
    elif name in MONEY and isinstance(value, int):
        shown = format_yuan(value)
    elif isinstance(value, Mapping):
        shown = ", ".join(f"{key} {one}" for key, one in value.items())
    elif isinstance(value, (list, tuple)):
        shown = ", ".join(str(one.get("name", "?")) if isinstance(one, Mapping) else str(one) for one in value)
    else:
        shown = str(value)
    return Text(shown, shown)


def _step(name: str) -> Text:
    """A step of a repair, ``unblock:purse``, as its plan is called and where it works."""
    plan, _, where = name.partition(":")
    known = plans().get(plan)
    if known is None:
        return Text(name, name)
    place = APPLICATIONS.get(where, Text(where, where))
    return Text(f"{known.zh}（{place.zh}）" if where else known.zh, f"{known.en} ({place.en})" if where else known.en)


LISTED: Mapping[str, Callable[[str], Text]] = {"findings": finding_word, "steps": _step}
"""Lists of names, and how each is called."""
