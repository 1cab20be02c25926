"""``cardsvc bench cards``: commands and milliseconds of a diagnosis and a personalisation on each card family, over the real
pcscd where there is one; how many faults of the catalogue a full run finds, and how often it finds one on a sound card."""

import random
import statistics
import tempfile
import time
import uuid
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from cardsvc.cli.scratch.people import synthetic_person
from cardsvc.cli.shared.output import json_option, show, t, table
from cardsvc.cli.shared.progress import progress_bar
from cardsvc.vcard.catalogue import FAULTS, Fault, inflict

if TYPE_CHECKING:
    from cardsvc.cli.scratch.slots import Slot
    from cardsvc.iso7816.channel import Channel
    from cardsvc.vcard import VirtualCard

CASH = {"method": "cash"}
WARM_UP = 1
USES: tuple[tuple[str, Mapping[str, Any]], ...] = (
    ("topup", {"amount": 5000, "payment": CASH}),
    ("purchase", {"amount": 200, "merchant": "bench"}),
    ("purchase", {"amount": 5000, "merchant": "bench"}),
    ("inspect", {}),
)
WHILE_WRITING = ("torn-before-write", "torn-after-write", "torn-at-byte", "lost-answer", "worn-eeprom", "stuck-counter")
"""Faults of the catalogue that strike a card while it is written: a diagnosis, which only reads, meets none of them."""
SLOW = Fault("slow", "260")
"""Milliseconds of each answer: just too slow. Met by a quick look: a full run would last a quarter of a minute."""
GET_RESPONSE, WRONG_LE = 0xC0, 0x6C


@click.command(
    "cards",
    help=t(
        "检测与个人化：各卡型的指令数和毫秒，检出率、误报率",
        "Diagnosis and personalisation: commands and milliseconds by family, detection, false alarms",
    ),
)
@click.option(
    "--rounds", default=100, show_default=True, type=click.IntRange(1, 10_000), help=t("每种检测次数", "Runs of each kind")
)
@click.option("--healthy", default=500, show_default=True, type=click.IntRange(0, 100_000), help=t("好卡次数", "Sound cards"))
@click.option("--in-process", is_flag=True, help=t("不用 pcscd", "Without pcscd"))
@json_option
def bench_cards(rounds: int, healthy: int, *, in_process: bool, as_json: bool) -> None:
    """Measure."""
    from cardsvc.bootstrap import build
    from cardsvc.cli.scratch.settings import scratch_settings
    from cardsvc.cli.scratch.slots import slot

    opened = build(scratch_settings())
    with slot(in_process=in_process) as (place, reason):
        figures: dict[str, Any] = {"reader": place.name, **({"not the real pcscd": reason} if reason else {})}
        hall = _Hall(opened, place)
        cards = {family: hall.measure_family(family, rounds, figures) for family in hall.families}
    figures |= {**_known(), **hall.detection(cards), **hall.false_alarms(cards, healthy)}
    opened.close()
    show(figures, as_json=as_json, lines=lambda: table([(name, str(value)) for name, value in figures.items()]))


