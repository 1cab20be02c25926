"""The city that the machine begins with: cards of every family and product, tellers, terminals; copied afresh for every run."""

import datetime as dt
from dataclasses import dataclass
from pathlib import Path

from cardsvc.service.operations.kinds import Actor
from cardsvc.service.people.register import register_citizen
from cardsvc.units import LOCAL
from cardsvc.vcard import VirtualCard
from tests.day.outlet import Hall, open_hall
from tests.world import DESK, KIOSK, Snapshot, World, key_ring, person, ring_without

SECOND_DESK = Actor("desk", "desk-2", bytes.fromhex("310000000002"), "desk")
BUS_STOP = Actor("terminal", "kiosk-8", bytes.fromhex("310000000008"), "topup")
ACTORS = (DESK, SECOND_DESK, KIOSK, BUS_STOP)
DESKS = (DESK, SECOND_DESK)


FIRST_LOAD = 14500
"""Every card begins with this much, in cash at the desk, in each of its first two areas."""


@dataclass(frozen=True)
class Kind:
    """A card to begin with: its family, the bus product and parking product open on it, when its holder was born, and whether
    it was made before electronic deposits had an unload key."""

    family: str
    bus: str
    born: str = "1950-01-01"
    parking: str | None = None
    older: bool = False


ERAS: dict[str, tuple[dt.datetime, tuple[Kind, ...]]] = {
    "2018": (
        dt.datetime(2018, 5, 29, 9, 0, tzinfo=LOCAL),
        (
            Kind("fudan-fmcos2", "T", parking="2"),
            Kind("mingwah-smartcos", "C"),
            Kind("fudan-fmcos2", "A", older=True),
            Kind("mingwah-smartcos", "B", born="2005-01-01"),
            Kind("huada-city", "D"),
            Kind("watchdata", "T"),
        ),
    ),
    "2026": (
        dt.datetime(2026, 11, 24, 12, 0, tzinfo=LOCAL),
        (
            Kind("mingwah-smartcos", "T", parking="2"),
            Kind("fudan-fmcos2", "B", born="2012-01-01"),
            Kind("huada-city", "T", parking="2"),
            Kind("watchdata", "T"),
        ),
    ),
}
"""In 2018 every product is sold; in 2026 the money of those that are not sold any more has gone, and T and B are loaded."""


@dataclass
class Held:
    """A card in somebody's hands."""

    card: VirtualCard
    card_no: str
    citizen_id: str
    kind: Kind

    def areas(self) -> list[tuple[str | None, str]]:
        """What can be loaded: product, as it is asked for, and area."""
        found: list[tuple[str | None, str]] = [(None, "purse")]
        found.append((self.kind.bus, "purse") if self.kind.bus in ("C", "D") else (None, "month"))
        if self.kind.bus in ("A", "B"):
            found.append((None, "season" if self.kind.bus == "A" else "term"))
        if self.kind.parking:
            found.append(("parking", "purse"))
        return found


class City:
    """One era's city as a template."""

    def __init__(self, era: str, folder: Path) -> None:
        now, kinds = ERAS[era]
        world = World(folder / f"{era}.db", now)
        open_hall(world)
        self.held = [issue(world, kind, number) for number, kind in enumerate(kinds, start=1)]
        for held in self.held:
            for product, area in held.areas()[:2]:
                job = {"product": product, "area": area, "amount": FIRST_LOAD, "payment": {"method": "cash"}}
                world.do(held.card, "topup", DESK, **job)
        self.images = [bytes(held.card._eeprom.image) for held in self.held]
        (folder / era).mkdir()
        self.snapshot = Snapshot(world, self.held[0].card, folder / era)

    def again(self) -> tuple[World, Hall, list[Held]]:
        """The city as it was, with cards as they were."""
        world, _ = self.snapshot.again()
        with world.store.read() as uow:
            people = {staff.staff_id: staff for staff in uow.staff.all()}
        cards = [
            Held(
                VirtualCard(held.card.dialect, held.card.chip_serial, bytearray(image), seed=number),
                held.card_no,
                held.citizen_id,
                held.kind,
            )
            for number, (held, image) in enumerate(zip(self.held, self.images, strict=True))
        ]
        return world, Hall(world, people), cards


def issue(world: World, kind: Kind, number: int) -> Held:
    """A new card for a new person, with its applications open."""
    world.use_keys(ring_without("bus.unload") if kind.older else key_ring())
    holder = person(number).model_copy(update={"birth_date": dt.date.fromisoformat(kind.born)})
    held = reissue(world, kind, register_citizen(world.store, holder, world.now).citizen_id, number)
    open_applications(world, held)
    world.use_keys(key_ring())
    return held


def reissue(world: World, kind: Kind, citizen_id: str, number: int) -> Held:
    """A new card for a person."""
    card = VirtualCard.blank(kind.family, seed=number)
    world.do(card, "personalise", citizen_id=citizen_id)
    return Held(card, world.card_no_of(card), citizen_id, kind)


def open_applications(world: World, held: Held) -> None:
    """The bus product of its kind, and a parking card's own purse where it has one. Raises what the rules say."""
    world.do(held.card, "open", application="bus", product=held.kind.bus)
    if held.kind.parking:
        world.do(held.card, "open", application="parking", product=held.kind.parking)
