"""How wear, fraud and bad contact get onto a virtual card: into its memory through its own classes, or on the way to it."""

import copy
import datetime as dt
import struct
from typing import Any

from cardsvc.diagnosis.contact import Contact
from cardsvc.readers.carry import carry_out
from cardsvc.service.faults.diagnose import diagnose_reader
from cardsvc.service.faults.reader_health import Use, note, watched
from cardsvc.store import UnitOfWork
from cardsvc.vcard import FaultPlan, VirtualCard, bodies
from cardsvc.vcard.memory import Kind
from cardsvc.vcard.session import KeyKind
from tests.diagnosis import pins
from tests.diagnosis.answers import (
    Make,
    altered,
)
from tests.diagnosis.patients import (
    BUS,
    HOLDER,
    PARKING,
    PURSE,
    InReader,
    Patient,
    change_key,
    flip,
    node,
    opened,
    put,
    twin,
)
from tests.restored import declare, lost
from tests.world import DESK


def plan(**faults: Any) -> Make:
    def make(patient: Patient) -> None:
        patient.card.plan = FaultPlan(**faults)

    return make


def edit(directory: int, offset: int, data: bytes, **which: Any) -> Make:
    return lambda patient: put(patient.card, directory, offset, data, **which)


def corrupt(directory: int, file: int, offset: int, length: int) -> Make:
    return lambda patient: flip(patient.card, directory, file, offset, length)


def applications_gone(patient: Patient) -> None:
    """The MF and its files stand, and nothing below it."""
    with opened(patient.card) as memory:
        for directory in (PURSE, HOLDER, BUS, PARKING, 0x3F05, 0x3F06):
            memory.erase(node(memory, directory))


def worn_memory(patient: Patient) -> None:
    """No byte is written any more; somebody asks for a trial."""
    patient.card.plan = FaultPlan(worn_from_eeprom_byte=1)
    patient.memory = True


def worn_memory_here(patient: Patient) -> None:
    """There is one reader. The trial failed in it, then it topped up a good card."""
    worn_memory(patient)
    card, world = patient.card, patient.world
    patient.connect = lambda: InReader(card.channel())
    first = patient.examine()["findings"][0]["code"]
    assert first == "memory_write_failed"
    world.now += dt.timedelta(minutes=1)
    assert patient.examine()["findings"][0]["code"] == first  # a second insertion alone says nothing about the card
    good = world.issue(card.dialect.name, 31)
    params = {"amount": 5000, "payment": {"method": "cash", "reference": None}}
    carry_out(watched(world.engine, DESK), InReader(good.channel()), "topup", params, idempotency_key="the good card")
    world.now += dt.timedelta(minutes=1)


def worn_memory_elsewhere(patient: Patient) -> None:
    """The trial has failed in another reader of the desk as well."""
    worn_memory(patient)
    card, world = patient.card, patient.world
    patient.connect = lambda: InReader(card.channel(), "The other reader")
    patient.examine()
    world.now += dt.timedelta(minutes=1)
    patient.connect = lambda: InReader(card.channel())


def later(days: int) -> Make:
    def make(patient: Patient) -> None:
        patient.world.now += dt.timedelta(days=days)

    return make


def blank(patient: Patient) -> None:
    card = VirtualCard.blank(patient.card.dialect.name, seed=78)
    patient.card, patient.connect = card, card.channel


def factory_blank(patient: Patient) -> None:
    """As the chip's maker sells it: with an MF and its transport key."""
    card = VirtualCard.blank(patient.card.dialect.name, seed=78, factory_mf=True)
    patient.card, patient.connect = card, card.channel


def cloned(patient: Patient) -> None:
    copy = twin(patient.card)
    patient.card, patient.connect = copy, copy.channel


def rolled_back(patient: Patient) -> None:
    """An older image of the same chip is written back after money was spent."""
    image = bytes(patient.card._eeprom.image)
    patient.world.topup(patient.card, 5000)
    patient.card._eeprom.image[:] = image


OTHER_SIDE = {"fudan-fmcos2": "3B6B000020900000000000", "mingwah-smartcos": "3B6C000201008638"}


