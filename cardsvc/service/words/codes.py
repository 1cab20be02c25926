"""What codes are called: states, kinds, reasons, evidence. The database, JSON and the API keep codes; people get words."""

import re
from collections.abc import Mapping

from cardsvc.errors.catalog import all_entries
from cardsvc.service.cards.replacement import REASON_WORDS
from cardsvc.service.machines import (
    CARD,
    COMPLAINT,
    DIFFERENCE,
    FACE_PRINT,
    FEE,
    LOAD,
    NOTICE,
    OLD_CARD,
    OPERATION,
    ORDER,
    PURCHASE,
    SHIFT,
    TICKET,
)
from cardsvc.service.people.reasons import COLUMN_NAMES
from cardsvc.service.rights.comparing import OFFICE_NAMES, WINDOW_NAMES
from cardsvc.service.staff.accounts import ROLE_NAMES, SKILL_NAMES
from cardsvc.service.staff.approvals import STATE_NAMES
from cardsvc.text import Text

COMERS: Mapping[str, Text] = {
    "holder": Text("本人", "The holder"),
    "parent": Text("父母", "A parent"),
    "agent": Text("代办人", "An agent"),
}
CARD_STATES: Mapping[str, Text] = {
    **CARD.words,
    "citizen": Text("市民卡", "Citizen card"),
    "blank": Text("空白卡", "Blank card"),
    "partial": Text("没做完的卡", "Unfinished card"),
    "foreign": Text("别的卡", "Another issuer's card"),
    "locked": Text("整卡锁定", "Blocked card"),
    "legacy": Text("旧公交卡", "Old bus card"),
    "unknown": Text("未识别", "Not recognised"),
    "open": Text("已开通", "Open"),
    "closed": Text("已关闭", "Closed"),
    "unreadable": Text("读不出", "Cannot be read"),
    "not_opened": Text("未开通", "Not open"),
}

FACES = FACE_PRINT.words

SHIFTS, TICKETS, NOTICES, COMPLAINT_STEPS = SHIFT.words, TICKET.words, NOTICE.words, COMPLAINT.words
OPERATIONS, ORDERS, OLD_CARDS = OPERATION.words, ORDER.words, OLD_CARD.words

MONEY_STATES: Mapping[str, Text] = {**FEE.words, **LOAD.words, **PURCHASE.words}

WHO: Mapping[str, Text] = {
    "holder": Text("本人来办", "Comes in person"),
    "parent": Text("父母代办", "A parent comes"),
    "agent": Text("他人代办", "Somebody else comes"),
}

NOTES: Mapping[str, Text] = {
    "checklist": Text("晨会", "Checklist"),
    "patrol": Text("巡视", "Patrol"),
    "incident": Text("事件", "Incident"),
}

BLANK_MOVES: Mapping[str, Text] = {
    "received": Text("入库", "received"),
    "handed": Text("领用", "handed out"),
    "returned": Text("退回", "taken back"),
    "sent": Text("调拨", "sent"),
    "used": Text("制卡", "used"),
    "spoiled": Text("作废", "void"),
    "counted": Text("盘点更正", "put right"),
    "destroyed": Text("销毁", "destroyed"),
}

STAFF_ROLES: Mapping[str, Text] = ROLE_NAMES

SKILLS: Mapping[str, Text] = SKILL_NAMES

ROLES: Mapping[str, Text] = {
    "topup": Text("充值终端", "top-up terminal"),
    "desk": Text("柜台终端", "desk terminal"),
    "channel": Text("付款渠道", "payment channel"),
    "office": Text("取报表的系统", "system that fetches reports"),
    "workstation": Text("工作台", "workstation"),
    "bureau": Text("别的窗口（只核验身份）", "another bureau's window (identity only)"),
}

CHANGES: Mapping[str, Text] = {
    "added": Text("新增", "added"),
    "removed": Text("取消", "removed"),
    "changed": Text("修改", "changed"),
}

SUBJECTS: Mapping[str, Text] = {
    "load": Text("充值", "Top-up"),
    "purchase": Text("消费", "Purchase"),
    "fee": Text("开通收费", "Fee of an application"),
}

EVIDENCE: Mapping[str, Text] = {
    "proof": Text("交易证明：卡上有", "Proof: the card has it"),
    "log_record": Text("卡上流水里有这笔", "The card's log holds it"),
    "log_other": Text("卡上流水是另一笔：没有这笔", "The log holds another one: the card does not have it"),
    "counter_unchanged": Text("计数器没有动：卡上没有", "The counter did not move: the card does not have it"),
    "counter_and_balance": Text("计数器和余额都对：卡上有", "Counter and balance agree: the card has it"),
    "undecided": Text("还不能判定", "Not decided"),
    "record_written": Text("卡上是要写的内容：已开通", "The card shows what was to be written: it is open"),
    "record_unwritten": Text("卡上不是要写的内容：没有开通", "The card shows something else: it is not open"),
    "read_back": Text("写入后回读一致", "read back as it was written"),
    "given_back": Text("退还市民", "Given back"),
    "proven_too_late": Text("已按别的证据结清后，卡才证明", "The card proved it after it was settled otherwise"),
    "tac": Text("TAC 验证通过", "its TAC is right"),
    "mac3": Text("MAC3 验证通过", "its MAC3 is right"),
    "tac_wrong": Text("TAC 验证不通过", "The TAC is wrong"),
    "mac3_wrong": Text("MAC3 验证不通过", "MAC3 is wrong"),
    "two_people": Text("两人结清", "Settled by two people"),
    "spending_file": Text("运营单位的消费文件里有", "It stands in the operator's file"),
}

