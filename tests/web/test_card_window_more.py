"""More lines of work at the card window, each done to its end through the forms of the page."""

import datetime as dt

from cardsvc.service.messages.notices import list_notices
from cardsvc.units import LOCAL
from tests.service.cards.test_card_requests import take
from tests.service.purse.test_areas import CARD, bus_card
from tests.web.clerk import Clerk
from tests.web.desk_office import Office
from tests.web.test_card_window import at_the_desk, closes
from tests.web.test_form_day import FAMILY, blank, confirm_face
from tests.world import World, area_on, balance_on, person

BEFORE_THE_SALE, SALE_BEGINS = 11, 15
"""No park pass is sold from 1 to 14 November: the clock of these pages is the clock on the wall."""
SUMMER = (7, 8)
"""Months for which no pupil's month ticket is sold."""


def agree(office: Office, who: str = "chief") -> None:
    """The second person, on their own screen."""
    chief = Clerk(office, who, None)
    chief.open("/desk/approvals")
    chief.send("同意")


def test_a_parking_card_is_sold_loaded_and_paid_back(office: Office) -> None:
    """停车卡售卖、充值."""
    world, card = office.world, office.world.issue(FAMILY)
    clerk = at_the_desk(office)
    clerk.put(card)
    clerk.job("开通应用", "收费并开通", choice="parking:2")
    clerk.sees("办好了")
    clerk.work_place()
    clerk.job("充值", "收款并写卡", choice="parking:purse", amount="50")
    clerk.sees("办好了", "50.00")
    assert area_on(card, "parking") == 5000
    clerk.work_place()
    clerk.job("退款", "取空并退款")
    clerk.sees("办好了", "49.50")
    clerk.work_place()
    clerk.job("关闭应用", "关闭")
    clerk.sees("办好了")
    assert (area_on(card, "parking"), world.balances().get(f"purse:{CARD}:parking:ep", 0)) == (0, 0)
    closes(office)


def test_a_park_pass_is_sold_and_its_fee_has_a_receipt(office: Office) -> None:
    """公园年卡功能开通: price and period stand there before; no second one."""
    card = office.world.issue(FAMILY)
    clerk = at_the_desk(office)
    clerk.put(card)
    clerk.follow("开通应用")
    clerk.sees("公园年卡（首次）")
    today = office.world.now.astimezone(LOCAL)
    if today.month == BEFORE_THE_SALE and today.day < SALE_BEGINS:
        assert "park:1" not in clerk.choices("收费并开通", "choice")
        return
    clerk.send("收费并开通", choice="park:1")
    clerk.sees("办好了", "打印凭证")
    clerk.work_place()
    clerk.sees("公园年卡 ● 已开通")
    closes(office)


def test_the_library_hears_of_opening_loss_and_the_next_card(office: Office) -> None:
    """杭州图书馆应用开通: the loss stops borrowing, after a replacement it comes back by itself."""
    card = office.world.issue(FAMILY)
    clerk = at_the_desk(office)
    clerk.put(card)
    clerk.job("开通应用", "收费并开通", choice="library:1")
    clerk.sees("办好了")
    clerk.take_off()
    clerk.open(f"/desk/cards/{CARD}")
    clerk.send("正式挂失")
    clerk.send("收费并补卡")
    new = blank(3)
    clerk.put(new)
    clerk.job("制卡：做成市民卡", "开始制卡")
    confirm_face(clerk, new)
    clerk.job("旧卡的应用转入新卡", "转入")
    clerk.sees("办好了")
    clerk.work_place()
    clerk.sees("图书馆 ● 已开通")
    chief = Clerk(office, "chief", None)
    chief.open("/desk/manage/library")
    chief.sees("3100010100000002-3 换卡", "3100010100000001-2 挂失", "3100010100000001-1 开通")
    closes(office)


def test_a_lost_card_that_is_found_again_is_released_by_two_and_works(office: Office) -> None:
    """挂失、解挂: phone report, found, a second person agrees; the card loads again."""
    world, card = office.world, office.world.issue(FAMILY)
    clerk = at_the_desk(office)
    clerk.open(f"/desk/cards/{CARD}")
    clerk.sees("不管 离线的公交、停车读卡器", "补卡后转入新卡")
    clerk.send("正式挂失")
    clerk.put(card)
    clerk.open(f"/desk/cards/{CARD}")
    clerk.send("提请解挂", reason="本人持身份证，卡找到")
    agree(office)
    clerk.put(card)
    clerk.job("充值", "收款并写卡", amount="50")
    clerk.sees("办好了")
    assert balance_on(card)[0] == world.purse_total(CARD) == 5000
    closes(office)


