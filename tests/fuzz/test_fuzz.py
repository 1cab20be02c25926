"""Nothing that a card, a reader or a line says ends in an exception outside our error tree, or never ends.

``make fuzz`` runs 1,000,000 inputs; the suite a few thousand. The same seed gives the same run; a failure names its input.
"""

import datetime as dt
import logging
import random
import signal
import sys
import time
import tomllib
import traceback
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from cardsvc.card.profile import Profile
from cardsvc.card.purse import InitializeForLoadAnswer
from cardsvc.cli.card.examine import examine
from cardsvc.cli.card.learn import draft
from cardsvc.diagnosis.evidence import check
from cardsvc.diagnosis.firmware import firmware_faults
from cardsvc.diagnosis.keys import KeyQuestions
from cardsvc.diagnosis.probes import look, more
from cardsvc.diagnosis.reading import evidence_of
from cardsvc.diagnosis.table import findings
from cardsvc.errors import CardError, CardsvcError
from cardsvc.iso7816.atr import Atr
from cardsvc.iso7816.channel import Channel
from cardsvc.iso7816.exchange import run_procedure
from cardsvc.iso7816.links import ResponseLink
from cardsvc.keystore.protocol import MacSession
from cardsvc.procedures.classic import read_classic
from cardsvc.procedures.foreign import read_foreign
from cardsvc.procedures.identify import identify
from cardsvc.procedures.learn import MOST_NAMES, learn
from cardsvc.procedures.prove import prove_identity
from cardsvc.procedures.strangers import who_is_it
from cardsvc.readers.carry import CarriedOut
from cardsvc.service.cards.books import books_of
from cardsvc.vcard import VirtualCard
from tests.fuzz.inputs import Hostile, city, hostile, mutated
from tests.fuzz.targets import DAY, TARGETS
from tests.world import DESK, World, key_ring, profiles

SECONDS = 20.0
"""No single input may take longer, however busy the machine."""
SHARE_OF_CARDS = 40
"""One in so many inputs is a whole card that means harm; the others are bytes for a parser."""


JOBS: tuple[tuple[str, dict[str, Any]], ...] = (
    ("repair", {}),
    ("stranger", {}),
    ("inspect", {}),
    ("topup", {"amount": 5000, "payment": {"method": "cash", "reference": None}}),
    ("open", {"application": "park", "product": "1"}),
)


class TooSlowError(Exception):
    """An input that did not end."""


@dataclass
class Findings:
    """What went wrong, once for each place in the code, with its first input."""

    seen: dict[tuple[str, str], str] = field(default_factory=dict)
    count: Counter[str] = field(default_factory=Counter)
    slowest: float = 0.0

    def run(self, name: str, what: str, work: Callable[[], object]) -> None:
        """One input."""
        self.count[name] += 1
        started = time.perf_counter()
        signal.setitimer(signal.ITIMER_REAL, SECONDS)
        try:
            work()
        except CardsvcError:
            pass
        except Exception as error:
            place = traceback.extract_tb(error.__traceback__)[-1]
            self.seen.setdefault((name, f"{type(error).__name__} {place.filename}:{place.lineno}"), f"{error} from {what}")
        finally:
            signal.setitimer(signal.ITIMER_REAL, 0)
        self.slowest = max(self.slowest, time.perf_counter() - started)


@pytest.fixture
def found() -> Iterator[Findings]:
    """Findings, with an alarm that ends what does not end."""

    def ring(_number: int, _frame: object) -> None:
        raise TooSlowError

    before = signal.signal(signal.SIGALRM, ring)
    yield Findings()
    signal.signal(signal.SIGALRM, before)


def test_whatever_is_said_ends_in_our_own_words(
    request: pytest.FixtureRequest, tmp_path: Path, found: Findings, caplog: pytest.LogCaptureFixture
) -> None:
    """Parsers by turns over changed answers of real cards; every so often a whole card that means harm."""
    caplog.set_level(logging.ERROR, "cardsvc.vcard.card")  # it is asked much that it does not know
    inputs = int(request.config.getoption("--fuzz-inputs"))
    world, cards, seeds = city(tmp_path)
    seeds += [card.atr for card in cards.values()]
    rng, diagnose = random.Random(20261124), Diagnosis(world, cards)
    targets = list(TARGETS.items())
    started = time.perf_counter()
    for number in range(inputs):
        if number % SHARE_OF_CARDS == 0:
            family = rng.choice(list(cards))
            channel = hostile(rng, copied(cards[family], number), seeds)
            procedure = rng.choice(diagnose.procedures)
            found.run(procedure.__name__, f"card {number}", lambda p=procedure, f=family, c=channel: p(f, c))  # type: ignore[misc]
            continue
        name, target = targets[number % len(targets)]
        raw = mutated(rng, seeds)
        found.run(name, raw.hex(), lambda t=target, r=raw: t(r))  # type: ignore[misc]
    seconds = time.perf_counter() - started
    world.close()
    told = [f"{inputs} inputs in {seconds:.0f} s, {inputs / seconds:.0f} a second, the slowest {found.slowest:.2f} s"]
    told += [f"{count:9d}  {name}" for name, count in found.count.most_common()]
    sys.stdout.write("\n".join(("", *told, "")))
    assert found.seen == {}, found.seen


