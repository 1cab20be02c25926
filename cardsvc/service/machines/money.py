"""Money on its way: onto cards and off them, and through a drawer."""

from cardsvc.ledger.states import FEE_ALLOWED, LOAD_ALLOWED, ORDER_ALLOWED, PURCHASE_ALLOWED, SHIFT_ALLOWED
from cardsvc.service.machines.form import CARD_OR_TWO, SERVICE, SUPERVISOR, TELLER, THE_CARD, TWO_PEOPLE, Machine, Step
from cardsvc.store.states import DIFFERENCE_ALLOWED
from cardsvc.text import Text

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

FEE = Machine(
    "application_fee",
    Text("开通收费", "Fee of an application"),
    FEE_ALLOWED,
    ("authorised",),
    {
        "authorised": Text("正在写卡", "being written"),
        "confirmed": Text("卡上有，已入账", "on the card and booked"),
        "suspect": Text("待核实", "not known yet"),
        "not_written": Text("卡上没有，钱待用或待退", "not on the card, the money waits"),
        "refunded": Text("已退款", "paid back"),
    },
    (
        Step("authorised", "confirmed", Text("写入后回读一致", "read back as it was written"), THE_CARD),
        Step("authorised", "suspect", Text("没有回读", "not read back"), SERVICE),
        Step("suspect", "confirmed", Text("卡上有这个应用", "the card shows it, or evidence"), CARD_OR_TWO),
        Step("suspect", "not_written", Text("卡上没有这个应用", "the card does not show it, or evidence"), CARD_OR_TWO),
        Step("not_written", "authorised", Text("用这笔钱重新开通", "pays for opening it again"), TELLER),
        Step("not_written", "refunded", Text("退还市民", "given back"), TELLER),
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

DIFFERENCE = Machine(
    "difference",
    Text("对账差异", "Difference of a reconciliation"),
    DIFFERENCE_ALLOWED,
    ("open", "explained"),
    {
        "open": Text("未处理", "open"),
        "explained": Text("已说明", "explained"),
        "corrected": Text("已更正", "corrected"),
    },
    (
        Step("open", "explained", Text("说明不用记账", "nothing is to be booked, and why"), SUPERVISOR),
        Step("open", "corrected", Text("更正分录记账", "the correcting entry is booked"), TWO_PEOPLE),
    ),
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
