"""Words and forms that only a page needs: names of jobs' steps and states, numbers as people read them."""

import datetime as dt
from collections.abc import Mapping
from typing import Any

from cardsvc.service.cards.handing_out import NOT_GIVEN
from cardsvc.service.machines import HANDOUT
from cardsvc.store.handout_states import HandoutState
from cardsvc.text import Text
from cardsvc.units import LOCAL

PHASES: Mapping[str, Text] = {
    "identify": Text("认卡", "Who is this card"),
    "settle": Text("核对上次交易", "Settle what was open"),
    "applications": Text("读应用", "Read the applications"),
    "purse": Text("读钱包", "Read the purse"),
    "look": Text("读卡", "Read the card"),
    "open": Text("核对未了交易", "Look at what is open"),
    "memory": Text("试写存储器", "Try the memory"),
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
    "draw": Text("旧钱包初始化", "Initialise the old purse"),
    "initialize": Text("钱包初始化", "Initialise the purse"),
    "credit": Text("写入金额", "Write the amount"),
    "debit": Text("扣除金额", "Take the amount"),
    "balance": Text("读余额", "Read the balance"),
    "repair": Text("修复", "Repair"),
    "whose": Text("辨认", "Whose card it is"),
    "look_again": Text("重读", "Read again"),
    "probe_again": Text("逐项复查", "Probe again"),
    "prove": Text("验真", "Prove the card"),
    "ask": Text("问卡上的充值", "Ask what was loaded"),
    "read": Text("读旧卡", "Read the old card"),
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


STOCK_WARNINGS: Mapping[str, Text] = {
    "stock_serial_unknown": Text(
        "芯片不属于任何入库批次，请告诉库管员", "The chip is of no batch that was received: tell the keeper"
    ),
    "stock_desk_empty": Text(
        "账上本窗口没有这批白卡了，请库管员登记领用", "By the books this desk has none left: tell the keeper"
    ),
}

HANDOUTS: Mapping[str, Text] = HANDOUT.words


def to_hand(handout: Mapping[str, Any]) -> Text:
    """What is to be done with a made card that nobody has yet."""
    if handout["not_given"] is not None:
        why = NOT_GIVEN[handout["not_given"]]
        return Text(f"✕ {why.zh}", f"✕ {why.en}")
    if handout["state"] == HandoutState.READY:
        return Text("待领取：发放", "To be collected: hand it out")
    return Text("还没送到：点收", "Did not arrive: count it in")


PROMISED: Mapping[str, Text] = {
    "card": Text("待制的卡", "Cards to be made"),
    "arrival": Text("还没送到的卡", "Cards that did not arrive"),
    "complaint": Text("待答复的投诉", "Complaints to answer"),
    "call_back": Text("待回访的差评", "Bad appraisals to call back"),
}


FOLLOW: Mapping[str, Text] = {
    "rewrite": Text("放上卡按 0 修复，按登记重写；写不了的换卡", "on the reader, 0 writes its data again; else replace it"),
    "replace": Text("卡面要改，换新卡（原因：信息变更）", "its face changes: replace the card (reason: its data changed)"),
}

NEXT: Mapping[str, Text] = {
    "transfer_out": Text("收好旧卡，放一张空白卡，按 1 给同一人制卡", "Keep the old card, put a blank one on, press 1"),
    "lost": Text("放一张空白卡，按 1 给同一人制卡", "Put a blank card on, press 1"),
    "first_article": Text("合格才可做下一张", "Only after a right one the next is made"),
}


PAYERS: Mapping[str, Text] = {
    "nobody": Text("免费", "free"),
    "card_company": Text("公司承担", "the card company pays"),
    "holder": Text("持卡人付", "the holder pays"),
}

OUTCOMES: Mapping[str, Text] = {
    "not_done": Text("没有办成：卡上、账上都没有这一笔", "Not done: neither card nor books have anything of it"),
    "done": Text("已经办成", "It was done"),
    "unknown": Text("结果还不知道：同一张卡再放一次，系统自动核对", "Not known yet: put the card on again, it settles"),
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


def opens(at: dt.datetime) -> Text:
    """When a hall opens that is shut, as its screens say it."""
    name = WEEKDAYS[at.weekday()]
    return Text(f"{at:%m-%d} {name.zh} {at:%H:%M} 开门", f"It opens {name.en} {at:%m-%d %H:%M}")


SCREENS: Mapping[str, Text] = {
    "display": Text("叫号大屏", "display of called numbers"),
    "tickets": Text("取号机", "ticket machine"),
    "tickets_paper": Text("取号机，出小票", "ticket machine with a printer"),
    "appraise": Text("窗口的评价屏", "second screen of a desk"),
}

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