DECISIONS: Mapping[str, Text] = STATE_NAMES

DIFFERENCES: Mapping[str, Text] = {**DIFFERENCE.words, "all": Text("全部", "all")}

REPLACEMENTS = REASON_WORDS

SEXES: Mapping[int, Text] = {
    0: Text("未知", "not known"),
    1: Text("男", "male"),
    2: Text("女", "female"),
    9: Text("未说明", "not stated"),
}

OFFICES, WINDOWS = OFFICE_NAMES, WINDOW_NAMES

FIELDS: Mapping[str, Text] = COLUMN_NAMES

RIGHTS: Mapping[str, Text] = {
    "in_force": Text("待遇已生效", "The right is in force"),
    "later": Text("待遇还没有生效", "The right is not in force yet"),
    "ended": Text("待遇已终止", "The right has ended"),
    "none": Text("社保、医保数据里没有待遇", "The insurance offices know of no right"),
}

LIBRARY: Mapping[str, Text] = {
    "opened": Text("开通", "opened"),
    "closed": Text("关闭", "closed"),
    "lost": Text("挂失", "reported lost"),
    "found": Text("解挂", "released"),
    "replaced": Text("换卡", "replaced"),
    "cancelled": Text("注销", "cancelled"),
}

LOSSES: Mapping[str, Text] = {"phone": Text("电话挂失", "by phone"), "formal": Text("正式挂失", "formal")}

LOSS_ENDS: Mapping[str, Text] = {
    "lapsed": Text("到期失效", "lapsed"),
    "confirmed": Text("转为正式", "made formal"),
    "released": Text("已解挂", "released"),
}

SETTLED: Mapping[str, Text] = {
    "confirmed": Text("卡上有，已入账", "it is on the card, and booked"),
    "refunded": Text("卡上没有，钱已退回", "it is not on the card, and was paid back"),
    "not_written": Text("卡上没有，待退款", "it is not on the card, to be paid back"),
    "not_debited": Text("卡没有扣款", "the card did not pay"),
    "suspect": Text("还不能确定", "not known yet"),
}

SETTLED_FEES: Mapping[str, Text] = {
    "confirmed": Text("卡上有，不用再办，不再收款", "it is on the card: nothing is left to do or to pay"),
    "not_written": Text(
        "卡上没有，付过的钱还在：再开通不用付款，不要了可退款", "not on the card: what was paid opens it, or goes back"
    ),
    "suspect": Text("还不能确定，不要再收款", "not known yet: take no money"),
}
"""What became of an opening that broke off, and of its fee."""

APPROVALS: Mapping[str, Text] = {
    "books_restored": Text("账册从备份恢复", "Restored books"),
    "card_repair": Text("卡片修复", "Repair of a card"),
    "citizen_change": Text("姓名、证件变更", "Change of a person's data"),
    "citizen_death": Text("持卡人身故", "Death of a holder"),
    "correct_difference": Text("对账更正", "Correcting a difference"),
    "correction": Text("账目更正", "Correction of the books"),
    "drawer_cash": Text("钱箱领缴现金", "Cash between vault and drawer"),
    "held_payout": Text("退旧卡代管余额", "Paying held money back"),
    "hold_unidentified": Text("认定读不出的卡", "Whose card it is"),
    "release_from_hot_list": Text("移出黑名单", "Release from the hot list"),
    "retire_card": Text("停用可疑卡", "Retiring a suspicious card"),
    "rule_set": Text("规则版本", "A version of the rules"),
    "settle_suspect": Text("人工结清", "Settling by hand"),
    "shift_difference": Text("长短款", "Difference of a drawer"),
    "stock_destroy": Text("销毁废卡", "Destroying void cards"),
    "stock_difference": Text("白卡盘点差异", "Difference of a count of blanks"),
}

SEVERITIES: Mapping[str, Text] = {
    "unusable": Text("不能用", "unusable"),
    "serious": Text("严重", "serious"),
    "limited": Text("部分受限", "limited"),
    "notice": Text("提示", "notice"),
}

METHODS: Mapping[str, Text] = {
    "cash": Text("现金", "Cash"),
    "mobile": Text("手机支付", "Mobile payment"),
    "bank_card": Text("银行卡", "Bank card"),
    "credit_card": Text("信用卡", "Credit card"),
    "transfer": Text("转账", "Transfer"),
}

