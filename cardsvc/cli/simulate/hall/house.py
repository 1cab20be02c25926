"""The hall of a simulation before its day: staff, desks, machines, kiosks, people with cards, and its HTTP door."""

import threading
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field, replace
from typing import Any

from werkzeug.serving import WSGIRequestHandler, make_server

from cardsvc.bootstrap import Services, build, now
from cardsvc.cli.scratch.people import staffed_outlet, synthetic_person
from cardsvc.cli.scratch.settings import scratch_terminal
from cardsvc.cli.shared.progress import progress_bar
from cardsvc.cli.simulate.hall.clock import HallClock
from cardsvc.cli.simulate.hall.counter import Counter
from cardsvc.cli.simulate.hall.plan import Guest
from cardsvc.cli.simulate.places import Place
from cardsvc.cli.simulate.town import APP, FAMILIES, FLOAT, OUTLET, VAULT, Holder
from cardsvc.client import ApiClient, load_key
from cardsvc.config import Settings
from cardsvc.readers.carry import carry_out
from cardsvc.rules import RuleSet
from cardsvc.service.approval_kinds import APPROVALS
from cardsvc.service.cash.shifts import open_shift
from cardsvc.service.operations.kinds import Actor
from cardsvc.service.operations.rule_book import local_day
from cardsvc.service.people.register import register_citizen
from cardsvc.service.staff.approvals import approve, propose
from cardsvc.store.records import Shift, Staff
from cardsvc.vcard import VirtualCard
from cardsvc.web.api import create_api

DESKS, MACHINES, KIOSKS = 12, 2, 3
FIRST_MONEY = 10_000
_ISSUER = Actor("local", "issuing", bytes.fromhex("310000009999"), "desk")


@dataclass
class House:
    """Everything that the day needs. ``citizens``: ids by a guest's number; ``holders``: the card that a guest has now;
    ``cards``: every card there is, with those that were replaced."""

    services: Services
    clock: HallClock
    rules: RuleSet
    people: dict[str, Staff]
    counters: list[Counter] = field(default_factory=list)
    machines: list[Counter] = field(default_factory=list)
    kiosks: list[Place] = field(default_factory=list)
    shifts: dict[str, Shift] = field(default_factory=dict)
    citizens: dict[int, str] = field(default_factory=dict)
    holders: dict[int, Holder] = field(default_factory=dict)
    cards: list[Holder] = field(default_factory=list)
    lock: threading.Lock = field(default_factory=threading.Lock)

    @property
    def places(self) -> Sequence[Place]:
        """Everywhere a card is put on a reader."""
        return [*self.counters, *self.machines, *self.kiosks]

    def blank(self, number: int) -> Holder:
        """A blank card for a guest, of one family or another; its number is known once it is made."""
        with self.lock:
            made = len(self.cards)
            holder = Holder(VirtualCard.blank(FAMILIES[(number + made) % len(FAMILIES)], seed=made + 1), "")
            self.cards.append(holder)
        return holder


class _Quiet(WSGIRequestHandler):
    def log(self, *_: object) -> None:
        """Say nothing."""


@contextmanager
def opened_house(settings: Settings, clock: HallClock, guests: Sequence[Guest]) -> Iterator[House]:
    """On an empty database. The door is in this process, because its clock is; desks work on it from many threads."""
    built = build(settings)
    services = replace(built, engine=replace(built.engine, clock=clock))
    try:
        with services.store.read() as uow:
            rules = services.rules.in_force(uow, local_day(clock()))
        house = House(services, clock, rules, _staff(services, clock))
        server = make_server("127.0.0.1", 0, create_api(services), threaded=True, request_handler=_Quiet)
        door = threading.Thread(target=server.serve_forever)
        door.start()
        try:
            with ExitStack() as clients:
                _furnish(house, settings, f"http://127.0.0.1:{server.port}", clients)
                _people(house, guests)
                yield house
        finally:
            server.shutdown()
            door.join()
            server.server_close()
    finally:
        services.close()


def _staff(services: Services, clock: HallClock) -> dict[str, Staff]:
    store = services.store
    roles = {f"clerk-{number}": "clerk" for number in range(1, DESKS + MACHINES + 1)}
    roles |= {"guide": "cashier", "boss": "supervisor"}
    people = staffed_outlet(store, OUTLET, roles, clock())
    vault = {"debit": f"vault:{OUTLET}", "credit": f"clearing:bank:{OUTLET}", "amount": VAULT, "corrects": "opening"}
    asked = propose(store, APPROVALS, "correction", "opening", vault, "开业备用金", by=people["guide"], now=clock())
    approve(store, APPROVALS, asked.approval_id, by=people["boss"], now=clock())
    return people


def _furnish(house: House, settings: Settings, url: str, clients: ExitStack) -> None:
    """Terminals with their keys and connections. Keys are good from the real time on, which signatures are checked by."""
    numbers = iter(range(1, 100))
    store = house.services.store

    def connected(name: str, role: str, outlet: str | None = OUTLET) -> ApiClient:
        key = scratch_terminal(settings, store, name, f"31000000{next(numbers):04d}", role, outlet)
        return clients.enter_context(ApiClient(url, name, load_key(key), clock=now))

    channel = connected(APP, "channel", None)
    for number in range(1, DESKS + MACHINES + 1):
        name = f"ws-{number}"
        clerk = house.people[f"clerk-{number}"]
        counter = Counter(name, connected(name, "workstation"), channel, house.services.engine, clerk)
        (house.counters if number <= DESKS else house.machines).append(counter)
    for number in range(1, KIOSKS + 1):
        house.kiosks.append(Place(f"kiosk-{number}", connected(f"kiosk-{number}", "topup"), channel))


def _people(house: House, guests: Sequence[Guest]) -> None:
    """Everybody is known; all but those who come to apply have a card with money from before."""
    with progress_bar("") as progress:
        for done, guest in enumerate(guests, start=1):
            person = synthetic_person(guest.number + 1)
            house.citizens[guest.number] = register_citizen(house.services.store, person, house.clock()).citizen_id
            if guest.errand != "apply":
                house.holders[guest.number] = _issued(house, guest.number)
            progress(done, len(guests))


def _issued(house: House, number: int) -> Holder:
    holder, port = house.blank(number), house.services.engine.port(_ISSUER)
    jobs: tuple[tuple[str, dict[str, Any]], ...] = (
        ("personalise", {"citizen_id": house.citizens[number]}),
        ("open", {"application": "bus", "product": "T"}),
        ("topup", {"amount": FIRST_MONEY, "payment": {"method": "cash", "reference": None}}),
    )
    for kind, params in jobs:
        channel = holder.card.channel()
        made = carry_out(port, channel, kind, params, idempotency_key=f"simulate-{number}-{kind}")
        holder.card_no = str(made["card_no"])
        channel.close()
    return holder


def open_drawers(house: House) -> None:
    """Every desk's teller takes a counted float."""
    for counter in house.counters:
        at = "terminal", counter.name
        house.shifts[counter.name] = open_shift(house.services.store, at, FLOAT, by=counter.clerk, now=house.clock())
