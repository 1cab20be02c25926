"""Every state machine in one form: its states and their words, and of each step the event and who may cause it.

Which steps there are is said by the lists that the database enforces (store/states.py, ledger/states.py); here they get their
words, for pages and for docs/states.md, which is made from this table. A test compares both.
"""

from collections.abc import Mapping, Set
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from cardsvc.ledger.states import LOAD_ALLOWED, ORDER_ALLOWED, PURCHASE_ALLOWED, SHIFT_ALLOWED
from cardsvc.store.states import (
    BULK_ALLOWED,
    BULK_LINE_ALLOWED,
    CARD_ALLOWED,
    CARD_REQUEST_ALLOWED,
    COMPLAINT_ALLOWED,
    FACE_PRINT_ALLOWED,
    NOTICE_ALLOWED,
    OLD_CARD_ALLOWED,
    OPERATION_ALLOWED,
    TICKET_ALLOWED,
)
from cardsvc.text import Text

CARD_DESK = Text("柜台和卡", "desk and card")
DESK = Text("窗口", "desk")
SERVICE = Text("系统", "the service")
TWO_PEOPLE = Text("两人", "two people")
SUPERVISOR = Text("主管", "supervisor")
THE_CARD = Text("卡", "the card")
TELLER = Text("柜员", "teller")
AGENT = Text("桌面代理", "the desk's agent")
AGENT_OR_DESK = Text("桌面代理、窗口", "the desk's agent, or the desk")
CARD_OR_TWO = Text("卡，或两人", "the card, or two people")


@dataclass(frozen=True, slots=True)
class Step:
    """What leads from one state to another, and who may cause it."""

    now: str
    to: str
    event: Text
    who: Text


@dataclass(frozen=True, slots=True)
class Machine:
    """A state machine. ``allowed``: the list that the database enforces; ``begins``: the states in which one may begin;
    ``words``: of its states."""

    key: str
    name: Text
    allowed: Mapping[Any, Set[StrEnum]]
    begins: tuple[str, ...]
    words: Mapping[str, Text]
    steps: tuple[Step, ...]


CARD = Machine(
    "card",
    Text("卡", "Card"),
    CARD_ALLOWED,
    ("personalising",),
    {
        "personalising": Text("制作中", "Being made"),
        "issued": Text("正常", "In use"),
        "blocked": Text("已锁定", "Blocked"),
        "replaced": Text("已换卡", "Replaced"),
        "void": Text("已作废", "Void"),
    },
    (
        Step("personalising", "issued", Text("制好、重读核对", "made and read back"), CARD_DESK),
        Step("personalising", "void", Text("做坏、放弃", "spoiled or given up"), DESK),
        Step("issued", "blocked", Text("整卡锁定", "blocked as a whole"), CARD_DESK),
        Step("blocked", "issued", Text("解锁", "unblocked"), TWO_PEOPLE),
        Step("issued", "replaced", Text("补换卡、到期换卡、收下旧卡", "replaced, renewed, taken in"), DESK),
        Step("blocked", "replaced", Text("补换卡、到期换卡、收下旧卡", "replaced, renewed, taken in"), DESK),
        Step("issued", "void", Text("注销、首件不合格、卡面印坏", "cancelled, wrong first article or face"), DESK),
        Step("blocked", "void", Text("注销", "cancelled"), DESK),
    ),
)

CARD_REQUEST = Machine(
    "card_request",
    Text("申领", "Application for a card"),
    CARD_REQUEST_ALLOWED,
    ("held", "applied"),
    {
        "held": Text("等待中", "Waiting"),
        "applied": Text("待制卡", "To be made"),
        "made": Text("待领取", "To be collected"),
        "handed": Text("已发放", "Handed out"),
        "cancelled": Text("已撤销", "Withdrawn"),
    },
    (
        Step("held", "applied", Text("数据一致、待遇生效", "data agree, the right is in force"), SERVICE),
        Step("applied", "held", Text("部门数据变了", "an office's data differ now"), SERVICE),
        Step("applied", "made", Text("制好卡", "the card is made"), CARD_DESK),
        Step("held", "made", Text("已开始的卡做完", "a card that was begun is finished"), CARD_DESK),
        Step("made", "applied", Text("首件不合格、卡面印坏，重做", "wrong first article or face, made again"), CARD_DESK),
        Step("made", "handed", Text("核对后发放", "identity compared, handed out"), DESK),
        Step("made", "cancelled", Text("领取前卡已注销", "its card was cancelled before it was collected"), DESK),
        Step("held", "cancelled", Text("撤销、身故", "withdrawn, or its person died"), DESK),
        Step("applied", "cancelled", Text("撤销、身故", "withdrawn, or its person died"), DESK),
    ),
)

