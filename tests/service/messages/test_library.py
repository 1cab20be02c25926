"""The outbox to the library: what is told, in which order, at least once; what fails comes again, and becomes a dead letter."""

import datetime as dt
import threading
from collections.abc import Iterator
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from cardsvc.bootstrap import now as clock
from cardsvc.client.notices import SignedPosts
from cardsvc.errors import CardGone
from cardsvc.keystore.receipt_key import ReceiptKey
from cardsvc.service.approval_kinds import APPROVALS
from cardsvc.service.cards.cancelling import cancel_card
from cardsvc.service.loss.reports import end_lapsed, report_loss
from cardsvc.service.messages.library import LIBRARY, list_library, try_library_again
from cardsvc.service.messages.outbox import MAX_ATTEMPTS
from cardsvc.service.staff.approvals import approve, propose
from cardsvc.store.records import Staff
from cardsvc.vcard import FaultPlan, VirtualCard
from tests.service.cards.test_deaths import confirm, report
from tests.service.cards.test_renewal import give_money, make_next, replace
from tests.service.messages.library_system import LibrarySystem
from tests.service.purse.test_areas import CARD
from tests.service.staff.test_staff import people, refused
from tests.world import FAMILIES, World

__all__ = ["people"]
FMCOS = FAMILIES[0]
KEY = ReceiptKey(Ed25519PrivateKey.generate())


@pytest.fixture
def library() -> Iterator[LibrarySystem]:
    """A library that knows the service's key."""
    with LibrarySystem(KEY.public_hex) as system:
        yield system


def send(world: World, library: LibrarySystem, key: ReceiptKey = KEY) -> dict[str, int]:
    """Send until nothing more is due; signatures are of the clock on the wall, pauses of the world's."""
    total = {"sent": 0, "not_sent": 0}
    with SignedPosts(library.url, key, clock) as transport:
        while any((counts := LIBRARY.send_due(world.store, transport, lambda: world.now, threading.Event())).values()):
            total = {name: total[name] + counts[name] for name in total}
            if counts["not_sent"]:
                break
    return total


def open_library(world: World, number: int = 1) -> VirtualCard:
    """A card with which its holder borrows."""
    card = world.issue(FMCOS, number)
    world.do(card, "open", application="library", product="1")
    return card


def states(world: World) -> list[tuple[str, str]]:
    """Events and states, oldest first."""
    return [(one["event"], one["state"]) for one in sorted(list_library(world.store), key=lambda one: one["number"])]


def test_the_library_learns_a_cards_life_in_order_and_borrowing_comes_back_by_itself(
    world: World, people: dict[str, Staff], library: LibrarySystem
) -> None:
    """Opened, lost, found, replaced with both numbers, lost for good, cancelled; nothing for a card that it does not know."""
    clerk, old = people["clerk"], open_library(world)
    report_loss(world.store, world.engine.rules, CARD, "phone", by=clerk, now=world.now)
    report_loss(world.store, world.engine.rules, CARD, "formal", by=clerk, now=world.now)
    waiting = propose(world.store, APPROVALS, "release_from_hot_list", CARD, {}, "本人", by=clerk, now=world.now)
    approve(world.store, APPROVALS, waiting.approval_id, by=people["supervisor"], now=world.now)
    report_loss(world.store, world.engine.rules, CARD, "phone", by=clerk, now=world.now)
    world.now += dt.timedelta(days=20)
    end_lapsed(world.store, world.now)
    replace(world, clerk, "damaged")
    give_money(world, old)
    new = make_next(world, FMCOS)
    number = world.card_no_of(new)
    cancel_card(world.store, number, "moved_away", "身份证", by=clerk, now=world.now)
    assert send(world, library) == {"sent": 7, "not_sent": 0}
    events = ["opened", "lost", "found", "lost", "found", "replaced", "cancelled"]
    assert library.events == [(event, CARD) for event in events[:5]] + [(event, number) for event in events[5:]]
    told = list(library.taken.values())[5]
    assert told["old_card_no"] == CARD
    assert "测试" not in str(library.taken)
    world.issue(FMCOS, 5)
    assert send(world, library) == {"sent": 0, "not_sent": 0}


