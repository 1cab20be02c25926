"""A suspicious card is taken out of use by one person at once, and ends by two; what it says about its money never counts."""

import datetime as dt
import struct

import pytest

from cardsvc.readers.carry import CarriedOut
from cardsvc.service.approval_kinds import APPROVALS
from cardsvc.service.cards.replacement import open_replacements
from cardsvc.service.cards.retiring import RETIRE, retire, retirement
from cardsvc.service.loss.hotlist import RELEASE_FROM_HOT_LIST, history
from cardsvc.service.staff.approvals import approve, propose, reject
from cardsvc.service.transactions.held_payout import move_due
from cardsvc.service.transactions.takeovers import takeover_of, waiting
from cardsvc.store.records import Approval, Staff
from cardsvc.store.states import ApprovalState
from cardsvc.vcard import VirtualCard, bodies
from cardsvc.vcard.memory import Kind
from tests.diagnosis.patients import PURSE, put, twin
from tests.service.staff.test_staff import people, refused
from tests.world import DESK, FAMILIES, KIOSK, World, balance_on

__all__ = ["people"]
CARD = "3100010100000001"
FMCOS = FAMILIES[0]
BOOKED = 10000
SAID = "持卡人说在路边摊充的值"


@pytest.fixture
def forged(world: World) -> VirtualCard:
    """A card with 100 yuan in the books and 999 on it."""
    card = world.issue(FMCOS)
    world.topup(card, BOOKED)
    put(card, PURSE, bodies.BALANCE, struct.pack(">I", 99900), kind=Kind.PURSE)
    world.do(card, "diagnose")
    return card


def asked(world: World, by: Staff, *, new_card: bool = True) -> Approval:
    """The clerk retires the only card."""
    return retire(world.store, world.engine.rules, CARD, SAID, new_card=new_card, by=by, now=world.now)


def code_of(world: World, card: VirtualCard) -> str:
    """How a terminal's top-up of the card ends."""
    with pytest.raises(CarriedOut) as told:
        world.topup(card)
    return str((told.value.reply.problem or {})["code"])


def test_a_suspicious_card_is_refused_everywhere_at_once(world: World, people: dict[str, Staff], forged: VirtualCard) -> None:
    """What will happen is told before; then its number is on the hot list, and nothing was written to it or booked."""
    plan = retirement(world.store, world.engine.rules, CARD, world.now)
    assert (plan["findings"], plan["books"], plan["version"]) == (["balance_grew"], BOOKED, 1)
    before, books = bytes(forged._eeprom.image), world.balances()
    asked(world, people["clerk"])
    (entry,) = history(world.store, CARD)
    assert (entry["action"], entry["version"], entry["changed_by"]) == ("add", 1, people["clerk"].staff_id)
    assert (bytes(forged._eeprom.image), world.balances()) == (before, books)
    assert code_of(world, forged) == "card_hot_listed"
    assert not waiting(world.store)


def test_two_people_end_it_and_only_the_books_count(world: World, people: dict[str, Staff], forged: VirtualCard) -> None:
    """The holder's new card is free, and gets what the books owe on its day: not a fen of what the forged card shows."""
    proposal = asked(world, people["clerk"])
    with refused("approval_own"):
        approve(world.store, APPROVALS, proposal.approval_id, by=people["clerk"], now=world.now)
    approve(world.store, APPROVALS, proposal.approval_id, by=people["supervisor"], now=world.now)
    (replacement,) = open_replacements(world.store, people["clerk"].outlet_id)
    assert (replacement["reason"], replacement["fee"], replacement["waits"]) == ("suspicious", 0, True)
    assert replacement["rules"]
    new = VirtualCard.blank(FMCOS, seed=2)
    world.do(new, "personalise", citizen_id=world.citizen(1))
    assert not open_replacements(world.store, people["clerk"].outlet_id)
    world.now = dt.datetime.combine(dt.date.fromisoformat(takeover_of(world.store, CARD)["due"]), dt.time(4), dt.UTC)
    move_due(world.store, CARD, world.now)
    (part,) = takeover_of(world.store, CARD)["parts"]
    world.do(new, "transfer_in", DESK, old_card_no=CARD, part_id=part["part_id"])
    assert balance_on(new)[0] == BOOKED
    assert code_of(world, forged) == "card_not_issued"


def test_a_refusal_leaves_it_listed_until_two_people_release_it(
    world: World, people: dict[str, Staff], forged: VirtualCard
) -> None:
    """It is the holder's card again then, and goes on."""
    proposal = asked(world, people["clerk"])
    with refused("approval_open"):
        asked(world, people["clerk"])
    reject(world.store, APPROVALS, proposal.approval_id, "运营单位补交了充值文件", by=people["supervisor"], now=world.now)
    assert code_of(world, forged) == "card_hot_listed"
    name = RELEASE_FROM_HOT_LIST.name
    release = propose(world.store, APPROVALS, name, CARD, {}, "查清了", by=people["clerk"], now=world.now)
    approve(world.store, APPROVALS, release.approval_id, by=people["supervisor"], now=world.now)
    put(forged, PURSE, bodies.BALANCE, struct.pack(">I", BOOKED), kind=Kind.PURSE)
    assert world.topup(forged, 5000)["amount"] == 5000


def test_without_its_holder_the_card_ends_and_nobody_waits_for_another(
    world: World, people: dict[str, Staff], forged: VirtualCard
) -> None:
    """The person who brought it is not whose card it is."""
    approve(
        world.store,
        APPROVALS,
        asked(world, people["clerk"], new_card=False).approval_id,
        by=people["supervisor"],
        now=world.now,
    )
    assert not open_replacements(world.store, people["clerk"].outlet_id)
    assert [row["card_no"] for row in waiting(world.store)] == [CARD]


def test_a_copy_is_retired_by_the_number_that_it_bears(world: World, people: dict[str, Staff]) -> None:
    """The chip is nobody's; the number is refused from now on, on the real chip too."""
    card = world.issue(FMCOS)
    world.topup(card, BOOKED)
    world.do(twin(card, b"\x0a\x0b\x0c\x0d" + bytes(len(card.chip_serial) - 4)), "diagnose")
    assert asked(world, people["clerk"]).payload["findings"] == ["clone"]
    assert code_of(world, card) == "card_hot_listed"


@pytest.mark.parametrize("looked", [True, False])
def test_a_card_that_no_diagnosis_calls_suspicious_is_not_retired(
    world: World, people: dict[str, Staff], *, looked: bool
) -> None:
    """Nobody puts a healthy card on the list by this door, and a refusal lists nothing."""
    card = world.issue(FMCOS)
    if looked:
        world.do(card, "diagnose")
    with refused("card_not_suspicious"):
        asked(world, people["clerk"])
    assert not history(world.store, CARD)
    assert world.topup(card, 5000, KIOSK)["amount"] == 5000


def test_who_may_ask_and_what_a_proposal_must_hold(world: World, people: dict[str, Staff], forged: VirtualCard) -> None:
    """An administrator handles no citizen's card; a payload that somebody made up is refused."""
    with refused("not_permitted"):
        asked(world, people["admin"])
    with refused("params_invalid"):
        propose(world.store, APPROVALS, RETIRE.name, CARD, {"due": "2026-13-01"}, SAID, by=people["clerk"], now=world.now)
    assert not history(world.store, CARD)
    with world.store.read() as uow:
        assert not [row for row in uow.approvals.of_subject(CARD) if row.state == ApprovalState.PROPOSED]
