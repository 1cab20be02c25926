"""Held money on the desk page: asked for, agreed to by a second person, paid; and its worklist."""

import datetime as dt

from cardsvc.service.transactions.takeovers import hold_card
from tests.service.purse.test_orders import pay, states
from tests.web.desk_office import Office

CARD = "3100010100000001"


def test_held_money_is_asked_for_agreed_to_and_paid(office: Office) -> None:
    """300.00 of a card that could not be read a month ago, and whose holder wants no other."""
    world, by = office.world, office.people
    card = world.issue("fudan-fmcos2")
    world.topup(card, 30000)
    hold_card(world.store, world.engine.rules, CARD, by=by["clerk"], now=world.now - dt.timedelta(days=30))
    clerk, chief = office.page("clerk", "ws-1"), office.page("chief")
    assert "已到期：按账转出余额" in clerk.text(f"/cards/{CARD}")
    assert clerk.post(f"/cards/{CARD}/held-move").status_code == 303
    with world.store.read() as uow:
        (part,) = uow.takeover_parts.of_card(CARD)
    given = {"part_id": part.part_id, "reason": "no_card", "papers": "身份证"}
    early = clerk.post(f"/cards/{CARD}/held-pay", **given)
    assert (early.status_code, "要第二人复核" in early.text) == (409, True)
    waiting = chief.text("/manage/held")
    assert "可以退款，联系持卡人" in waiting
    assert "城市通钱包" in waiting
    assert "citizen" not in waiting
    assert clerk.post(f"/cards/{CARD}/held-ask", **given).status_code == 303
    assert "等第二人复核" in clerk.text(f"/cards/{CARD}")
    with world.store.read() as uow:
        (asked,) = uow.approvals.open()
    assert "退旧卡代管余额" in chief.text("/approvals")
    assert chief.post(f"/approvals/{asked.approval_id}", decision="approve").status_code == 303
    assert "已同意，待付款" in chief.text("/manage/held")
    assert clerk.post(f"/cards/{CARD}/held-pay", part_id=part.part_id).status_code == 303
    assert "已退 300.00" in clerk.text(f"/cards/{CARD}")
    assert world.balances()[f"held:{CARD}"] == 0
    assert CARD[-4:] not in chief.text("/manage/held")
    assert clerk.post(f"/cards/{CARD}/held-nothing").status_code == 404


def test_orders_of_an_empty_old_card_are_sent_back(office: Office) -> None:
    """Nothing was on it, so no money is held; the worklist shows the order, the card's page sends it back."""
    world, by = office.world, office.people
    world.issue("fudan-fmcos2")
    pay(world, 6000)
    clerk, chief = office.page("clerk", "ws-1"), office.page("chief")
    assert "网上已付、没有写卡" not in clerk.text(f"/cards/{CARD}")
    hold_card(world.store, world.engine.rules, CARD, by=by["clerk"], now=world.now)
    assert "不再办卡的退回付款人" in chief.text("/manage/held")
    assert "网上已付、没有写卡" in clerk.text(f"/cards/{CARD}")
    assert clerk.post(f"/cards/{CARD}/held-orders", papers="身份证").status_code == 303
    assert states(world) == ["returned"]
    assert "网上已付、没有写卡" not in clerk.text(f"/cards/{CARD}")
    assert "退回付款人" not in chief.text("/manage/held")
    assert clerk.post(f"/cards/{CARD}/held-orders", papers="身份证").status_code == 409
