"""A small day at one desk, through the real pages and their forms: visits of many kinds, and every fen of them at its end."""

from cardsvc.ledger.cash import DENOMINATIONS
from cardsvc.printing.photo import sample_photo
from cardsvc.service.books.audit import verify_ledger
from cardsvc.units import id_number_check_digit
from cardsvc.vcard import FaultPlan, VirtualCard
from tests.web.clerk import Clerk
from tests.web.desk_office import Office
from tests.world import balance_on

TAKEN = 10_000 + 5_000 + 5_000 + 2 * 1_500 - 14_850
"""Cash in the drawer in the evening, in fen: three top-ups, two fees of new cards, and a refund that went out of it."""
FAMILY = "fudan-fmcos2"
PHOTO = sample_photo()
BODY = "33010019990230123"
NUMBER = BODY + id_number_check_digit(BODY)


def blank(number: int) -> VirtualCard:
    """A blank card."""
    return VirtualCard.blank(FAMILY, seed=500 + number)


def cash_of(amount: int) -> dict[str, str]:
    """Pieces that make this many fen, as a count is typed."""
    pieces = {}
    for piece in sorted(DENOMINATIONS, reverse=True):
        number, amount = divmod(amount, piece)
        pieces[f"d{piece}"] = str(number) if number else ""
    return pieces


def confirm_face(clerk: Clerk, card: VirtualCard, *, pile: bool = False) -> None:
    """The face of the card that was just made: into the printer, back on the reader, looked at, here or in the list."""
    clerk.follow("打印卡面")
    if "没有照片" in clerk.html:
        clerk.send("保存照片", PHOTO, consent="1")
    clerk.take_off()
    clerk.send("卡已放入，打印")
    clerk.sees("等打印机")
    clerk.print_face()
    clerk.sees("打完，待看", "把打好的卡放到读卡器上")
    face = clerk.url
    clerk.put(card)
    if pile:
        clerk.open("/desk/faces")
        clerk.sees("读卡器上 ·")
        clerk.send("看过，卡面对")
        clerk.sees("做好的卡，卡面还没有确认 0")
        clerk.open(face)
    else:
        clerk.open(face)
        clerk.sees("读卡器上就是这张卡")
        clerk.send("看过，卡面对")
    clerk.sees("打完后读过芯片")


def first_card(clerk: Clerk) -> VirtualCard:
    """Somebody who was never here applies, gets their card with its face, and takes it home."""
    clerk.open("/desk/requests")
    clerk.follow("新申领")
    clerk.send("继续", id_number=NUMBER)
    clerk.send("受理", PHOTO, name="测试申", birth_date="1999-02-28", phone="13800000000", consent="1")
    clerk.sees("待制卡", "承诺取卡")
    case, card = clerk.url, blank(1)
    clerk.put(card)
    clerk.job("制卡：做成市民卡", "开始制卡")
    clerk.sees("办好了", "还差卡面")
    confirm_face(clerk, card)
    clerk.open(case)
    clerk.send("已核对，交卡")
    clerk.sees("已发放")
    return card


def money_and_applications(clerk: Clerk, card: VirtualCard) -> None:
    """Cash onto the purse, bus T and the library opened, a month ticket, and an identity check for another bureau."""
    clerk.put(card)
    clerk.job("充值", "收款并写卡", amount="100")
    clerk.sees("办好了", "100.00")
    clerk.work_place()
    clerk.job("开通应用", "收费并开通", choice="bus:T")
    clerk.sees("办好了")
    clerk.sees("产品 T")
    clerk.work_place()
    clerk.job("开通应用", "收费并开通", choice="library:1")
    clerk.sees("办好了", "应用 图书馆 状态 已开通 生效")
    clerk.work_place()
    clerk.follow("充值")
    _this_month, next_month = clerk.choices("收款并写卡", "month")
    clerk.send("收款并写卡", choice="T:month", amount="50", month=next_month)
    clerk.sees("办好了")
    clerk.work_place()
    clerk.job("身份核验", "开始", bureau="公积金中心", purpose="查询", consent="holder")
    clerk.sees("办好了")


