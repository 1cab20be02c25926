"""Cards that these books never finished, or never knew: half made, of another city, of another issuer, of the time before."""

import datetime as dt
import uuid
from collections.abc import Iterator
from contextlib import contextmanager, suppress

from cardsvc.errors import CardGone
from cardsvc.vcard import FaultPlan, VirtualCard, bodies
from cardsvc.vcard.classic import ClassicCard
from tests.diagnosis.patients import BUS, CASH, MF, Patient, node, opened, put, twin
from tests.world import World


def unfinished(patient: Patient) -> None:
    """Power fails in the middle of a personalisation of another card."""
    world = patient.world
    card = VirtualCard.blank(patient.card.dialect.name, seed=77)
    card.plan = FaultPlan(tear_after_command=30)
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
    patient.connect = ClassicCard(1234, b"\x11" * 6, b"\x22" * 6, bytes(4)).channel


def of_other_books(patient: Patient) -> None:
    """A whole citizen card that is not in these books."""
    with elsewhere(patient) as world:
        cards = [world.issue(patient.card.dialect.name, number) for number in (11, 12, 13)]
    patient.card, patient.connect = cards[-1], cards[-1].channel


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