class _Hall:
    """A service with cards of every family that is issued, and one reader."""

    def __init__(self, opened: Any, place: "Slot") -> None:
        from cardsvc.service.operations.kinds import Actor
        from cardsvc.vcard import PROFILES

        self._opened, self._place = opened, place
        self._actor = Actor("local", "bench", bytes(6), "desk")
        self.families = [p.id for p in opened.profiles if p.issuable and p.id in PROFILES]

    def measure_family(self, family: str, rounds: int, figures: dict[str, Any]) -> "VirtualCard":
        """A card of this family, made, used, and looked at over and over; returns it."""
        from cardsvc.vcard import VirtualCard

        number = self.families.index(family)
        blanks = [VirtualCard.blank(family, seed=rounds * number + one) for one in range(max(1, rounds // 20))]
        made = [self._made(card, rounds * number + one) for one, card in enumerate(blanks)]
        figures[f"{family} personalise APDUs"] = made[-1][0]
        figures |= _milliseconds(f"{family} personalise", [took for _, took in made])
        card = blanks[0]
        for kind, params in USES[:2]:
            self._do(card.channel(), kind, params)
        self._place.insert(card).close()
        with progress_bar(family) as progress:
            for name, quick in (("quick", True), ("full", False)):
                looks = []
                for done in range(rounds + WARM_UP):
                    looks.append(self._look(quick=quick))
                    progress(done, rounds)
                figures[f"{family} {name} APDUs"] = max(asked for asked, _ in looks)
                figures |= _milliseconds(f"{family} {name}", [took for _, took in looks[WARM_UP:]])
        return card

    def _made(self, card: "VirtualCard", number: int) -> tuple[int, float]:
        """Commands and milliseconds of a personalisation, the card being in the reader."""
        from cardsvc.bootstrap import now
        from cardsvc.service.people.register import register_citizen

        citizen = register_citizen(self._opened.store, synthetic_person(number), now())
        channel = _Counting(self._place.insert(card))
        took = _timed(lambda: self._do(channel, "personalise", {"citizen_id": citizen.citizen_id}))
        return channel.asked, took

    def _look(self, *, quick: bool) -> tuple[int, float]:
        """Commands and milliseconds of a diagnosis of the card that is in, with every power-up, as a desk waits for it."""
        channels: list[_Counting] = []

        def connect() -> "Channel":
            channels.append(_Counting(self._place.connect()))
            return channels[-1]

        took = _timed(lambda: self.report(connect, quick=quick))
        return sum(channel.asked for channel in channels), took

    def report(self, connect: Callable[[], "Channel"], *, quick: bool) -> Mapping[str, Any]:
        """What a diagnosis says."""
        from cardsvc.cli.card.examine import examine

        return examine(self._opened.engine, self._actor, connect, quick=quick)

    def _do(self, channel: "Channel", kind: str, params: Mapping[str, Any]) -> None:
        from cardsvc.readers.carry import carry_out

        try:
            carry_out(self._opened.engine.port(self._actor), channel, kind, params, idempotency_key=str(uuid.uuid4()))
        finally:
            channel.close()

    def detection(self, cards: Mapping[str, "VirtualCard"]) -> dict[str, Any]:
        """How many faults of the catalogue, on how many families, a full run finds on a copy of a used card."""
        from cardsvc.errors import RequestError
        from cardsvc.vcard import VirtualCard

        tried, missed = 0, []
        with tempfile.TemporaryDirectory() as folder:
            file = Path(folder) / "card"
            for family, card in cards.items():
                card.save(file)
                for name in FAULTS.keys() - WHILE_WRITING:
                    copy = VirtualCard.load(file)
                    try:
                        inflict(copy, [SLOW if name == SLOW.name else Fault(name)], seed=1)
                    except RequestError:
                        continue  # this family has no such place
                    tried += 1
                    if not self.report(copy.channel, quick=name == SLOW.name)["findings"]:
                        missed.append(f"{name} ({family})")
        return {"faults found": f"{tried - len(missed)} of {tried}", "not found": ", ".join(sorted(missed)) or "-"}

    def false_alarms(self, cards: Mapping[str, "VirtualCard"], looks: int) -> dict[str, Any]:
        """How often a diagnosis finds something on a sound card that is used in between."""
        from cardsvc.readers.carry import CarriedOut

        rng, alarms = random.Random(1), []
        for turn in range(looks):
            family = self.families[turn % len(self.families)]
            kind, params = USES[rng.randrange(len(USES))]
            card = cards[family]
            with suppress(CarriedOut):  # a card at its limit, or without money, refuses: that is no fault of it
                self._do(card.channel(), kind, params)
            report = self.report(card.channel, quick=turn % 2 == 0)
            alarms += [f"{finding['code']} ({family})" for finding in report["findings"]]
        return {"false alarms": f"{len(alarms)} of {looks}", **({"alarms": ", ".join(alarms)} if alarms else {})}


class _Counting:
    """A channel that counts what is asked for: neither GET RESPONSE nor the same command again with the length of 6Cxx."""

    def __init__(self, channel: "Channel") -> None:
        self._channel, self.asked = channel, 0

    def __getattr__(self, name: str) -> Any:
        return getattr(self._channel, name)

    def transmit(self, command: bytes) -> bytes:
        """Count, and send."""
        answer = self._channel.transmit(command)
        self.asked += command[1] != GET_RESPONSE and answer[-2] != WRONG_LE
        return answer


def _known() -> dict[str, Any]:
    """How much the diagnosis knows."""
    from cardsvc.diagnosis.plans import plans
    from cardsvc.diagnosis.table import table as rules

    return {
        "findings": len(rules().finding),
        "plans": len(plans()),
        "plans carried out on the card": sum(plan.how == "card" for plan in plans().values()),
        "faults in the catalogue": len(FAULTS),
    }


def _timed(work: Callable[[], object]) -> float:
    started = time.perf_counter()
    work()
    return (time.perf_counter() - started) * 1000


def _milliseconds(name: str, taken: Sequence[float]) -> dict[str, float]:
    ranked = sorted(taken)
    return {
        f"{name} ms p50": round(statistics.median(ranked), 1),
        f"{name} ms p99": round(ranked[min(len(ranked) - 1, len(ranked) * 99 // 100)], 1),
    }
