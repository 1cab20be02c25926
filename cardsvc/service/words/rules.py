"""Rules in words: what a rule is about, by its table of the rule file, and what says so. People get these; JSON keeps ids."""

import re
from collections.abc import Mapping

from cardsvc.rules import RuleSet
from cardsvc.text import Text

TABLES: Mapping[str, Text] = {
    "load": Text("充值", "top-ups"),
    "spend": Text("消费", "spending"),
    "stop": Text("停用", "what was withdrawn"),
    "legal_cap": Text("法定上限", "legal caps"),
    "opening": Text("开通应用", "opening applications"),
    "refund": Text("退款", "refunds"),
    "deposit": Text("押金", "deposits"),
    "hold": Text("坏卡余额到账", "money of broken cards"),
    "payout": Text("代管余额退还", "paying held money back"),
    "calendar": Text("工作日", "working days"),
    "reconciliation": Text("对账", "reconciliation"),
    "fare": Text("票价优惠", "fares"),
    "fee": Text("收费", "fees"),
    "hours": Text("营业时间", "opening hours"),
    "promise": Text("取卡时限", "when a card is ready"),
    "person": Text("谁来办", "who comes"),
    "photo": Text("照片", "photos"),
    "loss": Text("挂失", "loss reports"),
    "product": Text("卡产品", "card products"),
    "payer": Text("付款", "payment"),
    "stock": Text("白卡", "blank cards"),
    "uncollected": Text("久未领取", "uncollected cards"),
    "consignment": Text("送卡", "cards between outlets"),
    "keeping": Text("个人信息保存", "keeping personal data"),
    "ticket": Text("取号", "tickets"),
    "papers": Text("要带的证件", "papers to bring"),
    "queue": Text("排队", "the queue"),
    "green": Text("绿色通道", "the green channel"),
    "appraisal": Text("评价", "appraisals"),
    "complaint": Text("投诉", "complaints"),
    "checklist": Text("晨会", "the checklist"),
    "right": Text("待遇", "rights"),
    "correction": Text("更正窗口", "where data are put right"),
    "renewal": Text("到期换卡", "renewal"),
    "change": Text("信息变更", "changes of data"),
    "heir": Text("身故", "heirs"),
    "swap": Text("停用产品换卡", "swaps of withdrawn products"),
}
"""What the rules of each table are about."""
_RELIABILITY = (
    (re.compile(r"^[A-EK](?:[/、, ]+[A-EK])*\s*[：:]\s*|(?<=[；;] )?[（(][A-E][）)]|(?<=；)[A-E]：|(?<=; )[A-E]: "), ""),
    (re.compile(r"为 K\b"), "由本方定"),
    (re.compile(r"\bK："), "由本方定："),
    (re.compile(r"\bK: "), "ours to set: "),
    (re.compile(r"[:,]? (?:is )?K\b"), " (ours to set)"),
)
"""How far a source is trusted, a letter: for whoever keeps the rules (rules/hangzhou.toml). A desk reads what is the company's
own default, "K", in words, and the others not at all."""


def rule_in_words(rules: RuleSet, rule_id: str) -> Text:
    """What a rule is about and what says so; of a rule that this rule set does not have, only that it was one. ``[[table]]``
    stands for a rule that is wanted there and is not."""
    wanted = TABLES.get(rule_id.strip("[]")) if rule_id.startswith("[[") else None
    if wanted is not None:
        return Text(f"{wanted.zh}：没有这样的规则", f"{wanted.en}: there is no such rule")
    for table, _number, rule in rules.every():
        if rule.id == rule_id:
            about = TABLES[table]
            source = source_in_words(rule.source)
            return Text(f"{about.zh}：{source.zh}", f"{about.en}: {source.en}")
    return Text("以前的规则", "a rule of before")


def source_in_words(source: Text) -> Text:
    """What says so, without the letters of how far it is trusted."""
    return Text(*(_plain(part) for part in source))


def _plain(source: str) -> str:
    for letter, word in _RELIABILITY:
        source = letter.sub(word, source)
    return source
