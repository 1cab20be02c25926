"""A diagnosis survives anything: random and hostile answers end in a report or in an error of our tree, and they end."""

import itertools
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cardsvc.card.holder import holder_from_records
from cardsvc.card.profile import Profile
from cardsvc.card.purse import LogRecord
from cardsvc.card.records import ApplicationRecord, CardIssueSeen
from cardsvc.cli.card.examine import examine
from cardsvc.diagnosis.contact import atr_evidence
from cardsvc.diagnosis.evidence import check
from cardsvc.diagnosis.probes import Readings, look, more
from cardsvc.diagnosis.reading import evidence_of
from cardsvc.diagnosis.table import findings
from cardsvc.errors import CardError, CardsvcError
from cardsvc.iso7816.apdu import Answer
from cardsvc.iso7816.atr import Atr
from cardsvc.iso7816.exchange import Procedure
from cardsvc.iso7816.links import FETCH_LIMIT, ResponseLink
from cardsvc.iso7816.tlv import parse_tlv
from cardsvc.readers.carry import CarriedOut
from tests.diagnosis.patients import CASH, Altered
from tests.examples import examples
from tests.world import DESK, FAMILIES, NOON, World, profiles

STATUS = st.one_of(st.sampled_from([0x9000, 0x6A82, 0x6283, 0x6A81, 0x9408, 0x9303, 0x6F00, 0x6C00]), st.integers(0, 0xFFFF))
ANSWERS = st.builds(Answer, st.one_of(st.binary(max_size=64), st.binary(min_size=4, max_size=32)), STATUS)
DAY = NOON.date()


def run(procedure: Procedure[Readings], source: Any) -> Readings:
    """Answer a procedure until it ends."""
    batch = next(procedure)
    while True:
        try:
            batch = procedure.send(tuple(source() for _ in batch))
        except StopIteration as end:
            return end.value  # type: ignore[no-any-return]


@examples(150)
@given(data=st.data(), profile=st.sampled_from(profiles()))
def test_any_answers_give_evidence_and_findings(data: st.DataObject, profile: Profile) -> None:
    """Whatever comes back, evidence has registered keys and the table can judge it."""
    count = itertools.count()
    given_answers = data.draw(st.lists(ANSWERS, min_size=1, max_size=45))

    def source() -> Answer:
        return given_answers[next(count) % len(given_answers)]

    seen = run(look(profile, quick=False), source)
    readings = seen.with_more(run(more(profile, seen, quick=False, anything_open=False, ours=True), source))
    evidence = evidence_of(profile, Readings.from_json(readings.to_json()), "00", None, None, DAY)
    check(evidence)
    assert findings(evidence) is not None


@examples(300)
@given(st.binary(max_size=80))
def test_parsers_refuse_in_our_own_words(raw: bytes) -> None:
    """ATR, TLV, files and log: a value, None, or CardError; nothing else."""
    for parser in (Atr.parse, parse_tlv, LogRecord.parse):
        with suppress(CardError):
            parser(raw)
    for lenient in (ApplicationRecord.parse, CardIssueSeen.parse):
        lenient(raw)
    holder_from_records(dict.fromkeys(range(8, 14), raw))
    check(atr_evidence(raw.hex().upper(), (), None, None))


class Hostile:
    """A card whose every answer is this one."""

    def __init__(self, atr: bytes, answer: bytes) -> None:
        self.atr, self._answer, self.asked = atr, answer, 0

    def transmit(self, _command: bytes) -> bytes:
        self.asked += 1
        return self._answer

    def close(self) -> None:
        """Nothing is held."""


ENDLESS = {
    "61xx-for-ever": "6110",
    "6100-for-ever": "6100",
    "6Cxx-for-ever": "6C10",
    "64-KB": "00" * 65536 + "9000",
    "nothing": "",
    "one-byte": "90",
    "more-and-more": "00" * 255 + "61FF",
}


@pytest.mark.parametrize("answer", ENDLESS.values(), ids=ENDLESS)
@pytest.mark.parametrize("family", FAMILIES)
def test_a_card_that_never_stops_is_stopped(family: str, answer: str, tmp_path: Path) -> None:
    """A report comes, after a bounded number of commands."""
    from cardsvc.vcard import VirtualCard

    world = World(tmp_path / "city.db")
    card = Hostile(VirtualCard.blank(family, seed=1).atr, bytes.fromhex(answer))
    report = examine(world.engine, DESK, lambda: card)
    assert report["findings"]
    assert card.asked <= 42 * (FETCH_LIMIT + 2)
    world.close()


def test_get_response_ends(tmp_path: Path) -> None:
    """A card that announces more for ever is cut off with a code of its own."""
    card = Hostile(b"", bytes.fromhex("6110"))
    with pytest.raises(CardsvcError) as told:
        ResponseLink(card).transmit(bytes.fromhex("00A40000023F00"))
    assert told.value.code == "response_too_long"
    assert card.asked == FETCH_LIMIT + 1


@pytest.mark.parametrize("length", [0, 3, 5, 200])
def test_a_balance_of_another_length_is_refused_in_our_words(length: int, tmp_path: Path) -> None:
    """It would not even fit into the database. Found by make fuzz."""
    world = World(tmp_path / "city.db")
    card = world.issue(FAMILIES[0])
    world.do(card, "open", application="bus", product="T")

    def wrong(command: bytes, answer: bytes) -> bytes:
        return b"\xff" * length + b"\x90\x00" if command[1] == 0x5C else answer

    for kind, params in (("inspect", {}), ("topup", {"amount": 5000, "payment": CASH, "product": "T", "area": "month"})):
        with pytest.raises(CarriedOut, match="answer_malformed"):
            world.carry(Altered(card.channel(), wrong), kind, **params)
    world.close()
