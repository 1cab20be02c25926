"""Lines of work at the card window, each done to its end through the forms of the page: on the card and in the books."""

import datetime as dt
import re
from dataclasses import replace

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from cardsvc.service.books.audit import verify_ledger
from cardsvc.service.messages.notices import list_notices
from cardsvc.service.staff.accounts import NewStaff, add_staff
from cardsvc.service.terminals.registry import register_terminal
from cardsvc.signature import public_hex
from tests.service.cards.test_card_requests import PARENT, take
from tests.service.purse.test_areas import CARD, bus_card, load, local
from tests.service.rights.rights_people import said, take_in
from tests.service.stock.blanks import Stock
from tests.service.stock.blanks import blank as stock_blank
from tests.web.clerk import Clerk
from tests.web.desk_office import PASSWORD, Office
from tests.web.test_form_day import FAMILY, NUMBER, PHOTO, blank, confirm_face
from tests.world import World, area_on, balance_on


def closes(office: Office) -> None:
    """Every chain holds, and the books are even."""
    found = verify_ledger(office.world.store)
    assert (found["breaks"], found["total"]) == ([], 0)


def at_the_desk(office: Office) -> Clerk:
    """A clerk whose drawer is open."""
    clerk = Clerk(office)
    clerk.open("/desk/drawer")
    clerk.send("开班")
    return clerk


def west(office: Office) -> Clerk:
    """A clerk of an outlet that makes no cards."""
    world = office.world
    with world.store.read() as uow:
        admin = uow.staff.get("admin")
    person = add_staff(world.store, NewStaff("wes", "演示西", "clerk", "west"), PASSWORD, world.now, by=admin)
    key = public_hex(Ed25519PrivateKey.generate())
    register_terminal(world.store, "ws-w", "", "310000000013", key, "workstation", world.now, outlet_id="west")
    return Clerk(replace(office, people={**office.people, "wes": person}), "wes", "ws-w")


def test_a_card_that_is_applied_for_where_none_are_made_is_made_at_the_centre(office: Office) -> None:
    """五个营业厅: one queue across them, with where each card goes; it is collected where it was applied for."""
    outside, centre = west(office), at_the_desk(office)
    outside.open("/desk/requests")
    outside.follow("新申领")
    outside.send("继续", id_number=NUMBER)
    outside.send("受理", PHOTO, name="测试申", birth_date="1999-02-28", phone="13800000000", consent="1")
    outside.sees("待制卡", "承诺取卡")
    case = outside.url
    centre.open("/desk/requests")
    centre.sees("待制卡 1", "→ 城西网点")
    card = blank(1)
    centre.put(card)
    centre.follow("制卡：做成市民卡")
    centre.sees("→ 城西网点")
    centre.send("开始制卡")
    centre.sees("办好了", "还差卡面")
    confirm_face(centre, card)
    assert list_notices(office.world.store) == [], "nobody is told of a card that is not there"
    centre.open("/desk/requests")
    centre.sees("待领取 0")
    outside.open("/desk/requests")
    outside.sees("待领取 0", "在别处做好、还没送到 1", "待送出 · 市民之家")
    travels(centre, outside)
    (told,) = list_notices(office.world.store)
    assert "到城西网点领取" in told["zh"]
    assert "起带身份证" in told["zh"], "not before the day that was promised there"
    outside.open("/desk/requests")
    outside.sees("待领取 1", "测试申")
    outside.open(case)
    outside.send("已核对，交卡")
    outside.sees("已发放")


def travels(centre: Clerk, outside: Clerk) -> None:
    """What lies at the centre for the other outlet is packed, sent, and counted in there."""
    centre.open("/desk/requests")
    centre.follow("送卡、收卡")
    centre.sees("送到 城西网点：待送 1")
    centre.send("装袋送出，打印清单", bag="封条 17")
    centre.sees("送卡单", "封条 17", "市民之家 → 城西网点", "清单 1 张", "在路上")
    bag = centre.url
    centre.open("/desk/consignments")
    centre.sees("没有要送到别的营业厅的卡", "送出的袋，在路上 1")
    outside.open("/desk/consignments")
    outside.sees("要收的袋 1", "封条 17")
    outside.open(bag)
    outside.send("全部在，点完")
    outside.sees("已点收", "到了")