def test_a_card_that_is_closed_or_whose_holder_died_is_told(
    world: World, people: dict[str, Staff], library: LibrarySystem
) -> None:
    """Closed at the desk; taken in with the death of its holder."""
    open_library(world)
    second = open_library(world, 2)
    world.do(second, "close", application="library")
    report(world, people["clerk"])
    confirm(world, people["supervisor"])
    send(world, library)
    assert sorted(library.events) == [
        ("cancelled", CARD),
        ("closed", world.card_no_of(second)),
        ("opened", CARD),
        ("opened", world.card_no_of(second)),
    ]


def test_a_broken_opening_tells_nothing_before_it_is_known_to_be_done(world: World, library: LibrarySystem) -> None:
    """The notice stands in the transaction that notes the opening: torn, there is neither; done again, there is one."""
    card = world.issue(FMCOS)
    card.plan = FaultPlan(tear_after_write=1)
    with pytest.raises(CardGone):
        world.do(card, "open", application="library", product="1")
    assert states(world) == []
    world.do(card, "open", application="library", product="1")
    assert states(world) == [("opened", "waiting")]
    assert send(world, library) == {"sent": 1, "not_sent": 0}


def test_what_is_not_taken_comes_again_later_and_later_and_the_library_knows_it_by_its_number(
    world: World, people: dict[str, Staff], library: LibrarySystem
) -> None:
    """An answer that was lost: the library has it already, and gets the same number again; what is behind it waits."""
    open_library(world)
    report_loss(world.store, world.engine.rules, CARD, "formal", by=people["clerk"], now=world.now)
    library.answer = 504
    pauses = []
    for _ in range(4):
        assert send(world, library) == {"sent": 0, "not_sent": 1}
        (first, _second) = sorted(list_library(world.store), key=lambda one: one["number"])
        due = dt.datetime.fromisoformat(first["next_at"])
        pauses.append((due - world.now).total_seconds() // 60)
        assert send(world, library) == {"sent": 0, "not_sent": 0}
        world.now = due
    assert pauses == [1, 2, 4, 8]
    library.answer = 200
    assert send(world, library) == {"sent": 2, "not_sent": 0}
    assert library.events == [("opened", CARD), ("lost", CARD)]
    assert list(library.times.values()) == [5, 1]


def test_a_dead_letter_waits_for_a_person_and_holds_back_its_reader_alone(
    world: World, people: dict[str, Staff], library: LibrarySystem
) -> None:
    """Refused as often as may be, it stands on the worklist with the answer; tried again, everything follows in order."""
    clerk = people["clerk"]
    open_library(world)
    library.answer = 422
    for _ in range(MAX_ATTEMPTS):
        send(world, library)
        world.now += dt.timedelta(hours=6)
    (dead,) = list_library(world.store, failed=True)
    assert (dead["event"], dead["attempts"], dead["error"]) == ("opened", MAX_ATTEMPTS, "HTTP 422")
    report_loss(world.store, world.engine.rules, CARD, "formal", by=clerk, now=world.now)
    library.answer = 200
    open_library(world, 2)
    assert send(world, library) == {"sent": 1, "not_sent": 0}
    with refused("not_permitted"):
        try_library_again(world.store, dead["citizen_id"], dead["number"], by=clerk, now=world.now)
    try_library_again(world.store, dead["citizen_id"], dead["number"], by=people["supervisor"], now=world.now)
    with refused("notice_not_failed"):
        try_library_again(world.store, dead["citizen_id"], dead["number"], by=people["supervisor"], now=world.now)
    assert send(world, library) == {"sent": 2, "not_sent": 0}
    assert [event for event, _card in library.events] == ["opened", "opened", "lost"]
    assert list_library(world.store, failed=True) == []


def test_a_stranger_is_not_believed_and_nobody_at_the_address_is_no_loss(
    world: World, library: LibrarySystem, tmp_path: Any
) -> None:
    """Another key is refused by the library; an address where nobody listens keeps the notice."""
    open_library(world)
    assert send(world, library, ReceiptKey(Ed25519PrivateKey.generate())) == {"sent": 0, "not_sent": 1}
    assert library.taken == {}
    world.now += dt.timedelta(minutes=2)
    with LibrarySystem(KEY.public_hex) as gone:
        pass
    assert send(world, gone) == {"sent": 0, "not_sent": 1}
    assert list_library(world.store)[0]["error"] == "ConnectionError"
    world.now += dt.timedelta(minutes=5)
    assert send(world, library) == {"sent": 1, "not_sent": 0}
