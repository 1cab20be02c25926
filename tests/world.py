"""A whole small city for tests: profiles, keys, rules, a database, virtual cards, and a clock that tests move."""

import copy
import datetime as dt
import uuid
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from cardsvc.bootstrap import key_names
from cardsvc.bootstrap import now as clock
from cardsvc.card.profile import Profile
from cardsvc.card.profiles import load_profiles
from cardsvc.config import find_profiles
from cardsvc.iso7816.channel import Channel
from cardsvc.iso7816.links import ResponseLink
from cardsvc.keystore.keys import TRANSPORT, KeyEntry, KeyRing, KeyState
from cardsvc.readers.carry import carry_out
from cardsvc.rules import RuleSet, load_rule_set
from cardsvc.service.operation_kinds import KINDS
from cardsvc.service.operations.engine import Engine
from cardsvc.service.operations.kinds import Actor
from cardsvc.service.operations.rule_book import RuleBook
from cardsvc.service.people.register import CitizenData, register_citizen
from cardsvc.service.staff.trail import PROGRAM, note
from cardsvc.service.terminals.registry import register_terminal
from cardsvc.signature import public_hex
from cardsvc.store import Store, open_store
from cardsvc.store.records import Outlet, Staff
from cardsvc.units import id_number_check_digit
from cardsvc.vcard import PROFILES, FaultPlan, VirtualCard
from cardsvc.wire import OperationPort
from tests.compiled import compiled_once
from tests.databases import copy as copy_database
from tests.databases import known, url_of, with_tables
from tests.repeated import begin, once

FAMILIES = ("fudan-fmcos2", "mingwah-smartcos")
"""The two families that every test of a job runs on; ISSUABLE are all that can be issued here."""
ISSUABLE = tuple(name for name in PROFILES if next(p for p in load_profiles(find_profiles()) if p.id == name).issuable)
NOON = dt.datetime(2026, 11, 24, 4, 0, tzinfo=dt.UTC)
DESK = Actor("desk", "desk-1", bytes.fromhex("310000000001"), "desk")
KIOSK = Actor("terminal", "kiosk-7", bytes.fromhex("310000000007"), "topup")


@cache
def profiles() -> tuple[Profile, ...]:
    """The profiles of the checkout."""
    return load_profiles(find_profiles())


@cache
def key_ring() -> KeyRing:
    """Keys made from their names: the same in every run."""
    entries = [KeyEntry(n, 1, KeyState.ACTIVE, uuid.uuid5(uuid.NAMESPACE_OID, n).bytes) for n in key_names(profiles())]
    entries = [entry for entry in entries if entry.name != TRANSPORT]
    return KeyRing((*entries, KeyEntry(TRANSPORT, 1, KeyState.ACTIVE, b"\xff" * 8)))


def ring_without(name: str) -> KeyRing:
    """The key store as it was before this key was added."""
    return KeyRing(tuple(entry for entry in key_ring().entries if entry.name != name))


def person(number: int = 1) -> CitizenData:
    """A synthetic person: nobody was born on 30 February."""
    body = f"3301001999023{number:04d}"
    return CitizenData(
        name="测试一",
        id_number=body + id_number_check_digit(body),
        sex=1,
        ethnic_group=1,
        birthplace="330100",
        birth_date="1999-02-28",  # type: ignore[arg-type] # pydantic reads the ISO text
    )


@cache
def rules() -> RuleSet:
    """The packaged rules, read once."""
    return load_rule_set()


