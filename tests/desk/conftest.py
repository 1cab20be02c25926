"""A hall with a workstation, behind the HTTP door."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from cardsvc.bootstrap import now
from cardsvc.client import ApiClient
from cardsvc.service.staff.accounts import NewStaff, add_outlet, add_staff
from cardsvc.service.terminals.registry import register_terminal
from cardsvc.signature import public_hex
from cardsvc.store.records import Staff
from tests.serving import Served, serving
from tests.world import World

PASSWORD = "only for tests"
WS = "ws-1"


@dataclass
class Desk:
    """The served city, a clerk of the workstation's outlet and one of another, and the agent's connection."""

    served: Served
    clerk: Staff
    stranger: Staff
    agent: ApiClient
    second: ApiClient

    @property
    def world(self) -> World:
        """The city."""
        return self.served.world


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    """A fresh hall."""
    with serving(World(tmp_path / "city.db", now())) as served:
        store, moment = served.world.store, served.world.now
        for outlet in ("hall", "other"):
            add_outlet(store, outlet, outlet, moment)
        admin = add_staff(store, NewStaff("admin", "管理员", "administrator", "hall"), PASSWORD, moment, by=None)
        clerk = add_staff(store, NewStaff("clerk", "演示员", "clerk", "hall"), PASSWORD, moment, by=admin)
        stranger = add_staff(store, NewStaff("stranger", "外点员", "clerk", "other"), PASSWORD, moment, by=admin)
        key = Ed25519PrivateKey.generate()
        register_terminal(store, WS, "", "310000000011", public_hex(key), "workstation", moment, outlet_id="hall")
        with ApiClient(served.url, WS, key, clock=now) as agent, ApiClient(served.url, WS, key, clock=now) as second:
            yield Desk(served, clerk, stranger, agent, second)