def test_a_replacement_that_is_asked_for_where_none_are_made_is_made_at_the_centre(office: Office) -> None:
    """The same for 补换卡: the old card is taken in there."""
    outside, centre = west(office), at_the_desk(office)
    old_no = str(office.world.card_no_of(office.world.issue(FAMILY)))
    outside.open("/desk/drawer")
    outside.send("开班")
    outside.open(f"/desk/cards/{old_no}")
    outside.send("正式挂失")
    outside.send("收费并补卡")
    outside.sees("旧卡已停用")
    card = blank(2)
    centre.put(card)
    centre.follow("制卡：做成市民卡")
    centre.sees("补换卡：测试一", "→ 城西网点")
    centre.send("开始制卡")
    centre.sees("办好了")
    confirm_face(centre, card)
    new = str(office.world.card_no_of(card))
    outside.open(f"/desk/handouts/{new}")
    outside.sees("这张卡还没有送到：待送出")
    outside.send("已核对，交卡", early_reason="卡由人带到，来不及点收")
    outside.sees("已发放", "卡由人带到")


def test_a_card_that_is_missing_from_its_bag_is_shown_until_somebody_settles_it(office: Office) -> None:
    """Counted in one by one; what is missing stands with who looks for it, and is found, or given up by a supervisor."""
    outside, centre = west(office), at_the_desk(office)
    for number in (1, 2):
        take(office.world, outside.person, office.world.citizen(number))
        card = blank(10 + number)
        centre.put(card)
        centre.job("制卡：做成市民卡", "开始制卡")
        confirm_face(centre, card)
    centre.open("/desk/consignments")
    centre.sees("待送 2")
    centre.send("装袋送出，打印清单", bag="封条 18")
    bag = centre.url
    outside.open(bag)
    outside.send("点收", card=CARD)
    outside.sees("到了")
    outside.send("点完，其余没到")
    outside.sees("没到", "已点收")
    centre.open("/desk/consignments")
    centre.sees("没到和多出的卡 1", "演示 clerk")
    centre.open(bag)
    centre.send("在这里找到了")
    centre.sees("在别的营业厅，再送")
    centre.open("/desk/consignments")
    centre.sees("待送 1")


def test_a_card_that_was_given_up_on_its_way_is_kept_by_who_finds_it(office: Office) -> None:
    """Found by its number, from its page: the finder reads where it belongs, and it is asked for no more."""
    outside, centre, world = west(office), at_the_desk(office), office.world
    keeper = add_staff(
        world.store, NewStaff("keeper", "演示库", "stock_keeper", "hall"), PASSWORD, world.now, by=office.people["admin"]
    )
    stock = Stock(world, {"stock_keeper": keeper})
    stock.deliver()
    stock.hand(10)
    take(world, outside.person, world.citizen(1))
    card = stock_blank(1)
    centre.put(card)
    centre.job("制卡：做成市民卡", "开始制卡")
    confirm_face(centre, card)
    centre.open("/desk/consignments")
    centre.send("装袋送出，打印清单", bag="封条 20")
    bag = centre.url
    outside.open(bag)
    outside.send("点完，其余没到")
    chief = office.page("chief")
    assert chief.post(bag.removeprefix("/desk") + "/lost", card=CARD, note="找不到").status_code == 303
    centre.open(f"/desk/cards/{CARD}")
    centre.follow("途中放弃的卡，找到了")
    centre.send("卡在这里：收作废卡")
    centre.sees("已记入废卡", "不再发放")
    assert "卡在这里" not in centre.html
    assert stock.holds()["void:hall"] == 1