class World:
    """One database and the engine over it. ``clock`` starts at noon in Hangzhou."""

    def __init__(self, path: Path, now: dt.datetime = NOON, *, url: str | None = None) -> None:
        self.path = path
        self.now = now
        self.keys = key_ring()
        fresh = url is None and not known(path)
        self.store = open_store(url) if url else Store(with_tables(path))  # a copy of a database of the right version
        self.engine = self._own_engine = self.new_engine()
        self.steps: tuple[Any, ...] | None = None
        self.mark: object = None
        begin(self, fresh=fresh)

    def new_engine(self) -> Engine:
        """Another worker over the same database."""
        return Engine(self.store, self.keys, profiles(), RuleBook(rules()), KINDS, lambda: self.now)

    def port(self, actor: Actor = DESK) -> OperationPort:
        """The engine as a party sees it."""
        return self.engine.port(actor)

    def citizen(self, number: int = 1) -> str:
        """Register a person."""
        return register_citizen(self.store, person(number), self.now).citizen_id

    def do(self, card: VirtualCard, kind: str, actor: Actor = DESK, **params: Any) -> Mapping[str, Any]:
        """Put the card on the reader, carry an operation out, take it off."""
        try:
            return self.carry(card.channel(), kind, actor, **params)
        finally:
            card.plan = FaultPlan()

    def carry(self, channel: Channel, kind: str, actor: Actor = DESK, **params: Any) -> Mapping[str, Any]:
        """Carry an operation out over a channel, and close it."""
        try:
            return carry_out(self.port(actor), channel, kind, params, idempotency_key=str(uuid.uuid4()))
        finally:
            channel.close()

    def roll_key(self, name: str) -> None:
        """A new version of a key; cards of before have the old one."""
        self.use_keys(self.keys.rolled(name, uuid.uuid5(uuid.NAMESPACE_OID, f"{name} again").bytes))

    def use_keys(self, keys: KeyRing) -> None:
        """Another key store from here on."""
        self.keys = keys
        self.engine = self.new_engine()

    def as_made(self) -> tuple[Any, ...] | None:
        """See tests/repeated.py: a clock that runs is like no other, nor are other keys or rules."""
        return None if self.now.microsecond or self.engine is not self._own_engine else (self.now,)

    @once
    def issue(self, family: str, number: int = 1) -> VirtualCard:
        """A personalised card."""
        card = VirtualCard.blank(family, seed=number)
        self.do(card, "personalise", citizen_id=self.citizen(number))
        return card

    def bookkeeper(self) -> Staff:
        """Who imports files and reconciles, hired at the first call by nobody: their password opens nothing."""
        with self.store.begin() as uow:
            known = uow.staff.get("books")
            if known is None:
                uow.outlets.add(Outlet("books", "账务", self.now))
                known = uow.staff.add(Staff("books", "books", "cashier", "books", "-", "active", 0, self.now))
                note(uow, known, "created", became="cashier books", by=None, where=PROGRAM, now=self.now)
                uow.commit()
        return known

    def card_no_of(self, card: VirtualCard) -> str:
        """The number that was given to this card."""
        with self.store.read() as uow:
            row = uow.cards.by_chip(card.chip_serial.hex().upper(), card.dialect.name)
        assert row is not None
        return row.card_no

    def topup(self, card: VirtualCard, amount: int = 5000, actor: Actor = KIOSK) -> Mapping[str, Any]:
        """Top up in cash."""
        return self.do(card, "topup", actor, amount=amount, payment={"method": "cash", "reference": None})

    def register(self, actor: Actor, **about: Any) -> None:
        """Make a terminal known to the service."""
        number, role = actor.terminal_no.hex(), "topup" if actor.role == "topup" else "workstation"
        key = public_hex(Ed25519PrivateKey.from_private_bytes(actor.terminal_no.rjust(32, b"\0")))
        register_terminal(self.store, actor.id, "", number, key, role, self.now, **about)

    def balances(self) -> dict[str, int]:
        """Debits minus credits of every account."""
        with self.store.read() as uow:
            return uow.ledger.balances()

    def purse_total(self, card_no: str) -> int:
        """What the books owe the holder in the city purse."""
        return -self.balances().get(f"purse:{card_no}:purse:ep", 0)

    def close(self) -> None:
        """Let go of the database."""
        self.store.close()


class LiveWorld(World):
    """A city whose clock is the service's, which runs: what happens one after the other has times one after the other."""

    now = property(lambda _self: clock(), lambda _self, _value: None)  # type: ignore[assignment]


class Snapshot:
    """A world and a card at one moment, to go back to for every tear point.

    One store serves all copies, one after the other: closing it lets go of the file, and what it has compiled stays.
    """

    def __init__(self, world: World, card: VirtualCard, folder: Path) -> None:
        world.close()
        self._template = folder / "template.db"
        copy_database(world.path, self._template)
        self._image = bytes(card._eeprom.image)
        self._card = card
        self._path = folder / "again.db"
        self._store = Store(compiled_once(url_of(self._path)))
        self._now, self._keys = world.now, world.keys

    def again(self) -> tuple[World, VirtualCard]:
        """A fresh copy of both; the world of the copy before must be closed."""
        self._store.close()
        copy_database(self._template, self._path)
        world = World.__new__(World)
        world.path, world.now, world.keys = self._path, self._now, self._keys
        world.store, world.steps, world.mark = self._store, None, None
        world.engine = world.new_engine()
        card = VirtualCard(self._card.dialect, self._card.chip_serial, bytearray(self._image), seed=7)
        return world, card


def balance_on(card: VirtualCard, pin: bytes = b"") -> tuple[int, int, int]:
    """Balance, online and offline counter as they stand in the card's memory, read without the host's code."""
    fresh = copy.copy(card)
    fresh.plan = FaultPlan()
    channel = ResponseLink(fresh.channel())
    channel.transmit(bytes.fromhex("00A4040009A0000000038698070100"))
    if pin:
        assert channel.transmit(bytes.fromhex("0020000003") + pin) == b"\x90\x00"
    load = channel.transmit(bytes.fromhex("805000020B0100000001000000000000") + b"\x10")
    offline = channel.transmit(bytes.fromhex("805001020B0100000000000000000000") + b"\x0f")
    channel.close()
    return int.from_bytes(load[:4], "big"), int.from_bytes(load[4:6], "big"), int.from_bytes(offline[4:6], "big")


AIDS = {"purse": "A00000000386980701", "bus": "F0485A42555331", "parking": "F0485A5041524B31"}


def area_on(card: VirtualCard, application: str, purse: str = "ep") -> int:
    """Balance of any purse as it stands in the card's memory, read without the host's code."""
    fresh = copy.copy(card)
    fresh.plan = FaultPlan()
    fresh.power_on()
    aid = bytes.fromhex(AIDS[application])
    fresh.transmit(b"\x00\xa4\x04\x00" + bytes((len(aid),)) + aid + b"\x00")
    answer = fresh.transmit(bytes((0x80, 0x5C, 0x00, 1 if purse == "ed" else 2, 4)))
    fresh.power_off()
    return int.from_bytes(answer[:4], "big")