def copied(card: VirtualCard, seed: int) -> VirtualCard:
    """The same card once more."""
    return VirtualCard(card.dialect, card.chip_serial, bytearray(card._eeprom.image), seed)


class Diagnosis:
    """Everything that asks a card without knowing it."""

    def __init__(self, world: World, cards: dict[str, VirtualCard]) -> None:
        self._profiles: dict[str, Profile] = {profile.id: profile for profile in profiles()}
        self._books = {}
        with world.store.read() as uow:
            for family, card in cards.items():
                row = uow.cards.get(world.card_no_of(card))
                assert row is not None
                self._books[family] = books_of(uow, row)
        self._world = world
        often = (self.diagnosis, self.diagnosis, self.look_at, self.others) * 12
        self.procedures = (*often, self.operations)

    def diagnosis(self, family: str, channel: Channel) -> None:
        """Probes, evidence against real books and keys, findings."""
        profile, books = self._profiles[family], self._books[family]
        link = ResponseLink(channel)
        seen = run_procedure(link, look(profile, quick=False))
        seen = seen.with_more(run_procedure(link, more(profile, seen, quick=False, anything_open=False, ours=True)))
        ring, card_no, versions = key_ring(), books.card_no, key_ring().versions()

        def session(application: str, init: InitializeForLoadAnswer) -> MacSession | None:
            return ring.session(card_no, f"{application}.load", init.card_random, init.online_counter, versions)

        keys = KeyQuestions(versions, session, lambda data, tac: ring.tac_verifies(card_no, "purse", data, tac, versions))
        for known in (books, None):
            evidence = evidence_of(profile, seen, books.chip_serial, known, keys, DAY)
            check(evidence)
            findings(evidence)
            firmware_faults(profile, channel.atr, evidence)

    def look_at(self, family: str, channel: Channel) -> None:
        """Who is it, does it prove itself."""
        link = ResponseLink(channel)
        run_procedure(link, identify(self._profiles[family]))
        run_procedure(link, prove_identity(self._profiles[family], b"12345678"))

    def operations(self, _family: str, channel: Channel) -> None:
        """The whole way: measured, asked by the engine, judged, kept; then whatever the desk might try."""
        world = self._world
        report = examine(world.engine, DESK, lambda: channel)
        assert report["evidence"]
        for kind, params in JOBS:
            with suppress(CardsvcError, CarriedOut):
                world.carry(channel, kind, DESK, **params)
        world.now += dt.timedelta(minutes=2)

    def others(self, _family: str, channel: Channel) -> None:
        """Cards that others issued, old ones, and unknown ones."""
        link = ResponseLink(channel)
        for profile in self._profiles.values():
            if profile.foreign is not None:
                run_procedure(link, read_foreign(profile.foreign))
        with suppress(CardError):
            known, kind = Atr.parse(channel.atr), run_procedure(link, who_is_it())
            tomllib.loads(draft("unknown", known, run_procedure(link, learn()), kind))
        legacy = self._profiles["mifare-classic"].legacy
        assert legacy is not None
        run_procedure(link, read_classic(legacy, b"\x11" * 6))


def test_a_card_that_lists_ever_new_names_is_learnt_in_the_end() -> None:
    """Each directory names applications that nobody saw before: the learner stops by itself."""
    numbers = iter(range(1, 10**6))

    def answer(command: bytes) -> bytes:
        if command[1] == 0xB2:
            name = b"\xf0" + next(numbers).to_bytes(5, "big")
            return bytes((0x61, 2 + len(name), 0x4F, len(name))) + name + b"\x90\x00"
        return b"\x6a\x83" if command[1] == 0xB0 else b"\x90\x00"

    card = Hostile(b"", answer)
    learned = run_procedure(ResponseLink(card), learn())
    assert 1 < len(learned.applications) <= MOST_NAMES + 1
    assert card.asked < Hostile.LIMIT