def test_as_many_cards_as_a_bag_takes_go_into_one_form(office: Office) -> None:
    """Five hundred are looked at, one by one; one more is refused for what it is."""
    page, numbers = office.page("clerk"), [f"31000199{number:08d}" for number in range(501)]
    answer = page.post("/consignments", to="west", bag="封条 19", card=numbers[:500])
    assert (answer.status_code, "系统里没有卡号 3100019900000000" in answer.text) == (404, True)
    answer = page.post("/consignments", to="west", bag="封条 19", card=numbers)
    assert (answer.status_code, "超过 500 张" in answer.text) == (422, True)


def test_a_withdrawn_product_is_swapped_on_its_card(office: Office) -> None:
    """停用产品换杭州通: the page says what it holds and where it goes; one press, and T is there with the money."""
    world, then = office.world, World(office.world.path, local(2018, 5, 7, 12))
    card = bus_card(then, "D")
    load(then, card, 10000, product="D")
    then.close()
    clerk = at_the_desk(office)
    clerk.put(card)
    clerk.follow("停用产品换杭州通")
    clerk.sees("D 已停用：换成 T，100.00 元转入城市通钱包", "免费")
    clerk.send("换")
    clerk.sees("办好了", "100.00")
    clerk.work_place()
    clerk.sees("公交 ● 已开通 T")
    assert (area_on(card, "bus"), balance_on(card)[0], world.purse_total(CARD)) == (0, 10000, 10000)
    closes(office)


def says(office: Office, **other: str) -> None:
    """A file of the medical insurance about the person of these tests."""
    told = said(1, **{"id_number": NUMBER, "name": "测试申", "changed_at": office.world.now.isoformat(), **other})
    take_in(office.world, office.people["clerk"], told)


def test_the_friend_of_somebody_from_elsewhere_collects_the_card_that_waited_for_a_right(office: Office) -> None:
    """特殊 case 上海知青: taken before its time, it waits for the right and goes on by itself; the friend is told that they may
    come for it, and takes it with both originals."""
    says(office, right_from=str(office.world.now.date() + dt.timedelta(days=40)))
    clerk = at_the_desk(office)
    clerk.open("/desk/requests")
    clerk.follow("新申领")
    clerk.send("继续", id_number=NUMBER)
    given = {"name": "测试申", "birth_date": "1999-02-28", "phone": "13800000000", "consent": "1", "pre": "1"}
    clerk.send("受理", PHOTO, **given, friend_name="测试友", friend_phone="13800000001", friend_consent="1")
    clerk.sees("等到后开始计算", "测试友", "指定的朋友也可以代领，带双方身份证原件")
    assert re.search('aria-current="page">申领发放', clerk.html)
    case = clerk.url
    says(office)
    clerk.open(case)
    clerk.sees("待遇已生效，开始制卡", "您的朋友测试申的市民卡")
    card = blank(6)
    clerk.put(card)
    clerk.job("制卡：做成市民卡", "开始制卡")
    confirm_face(clerk, card)
    told = {notice["to_name"]: notice["zh"] for notice in list_notices(office.world.store) if notice["state"] == "waiting"}
    from_when = r"(\d\d-\d\d \d\d:\d\d起)?"  # asked for in the evening, it is promised for the morning
    assert re.search(f"请本人{from_when}带身份证原件到市民之家领取", told["测试申"])
    assert re.search(f"您可以{from_when}带双方身份证原件到市民之家代领", told["测试友"])
    clerk.open(case)
    clerk.open(f"/desk/handouts/{office.world.card_no_of(card)}")
    clerk.sees("申领时指定的朋友 测试友")
    clerk.open(case)
    friend = {"came": "agent", "comer_name": "测试友", "comer_id_number": PARENT["comer_id_number"], "agent_papers": "1"}
    clerk.send("已核对，交卡", **friend)
    clerk.sees("已发放", "测试友")
    closes(office)
