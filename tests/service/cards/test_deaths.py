"""A holder dies: two people confirm it; cards that are here are refunded, others wait for their day; nothing new is made."""

import datetime as dt
from typing import Any

import pytest

from cardsvc.service.approval_kinds import APPROVALS
from cardsvc.service.cards.cancelling import cancel_card
from cardsvc.service.cards.deaths import DeathReport, deaths_of, report_death
from cardsvc.service.cards.requests import request_of
from cardsvc.service.cards.views import card_view
from cardsvc.service.desk.offers import offers
from cardsvc.service.desk.work_place import CardOnDesk
from cardsvc.service.staff.approvals import approve, open_approvals
from cardsvc.service.transactions.takeovers import takeover_of
from cardsvc.store.records import Death, Staff
from cardsvc.vcard import VirtualCard
from tests.service.cards.test_card_requests import PARENT, take
from tests.service.cards.test_person_changes import ask
from tests.service.cards.test_renewal import replace
from tests.service.purse.test_areas import CARD, load
from tests.service.purse.test_orders import pay
from tests.service.staff.test_staff import people, refused
from tests.world import FAMILIES, World

__all__ = ["people"]
FMCOS = FAMILIES[0]


def report(world: World, by: Staff, *, here: tuple[str, ...] = (), **given: Any) -> Death:
    """The spouse of the first person comes."""
    fields = {
        "citizen_id": world.citizen(),
        "heir": "spouse",
        "heir_name": PARENT["comer_name"],
        "heir_id_number": PARENT["comer_id_number"],
        "papers": "死亡证明、结婚证",
        "cards_here": here,
        **given,
    }
    asked = DeathReport.model_validate(fields)
    return report_death(world.store, world.engine.rules, asked, by=by, now=world.now)


def confirm(world: World, by: Staff) -> Any:
    """Agree to what waits."""
    (waiting,) = open_approvals(world.store)
    return approve(world.store, APPROVALS, waiting["approval_id"], by=by, now=world.now).result


def test_a_card_that_was_brought_is_refunded_and_cancelled(world: World, people: dict[str, Staff]) -> None:
    """Not before two people have confirmed the death; the card pays by its own proof; then nobody gets another one."""
    clerk, card = people["clerk"], world.issue(FMCOS)
    load(world, card, 10000)
    report(world, clerk, here=(CARD,))
    world.do(card, "refund")
    with refused("death_not_noted"):
        cancel_card(world.store, CARD, "death", "死亡证明", by=clerk, now=world.now)
    with refused("approval_own"):
        confirm(world, clerk)
    assert confirm(world, people["supervisor"])["taken_in"] == []
    assert cancel_card(world.store, CARD, "death", "死亡证明", by=clerk, now=world.now).reason == "death"
    assert world.purse_total(CARD) == 0
    for deed in (
        lambda: take(world, clerk, world.citizen()),
        lambda: ask(world, clerk, sex=2),
        lambda: world.do(VirtualCard.blank(FMCOS, seed=2), "personalise", citizen_id=world.citizen()),
    ):
        with pytest.raises(Exception, match="citizen_died"):
            deed()
    with refused("death_known"):
        report(world, clerk)


def test_a_dead_holders_card_takes_no_money_and_opens_nothing_any_more(world: World, people: dict[str, Staff]) -> None:
    """At a terminal, online, at the desk: refused, and the desk does not offer it; what is on it is refunded as before."""
    clerk, card = people["clerk"], world.issue(FMCOS)
    load(world, card, 10000)
    report(world, clerk, here=(CARD,))
    confirm(world, people["supervisor"])
    world.now += dt.timedelta(days=1)
    for deed in (
        lambda: load(world, card, 5000),
        lambda: pay(world),
        lambda: world.do(card, "open", application="library", product="1"),
    ):
        with pytest.raises(Exception, match="citizen_died"):
            deed()
    look, report_seen = world.do(card, "inspect"), world.do(card, "diagnose", quick=True)
    seen = CardOnDesk("r", "c", card.atr.hex(), look, None, report_seen, card_view(world.store, CARD), None, None, None)
    found = {offer.kind: offer.possible for offer in offers(world.engine, seen, by=clerk)}
    assert found == {"refund": True, "topup": False, "open": False, "replace": False, "identity": True, "diagnose": True}
    world.do(card, "refund")
    assert world.purse_total(CARD) == 0


def test_a_card_that_nobody_found_is_taken_in_and_its_money_waits_for_its_day(world: World, people: dict[str, Staff]) -> None:
    """On the hot list at once; what was paid online goes back, what the books owe is kept; nothing is done with it any more."""
    clerk, card = people["clerk"], world.issue(FMCOS)
    load(world, card, 10000)
    pay(world)
    report(world, clerk)
    assert confirm(world, people["supervisor"])["taken_in"] == [CARD]
    assert (world.balances().get(f"order:{CARD}", 0), world.balances()["payout:app"]) == (0, -5000)
    with world.store.read() as uow:
        assert uow.hotlist.is_listed(CARD)
    waiting = takeover_of(world.store, CARD)
    assert (waiting["state"], waiting["rule"], world.purse_total(CARD)) == ("waiting", "hold-unreadable", 10000)
    for deed in (lambda: replace(world, clerk, "fault"), lambda: load(world, card, 5000)):
        with pytest.raises(Exception, match="card_not_issued"):
            deed()


def test_what_the_person_had_applied_for_is_withdrawn(world: World, people: dict[str, Staff]) -> None:
    """And nobody is told of it; the heir is shown with the middle of their number left out."""
    clerk = people["clerk"]
    taken = take(world, clerk, world.citizen(), phone="13900000000")
    report(world, clerk)
    confirm(world, people["supervisor"])
    assert request_of(world.store, taken.case_no)["state"] == "cancelled"
    (shown,) = deaths_of(world.store, world.citizen())
    assert PARENT["comer_id_number"] not in str(shown)
    assert shown["confirmed_by"] == "supervisor"


def test_a_report_that_makes_no_sense_is_refused(world: World, people: dict[str, Staff]) -> None:
    """A wrong number of the heir, an heir that no rule knows, nobody's citizen, the wrong person, twice."""
    clerk = people["clerk"]
    world.issue(FMCOS)
    number = PARENT["comer_id_number"]
    for code, given in (
        ("heir_unknown", {"heir_id_number": number[:17] + ("0" if number[17] != "0" else "1")}),
        ("rule_no_heir", {"heir": "neighbour"}),
        ("citizen_unknown", {"citizen_id": "0" * 36}),
    ):
        with refused(code):
            report(world, clerk, **given)
    with refused("not_permitted"):
        report(world, people["auditor"])
    report(world, clerk)
    with refused("approval_open"):
        report(world, clerk)