def test_a_dead_holders_card_is_refunded_to_the_heir_and_ends(office: Office) -> None:
    """持卡人身故: from the report to the cancelled card."""
    world, card = office.world, office.world.issue(FAMILY)
    clerk = at_the_desk(office)
    clerk.put(card)
    clerk.job("充值", "收款并写卡", amount="100")
    clerk.open("/desk/person")
    clerk.send("查找", wanted=person().id_number)
    clerk.follow("姓名、证件变更，身故")
    clerk.send(
        "提交身故登记", heir="child", heir_name="测试子", heir_id_number=person(2).id_number, papers="死亡证明", cards_here=CARD
    )
    agree(office)
    clerk.put(card)
    clerk.sees("已身故")
    clerk.job("退款", "取空并退款")
    clerk.sees("办好了", "99.00")
    clerk.open(f"/desk/cards/{CARD}")
    clerk.send("注销", reason="death", papers="死亡证明")
    assert (balance_on(card)[0], world.purse_total(CARD)) == (0, 0)
    closes(office)


def test_a_card_is_renewed_before_it_is_over(office: Office) -> None:
    """到期换卡: offered from its days on; applications and money go along."""
    then = World(office.world.path, office.world.now - dt.timedelta(days=3640))
    card = then.issue(FAMILY)
    then.topup(card, 5000)
    then.close()
    clerk = at_the_desk(office)
    clerk.put(card)
    clerk.follow("补换卡")
    clerk.sees("到期换卡")
    clerk.send("收费并收下旧卡", reason="expired")
    clerk.sees("办好了", "放一张空白卡")
    new = blank(4)
    clerk.put(new)
    clerk.job("制卡：做成市民卡", "开始制卡")
    confirm_face(clerk, new)
    clerk.job("转入旧卡余额", "开始")
    clerk.sees("办好了")
    clerk.work_place()
    clerk.follow("待领取：发放")
    clerk.send("已核对，交卡")
    clerk.sees("已发放", "领卡单")
    assert balance_on(new)[0] == office.world.purse_total(office.world.card_no_of(new)) == 5000
    closes(office)


def test_a_pupils_card_is_reviewed_and_goes_on(office: Office) -> None:
    """学生卡年审: after the school's paper was seen the month can be loaded again."""
    then = World(office.world.path, office.world.now - dt.timedelta(days=400))
    born = f"{office.world.now.year - 12}-01-01"
    card = bus_card(then, "B", born=born)
    then.close()
    clerk = at_the_desk(office)
    clerk.put(card)
    clerk.job("学生卡年审", "开始", proof="实验小学，本学年")
    clerk.sees("办好了")
    if office.world.now.astimezone(LOCAL).month in SUMMER:
        return
    clerk.work_place()
    clerk.job("充值", "收款并写卡", choice="B:month", amount="25")
    clerk.sees("办好了", "25.00")
    closes(office)


def test_who_does_not_collect_is_told_again_from_the_list(office: Office) -> None:
    """发放: the uncollected list, one press, and the message is on its way to the phone that was left."""
    world = office.world
    then = World(world.path, world.now - dt.timedelta(days=8))
    take(then, office.people["clerk"], then.citizen(), phone="13800000000")
    then.do(blank(5), "personalise", citizen_id=then.citizen())
    then.close()
    clerk = Clerk(office)
    clerk.open("/desk/requests")
    clerk.sees("待领取 1", "久未领取，再通知", "13800000000")
    clerk.send("给留有手机号的再发通知")
    clerk.sees("已再通知")
    assert "还没有领取" in list_notices(world.store)[0]["zh"]


def test_nobody_is_named_to_another_bureau_without_a_consent_that_somebody_confirmed(office: Office) -> None:
    """Also by a browser that sends the form without its tick: nothing is asked of the card."""
    clerk = at_the_desk(office)
    clerk.put(office.world.issue("fudan-fmcos2"))
    clerk.follow("身份核验")
    refused = clerk.without("开始", "consent", bureau="公积金中心", purpose="查询")
    assert (refused.status_code, "没有填好" in refused.text) == (422, True)
    with office.world.store.read() as uow:
        assert [row.kind for row in uow.operations.of_card(CARD, 9) if row.kind == "identity"] == []
    clerk.send("开始", bureau="公积金中心", purpose="查询", consent="holder")
    clerk.sees("办好了")
