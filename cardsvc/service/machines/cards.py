"""Cards, what is done on them, and what is left of old ones."""

from cardsvc.service.machines.form import CARD_DESK, DESK, SERVICE, THE_CARD, TWO_PEOPLE, Machine, Step
from cardsvc.store.states import CARD_ALLOWED, OLD_CARD_ALLOWED, OPERATION_ALLOWED
from cardsvc.text import Text

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
