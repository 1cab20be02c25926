"""What happened to a card, in words: the entries of books/time_line.py as a person reads them."""

from collections.abc import Callable, Mapping
from typing import Any

from cardsvc.service.books.figures import JOB_NAMES
from cardsvc.service.cards import cancelling
from cardsvc.service.cards.application_names import APPLICATIONS, opening_name
from cardsvc.service.cards.replacement import REASON_WORDS
from cardsvc.service.purse.area_names import purse_name
from cardsvc.service.transactions import held_payout
from cardsvc.service.words.accounts import account_name, posting_name
from cardsvc.service.words.codes import (
    APPROVALS,
    COMERS,
    DECISIONS,
    EVIDENCE,
    FILE_RECORDS,
    HOT_LIST,
    LOSS_ENDS,
    LOSSES,
    OLD_CARDS,
    OPERATIONS,
    ORDERS,
    REJECTED,
    called,
    place_name,
    reason_name,
)
from cardsvc.text import Text
from cardsvc.units import format_yuan

WHAT: Mapping[str, Text] = {
    "card": Text("卡", "card"),
    "operation": Text("业务", "operation"),
    "handout": Text("发放", "hand-out"),
    "evidence": Text("证据", "evidence"),
    "ledger": Text("账目", "ledger"),
    "loss": Text("挂失", "loss"),
    "hot_list": Text("黑名单", "hot list"),
    "decision": Text("复核", "decision"),
    "order": Text("订单", "order"),
    "deposit": Text("押金", "deposit"),
    "bicycle": Text("自行车", "bicycle"),
    "old_card": Text("旧卡", "old card"),
    "file": Text("消费文件", "spending file"),
}
"""What an entry is about."""
EVENTS: Mapping[str, Text] = {
    "begun": Text("开始制卡，芯片 {chip}", "making began, chip {chip}"),
    "job": Text("{job}{about}：{operation}（{where}）", "{job}{about}: {operation} ({where})"),
    "broken": Text("{job}{about}：{operation}（{where}），{code}", "{job}{about}: {operation} ({where}), {code}"),
    "handed": Text("{collector}领走，经手 {by}", "{collector} took it, given by {by}"),
    "evidence": Text("{rule}{evidence}", "{rule}{evidence}"),
    "booked": Text(
        "{number}. {posting} {amount} 元：{debit} → {credit}", "{number}. {posting} {amount} yuan: {debit} -> {credit}"
    ),
    "reported": Text("{loss}，经手 {by}", "{loss}, taken by {by}"),
    "turned_up": Text("挂失的卡出现：{found}", "the lost card turned up: {found}"),
    "ended": Text("{ended}，{by}", "{ended}, {by}"),
    "listed": Text("第 {version} 版{action}：{reason}，经手 {by}", "version {version}, {action}: {reason}, by {by}"),
    "proposed": Text("{approval}，{by} 提出：{reason}", "{approval}, proposed by {by}: {reason}"),
    "decided": Text("{approval}，{by} {decided}", "{approval}, {decided} by {by}"),
    "taken": Text("疑账由 {by} 负责：{note}", "{by} sees the suspect through: {note}"),
    "lapsed": Text("{approval}已失效：{rule}", "{approval} lapsed: {rule}"),
    "paid": Text("线上付款 {amount} 元，{purse}，渠道 {by}", "paid online, {amount} yuan, {purse}, through {by}"),
    "order_ended": Text("{order}：{amount} 元，{purse}，渠道 {by}", "{order}: {amount} yuan, {purse}, through {by}"),
    "out": Text("租着车，冻结 {amount} 元，{by}", "a bicycle is out, guarantee {amount} yuan, {by}"),
    "back": Text("车已还", "the bicycle is back"),
    "deposit_taken": Text("收押金 {amount} 元，经手 {taken_by}", "{amount} yuan taken by {taken_by}"),
    "deposit_returned": Text(
        "押金 {amount} 元退 {returned} 元，经手 {by}，当初收取 {taken_by}",
        "{returned} of {amount} yuan returned by {by}, taken by {taken_by}",
    ),
    "taken_in": Text("旧卡停用（{cause}），经手 {by}", "the old card ended ({cause}), by {by}"),
    "taken_in_until": Text(
        "旧卡停用（{cause}），到账日 {until}，经手 {by}", "the old card ended ({cause}), by {by}, its day is {until}"
    ),
    "old_card": Text("{old_card}", "{old_card}"),
    "replaced": Text("补换卡（{cause}），工本费 {fee} 元，经手 {by}", "replacement ({cause}), fee {fee} yuan, by {by}"),
    "paid_back": Text(
        "代管 {amount} 元退 {returned} 元（{cause}），经手 {by}", "{returned} of {amount} yuan paid back ({cause}) by {by}"
    ),
    "cancelled": Text("注销（{cause}），经手 {by}", "cancelled ({cause}) by {by}"),
    "not_booked": Text(
        "{file}（{cause}）：{amount} 元，{by}，计数器 {counter}，第 {line} 行",
        "{file} ({cause}): {amount} yuan at {by}, counter {counter}, line {line}",
    ),
}
"""What happened, with its facts."""
CAUSES: Mapping[str, Text] = {
    **REASON_WORDS,
    **cancelling.REASONS,
    **held_payout.REASONS,
    "unreadable": Text("余额按账册", "its money by the books"),
    "readable": Text("余额由卡转出", "it gives its money itself"),
    **REJECTED,
}
SEEN: Mapping[str, Text] = {
    "balance": Text("余额", "balance"),
    "counter": Text("计数器", "counter"),
    "proofs": Text("交易证明（个）", "proofs"),
    "log": Text("流水（条）", "log records"),
    "mac1": Text("MAC1", "MAC1"),
    "reason": Text("理由", "reason"),
    "written": Text("卡上有", "on the card"),
    "documents": Text("文件（份）", "documents"),
}
SHOWN: Mapping[str, Text] = {
    "blocked": Text("已锁定", "blocked"),
    "wrong": Text("不对", "wrong"),
    "None": Text("没读到", "not read"),
    "True": Text("是", "yes"),
    "False": Text("否", "no"),
}
_WORDS: Mapping[str, Mapping[str, Text]] = {
    "job": {**JOB_NAMES, "diagnose_quick": Text("快速检测", "Quick diagnoses")},
    "operation": OPERATIONS,
    "rule": EVIDENCE,
    "collector": COMERS,
    "loss": LOSSES,
    "ended": LOSS_ENDS,
    "action": HOT_LIST,
    "approval": APPROVALS,
    "decided": DECISIONS,
    "order": ORDERS,
    "old_card": OLD_CARDS,
    "file": FILE_RECORDS,
    "cause": CAUSES,
}