LOG_TYPES: Mapping[str, Text] = {
    "ed_load": Text("充值（存折）", "top-up (passbook)"),
    "ep_load": Text("充值", "top-up"),
    "unload": Text("圈提", "unload"),
    "cash_withdraw": Text("取现", "cash withdrawn"),
    "ed_purchase": Text("消费（存折）", "purchase (passbook)"),
    "ep_purchase": Text("消费", "purchase"),
    "overdraft_update": Text("透支限额修改", "overdraft limit"),
    "capp_purchase": Text("复合消费", "combined purchase"),
}
"""Records of a card's own log, by their type (JR/T 0025.2-2010): the electronic purse, and the passbook beside it."""
VALIDITY: Mapping[str, Text] = {
    **{f"state_{state}": words for state, words in CARD.words.items()},
    "expired": Text("已过有效期", "its validity is over"),
    "hot_listed": Text("在黑名单上", "on the hot list"),
    "holder_differs": Text("卡上的持卡人和登记不符", "its holder's data differ from the record"),
    "not_genuine": Text("不是真卡", "it is not genuine"),
    "purse_not_empty": Text("卡上已有余额", "its purse is not empty"),
}
"""Why a genuine card is not valid, and why a first article is not right."""
TERMINAL_STATES: Mapping[str, Text] = {"enabled": Text("启用", "enabled"), "suspended": Text("停用", "suspended")}
KEY_STATES: Mapping[str, Text] = {
    "active": Text("在用", "in use"),
    "retiring": Text("即将作废", "about to retire"),
    "verify-only": Text("只验旧 TAC", "checks old TACs only"),
    "retired": Text("已作废", "retired"),
}
"""Of terminals' keys and of the key store's."""
FILES: Mapping[str, Text] = {
    "spending": Text("运营单位消费", "spending of an operator"),
    "channel": Text("渠道收款", "receipts of a channel"),
    "terminal": Text("终端记录", "records of a terminal"),
}
FILE_STATES: Mapping[str, Text] = {"loading": Text("正在入账", "being taken"), "applied": Text("已入账", "taken")}
FILE_RECORDS: Mapping[str, Text] = {
    "booked": Text("入账", "booked"),
    "matched": Text("与本系统交易相符", "known here"),
    "taken": Text("收下", "taken"),
    "duplicate": Text("重复", "told before"),
    "rejected": Text("没有入账", "not taken"),
    "conflict": Text("有冲突", "conflict"),
}
"""What became of a record of a file."""
REJECTED: Mapping[str, Text] = {
    "card_unknown": Text("不是本系统的卡", "none of our cards"),
    "application_unknown": Text("卡上没有这个应用", "no such application on it"),
    "tac_wrong": Text("TAC 不对", "its TAC is wrong"),
    "counter_used": Text("计数器已有别的消费", "another purchase has this counter"),
    "told_before": Text("以别的计数器报过", "told before under another counter"),
    "settled_otherwise": Text("卡证明没有扣款", "the card proved that it did not pay"),
}
"""Why a record of an operator was not booked."""
BROKEN: Mapping[str, Text] = {
    "lapsed": Text("超时", "its time ran out"),
    "client_restarted": Text("读卡程序重新启动", "the agent was started anew"),
    "connection_lost": Text("连接断开", "the connection was lost"),
    "card_changed": Text("换了一张卡", "another card was put on"),
}
"""Why a job was broken off, where that is no error."""
HOT_LIST: Mapping[str, Text] = {"add": Text("加入", "added"), "remove": Text("移出", "taken off")}
PLACES: Mapping[str, Text] = {
    "channel": Text("付款渠道", "payment channel"),
    "bank": Text("银行", "bank"),
    "local": Text("本机", "this machine"),
    "desk": Text("窗口", "desk"),
    "terminal": Text("终端", "terminal"),
}
"""Where something was done, by the kind of its actor."""


def called(words: Mapping[str, Text], code: str | None) -> Text:
    """What a code is called; "-" where there is none, the code itself where it has no words."""
    shown = "-" if code is None else str(code)
    return words.get(shown, Text(shown, shown))


_DETAIL = re.compile(r" ?[（(][^（()）]*\{[^}]*\}[^（()）]*[)）]| ?\{[^}]*\}")
"""What an error's text names in braces, with the brackets around it."""


def reason_name(code: str | None) -> Text:
    """By what something was settled, or why it ended early: evidence, or an error without the details of its text (of a rule,
    they are left open)."""
    known = all_entries().get(code or "")
    if known is None or code in EVIDENCE:
        return called({**BROKEN, **EVIDENCE}, code)
    if "{" not in known.zh:
        return Text(known.zh, known.en)
    if known.family == "rule":
        return Text(*(re.sub(r"\{[^}]*\}", "…", text) for text in (known.zh, known.en)))  # nothing is left without its bound
    chinese, english = (_DETAIL.sub("", text).rstrip("：: ") for text in (known.zh, known.en))
    return Text(re.sub(r"(?<=[^\x00-\xff]) (?=[^\x00-\xff])", "", chinese), english)


def place_name(kind: str, name: str) -> Text:
    """Where something was done: by an actor's kind and id."""
    place = called(PLACES, kind)
    if kind == "channel" and name in METHODS:
        return Text(f"{place.zh} {METHODS[name].zh}", f"{place.en} {METHODS[name].en}")
    return Text(f"{place.zh} {name}", f"{place.en} {name}")
