"""A stock of blank cards for tests: an outlet with its people, two workstations, and batches of virtual blanks."""

from dataclasses import dataclass, replace
from functools import cache
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from cardsvc.rules import RuleSet
from cardsvc.service.management.stock_figures import stock_view
from cardsvc.service.operations.kinds import Actor
from cardsvc.service.operations.rule_book import RuleBook
from cardsvc.service.staff.accounts import NewStaff, add_outlet, add_staff
from cardsvc.service.stock.blanks import delivery_of, hand_to_desk, receive
from cardsvc.service.terminals.registry import register_terminal
from cardsvc.signature import public_hex
from cardsvc.store.records import Staff
from cardsvc.vcard import PROFILES, VirtualCard
from tests.world import World, rules

PASSWORD = "only for tests"
FAMILY = "fudan-fmcos2"
LENGTH = PROFILES[FAMILY].chip_serial_length
DESK_1 = Actor("terminal", "ws-1", bytes.fromhex("310000000011"), "desk")
ROLES = ("stock_keeper", "clerk", "supervisor", "auditor")


@dataclass
class Stock:
    """The outlet and who works there."""

    world: World
    people: dict[str, Staff]

    @property
    def keeper(self) -> Staff:
        return self.people["stock_keeper"]

    def deliver(self, batch_id: str = "FM-1", first: int = 1, count: int = 10, version: int = 1, **given: Any) -> None:
        """A batch with chips of these numbers, into the store room."""
        typed = {
            "batch_id": batch_id,
            "family": FAMILY,
            "supplier": "演示卡厂",
            "count": count,
            "first_serial": serial(first),
            "last_serial": serial(first + count - 1),
            "transport_version": version,
        }
        receive(self.world.engine, delivery_of(**{**typed, **given}), by=self.keeper)

    def hand(self, count: int, batch_id: str = "FM-1", desk: str = "terminal:ws-1") -> None:
        """Blanks from the store room to a desk."""
        hand_to_desk(self.world.store, batch_id, count, desk, "clerk", by=self.keeper, now=self.world.now)

    def make(self, number: int, actor: Actor = DESK_1, card: VirtualCard | None = None) -> dict[str, Any]:
        """A card for person ``number`` on the chip of the same number."""
        return dict(self.world.do(card or blank(number), "personalise", actor, citizen_id=self.world.citizen(number)))

    def check(self, card: VirtualCard, actor: Actor = DESK_1) -> dict[str, Any]:
        """The first-article check of a card."""
        return dict(self.world.do(card, "first_article", actor))

    def proven(self, number: int, actor: Actor = DESK_1) -> None:
        """A first card of its batch at this desk, made and checked."""
        card = blank(number)
        self.make(number, actor, card)
        assert self.check(card, actor)["right"]

    def view(self) -> dict[str, Any]:
        """The figures of the outlet."""
        return stock_view(self.world.store, self.world.engine.rules, "hall", self.world.now)

    def holds(self) -> dict[str, int]:
        """What every place holds, all batches together."""
        found: dict[str, int] = {}
        with self.world.store.read() as uow:
            for row in uow.blank_movements.balances():
                found[row.place] = found.get(row.place, 0) + row.number
        return found

    def rule(self, **values: Any) -> None:
        """Another rule for blanks from here on."""
        self.world.engine = replace(self.world.engine, rules=RuleBook(with_stock_rule(**values)))


def with_stock_rule(**values: Any) -> RuleSet:
    """The packaged rules with another rule for blanks."""
    changed = rules().stock[0].model_copy(update=values)
    return rules().model_copy(update={"stock": (changed,)})


def serial(number: int) -> str:
    """The chip serial of a virtual blank."""
    return number.to_bytes(LENGTH).hex().upper()


def blank(number: int) -> VirtualCard:
    """A blank with this chip."""
    return VirtualCard.blank(FAMILY, number.to_bytes(LENGTH), seed=number)


@cache
def _key(name: str) -> str:
    return public_hex(Ed25519PrivateKey.from_private_bytes(name.encode().ljust(32, b"\0")))


def open_stock(world: World) -> Stock:
    """An outlet whose stock is empty."""
    add_outlet(world.store, "hall", "市民之家", world.now)
    add_outlet(world.store, "west", "城西网点", world.now)
    admin = add_staff(world.store, NewStaff("admin", "a", "administrator", "hall"), PASSWORD, world.now, by=None)
    people = {
        role: add_staff(
            world.store, NewStaff("clerk" if role == "clerk" else role, role, role, "hall"), PASSWORD, world.now, by=admin
        )
        for role in ROLES
    }
    for name, number in (("ws-1", "11"), ("ws-2", "12")):
        register_terminal(world.store, name, "", f"3100000000{number}", _key(name), "workstation", world.now, outlet_id="hall")
    return Stock(world, {**people, "admin": admin})