def torn(clerk: Clerk, card: VirtualCard) -> None:
    """The card is pulled before it is written: told that nothing was; and while it is written: settled when it comes back."""
    clerk.put(card)
    card.plan = FaultPlan(tear_before_command=2)
    clerk.job("充值", "收款并写卡", amount="50")
    clerk.sees("没有办成", "没有写卡，没有入账", "退还市民")
    card.plan = FaultPlan()
    clerk.put(card)
    clerk.sees("没有写卡，没有入账")
    card.plan = FaultPlan(tear_after_write=1)
    clerk.job("充值", "收款并写卡", amount="50")
    clerk.sees("结果待核对", "下一步")
    card.plan = FaultPlan()
    clerk.put(card)
    clerk.sees("已结清上次中断的交易", "150.00")


def replaced(clerk: Clerk, old: VirtualCard) -> VirtualCard:
    """A damaged card that can be read: fee, its money out, a new card with its face, applications and money onto it."""
    clerk.put(old)
    clerk.job("补换卡", "收费并收下旧卡", reason="damaged")
    clerk.sees("办好了", "卡不要拿走：还有 1 处余额没有转出")
    clerk.settle()
    clerk.job("旧卡转出余额", "转出")
    clerk.sees("办好了", "放一张空白卡")
    card = blank(2)
    clerk.put(card)
    clerk.job("制卡：做成市民卡", "开始制卡")
    clerk.sees("还差卡面")
    made = clerk.url
    clerk.work_place()
    clerk.sees("先打卡面、确认")
    clerk.open(made)
    confirm_face(clerk, card, pile=True)
    clerk.job("旧卡的应用转入新卡", "转入")
    clerk.sees("办好了")
    for _ in range(2):
        clerk.settle()
        clerk.job("转入旧卡余额", "开始")
        clerk.sees("办好了")
    return card


def dead_chip(clerk: Clerk, number: int) -> None:
    """A card that says nothing is taken in by its number, and its money waits for its day."""
    card_no = str(clerk.world.card_no_of(clerk.world.issue(FAMILY, number)))
    clerk.take_off()
    clerk.open("/desk/person")
    clerk.send("查找", wanted=card_no)
    clerk.send("正式挂失")
    clerk.sees("正式挂失")
    clerk.send("收费并补卡")
    clerk.sees("旧卡已停用", "余额到账日")


def refunded(clerk: Clerk, card: VirtualCard) -> None:
    """The purse goes back, less one per cent."""
    clerk.put(card)
    clerk.job("退款", "取空并退款")
    clerk.sees("办好了", "148.50")


def ticket(clerk: Clerk) -> None:
    """A number is taken, called, served."""
    clerk.open("/hall/hall/tickets")
    clerk.send("充值、退款")
    clerk.work_place()
    clerk.send("开窗叫号")
    clerk.send("叫下一位")
    clerk.send("人到了")
    clerk.send("办完，请评价")
    clerk.sees("等候 0")


def test_a_small_day_through_the_forms_of_the_page(office: Office) -> None:
    """Every visit ends as its page says; in the evening the drawer has what the books say, and the chain holds."""
    clerk = Clerk(office)
    clerk.open("/desk/drawer")
    clerk.send("开班")
    clerk.sees("开班人 演示 clerk")
    ticket(clerk)
    card = first_card(clerk)
    money_and_applications(clerk, card)
    torn(clerk, card)
    new = replaced(clerk, card)
    assert balance_on(new)[0] == 15000
    dead_chip(clerk, 7)
    refunded(clerk, new)
    assert balance_on(new)[0] == 0
    evening(clerk, office)


def evening(clerk: Clerk, office: Office) -> None:
    """The drawer is counted and agrees, the supervisor closes the day, and the chain of every card holds."""
    clerk.open("/desk/drawer")
    clerk.follow("点数交班")
    clerk.send("交班", **cash_of(TAKEN))
    clerk.sees(f"已交班：点数与账相符，{TAKEN // 100}.{TAKEN % 100:02} 元", "开班：点清备用金")
    held = {
        name: fen for name, fen in clerk.world.balances().items() if fen and name.startswith(("drawer", "vault", "clearing"))
    }
    assert held == {"vault:hall": TAKEN}, "the count agreed, and the drawer went into the vault"
    chief = Clerk(office, "chief", None)
    chief.open("/desk/manage/day")
    chief.sees("没有未了事项，可以日结")
    chief.send("日结并封存账册", confirmed=chief.choices("日结并封存账册", "confirmed")[0])
    chief.sees("已日结", "chief")
    found = verify_ledger(clerk.world.store)
    assert (found["breaks"], found["total"], found["seals"]) == ([], 0, 1)