def told(entry: Mapping[str, Any]) -> Text:
    """An entry in words, amounts in yuan."""
    given = entry["facts"]
    facts = {name: _said(name, value) for name, value in given.items() if not isinstance(value, Mapping) or name in _SHOWN}
    if "place" in given:
        facts["where"] = place_name(given["place"], given["by"])
    if "job" in given:
        facts["about"] = _about(given)
    if "area" in given:
        facts["purse"] = purse_name(given["product"], given["area"])
    if "detail" in given:  # the error in the words that were said then
        facts["code"] = _detailed(given["detail"], given.get("rule"))
    event = EVENTS[entry["event"]]
    return Text(
        event.zh.format(**{name: text.zh for name, text in facts.items()}),
        event.en.format(**{name: text.en for name, text in facts.items()}),
    )


def _about(given: Mapping[str, Any]) -> Text:
    """Which application a job was about, where it was about one."""
    if "application" not in given:
        return Text("", "")
    name = opening_name(given["application"], given["product"]) if "product" in given else APPLICATIONS[given["application"]]
    return Text(f" {name.zh}", f" {name.en}")


def _detailed(detail: Mapping[str, str], rule: Mapping[str, Any] | None) -> Text:
    """What an error said, and the rule that refused, if one did."""
    if rule is None:
        return Text(detail["zh"], detail["en"])
    known = rule["id"], rule["version"]
    return Text("{}（规则 {}，版本 {}）".format(detail["zh"], *known), "{} (rule {}, version {})".format(detail["en"], *known))


def _said(name: str, value: Any) -> Text:
    shown = _SHOWN.get(name)
    return shown(value) if shown else called(_WORDS.get(name, {}), value)


def _yuan(amount: int) -> Text:
    shown = format_yuan(amount)
    return Text(shown, shown)


def _evidence(seen: Mapping[str, Any]) -> Text:
    """What the card showed; what stands in the evidence for programs and auditors alone is in the JSON."""
    shown = _pairs({key: _seen(key, value) for key, value in seen.items() if key in SEEN})
    return Text(f"；{shown.zh}", f"; {shown.en}") if shown.zh else shown


def _seen(key: str, value: Any) -> str:
    return format_yuan(value) if key == "balance" and isinstance(value, int) else str(value)


def _pairs(values: Mapping[str, Any]) -> Text:
    """Names and values in one line: what a card showed, or its applications and their states."""
    names = {**SEEN, **APPLICATIONS}
    pairs = [(called(names, name), called(SHOWN, str(value))) for name, value in values.items()]
    return Text("，".join(f"{n.zh} {v.zh}" for n, v in pairs), ", ".join(f"{n.en} {v.en}" for n, v in pairs))


_SHOWN: Mapping[str, Callable[[Any], Text]] = {
    **dict.fromkeys(("amount", "returned", "fee"), _yuan),
    **dict.fromkeys(("debit", "credit"), account_name),
    "posting": posting_name,
    "code": reason_name,
    "evidence": _evidence,
    "found": _pairs,
}
"""How facts are said that are no code of a table."""
