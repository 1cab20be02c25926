"""Loss and release: on the hot list at once, by phone for fifteen days, formal until two people release it."""

import datetime as dt

import pytest

from cardsvc.errors import CardsvcError
from cardsvc.service.approval_kinds import APPROVALS
from cardsvc.service.cards.replacement import ReplacementRequest, begin_replacement
from cardsvc.service.loss.hotlist import add_to_hot_list, history
from cardsvc.service.loss.reports import end_lapsed, loss_cover, loss_view, report_loss
from cardsvc.service.staff.approvals import approve, propose
from cardsvc.store.records import LossReport, Staff
from tests.service.cards.test_replacement import CASH, HERE, clerk
from tests.world import KIOSK, World

__all__ = ["clerk"]
CARD = "3100010100000001"


def report(world: World, clerk: Staff, kind: str) -> LossReport:
    """Report the only card."""
    return report_loss(world.store, world.engine.rules, CARD, kind, by=clerk, now=world.now)


def topup_code(world: World, card: object) -> str | None:
    """The code with which a kiosk refuses the card, None when it takes it."""
    try:
        world.topup(card)  # type: ignore[arg-type]
    except Exception as refused:
        return str(refused).partition(" ")[0]
    return None


def test_a_card_reported_by_phone_is_refused_at_once_and_again_good_after_fifteen_days(world: World, clerk: Staff) -> None:
    """It lapses at its next contact, or when a terminal fetches the list."""
    card = world.issue("fudan-fmcos2")
    made = report(world, clerk, "phone")
    assert made == report(world, clerk, "phone")
    assert topup_code(world, card) == "card_hot_listed"
    world.now += dt.timedelta(days=14, hours=23)
    assert end_lapsed(world.store, world.now) == []
    assert topup_code(world, card) == "card_hot_listed"
    world.now += dt.timedelta(hours=2)
    assert topup_code(world, card) is None
    assert [row["ended"] for row in loss_view(world.store, CARD)] == ["lapsed"]


def test_lapsed_reports_are_swept_and_a_formal_one_stays(world: World, clerk: Staff) -> None:
    """The formal report takes the phone report's place."""
    card = world.issue("fudan-fmcos2")
    report(world, clerk, "phone")
    formal = report(world, clerk, "formal")
    assert formal.lapses_at is None
    assert report(world, clerk, "phone") == formal
    world.now += dt.timedelta(days=400)
    assert end_lapsed(world.store, world.now) == []
    assert topup_code(world, card) == "card_hot_listed"
    assert [row["ended"] for row in loss_view(world.store, CARD)] == [None, "confirmed"]


def test_two_people_release_a_formal_report(world: World, clerk: Staff) -> None:
    """Its card works again, and the report says by whom it ended."""
    card = world.issue("fudan-fmcos2")
    report(world, clerk, "formal")
    chief = Staff("chief", "", "supervisor", "hall", "", "active", 0, world.now)
    with world.store.begin() as uow:
        uow.staff.add(chief)
        uow.commit()
    asked = propose(world.store, APPROVALS, "release_from_hot_list", CARD, {}, "found, ID seen", by=clerk, now=world.now)
    approve(world.store, APPROVALS, asked.approval_id, by=chief, now=world.now)
    assert topup_code(world, card) is None
    assert [row["ended"] for row in loss_view(world.store, CARD)] == ["released"]


def test_a_lost_card_is_replaced_under_a_formal_report_only_and_then_never_released(world: World, clerk: Staff) -> None:
    """Its fee is taken once, its money waits for its day, and the hot list keeps it."""
    world.issue("fudan-fmcos2")
    rules = world.engine.rules

    def replace() -> None:
        begin_replacement(
            world.store,
            rules,
            HERE,
            ReplacementRequest(card_no=CARD, reason="lost", payment=CASH, readable=False),
            by=clerk,
            now=world.now,
        )

    with pytest.raises(CardsvcError, match="loss_not_formal"):
        replace()
    report(world, clerk, "phone")
    with pytest.raises(CardsvcError, match="loss_not_formal"):
        replace()
    report(world, clerk, "formal")
    replace()
    assert world.balances()["fee:replace"] == -1500
    with pytest.raises(CardsvcError, match="hotlist_old_card"):
        propose(world.store, APPROVALS, "release_from_hot_list", CARD, {}, "found it", by=clerk, now=world.now)
    with pytest.raises(CardsvcError, match="card_not_issued"):
        report(world, clerk, "phone")


def test_what_is_covered_is_told_before_and_a_wrong_report_changes_nothing(world: World, clerk: Staff) -> None:
    """Offline readers and phone reports are told as what they are."""
    world.do(world.issue("fudan-fmcos2"), "topup", KIOSK, amount=5000, payment={"method": "cash", "reference": None})
    rows = loss_cover(world.store, world.engine.rules, CARD, world.now)
    assert [row["covered"] for row in rows] == [True, False, True, False]
    assert "50.00" in rows[2]["what"].zh
    with pytest.raises(CardsvcError, match="loss_kind_wrong"):
        report(world, clerk, "rumour")
    assert loss_view(world.store, CARD) == []


def test_a_formal_report_is_the_next_version_of_the_list_and_its_release_a_later_one(world: World, clerk: Staff) -> None:
    """V + 1 puts the card on; others come and go; V + 4 takes it off (V is 1)."""
    cards = [CARD, "3100010100000002", "3100010100000003"]
    for number in (1, 2, 3):
        world.issue("fudan-fmcos2", number)
    chief = Staff("chief", "", "supervisor", "hall", "", "active", 0, world.now)
    with world.store.begin() as uow:
        uow.staff.add(chief)
        uow.commit()
    add_to_hot_list(world.store, cards[1], "假卡", by=clerk, now=world.now)
    report(world, clerk, "formal")
    add_to_hot_list(world.store, cards[2], "假卡", by=clerk, now=world.now)
    for card_no in (cards[2], CARD):
        asked = propose(world.store, APPROVALS, "release_from_hot_list", card_no, {}, "found", by=clerk, now=world.now)
        approve(world.store, APPROVALS, asked.approval_id, by=chief, now=world.now)
    assert [(entry["version"], entry["action"]) for entry in history(world.store, CARD)] == [(5, "remove"), (2, "add")]
