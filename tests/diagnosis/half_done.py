"""What jobs, reports and corrections leave on a card and in the books: broken off, undecided, taken back, told of another."""

import datetime as dt
import struct
from contextlib import suppress
from typing import Any

import pytest

from cardsvc.errors import CardGone
from cardsvc.iso7816.links import ResponseLink
from cardsvc.readers.carry import CarriedOut
from cardsvc.service.purse.suspects import attachment, suspects
from cardsvc.store.records import LossReport
from cardsvc.vcard import VirtualCard, bodies
from cardsvc.vcard.memory import Kind
from cardsvc.vcard.session import Key, KeyKind
from tests.day.outlet import open_hall
from tests.diagnosis.answers import (
    Make,
)
from tests.diagnosis.harm import corrupt
from tests.diagnosis.patients import (
    BUS,
    CASH,
    MF,
    PURSE,
    Patient,
    change_key,
    put,
)
from tests.world import DESK


def torn_load(**faults: Any) -> Make:
    """Power fails around CREDIT FOR LOAD."""

    def make(patient: Patient) -> None:
        world, card = patient.world, patient.card
        channel = Pulled(card, **faults)
        with suppress(CardGone):
            world.carry(channel, "topup", amount=5000, payment=CASH)

    return make


class Pulled:
    """A channel that loses the card before or after CREDIT FOR LOAD."""

    def __init__(self, card: VirtualCard, *, before: bool) -> None:
        self._channel, self._before = card.channel(), before

    @property
    def atr(self) -> bytes:
        return self._channel.atr

    def transmit(self, command: bytes) -> bytes:
        if command[1] != 0x52:
            return self._channel.transmit(command)
        if not self._before:
            self._channel.transmit(command)
        self._channel.close()
        raise CardGone("card_gone")

    def close(self) -> None:
        self._channel.close()


def undecided(patient: Patient) -> None:
    """The load was written, and afterwards the card forgot everything that could prove it."""
    torn_load(before=False)(patient)
    put(patient.card, PURSE, bodies.LOAD_PROOF, bytes(11), kind=Kind.PURSE)
    put(patient.card, PURSE, bodies.USED, b"\x00\x00", file=0x0018)
    put(patient.card, PURSE, bodies.BALANCE, struct.pack(">I", 12345), kind=Kind.PURSE)
    put(patient.card, PURSE, bodies.ONLINE, struct.pack(">H", 7), kind=Kind.PURSE)


def refunded_in_error(patient: Patient) -> None:
    """The load was written; two people found that it was not, and paid it back."""
    torn_load(before=False)(patient)
    hall = open_hall(patient.world)
    (entry,) = suspects(patient.world.store, patient.world.now)
    document = attachment("journal.txt", b"no answer")
    payload = {"card_no": patient.card_no, "written": False, "attachments": [document]}
    hall.agree("settle_suspect", entry["id"], payload)


def half_opened(patient: Patient) -> None:
    """The application is on the card; the service died before it was in the books."""
    world, card = patient.world, patient.card
    channel = ResponseLink(card.channel())
    reply = world.port(DESK).start("open", {"application": "parking", "product": "1"}, atr=card.atr, idempotency_key="k" * 8)
    from cardsvc.iso7816.exchange import run_batch

    while reply.commands and not any(ask.changes for ask in reply.commands):
        reply = world.port(DESK).answer(reply.id, reply.step, run_batch(channel, reply.commands))
    run_batch(channel, reply.commands)
    channel.close()
    world.now += dt.timedelta(minutes=5)


def master_key_met(patient: Patient) -> None:
    """A purse file is damaged, and the repair meets a master key that is locked."""
    corrupt(PURSE, 0x0015, 20, 4)(patient)
    for directory in (MF, PURSE):
        change_key(patient.card, directory, KeyKind.MASTER, Key.TRIES_OFFSET, b"\x30")
    with pytest.raises(CarriedOut, match=r"master_key_locked \(not_done\)"):
        patient.world.carry(patient.card.channel(), "repair", DESK, person=None)


def lost_application(patient: Patient) -> None:
    """The record on the card is back to what it was before the opening."""
    put(patient.card, BUS, bodies.CONTENT, b"\x00", file=0x0015)


def withdrawn(patient: Patient) -> None:
    with patient.world.store.begin() as uow:
        card = uow.cards.get(patient.card_no)
        assert card is not None
        uow.cards.change(card, state="void")
        uow.commit()


def hot_listed(patient: Patient) -> None:
    with patient.world.store.begin() as uow:
        uow.hotlist.change_card(patient.card_no, "add", "lost", "li", patient.world.now)
        uow.commit()


def reported_lost(patient: Patient) -> None:
    """Its holder reported it; the list follows."""
    clerk, now = patient.world.bookkeeper(), patient.world.now
    with patient.world.store.begin() as uow:
        uow.loss_reports.add(LossReport("report-1", patient.card_no, "formal", "loss-formal", clerk.staff_id, now))
        uow.hotlist.change_card(patient.card_no, "add", "lost", "li", now)
        uow.commit()


def corrected_record(patient: Patient) -> None:
    """The person's name was corrected in the books after the card was made."""
    with patient.world.store.begin() as uow:
        card = uow.cards.get(patient.card_no)
        assert card is not None
        citizen = uow.citizens.get(card.citizen_id)
        assert citizen is not None
        uow.citizens.change(citizen, name="测试壹")
        uow.commit()


def stranger(patient: Patient) -> None:
    patient.person = "110101199902300021"


def rolled_key(patient: Patient) -> None:
    """The key store has a newer load key than the card."""
    patient.world.roll_key("purse.load")