OPERATION = Machine(
    "operation",
    Text("业务", "Operation on a card"),
    OPERATION_ALLOWED,
    ("card",),
    {
        "card": Text("等卡应答", "waits for the card"),
        "done": Text("办成", "done"),
        "failed": Text("没办成", "failed"),
        "abandoned": Text("中断", "abandoned"),
    },
    (
        Step("card", "done", Text("最后一步完成", "its last phase ended"), THE_CARD),
        Step("card", "failed", Text("规则或卡拒绝", "a rule or the card refused"), THE_CARD),
        Step("card", "abandoned", Text("卡拿走、超时", "the card left, time ran out"), SERVICE),
        Step("abandoned", "done", Text("迟到的应答作证据", "late answers as evidence"), THE_CARD),
        Step("abandoned", "failed", Text("迟到的应答作证据", "late answers as evidence"), THE_CARD),
    ),
)

LOAD = Machine(
    "load",
    Text("充值", "Top-up"),
    LOAD_ALLOWED,
    ("requested", "authorised"),
    {
        "requested": Text("已提出", "asked for"),
        "refused": Text("已拒绝", "refused"),
        "authorised": Text("正在写卡", "being written"),
        "confirmed": Text("卡上有，已入账", "on the card and booked"),
        "suspect": Text("待核实", "not known yet"),
        "not_written": Text("卡上没有，待退款", "not on the card, to be paid back"),
        "refunded": Text("已退款", "paid back"),
        "rewritten": Text("已另行写卡", "written by another load"),
    },
    (
        Step("requested", "authorised", Text("收款、发出 MAC2 之前", "paid, before MAC2 leaves"), SERVICE),
        Step("requested", "refused", Text("规则或卡拒绝", "a rule or the card refused"), SERVICE),
        Step("authorised", "confirmed", Text("TAC 验证", "its TAC verified"), THE_CARD),
        Step("authorised", "suspect", Text("没有应答", "no good answer"), SERVICE),
        Step(
            "suspect",
            "confirmed",
            Text("交易证明、流水", "proof or log, or evidence"),
            CARD_OR_TWO,
        ),
        Step(
            "suspect",
            "not_written",
            Text("计数器、流水", "counter or log, or evidence"),
            CARD_OR_TWO,
        ),
        Step("not_written", "refunded", Text("退款", "paid back"), SERVICE),
        Step("not_written", "rewritten", Text("另写一笔", "written by another load"), SERVICE),
    ),
)

PURCHASE = Machine(
    "purchase",
    Text("消费、圈提", "Purchase, unload"),
    PURCHASE_ALLOWED,
    ("authorised",),
    {
        "authorised": Text("正在写卡", "being written"),
        "confirmed": Text("卡上有，已入账", "on the card and booked"),
        "suspect": Text("待核实", "not known yet"),
        "not_debited": Text("卡没有扣款", "the card did not pay"),
    },
    (
        Step("authorised", "confirmed", Text("TAC、MAC3 验证", "its TAC or MAC3 verified"), THE_CARD),
        Step("authorised", "suspect", Text("没有应答", "no good answer"), SERVICE),
        Step("suspect", "confirmed", Text("交易证明、流水", "proof or log"), THE_CARD),
        Step(
            "suspect",
            "not_debited",
            Text("计数器、流水", "counter or log, or evidence"),
            CARD_OR_TWO,
        ),
    ),
)

ORDER = Machine(
    "topup_order",
    Text("补登订单", "Order paid online"),
    ORDER_ALLOWED,
    ("paid",),
    {
        "paid": Text("已付，待写卡", "paid, to be written"),
        "written": Text("已写卡", "written"),
        "returned": Text("已退回", "returned"),
    },
    (
        Step("paid", "written", Text("刷卡写入", "written at a tap"), THE_CARD),
        Step("paid", "returned", Text("月份过了、注销", "its month is over, the card is cancelled"), SERVICE),
    ),
)

