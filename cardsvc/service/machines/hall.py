"""People in the hall, and what is told to them."""

from cardsvc.service.machines.form import DESK, SERVICE, SUPERVISOR, Machine, Step
from cardsvc.store.states import COMPLAINT_ALLOWED, NOTICE_ALLOWED, TICKET_ALLOWED
from cardsvc.text import Text

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
