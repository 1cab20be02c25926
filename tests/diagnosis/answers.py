"""Faults that lie in what comes from a card or reader: channels that change answers on the way, or break off.

The card's own memory stays as it is; faults of that: faults.py.
"""

import itertools
from collections.abc import Callable

from cardsvc.errors import CardError, CardGone, ReaderError
from cardsvc.iso7816.channel import Channel
from cardsvc.iso7816.links import ResponseLink
from cardsvc.vcard import FaultPlan, bodies
from tests.diagnosis.patients import PURSE, Altered, Patient, put
from tests.world import AIDS

Make = Callable[[Patient], None]
PURSE_AID, BUS_AID = bytes.fromhex(AIDS["purse"]), bytes.fromhex(AIDS["bus"])


def altered(change: Callable[[bytes, bytes], bytes], atr: bytes | None = None) -> Make:
    def make(patient: Patient) -> None:
        card = patient.card
        patient.connect = lambda: Altered(card.channel(), change, atr)

    return make


def answers(ins: int, answer: str) -> Make:
    """One instruction answers otherwise."""
    return altered(lambda command, given: bytes.fromhex(answer) if command[1] == ins else given)


def begun(p1: bytes, answer: str, aid: bytes = b"") -> Make:
    """INITIALIZE of one kind is refused, in one application or in all."""
    selected = [b""]

    def change(command: bytes, given: bytes) -> bytes:
        if command[1:3] == b"\xa4\x04":
            selected[0] = command[5 : 5 + command[4]]
        return bytes.fromhex(answer) if command[1:3] == b"\x50" + p1 and aid in (b"", selected[0]) else given

    return altered(change)


def warned(command: bytes, status: str, length: int) -> Make:
    """Reads of one file tell fewer bytes, or a warning with them."""

    def make(patient: Patient) -> None:
        card = patient.card

        def change(asked: bytes, given: bytes) -> bytes:
            return given[:-2][:length] + bytes.fromhex(status) if asked[1:3] == command and len(given) > 2 else given

        patient.connect = lambda: Altered(ResponseLink(card.channel()), change)

    return make


def records_blank(*numbers: int) -> Make:
    """Records of the purse's log read 00."""

    def make(patient: Patient) -> None:
        card = patient.card

        def change(asked: bytes, given: bytes) -> bytes:
            wanted = asked[1] == 0xB2 and asked[2] in numbers and asked[3] == 0x18 << 3 | 4 and len(given) > 2
            return bytes(len(given) - 2) + given[-2:] if wanted else given

        patient.connect = lambda: Altered(ResponseLink(card.channel()), change)

    return make


def blocked_in_use(patient: Patient) -> None:
    """SELECT still succeeds after the block, everything else is refused (FMCOS 2.0 general manual p75)."""
    card, selected = patient.card, [b""]
    put(card, PURSE, bodies.BLOCKED, bytes((bodies.FOR_A_TIME,)))

    def change(command: bytes, given: bytes) -> bytes:
        if command[1] == 0xA4:
            selected[0] = command[5 : 5 + command[4]]
            return b"\x90\x00" if selected[0] == PURSE_AID else given
        return given

    patient.connect = lambda: Altered(ResponseLink(card.channel()), change)


def bounce(patient: Patient) -> None:
    """The first power-up breaks off, later ones are fine."""
    card, tries = patient.card, iter([True])

    def connect() -> Channel:
        if next(tries, False):
            raise CardGone("card_gone")
        return card.channel()

    patient.connect = connect


def changing_atr(patient: Patient) -> None:
    card, numbers = patient.card, iter(range(1, 100))

    def connect() -> Channel:
        atr = card.atr
        return Altered(card.channel(), lambda _, given: given, atr[:-2] + bytes((next(numbers), atr[-1])))

    patient.connect = connect


def slow(patient: Patient) -> None:
    """As slow as the reader sees it; afterwards quick, for the sake of the test's own time."""
    card, delays = patient.card, iter([260, 260, 260])

    def connect() -> Channel:
        card.plan = FaultPlan(delay_milliseconds=next(delays, 0))
        return card.channel()

    patient.connect = connect


def no_power(patient: Patient) -> None:
    def connect() -> Channel:
        raise CardError("card_unresponsive")

    patient.connect = connect


def reader_gone(patient: Patient) -> None:
    """The reader was unplugged."""

    def connect() -> Channel:
        raise ReaderError("reader_gone")

    patient.connect = connect


def one_behind(patient: Patient) -> None:
    """Every answer belongs to the command before."""
    card, last = patient.card, [b"\x90\x00"]

    def change(_command: bytes, answer: bytes) -> bytes:
        old, last[0] = last[0], answer
        return old

    patient.connect = lambda: Altered(ResponseLink(card.channel()), change)


def every_other_fails(patient: Patient) -> None:
    """One command in two goes wrong."""
    card, numbers = patient.card, itertools.count()

    def change(_command: bytes, answer: bytes) -> bytes:
        return bytes.fromhex("6F00") if next(numbers) % 2 else answer

    patient.connect = lambda: Altered(ResponseLink(card.channel()), change)


def data_are(change: Callable[[bytes], bytes]) -> Make:
    """The card's data come otherwise, whatever they are."""

    def make(patient: Patient) -> None:
        card = patient.card
        patient.connect = lambda: Altered(ResponseLink(card.channel()), lambda _, given: change(given[:-2]) + given[-2:])

    return make
