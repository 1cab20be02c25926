"""Cards on their way into somebody's hands: applications, faces, batches."""

from cardsvc.service.machines.form import AGENT, AGENT_OR_DESK, CARD_DESK, DESK, SERVICE, Machine, Step
from cardsvc.store.states import BULK_ALLOWED, BULK_LINE_ALLOWED, CARD_REQUEST_ALLOWED, FACE_PRINT_ALLOWED
from cardsvc.text import Text

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
