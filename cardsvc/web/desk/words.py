"""Words and forms that only a page needs: names of jobs' steps and states, numbers as people read them."""

import datetime as dt
from collections.abc import Mapping

from cardsvc.service.cards.replacement import REASON_WORDS
from cardsvc.service.machines import CARD, COMPLAINT, FACE_PRINT, LOAD, NOTICE, PURCHASE, SHIFT, TICKET
from cardsvc.service.people.reasons import COLUMN_NAMES
from cardsvc.service.rights.comparing import OFFICE_NAMES, WINDOW_NAMES
from cardsvc.service.staff.accounts import ROLE_NAMES, SKILL_NAMES
from cardsvc.text import Text
from cardsvc.units import LOCAL

PHASES: Mapping[str, Text] = {
    "identify": Text("认卡", "Who is this card"),
    "settle": Text("核对上次交易", "Settle what was open"),
    "applications": Text("读应用", "Read the applications"),
    "purse": Text("读钱包", "Read the purse"),
    "look": Text("读卡", "Read the card"),
    "open": Text("核对未了交易", "Look at what is open"),
    "probe": Text("逐项检测", "Probe"),
    "decide": Text("核对规则", "Check the rules"),
    "write": Text("写卡", "Write the card"),
    "verify": Text("重读核对", "Read again and compare"),
    "block_lost": Text("核对挂失", "Is it reported lost"),
    "block": Text("锁定", "Block"),
    "unblock": Text("解锁", "Unblock"),
    "order": Text("找订单", "Find the order"),
    "part": Text("找旧卡的钱", "Find the old card's money"),
    "lapse": Text("清理过期月票", "Clear a month that is over"),
    "lapse_debit": Text("清零过期月票", "Draw the old month to zero"),
    "mark": Text("标记", "Mark"),
    "initialize": Text("钱包初始化", "Initialise the purse"),
    "credit": Text("写入金额", "Write the amount"),
    "debit": Text("扣除金额", "Take the amount"),
    "balance": Text("读余额", "Read the balance"),
    "repair": Text("修复", "Repair"),
    "whose": Text("辨认", "Whose card it is"),
    "look_again": Text("重读", "Read again"),
    "probe_again": Text("逐项复查", "Probe again"),
    "prove": Text("验真", "Prove the card"),
    "read": Text("读旧卡", "Read the old card"),
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
MONEY_STATES: Mapping[str, Text] = {**LOAD.words, **PURCHASE.words}


WHO: Mapping[str, Text] = {
    "holder": Text("本人来办", "Comes in person"),
    "parent": Text("父母代办", "A parent comes"),
    "agent": Text("他人代办", "Somebody else comes"),
}

WEEKDAYS: tuple[Text, ...] = (
    Text("周一", "Mon"),
    Text("周二", "Tue"),
    Text("周三", "Wed"),
    Text("周四", "Thu"),
    Text("周五", "Fri"),
    Text("周六", "Sat"),
    Text("周日", "Sun"),
)

PHRASES: tuple[Text, ...] = (
    Text("您好！请在下面写，我会看。", "Good day. Please write below; I will read it."),
    Text("请出示身份证。", "Please show your ID card."),
    Text("请把市民卡给我。", "Please give me your card."),
    Text("请核对屏幕上的姓名。", "Please check the name on the screen."),
    Text("请付款。", "Please pay."),
    Text("请稍候，懂手语的同事马上到。", "One moment: a colleague who signs is coming."),
    Text("办好了，请收好卡和小票。", "It is done. Please keep card and receipt."),
)
"""What staff say most, for the page on which they write to a deaf person."""

NOTES: Mapping[str, Text] = {
    "checklist": Text("晨会", "Checklist"),
    "patrol": Text("巡视", "Patrol"),
    "incident": Text("事件", "Incident"),
}


STOCK_WARNINGS: Mapping[str, Text] = {
    "stock_serial_unknown": Text(
        "芯片不属于任何入库批次，请告诉库管员", "The chip is of no batch that was received: tell the keeper"
    ),
    "stock_desk_empty": Text(
        "账上本窗口没有这批白卡了，请库管员登记领用", "By the books this desk has none left: tell the keeper"
    ),
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

PROMISED: Mapping[str, Text] = {
    "card": Text("待制的卡", "Cards to be made"),
    "complaint": Text("待答复的投诉", "Complaints to answer"),
    "call_back": Text("待回访的差评", "Bad appraisals to call back"),
}

STAFF_ROLES: Mapping[str, Text] = ROLE_NAMES
SKILLS: Mapping[str, Text] = SKILL_NAMES

ROLES: Mapping[str, Text] = {
    "topup": Text("充值终端", "top-up terminal"),
    "desk": Text("柜台终端", "desk terminal"),
    "channel": Text("付款渠道", "payment channel"),
    "office": Text("取报表的系统", "system that fetches reports"),
    "workstation": Text("工作台", "workstation"),
}

CHANGES: Mapping[str, Text] = {
    "added": Text("新增", "added"),
    "removed": Text("取消", "removed"),
    "changed": Text("修改", "changed"),
}

SUBJECTS: Mapping[str, Text] = {"load": Text("充值", "Top-up"), "purchase": Text("消费", "Purchase")}


EVIDENCE: Mapping[str, Text] = {
    "proof": Text("交易证明：卡上有", "Proof: the card has it"),
    "log_record": Text("卡上流水里有这笔", "The card's log holds it"),
    "log_other": Text("卡上流水是另一笔：没有这笔", "The log holds another one: the card does not have it"),
    "counter_unchanged": Text("计数器没有动：卡上没有", "The counter did not move: the card does not have it"),
    "counter_and_balance": Text("计数器和余额都对：卡上有", "Counter and balance agree: the card has it"),
    "undecided": Text("还不能判定", "Not decided"),
    "tac_wrong": Text("TAC 验证不通过", "The TAC is wrong"),
    "mac3_wrong": Text("MAC3 验证不通过", "MAC3 is wrong"),
    "two_people": Text("两人结清", "Settled by two people"),
    "spending_file": Text("运营单位的消费文件里有", "It stands in the operator's file"),
}

DECISIONS: Mapping[str, Text] = {
    "proposed": Text("等复核", "waits"),
    "approved": Text("已同意", "agreed"),
    "rejected": Text("已拒绝", "refused"),
    "withdrawn": Text("已收回", "taken back"),
}

DIFFERENCES: Mapping[str, Text] = {
    "open": Text("未处理", "open"),
    "explained": Text("已说明", "explained"),
    "corrected": Text("已更正", "corrected"),
    "all": Text("全部", "all"),
}

REPLACEMENTS = REASON_WORDS
FOLLOW: Mapping[str, Text] = {
    "rewrite": Text("放上卡按 0 修复，按登记重写；写不了的换卡", "on the reader, 0 writes its data again; else replace it"),
    "replace": Text("卡面要改，换新卡（原因：信息变更）", "its face changes: replace the card (reason: its data changed)"),
}
SEXES: Mapping[int, Text] = {
    0: Text("未知", "not known"),
    1: Text("男", "male"),
    2: Text("女", "female"),
    9: Text("未说明", "not stated"),
}

NEXT: Mapping[str, Text] = {
    "transfer_out": Text("收好旧卡，放一张空白卡，按 1 给同一人制卡", "Keep the old card, put a blank one on, press 1"),
    "lost": Text("放一张空白卡，按 1 给同一人制卡", "Put a blank card on, press 1"),
    "first_article": Text("合格才可做下一张", "Only after a right one the next is made"),
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

APPROVALS: Mapping[str, Text] = {
    "card_repair": Text("卡片修复", "Repair of a card"),
    "citizen_change": Text("姓名、证件变更", "Change of a person's data"),
    "citizen_death": Text("持卡人身故", "Death of a holder"),
    "correct_difference": Text("对账更正", "Correcting a difference"),
    "correction": Text("账目更正", "Correction of the books"),
    "drawer_cash": Text("钱箱领缴现金", "Cash between vault and drawer"),
    "held_payout": Text("退旧卡代管余额", "Paying held money back"),
    "hold_unidentified": Text("认定读不出的卡", "Whose card it is"),
    "release_from_hot_list": Text("移出黑名单", "Release from the hot list"),
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

PAYERS: Mapping[str, Text] = {
    "nobody": Text("免费", "free"),
    "card_company": Text("公司承担", "the card company pays"),
    "holder": Text("持卡人付", "the holder pays"),
}

OUTCOMES: Mapping[str, Text] = {
    "not_done": Text("没有办成，卡和账都没有改动", "Not done: neither card nor books changed"),
    "done": Text("已经办成", "It was done"),
    "unknown": Text("结果还不知道：同一张卡再放一次，系统自动核对", "Not known yet: put the card on again, it settles"),
}

METHODS: Mapping[str, Text] = {
    "cash": Text("现金", "Cash"),
    "mobile": Text("手机支付", "Mobile payment"),
    "bank_card": Text("银行卡", "Bank card"),
}
NUMBER_GROUP = 4
HOURS_OF_A_DAY = 24


def duration(minutes: int) -> Text:
    """A number of minutes as people say it."""
    hours, rest = divmod(minutes, 60)
    if not hours:
        return Text(f"{minutes} 分钟", f"{minutes} min")
    if hours < HOURS_OF_A_DAY:
        return Text(f"{hours} 小时 {rest} 分", f"{hours} h {rest} min")
    return Text(f"{hours // HOURS_OF_A_DAY} 天多", f"over {hours // HOURS_OF_A_DAY} d")


def wait(minutes: int | None) -> Text:
    """How long somebody waits, as a screen says it; ``minutes`` None where no desk serves the kind."""
    if minutes is None:
        return Text("没有窗口办", "no desk open")
    return Text(f"约 {minutes} 分钟", f"about {minutes} min") if minutes else Text("马上", "soon")


def queue(waiting: int, minutes: int | None) -> Text:
    """How many wait for a kind, and for how long whoever takes a number now will."""
    if not waiting and minutes == 0:
        return Text("不用等", "no wait")
    told = wait(minutes)
    return Text(f"等候 {waiting} 人 · {told.zh}", f"{waiting} waiting · {told.en}")


def ahead(others: int, minutes: int | None) -> Text:
    """What somebody is told with their number. ``others``: who waits for the same; fewer than none after a call."""
    told, number = wait(minutes), max(others, 0)
    return Text(f"前面 {number} 人 · {told.zh}", f"{number} ahead of you · {told.en}")


BROWSERS = ("Edg", "OPR", "Firefox", "Chrome", "Safari")
SYSTEMS = ("Windows", "Android", "iPhone", "iPad", "Mac OS X", "Linux")


def browser(told: str) -> str:
    """A browser in two words, from the long line that it tells about itself: enough to know one's own by."""
    name = next((one for one in BROWSERS if f"{one}/" in told), None)
    system = next((one for one in SYSTEMS if one in told), None)
    if name is None or system is None:
        return told
    version = told.partition(f"{name}/")[2].partition(".")[0]
    return f"{'Edge' if name == 'Edg' else name} {version} · {system.replace(' OS X', '')}"


def clock(moment: str | dt.datetime) -> str:
    """A moment as the clock on the wall shows it."""
    at = dt.datetime.fromisoformat(moment) if isinstance(moment, str) else moment
    return f"{at.astimezone(LOCAL):%H:%M:%S}"


def day(moment: str | dt.datetime) -> str:
    """A moment with its day."""
    at = dt.datetime.fromisoformat(moment) if isinstance(moment, str) else moment
    return f"{at.astimezone(LOCAL):%Y-%m-%d %H:%M}"


def card_no(digits: str) -> str:
    """A card number in groups of four, as it is printed."""
    return " ".join(digits[at : at + NUMBER_GROUP] for at in range(0, len(digits), NUMBER_GROUP))