TICKET = Machine(
    "ticket",
    Text("排队号", "Queue ticket"),
    TICKET_ALLOWED,
    ("waiting",),
    {
        "waiting": Text("等候", "waiting"),
        "called": Text("已叫", "called"),
        "serving": Text("在办", "served for"),
        "missed": Text("过号", "missed"),
        "done": Text("已办结", "served"),
        "left": Text("不办了", "gone"),
    },
    (
        Step("waiting", "called", Text("叫号", "called"), DESK),
        Step("waiting", "left", Text("不办了", "does not want it any more"), DESK),
        Step("called", "serving", Text("到窗口", "came to the desk"), DESK),
        Step("called", "missed", Text("叫过几次没来", "called in vain"), DESK),
        Step("called", "waiting", Text("窗口关了、改号", "the desk closed, another kind"), DESK),
        Step("serving", "done", Text("办完", "served"), DESK),
        Step("serving", "waiting", Text("转窗口、改号", "handed on, another kind"), DESK),
        Step("missed", "waiting", Text("重新排", "in again"), DESK),
        Step("missed", "left", Text("不办了", "does not want it any more"), DESK),
    ),
)

_COMPLAINT = {
    "assigned": (Text("转交", "given to somebody"), DESK),
    "noted": (Text("记录", "noted"), DESK),
    "answered": (Text("答复", "answered"), SUPERVISOR),
}
COMPLAINT = Machine(
    "complaint",
    Text("投诉", "Complaint"),
    COMPLAINT_ALLOWED,
    ("received",),
    {
        "received": Text("受理", "taken"),
        "assigned": Text("转交", "given to"),
        "noted": Text("记录", "noted"),
        "answered": Text("答复", "answered"),
    },
    tuple(Step(now, to, *_COMPLAINT[to]) for now in ("received", "assigned", "noted") for to in _COMPLAINT),
)

SHIFT = Machine(
    "shift",
    Text("班次", "Shift"),
    SHIFT_ALLOWED,
    ("open",),
    {
        "open": Text("在班", "open"),
        "closing": Text("正在交班", "closing"),
        "difference_pending": Text("长短款待处理", "its difference waits"),
        "closed": Text("已交班", "closed"),
    },
    (
        Step("open", "closing", Text("开始交班", "begins to close"), TELLER),
        Step("closing", "closed", Text("点数相符", "the count agrees"), TELLER),
        Step("closing", "difference_pending", Text("点数不符", "the count differs"), TELLER),
        Step("difference_pending", "closed", Text("说明并复核", "explained and agreed"), TWO_PEOPLE),
    ),
)

OLD_CARD = Machine(
    "takeover",
    Text("旧卡的钱", "An old card's money"),
    OLD_CARD_ALLOWED,
    ("waiting", "reading"),
    {
        "waiting": Text("等到账日", "waits for its day"),
        "reading": Text("卡自己在给", "the card is giving it"),
        "moved": Text("已转出", "moved"),
    },
    (
        Step("waiting", "reading", Text("卡又能读", "the card can be read after all"), CARD_DESK),
        Step("waiting", "moved", Text("到账日，按账上", "its day has come, by the books"), SERVICE),
        Step("reading", "moved", Text("给完", "it gave everything"), THE_CARD),
        Step("reading", "waiting", Text("给到一半坏了", "it broke while it gave"), DESK),
    ),
)

NOTICE = Machine(
    "notice",
    Text("通知（市民、图书馆）", "Message to a citizen, notice to the library"),
    NOTICE_ALLOWED,
    ("waiting",),
    {
        "waiting": Text("待发送", "to be sent"),
        "sent": Text("已发送", "sent"),
        "failed": Text("发送失败", "could not be sent"),
        "dropped": Text("不再需要", "not needed any more"),
    },
    (
        Step("waiting", "sent", Text("对方收下", "taken"), SERVICE),
        Step("waiting", "failed", Text("多次没收下", "not taken, as often as may be"), SERVICE),
        Step("waiting", "dropped", Text("情况变了", "true no longer"), SERVICE),
        Step("failed", "waiting", Text("再发", "tried again"), SUPERVISOR),
    ),
)

