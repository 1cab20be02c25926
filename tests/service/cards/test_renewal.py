"""Renewal of a card whose validity ends, and the applications of an old card on the new one."""

import datetime as dt
from contextlib import suppress
from typing import Any

import pytest

from cardsvc.errors import CardGone
from cardsvc.readers.carry import CarriedOut
from cardsvc.service.cards.replacement import ReplacementRequest, begin_replacement, fees_of, open_replacements, replacement_of
from cardsvc.service.purse.payments import Payment
from cardsvc.store.records import CardApplication, Staff
from cardsvc.vcard import FaultPlan, VirtualCard
from tests.service.cards.test_replacement import HERE
from tests.service.purse.test_areas import CARD, load
from tests.service.staff.test_staff import people, refused
from tests.world import DESK, FAMILIES, ISSUABLE, World

__all__ = ["people"]
FMCOS = FAMILIES[0]
YEARS = dt.timedelta(days=366)


def replace(
    world: World, by: Staff, reason: str, *, readable: bool = True, card_no: str = CARD, phone: str | None = None
) -> Any:
    """Begin the replacement of a card, of the first one where none is named."""
    paid = Payment(method="cash")
    asked = ReplacementRequest(card_no=card_no, reason=reason, payment=paid, readable=readable, phone=phone)
    return begin_replacement(world.store, world.engine.rules, HERE, asked, by=by, now=world.now)


def give_money(world: World, card: VirtualCard) -> None:
    """Until nothing is left on the old card."""
    while world.do(card, "transfer_out", DESK)["left"]:
        pass


def make_next(world: World, family: str, seed: int = 9) -> VirtualCard:
    """The next card of the first person."""
    card = VirtualCard.blank(family, seed=seed)
    world.do(card, "personalise", citizen_id=world.citizen())
    return card


def applications(world: World, card_no: str) -> dict[str, CardApplication]:
    """What is open on a card by the books."""
    with world.store.read() as uow:
        return {row.application: row for row in uow.applications.of_card(card_no) if row.state == "open"}


def test_a_card_is_renewed_from_three_months_before_its_end(world: World, people: dict[str, Staff]) -> None:
    """Not earlier; free; the day is told; afterwards always."""
    world.issue(FMCOS)
    with world.store.read() as uow:
        row = uow.cards.get(CARD)
    assert row is not None
    assert "expired" not in fees_of(world.store, world.engine.rules, CARD, world.now)
    with refused("rule_not_yet_renewed"):
        replace(world, people["clerk"], "expired")
    assert open_replacements(world.store, "hall") == []
    ends = dt.datetime.combine(row.expiry_date, dt.time(4), dt.UTC)
    for days, offered in ((91, False), (90, True), (0, True), (-400, True)):
        fees = fees_of(world.store, world.engine.rules, CARD, ends - dt.timedelta(days=days))
        assert fees.get("expired") == ((0, "fee-renew") if offered else None), days
    world.now = ends - dt.timedelta(days=90)
    assert replace(world, people["clerk"], "expired") == replace(world, people["clerk"], "expired")
    assert "fee:replace" not in world.balances()


@pytest.mark.parametrize("family", ISSUABLE)
def test_everything_of_an_expired_card_is_on_the_new_one(world: World, people: dict[str, Staff], family: str) -> None:
    """Money, bus, parking, library by its new number, a park pass that nobody pays for twice; the old card ends."""
    old = world.issue(family)
    world.now += dt.timedelta(days=3600)
    for application, product in (("bus", "T"), ("parking", "1"), ("library", "1"), ("park", "1")):
        world.do(old, "open", application=application, product=product)
    fees = world.balances()["fee:park"]
    load(world, old, 10000)
    before = applications(world, CARD)
    replace(world, people["clerk"], "expired")
    give_money(world, old)
    new = make_next(world, family)
    number = world.card_no_of(new)
    done = world.do(new, "carry_over")
    assert done["opened"] == {"bus": "T", "parking": "1", "library": "1", "park": "1"}
    while any(not part["written"] for part in held(world)):
        world.do(new, "transfer_in", old_card_no=CARD)
    after, closed = applications(world, number), (replacement_of(world.store, CARD) or {})["new_card_no"]
    assert (closed, world.purse_total(number), world.purse_total(CARD)) == (number, 10000, 0)
    assert after["park"].valid_to == before["park"].valid_to
    with world.store.read() as uow:
        new_row = uow.cards.get(number)
    assert new_row is not None
    assert after["library"].valid_to == new_row.expiry_date != before["library"].valid_to
    assert world.balances()["fee:park"] == fees
    report = world.do(new, "diagnose")
    assert report["healthy"], report["findings"]
    with pytest.raises(CarriedOut) as told:
        world.do(new, "carry_over")
    assert (told.value.reply.problem or {})["code"] == "nothing_to_carry_over"


def held(world: World) -> list[Any]:
    """What waits of the first card."""
    from cardsvc.service.transactions.takeovers import takeover_of

    parts: list[Any] = takeover_of(world.store, CARD)["parts"]
    return parts


@pytest.mark.parametrize("write", [1, 2, 3])
def test_applications_that_broke_off_half_way_are_carried_over_by_the_next_try(
    world: World, people: dict[str, Staff], write: int
) -> None:
    """Wherever the card is pulled, the same job again ends with all of them, on the card and in the books."""
    old = world.issue(FMCOS)
    for application in ("bus", "library", "park"):
        world.do(old, "open", application=application, product="T" if application == "bus" else "1")
    replace(world, people["clerk"], "damaged")
    give_money(world, old)
    new = make_next(world, FMCOS)
    new.plan = FaultPlan(tear_after_write=write)
    with suppress(CardGone, CarriedOut):
        world.do(new, "carry_over")
    with suppress(CarriedOut):
        world.do(new, "carry_over")
    assert set(applications(world, world.card_no_of(new))) == {"bus", "library", "park"}
    assert world.do(new, "diagnose")["healthy"]


def test_what_is_over_or_was_closed_stays_behind(world: World, people: dict[str, Staff]) -> None:
    """A park pass of years ago, an application that its holder closed; without a replacement there is nothing at all."""
    old = world.issue(FMCOS)
    with pytest.raises(CarriedOut, match="nothing_to_carry_over"):
        world.do(old, "carry_over")
    for application in ("parking", "library", "park"):
        world.do(old, "open", application=application, product="1")
    world.do(old, "close", application="parking")
    world.now += 3 * YEARS
    replace(world, people["clerk"], "fault", readable=False)
    new = make_next(world, FMCOS)
    assert world.do(new, "carry_over")["opened"] == {"library": "1"}
