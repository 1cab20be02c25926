"""Made cards on their way to their holders, and the bags in which they travel between outlets."""

from cardsvc.service.machines.form import DESK, SUPERVISOR, Machine, Step
from cardsvc.store.handout_states import CONSIGNED_ALLOWED, CONSIGNMENT_ALLOWED, HANDOUT_ALLOWED
from cardsvc.text import Text

HANDOUT = Machine(
    "handout",
    Text("发放", "Handing out of a made card"),
    HANDOUT_ALLOWED,
    ("ready", "to_send"),
    {
        "to_send": Text("待送出", "to be sent"),
        "sent": Text("在路上", "on its way"),
        "missing": Text("没送到", "missing"),
        "ready": Text("待领取", "to be collected"),
        "handed": Text("已发放", "handed out"),
    },
    (
        Step("to_send", "sent", Text("装袋送出", "packed and sent"), DESK),
        Step("to_send", "ready", Text("不在清单上，到了", "came without being on a list"), DESK),
        Step("sent", "ready", Text("点收", "counted in"), DESK),
        Step("sent", "missing", Text("清单上有、袋里没有", "on the list, not in the bag"), DESK),
        Step("sent", "to_send", Text("到了别的营业厅", "turned up at another outlet"), DESK),
        Step("missing", "ready", Text("找到了", "found where it is collected"), DESK),
        Step("missing", "to_send", Text("在别的营业厅找到", "found at another outlet"), DESK),
        Step("ready", "handed", Text("核对后发放", "identity compared, handed out"), DESK),
        *(
            Step(now, "handed", Text("未到先发放，写明原因", "given before it arrived, for a stated reason"), DESK)
            for now in ("to_send", "sent", "missing")
        ),
    ),
)

CONSIGNMENT = Machine(
    "consignment",
    Text("送卡", "Consignment of cards"),
    CONSIGNMENT_ALLOWED,
    ("sent",),
    {"sent": Text("在路上", "on its way"), "received": Text("已点收", "received")},
    (Step("sent", "received", Text("点完", "counted"), DESK),),
)

CONSIGNED_CARD = Machine(
    "consigned_card",
    Text("送卡单上的一张卡", "A card of a consignment"),
    CONSIGNED_ALLOWED,
    ("listed", "surplus"),
    {
        "listed": Text("在清单上", "on the list"),
        "arrived": Text("到了", "arrived"),
        "missing": Text("没到", "missing"),
        "elsewhere": Text("在别的营业厅，再送", "at another outlet, sent again"),
        "lost": Text("丢失，作废重做", "lost, void and made again"),
        "surplus": Text("多出", "too many"),
        "explained": Text("多出，已查明", "too many, explained"),
    },
    (
        Step("listed", "arrived", Text("点收，或本人已领", "counted in, or its holder has it"), DESK),
        Step("listed", "missing", Text("点完没有", "not there when all was counted"), DESK),
        Step("listed", "elsewhere", Text("到了别的营业厅", "turned up at another outlet"), DESK),
        Step("missing", "arrived", Text("找到了，或本人已领", "found, or its holder has it"), DESK),
        Step("missing", "elsewhere", Text("在别的营业厅找到", "found at another outlet"), DESK),
        Step("missing", "lost", Text("不找了", "given up"), SUPERVISOR),
        Step("surplus", "explained", Text("查明原因", "somebody said why"), DESK),
    ),
)
