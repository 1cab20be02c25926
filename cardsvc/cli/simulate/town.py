"""The town of a simulation: an outlet with its people, cards in citizens' hands, terminals at their places."""

import threading
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from cardsvc.bootstrap import Services, build, now
from cardsvc.cli.scratch.people import staffed_outlet, synthetic_person
from cardsvc.cli.shared.progress import progress_bar
from cardsvc.client import create_key
from cardsvc.config import Settings
from cardsvc.readers.carry import carry_out
from cardsvc.service.approval_kinds import APPROVALS
from cardsvc.service.cash.shifts import open_shift
from cardsvc.service.operations.kinds import Actor
from cardsvc.service.people.register import register_citizen
from cardsvc.service.staff.approvals import approve, propose
from cardsvc.service.terminals.registry import register_terminal
from cardsvc.signature import public_hex
from cardsvc.store.records import Shift, Staff
from cardsvc.vcard import FaultPlan, VirtualCard

OUTLET, DESK, APP = "hall", "desk-1", "app"
FLOAT = {"10000": 10, "1000": 50}
FLOAT_FEN = 150_000
VAULT = 10_000_000
FAMILIES = ("fudan-fmcos2", "mingwah-smartcos", "huada-city", "watchdata")


@dataclass
class Holder:
    """A citizen with a card, which is in one place at a time. ``paid``: payments whose fate only the card knows; ``ails``: what
    is wrong with the chip whenever it runs."""

    card: VirtualCard
    card_no: str
    lock: threading.Lock = field(default_factory=threading.Lock)
    paid: dict[int, list["Paid"]] = field(default_factory=dict)
    ails: FaultPlan = field(default_factory=FaultPlan)


@dataclass(frozen=True)
class Paid:
    """What a citizen paid at a place: fen, how, and with which reference."""

    place: str
    amount: int
    method: str
    reference: str | None


@dataclass
class Town:
    """Everything that a day needs. ``keys``: key file of each terminal."""

    services: Services
    people: dict[str, Staff]
    holders: list[Holder]
    keys: dict[str, Path]
    shift: Shift


def build_town(settings: Settings, cards: int, kiosks: int) -> Town:
    """On an empty database: the outlet, its vault and staff, terminals, cards with the bus open, and a teller's shift."""
    services = build(settings)
    store, moment = services.store, now()
    people = staffed_outlet(store, OUTLET, {"teller": "cashier", "boss": "supervisor"}, moment)
    vault = {"debit": f"vault:{OUTLET}", "credit": f"clearing:bank:{OUTLET}", "amount": VAULT, "corrects": "opening"}
    asked = propose(store, APPROVALS, "correction", "opening", vault, "开业备用金", by=people["teller"], now=moment)
    approve(store, APPROVALS, asked.approval_id, by=people["boss"], now=moment)
    terminals = [(DESK, "desk"), (APP, "channel"), *((f"kiosk-{number}", "topup") for number in range(1, kiosks + 1))]
    keys = {
        name: _terminal(services, settings, name, f"31000000{number:04d}", role)
        for number, (name, role) in enumerate(terminals, start=1)
    }
    with progress_bar("") as progress:
        holders = []
        for number in range(cards):
            holders.append(_holder(services, number))
            progress(number + 1, cards)
    shift = open_shift(store, ("terminal", DESK), FLOAT, by=people["teller"], now=now())
    return Town(services, people, holders, keys, shift)


def _terminal(services: Services, settings: Settings, name: str, number: str, role: str) -> Path:
    path = settings.keystore.parent / f"{name}.pem"
    public = public_hex(create_key(path))
    place: dict[str, Any] = {} if role == "channel" else {"outlet_id": OUTLET}
    register_terminal(services.store, name, name, number, public, role, now(), **place)
    return path


def _holder(services: Services, number: int) -> Holder:
    """A person with a card on which the bus product T is open."""
    citizen = register_citizen(services.store, synthetic_person(number + 1), now())
    card, port = VirtualCard.blank(FAMILIES[number % len(FAMILIES)], seed=number), services.engine.port(_ISSUER)
    made: dict[str, Any] = {}
    for kind, params in (
        ("personalise", {"citizen_id": citizen.citizen_id}),
        ("open", {"application": "bus", "product": "T"}),
    ):
        channel = card.channel()
        made = {**carry_out(port, channel, kind, params, idempotency_key=f"simulate-{number}-{kind}"), **made}
        channel.close()
    return Holder(card, str(made["card_no"]))


_ISSUER = Actor("local", "issuing", bytes.fromhex("310000009999"), "desk")
