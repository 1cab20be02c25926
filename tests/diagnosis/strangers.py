"""Cards that these books never finished, or never knew: half made, of another city, of another issuer, of the time before."""

import datetime as dt
import uuid
from collections.abc import Iterator
from contextlib import contextmanager, suppress

import pytest

from cardsvc.errors import CardGone
from cardsvc.readers.carry import CarriedOut
from cardsvc.service.stock.use import give_card_up
from cardsvc.vcard import FaultPlan, VirtualCard, bodies
from cardsvc.vcard.classic import BACKUP, ClassicCard, value_block
from tests.diagnosis.patients import BUS, CASH, MF, Altered, Patient, node, opened, put, twin
from tests.diagnosis.wild import EF15_OF_BEIJING, whole
from tests.world import World, key_ring


def unfinished(patient: Patient) -> None:
    """Power fails in the middle of a personalisation of another card."""
    world = patient.world
    card = VirtualCard.blank(patient.card.dialect.name, seed=77)
    card.plan = FaultPlan(tear_after_command=55)
    with suppress(CardGone):
        world.do(card, "personalise", citizen_id=world.citizen(2))
    patient.card, patient.connect = card, card.channel


@contextmanager
def elsewhere(patient: Patient) -> Iterator[World]:
    """Another city's service, with books of its own and, by a mistake of its factory, the same keys."""
    world = World(patient.world.path.with_name(f"elsewhere-{uuid.uuid4()}.db"))
    yield world
    world.close()


def other_city(patient: Patient) -> None:
    """A finished card with another city's code and number."""
    card = twin(patient.card, bytes(range(1, 1 + len(patient.card.chip_serial))))
    put(card, MF, bodies.CONTENT + 2, bytes.fromhex("3300"), file=0x0005)
    put(card, MF, bodies.CONTENT + 8, bytes.fromhex("3300010100000042"), file=0x0005)
    patient.card, patient.connect = card, card.channel


def other_issuer(patient: Patient) -> None:
    """A card of the national transport union."""
    card = VirtualCard.blank("t-union", seed=5)
    patient.card, patient.connect = card, card.channel


def social_security(patient: Patient) -> None:
    """A social-security card."""
    card = VirtualCard.blank("social-security", seed=5)
    patient.card, patient.connect = card, card.channel


def old_bus_card(patient: Patient) -> None:
    """A MIFARE Classic card of the time before; the patient's own card stays in the pocket."""
    patient.connect = old_card().channel


def old_card(fen: int = 1234) -> ClassicCard:
    """An old bus card of this city."""
    read, write = (key_ring().legacy_key(purpose, key_ring().versions()) for purpose in ("read", "write"))
    return ClassicCard(fen, read, write, bytes(4))


def old_card_of_others(patient: Patient) -> None:
    """Another city's keys."""
    patient.connect = ClassicCard(1234, b"\x11" * 6, b"\x22" * 6, bytes(4)).channel


def old_card_unread(patient: Patient) -> None:
    """In a reader that does not know its kind."""
    card = old_card()
    patient.connect = lambda: Altered(card.channel(), lambda _command, _answer: b"\x6a\x81")


def old_card_with_a_mark_that_cannot_be_read(patient: Patient) -> None:
    """So nobody knows whether it was moved."""
    card = old_card()
    of_mark = b"\xff\xb0\x00\x08"
    patient.connect = lambda: Altered(card.channel(), lambda c, a: b"\x63\x00" if c.startswith(of_mark) else a)


def old_card_without_money(patient: Patient) -> None:
    """Spent to the last fen."""
    patient.connect = old_card(0).channel


def old_card_with_two_balances(patient: Patient) -> None:
    """Torn from a bus in the middle of a fare, years ago."""
    card = old_card()
    card.blocks[BACKUP] = value_block(1034, BACKUP)
    patient.connect = card.channel


def old_card_half_moved(patient: Patient) -> None:
    """Taken away before the mark was written."""
    card = old_card()
    card.plan = FaultPlan(tear_before_write=1)
    with suppress(CardGone):
        _move(patient, card)
    card.plan = FaultPlan()
    patient.connect = card.channel


def old_card_that_was_moved(patient: Patient) -> None:
    """Its balance waits for the patient's card."""
    card = old_card()
    _move(patient, card)
    patient.connect = card.channel


def old_card_that_was_refilled(patient: Patient) -> None:
    """Moved; then somebody put it back as it was before."""
    _move(patient, old_card())
    patient.connect = old_card().channel


def _move(patient: Patient, card: ClassicCard) -> None:
    world = patient.world
    world.carry(card.channel(), "migrate", card_no=world.card_no_of(patient.card))


def of_other_books(patient: Patient) -> None:
    """A whole citizen card that is not in these books."""
    with elsewhere(patient) as world:
        cards = [world.issue(patient.card.dialect.name, number) for number in (11, 12, 13)]
    patient.card, patient.connect = cards[-1], cards[-1].channel


SAYS_NOT_FOUND = b"\x6a\x82"


def refuses_making(patient: Patient) -> None:
    """A blank that answers 6A82 to everything; it was tried once."""
    world, card = patient.world, VirtualCard.blank(patient.card.dialect.name, seed=77)
    patient.connect = lambda: Altered(card.channel(), lambda _c, _a: SAYS_NOT_FOUND, silent=tuple(range(256)))
    with pytest.raises(CarriedOut, match=r"card_refused \(not_done\)"):
        world.carry(patient.connect(), "personalise", citizen_id=world.citizen(2))
    patient.card = card


def spoiled(patient: Patient) -> None:
    """And was given up."""
    refuses_making(patient)
    world = patient.world
    give_card_up(world.store, "3100010100000002", "写不进", by=world.bookkeeper(), now=world.now)


def begun_on_another(patient: Patient) -> None:
    """A whole purse card of another city on a chip like ours, which an older version began to write on."""
    unfinished(patient)
    card, content = patient.card, whole("A00000000386980701", EF15_OF_BEIJING)
    patient.connect = lambda: Altered(card.channel(), lambda command, _: content(command), silent=tuple(range(256)))


def begun_elsewhere(patient: Patient) -> None:
    """Half made, and these books know of no beginning."""
    with elsewhere(patient) as world:
        unfinished(inner := Patient(world, patient.card, patient.connect))
    patient.card, patient.connect = inner.card, inner.card.channel


def erased(patient: Patient) -> None:
    """Everything on the card is gone."""
    with opened(patient.card) as memory:
        memory.truncate(node(memory, MF).address)


def application_gone(patient: Patient) -> None:
    """The directory of the bus application cannot be found any more."""
    with opened(patient.card) as memory:
        memory.erase(node(memory, BUS))


def month_is_over(patient: Patient) -> None:
    """Money of this month, never spent, is still there next month."""
    world = patient.world
    world.do(patient.card, "topup", amount=5000, payment=CASH, product="T", area="month")
    world.now += dt.timedelta(days=40)
