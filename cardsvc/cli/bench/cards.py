"""``cardsvc bench cards``: commands and milliseconds of a diagnosis and a personalisation on each card family, over the real
pcscd where there is one; how many faults of the catalog a full run finds, and how often it finds one on a sound card."""

import statistics
import time
import uuid
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import click

from cardsvc.cli.bench.detection import USES, detection, false_alarms
from cardsvc.cli.scratch.people import synthetic_person
from cardsvc.cli.shared.output import json_option, show, t, table
from cardsvc.cli.shared.progress import progress_bar
from cardsvc.vcard.catalog import FAULTS

if TYPE_CHECKING:
    from cardsvc.cli.scratch.slots import Slot
    from cardsvc.iso7816.channel import Channel
    from cardsvc.vcard import VirtualCard

WARM_UP = 1
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
        hall = Hall(opened, place)
        cards = {family: hall.measure_family(family, rounds, figures) for family in hall.families}
    figures |= {**_known(), **detection(hall, cards), **false_alarms(hall, cards, healthy)}
    opened.close()
    show(figures, as_json=as_json, lines=lambda: table([(name, str(value)) for name, value in figures.items()]))


class Hall:
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
            self.do(card.channel(), kind, params)
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
        took = _timed(lambda: self.do(channel, "personalise", {"citizen_id": citizen.citizen_id}))
        return channel.asked, took

    def _look(self, *, quick: bool) -> tuple[int, float]:
        """Commands and milliseconds of a diagnosis of the card that is in, with every power-up, as a desk waits for it."""
        channels: list[_Counting] = []

        def connect() -> "Channel":
            channels.append(_Counting(self._place.connect()))
            return channels[-1]

        took = _timed(lambda: self.report(connect, quick=quick))
        return sum(channel.asked for channel in channels), took

    def report(
        self, connect: Callable[[], "Channel"], *, quick: bool, card_no: str | None = None, other_side_silent: bool = False
    ) -> Mapping[str, Any]:
        """What a diagnosis says; ``card_no``: the number on the card's face."""
        from cardsvc.cli.card.examine import examine

        return examine(
            self._opened.engine, self._actor, connect, quick=quick, card_no=card_no, other_side_silent=other_side_silent
        )

    def card_no(self, card: "VirtualCard") -> str:
        """The number on the card's face, as the books have it."""
        with self._opened.store.read() as uow:
            row = uow.cards.by_chip(card.chip_serial.hex().upper(), card.dialect.name)
            return row.card_no if row else ""

    def do(self, channel: "Channel", kind: str, params: Mapping[str, Any]) -> None:
        """One job, which must end well. Raises CarriedOut."""
        from cardsvc.readers.carry import carry_out

        try:
            carry_out(self._opened.engine.port(self._actor), channel, kind, params, idempotency_key=str(uuid.uuid4()))
        finally:
            channel.close()


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
        "faults in the catalog": len(FAULTS),
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