FACE_PRINT = Machine(
    "face_print",
    Text("打印卡面", "Print of a card's face"),
    FACE_PRINT_ALLOWED,
    ("due", "wanted"),
    {
        "due": Text("待打印", "to be printed"),
        "wanted": Text("等打印机", "waits for the printer"),
        "sent": Text("打印中", "with the printer"),
        "printed": Text("打完，待看", "printed, to be looked at"),
        "failed": Text("没有打", "not printed"),
        "unknown": Text("打没打不清楚", "not known whether printed"),
        "right": Text("卡面对", "right"),
        "wrong": Text("卡面不对", "not right"),
    },
    (
        Step("due", "wanted", Text("卡放进打印机", "the card is put into the printer"), DESK),
        Step("due", "right", Text("手工打印、看过", "printed by hand and looked at"), DESK),
        Step("due", "wrong", Text("印坏，卡作废", "spoiled, the card is void"), DESK),
        Step("wanted", "sent", Text("交给代理，先记后发", "given to the agent, kept before it leaves"), SERVICE),
        Step("wanted", "failed", Text("放弃，还没发", "given up before it left"), DESK),
        Step("sent", "printed", Text("CUPS 打完", "CUPS completed it"), AGENT),
        Step("sent", "failed", Text("CUPS 没收、没开始", "CUPS did not take or begin it"), AGENT),
        Step(
            "sent",
            "unknown",
            Text("打到一半停了、找不到任务、代理不在", "broke off, is not found, the agent is gone"),
            AGENT_OR_DESK,
        ),
        Step("unknown", "printed", Text("代理回来，CUPS 已打完", "the agent is back, CUPS completed it"), AGENT),
        Step("unknown", "failed", Text("代理回来，CUPS 没开始", "the agent is back, CUPS never began it"), AGENT),
        *(
            step
            for now in ("printed", "failed", "unknown")
            for step in (
                Step(now, "right", Text("看过卡面", "the card was looked at"), DESK),
                Step(now, "wrong", Text("重打，或印坏作废", "printed again, or spoiled and void"), DESK),
            )
        ),
    ),
)

BULK_BATCH = Machine(
    "bulk_batch",
    Text("批次", "Batch of bulk issue"),
    BULK_ALLOWED,
    ("ready",),
    {
        "ready": Text("未开始", "not begun"),
        "running": Text("进行中", "running"),
        "paused": Text("已暂停", "paused"),
        "done": Text("完成", "done"),
    },
    (
        Step("ready", "running", Text("开始", "begun"), DESK),
        Step("ready", "paused", Text("暂停", "paused"), DESK),
        Step("running", "paused", Text("暂停", "paused"), DESK),
        Step("running", "done", Text("每一行都有了结果", "every line has its end"), SERVICE),
        Step("paused", "running", Text("接着做", "goes on"), DESK),
        Step("paused", "done", Text("手上的卡做完", "the cards on the readers were the last"), SERVICE),
        Step("done", "paused", Text("有卡后来作废", "a card of it is void after all"), DESK),
    ),
)

BULK_LINE = Machine(
    "bulk_line",
    Text("批次里的一个人", "A person of a batch"),
    BULK_LINE_ALLOWED,
    ("waiting",),
    {
        "waiting": Text("等待", "waiting"),
        "making": Text("做到一半", "begun"),
        "made": Text("做成", "made"),
        "voided": Text("卡废，等下一张", "card void, waits for another"),
        "failed": Text("没有做成", "failed"),
    },
    (
        Step("waiting", "making", Text("放上空白卡", "a blank is put in"), CARD_DESK),
        Step("making", "waiting", Text("没有写就拿走", "taken out before it was begun"), CARD_DESK),
        Step("making", "made", Text("制好、重读核对", "made and read back"), CARD_DESK),
        Step("making", "voided", Text("做坏、放弃", "spoiled or given up"), CARD_DESK),
        Step("making", "failed", Text("三张都坏、别处已有卡", "three cards spoiled, or a card from elsewhere"), SERVICE),
        Step("made", "voided", Text("首件不合格、卡面印坏", "wrong first article or face"), DESK),
        Step("voided", "making", Text("放上另一张", "another blank is put in"), CARD_DESK),
    ),
)

MACHINES = (
    *(CARD, CARD_REQUEST, FACE_PRINT, BULK_BATCH, BULK_LINE, OPERATION, LOAD, PURCHASE, ORDER, OLD_CARD),
    *(TICKET, COMPLAINT, SHIFT, NOTICE),
)