def other_side(patient: Patient) -> None:
    """The same chip through its contacts: another ATR, the same serial number."""
    atr = bytes.fromhex(OTHER_SIDE[patient.card.dialect.name]) + patient.card.chip_serial
    altered(lambda _, given: given, atr)(patient)


def one_side_silent(silent: str) -> Make:
    """The chip works; the desk tried this side of the card first, in another reader, and typed the number on its face."""

    def make(patient: Patient) -> None:
        world, card = patient.world, patient.card
        card.through_contacts = silent == "contactless"
        number = world.card_no_of(card)
        failed = Contact(failures=("card_unresponsive",))
        diagnose_reader(world.engine, failed, atr=b"", card_no=number, place=DESK.id, reader="The other reader")
        world.now += dt.timedelta(minutes=1)
        patient.connect = lambda: InReader(card.channel())

    return make


def balance(fen: int) -> Make:
    return edit(PURSE, bodies.BALANCE, struct.pack(">I", fen & 0xFFFFFFFF), kind=Kind.PURSE)


def counter_wraps(patient: Patient) -> None:
    """A firmware that begins again at 0 where it should answer 9402."""
    dialect = copy.copy(patient.card.dialect)
    dialect.counter_wraps = True
    patient.card.dialect = dialect
    put(patient.card, PURSE, bodies.ONLINE, LAST, kind=Kind.PURSE)


def used_up(directory: int) -> Make:
    """The EP of an application was loaded as often as it can be."""
    return edit(directory, bodies.ONLINE, LAST, file=EP)


def algorithm_02(patient: Patient) -> None:
    """A load key was written with an algorithm byte that this firmware cannot use; the virtual card has that fault."""
    change_key(patient.card, PURSE, KeyKind.LOAD, 7, b"\x02")


def log_swapped(patient: Patient) -> None:
    """Two loads in the log change places."""
    with opened(patient.card) as memory:
        found = node(memory, PURSE, file=0x0018)
        first, third = (memory.get(found, bodies.CONTENT + place, 23) for place in (0, 46))
        memory.put(found, bodies.CONTENT, third)
        memory.put(found, bodies.CONTENT + 46, first)


def unknown_load(patient: Patient) -> None:
    """A load in the log that nobody booked, spent again so that the balance is right."""
    with opened(patient.card) as memory:
        found = node(memory, PURSE, file=0x0018)
        old = memory.get(found, bodies.CONTENT, 23)
        memory.put(found, bodies.CONTENT, old[:5] + struct.pack(">I", 7777) + old[9:])


def restored_books(patient: Patient) -> None:
    """A load that is lost from the books, and two people who say so."""
    with lost(patient.world):
        patient.world.topup(patient.card, 5000)
    declare(patient.world)


def restored_books_untold(patient: Patient) -> None:
    """Eleven rides later the log, which holds ten records, has not got the load any more."""
    world = patient.world
    world.now += dt.timedelta(hours=1)
    with lost(world):
        world.topup(patient.card, 5000)
        for _ in range(11):
            world.do(patient.card, "purchase", amount=200, merchant="bus")
    declare(world)


EP = 0x0002
"""File identifier of the electronic purse in its application."""


LAST = b"\xff\xff"
"""A counter at its maximum."""


def wrong_load_key(directory: int, offset: int = pins.VALUE, data: bytes = bytes(16)) -> Make:
    """Another load key than ours, or another byte of its record."""
    return lambda patient: change_key(patient.card, directory, KeyKind.LOAD, offset, data)


def worn_reader(patient: Patient) -> None:
    """Three of the last four cards of this reader failed, of two families; this one does too."""
    families = ("fudan-fmcos2", "huada-city", "huada-city", "")
    last = zip("1234", families, ("card_mute", None, "reader_failed", "card_mute"), strict=True)

    def used(uow: UnitOfWork) -> None:
        for card, family, failure in last:
            note(uow, DESK.id, "", Use(card, family, card, failure), patient.world.now)

    patient.world.store.transact(used)
    patient.card.plan = FaultPlan(mute=True)
