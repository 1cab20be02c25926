"""An outlet with its people and two workstations behind the desk page, without cards: for tests of what staff do there."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from flask.testing import FlaskClient
from werkzeug.datastructures import FileStorage
from werkzeug.test import TestResponse

from cardsvc.bootstrap import Services, now
from cardsvc.config import Settings
from cardsvc.service.staff.accounts import NewStaff, add_outlet, add_staff
from cardsvc.service.terminals.registry import register_terminal
from cardsvc.signature import public_hex
from cardsvc.store.records import Staff
from cardsvc.web.desk import create_desk
from tests.templates import compiled_once
from tests.world import LiveWorld, World, profiles

PASSWORD = "only for tests"
ROLES = {"clerk": "clerk", "other": "cashier", "chief": "supervisor", "second": "supervisor", "auditor": "auditor"}


@dataclass
class Page:
    """Somebody at the page."""

    client: FlaskClient

    def get(self, path: str) -> TestResponse:
        """A page."""
        return self.client.get(f"/desk{path}")

    def text(self, path: str) -> str:
        """What a page says, without its tags."""
        answer = self.get(path)
        assert answer.status_code == 200, answer.text
        return plain(answer.text)

    def post(self, path: str, **form: str | list[str] | FileStorage) -> TestResponse:
        """A form of this page, sent."""
        found = re.search(r'name="csrf" content="([^"]+)"', self.get("/sessions").text)
        assert found
        return self.client.post(f"/desk{path}", data={"csrf": found[1], **form})


@dataclass
class Office:
    """The outlet and its page."""

    world: World
    people: Mapping[str, Staff]
    app: Any

    def page(self, who: str, place: str | None = None, language: str = "zh", password: str = PASSWORD) -> Page:
        """Somebody signs in, at a workstation or at none."""
        client = self.app.test_client()
        client.set_cookie("cardsvc_lang", language)
        if place:
            client.set_cookie("cardsvc_workstation", place)
        answer = client.post("/desk/sign-in", data={"staff_id": who, "password": password})
        assert answer.status_code == 303, answer.text
        return Page(client)


def plain(html: str) -> str:
    """A page without its tags."""
    return re.sub(r" ?： ?", "：", re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", html)))


def furnish(path: Path) -> None:
    """A database with the outlet and its people: made once, as hashing passwords takes its time."""
    world = LiveWorld(path, now())
    store, moment = world.store, world.now
    add_outlet(store, "hall", "市民之家", moment)
    add_outlet(store, "west", "城西网点", moment)
    admin = add_staff(store, NewStaff("admin", "管理员", "administrator", "hall"), PASSWORD, moment, by=None)
    for name, role in ROLES.items():
        add_staff(store, NewStaff(name, f"演示 {name}", role, "hall"), PASSWORD, moment, by=admin)
    for name, number in (("ws-1", "11"), ("ws-2", "12")):
        key = public_hex(Ed25519PrivateKey.generate())
        register_terminal(store, name, "", f"3100000000{number}", key, "workstation", moment, outlet_id="hall")
    world.close()


def open_office(path: Path) -> Office:
    """The outlet of a copy of that database."""
    world = LiveWorld(path, now())
    with world.store.read() as uow:
        people = {person.staff_id: person for person in uow.staff.all()}
    return Office(
        world,
        people,
        compiled_once(create_desk(Services(Settings(), world.store, world.engine, profiles(), world.engine.rules))),
    )
