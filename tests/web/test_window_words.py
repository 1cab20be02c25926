"""What a clerk reads before money moves at the card window: what a load and an opening mean, and what to tell the citizen."""

import datetime as dt

import pytest

from cardsvc.card.periods import following
from cardsvc.errors import RuleError
from cardsvc.rules import LoadRequest, check_load
from cardsvc.service.desk.money_offers import months_to_load
from cardsvc.service.hall import tickets
from cardsvc.units import LOCAL
from tests.web.clerk import Reading
from tests.web.desk_office import Office, plain
from tests.web.test_card_window import at_the_desk
from tests.web.test_form_day import FAMILY
from tests.web.test_queue_page import at_desk
from tests.web.test_queue_page import take as take_number
from tests.world import rules


def test_a_month_ticket_says_when_its_money_is_void(office: Office) -> None:
    """Money of this month that is loaded in its last days is nearly lost: the choice says how long it is good."""
    card = office.world.issue(FAMILY)
    clerk = at_the_desk(office)
    clerk.put(card)
    clerk.job("开通应用", "收费并开通", choice="bus:T")
    clerk.work_place()
    clerk.follow("充值")
    today = office.world.now.astimezone(LOCAL).date()
    left = (following(today) - today).days
    clerk.sees(f"（{today:%Y-%m}（还有 {left} 天，过后作废）、{following(today):%Y-%m} 50.00 至 500.00 元，以 5.00 元递增）")
    clerk.send("收款并写卡", choice="T:month", amount="50", month=f"{following(today):%Y-%m}")
    clerk.sees("办好了")
    clerk.work_place()
    clerk.sees(f"T 月票（优惠区） {following(today):%Y-%m} 50.00 元")


def test_on_the_last_day_of_a_month_the_next_one_is_proposed() -> None:
    """What is loaded for today's month would be void at midnight: who wants that has to say so."""
    assert months_to_load(dt.date(2026, 11, 29)) == ("2026-11", "2026-12")
    assert months_to_load(dt.date(2026, 11, 30)) == ("2026-12", "2026-11")
    assert months_to_load(dt.date(2026, 12, 31)) == ("2027-01", "2026-12")


def test_a_way_of_payment_that_no_load_takes_is_not_offered(office: Office) -> None:
    """The law keeps credit cards from prepaid cards; who asks for one all the same is told in words."""
    card = office.world.issue(FAMILY)
    clerk = at_the_desk(office)
    clerk.put(card)
    clerk.follow("充值")
    assert clerk.choices("收款并写卡", "method") == ["cash", "mobile", "bank_card", "transfer"]
    day = office.world.now.astimezone(LOCAL).date()
    with pytest.raises(RuleError) as refused:
        check_load(rules(), LoadRequest("citizen", "purse", 5000, 0, day, 0, "credit_card", named=True))
    assert refused.value.what.zh == "按规定不收这种付款方式"


def test_an_opening_says_what_it_costs_for_whom_it_is_and_what_a_loss_covers(office: Office) -> None:
    """The purse is 城市通; what is free says so and asks for no payment; a lost purse is told of before it is opened."""
    card = office.world.issue(FAMILY)
    clerk = at_the_desk(office)
    clerk.put(card)
    clerk.follow("开通应用")
    clerk.sees("公交 T（城市通，普通），免费", "公园年卡（首次），50.00 元", "持卡人须未满 18 岁", "持卡人须满 60 岁")
    clerk.sees("先告诉市民", "离线的公交、停车读卡器取到新黑名单之前还能刷", "月票区的钱当月有效")
    free = [line for line in clerk.html.splitlines() if 'value="bus:T"' in line]
    assert "data-free" in free[0]
    assert "data-free" not in next(line for line in clerk.html.splitlines() if 'value="park:1"' in line)


def test_a_card_that_is_well_is_not_proposed_to_be_replaced_free_of_charge(office: Office) -> None:
    """No fault was found, so the free reason is chosen by hand; the price has its unit."""
    clerk = at_the_desk(office)
    clerk.put(office.world.issue(FAMILY))
    clerk.sees("检测正常")
    clerk.follow("补换卡")
    assert next(form for form in Reading(clerk.html).forms if "reason" in form.open).fields["reason"] == "damaged"
    clerk.sees("自然故障 免费", "人为损坏 15.00 元")


def test_the_purse_of_a_parking_card_has_its_name_on_the_work_place(office: Office) -> None:
    """It was called parking."""
    card = office.world.issue(FAMILY)
    clerk = at_the_desk(office)
    clerk.put(card)
    clerk.job("开通应用", "收费并开通", choice="parking:2")
    clerk.sees("办好了")
    clerk.work_place()
    clerk.sees("停车卡 0.00 元")


def test_every_number_at_a_desk_says_its_kind_and_leads_on(office: Office) -> None:
    """Kinds whose jobs ask for no papers had neither: a wrong number could not be changed from the work place."""
    page = at_desk(office, "clerk", "ws-1")
    for kind, prefix, name in (("fault", "B", "卡片检测"), ("application", "D", "开通应用")):
        number = take_number(office, kind)
        page.post("/queue/next")
        told = page.text("/")
        assert (number, f"{number} {name}" in told, "代办、换号、转窗口" in told) == (f"{prefix}001", True, True), told
        page.post("/queue/serve", number=number)
        page.post("/queue/finish", number=number)


def test_who_comes_to_top_up_needs_the_card_alone(office: Office) -> None:
    """The papers of a refund stood on the number of everybody who came with money."""
    number = tickets.take(office.world.store, rules(), "hall", "money", office.world.now).number
    page = at_desk(office, "clerk", "ws-1")
    page.post("/queue/next")
    told = page.text("/")
    assert f"{number} 充值、退款" in told
    assert "请备好 卡片；申领时所用证件（退款）；登记单（退款）" in told


def test_a_form_whose_card_was_changed_says_so_and_which_key_leads_back(office: Office) -> None:
    """Another card lies there by the time the form is sent: nothing begins, and the way back has its key."""
    clerk = at_the_desk(office)
    clerk.put(office.world.issue(FAMILY))
    clerk.follow("充值")
    form = next(form for form in Reading(clerk.html).forms if "amount" in form.open)
    clerk.put(office.world.issue(FAMILY, number=2))
    answer = clerk.page.client.post(form.action, data={**form.fields, "amount": "50"})
    assert answer.status_code == 409
    assert "卡已经拿走或换了一张，业务没有开始" in answer.text
    assert "回到工作台 Enter" in plain(answer.text)
