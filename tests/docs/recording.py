"""A day at the service's HTTP door as it is written down: every route once, with what was asked and what was answered."""

import datetime as dt
import json
import re
import uuid
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import pytest
import requests
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from cardsvc.client import ApiClient
from cardsvc.client.http import ServiceRefused
from cardsvc.errors import CardGone
from cardsvc.readers.carry import CarriedOut, carry_out, finish
from cardsvc.service.cards.requests import request_of
from cardsvc.service.desk.faces import print_face
from cardsvc.service.desk.workstations import begin
from cardsvc.service.staff.accounts import NewStaff, add_outlet, add_staff
from cardsvc.service.terminals.registry import register_terminal
from cardsvc.signature import public_hex
from cardsvc.store.records import Staff
from cardsvc.units import LOCAL
from cardsvc.vcard import FaultPlan, VirtualCard
from tests.service.cards.test_card_requests import take
from tests.serving import Served, serving
from tests.waiting import PATIENCE
from tests.web.test_api import signed
from tests.world import FAMILIES, World

Recording = dict[str, list[dict[str, Any]]]
"""By route, like ``POST /api/v1/operations``: what was sent and what came, in order."""
CARD = "3100010100000001"
CASH = {"method": "cash", "reference": None}
NEXT_KEY = Ed25519PrivateKey.from_private_bytes(bytes(range(32, 64)))
KEY_NAMES = {"signature", "public_key"}
_UUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")
_MOMENT = re.compile(r"2\d{3}-\d\d-\d\d[T ]\d\d:\d\d(:[0-9.]+)?(\+0\d:00)?")
_NOON = dt.datetime(2026, 11, 24, 4, 0, tzinfo=dt.UTC)


def recorded(folder: Path, routes: list[tuple[str, str]]) -> Recording:
    """Play the day and write it down. ``routes``: method and path with {names}."""
    taken: list[tuple[str, str, dict[str, Any]]] = []
    original = requests.Session.send

    def send(self: requests.Session, request: requests.PreparedRequest, **given: Any) -> requests.Response:
        response = original(self, request, **given)
        path = (request.path_url).partition("?")[0]
        taken.append((str(request.method), path, _exchange(request, response)))
        return response

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(requests.Session, "send", send)
        world = World(folder / "city.db")
        with serving(world, clock=lambda: world.now) as served:
            _day(served)
    kept: Recording = {}
    steady = _Steady()
    for method, path, exchange in taken:
        kept.setdefault(_route(method, path, routes), []).append(steady.made(exchange))
    return {route: _one_of_each(exchanges) for route, exchanges in kept.items()}


def _exchange(request: requests.PreparedRequest, response: requests.Response) -> dict[str, Any]:
    sent: Any = json.loads(request.body) if request.body else None
    kind = response.headers.get("Content-Type", "").partition(";")[0]
    came: Any = response.json() if kind.endswith("json") else response.text.partition("CR1*")[0]
    return {"request": sent, "status": response.status_code, "type": kind, "response": came}


def _route(method: str, path: str, routes: list[tuple[str, str]]) -> str:
    for candidate, template in routes:
        if candidate == method and re.fullmatch(re.sub(r"\{[^}]+\}", "[^/]+", template), path):
            return f"{method} {template}"
    raise AssertionError(f"{method} {path} is not in the document")


def _one_of_each(exchanges: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The first exchange of each status, and of each state of an operation."""
    found: dict[Any, dict[str, Any]] = {}
    for exchange in exchanges:
        state = exchange["response"].get("state") if isinstance(exchange["response"], dict) else None
        found.setdefault((exchange["status"], state), exchange)
    return list(found.values())


class _Steady:
    """What is different each time (ids, moments, keys) is counted instead, so that the same day gives the same text."""

    def __init__(self) -> None:
        self._seen: dict[str, str] = {}

    def made(self, value: Any, name: str = "") -> Any:
        """The value with steady ids, moments and keys."""
        if isinstance(value, dict):
            return {key: self.made(part, key) for key, part in value.items()}
        if isinstance(value, list):
            return [self.made(part, name) for part in value]
        if not isinstance(value, str):
            return value
        if name in KEY_NAMES and value != public_hex(NEXT_KEY):
            return "00" * (len(value) // 2)
        if name == "day":
            return _NOON.date().isoformat()
        shown = value[:16] if name == "pdf" else value
        return _MOMENT.sub(_NOON.isoformat(), _UUID.sub(self._id, shown))

    def _id(self, found: re.Match[str]) -> str:
        return self._seen.setdefault(found[0], str(uuid.UUID(int=len(self._seen) + 1, version=4)))


def _day(served: Served) -> None:
    """What happens, in order."""
    world, kiosk = served.world, served.kiosk
    card = world.issue(FAMILIES[0])
    kiosk.call("POST", "/terminals/self/session", {"signed_on": True})
    _hot_list(served)
    key = str(uuid.UUID(int=1, version=4))
    loaded = carry_out(kiosk, card.channel(), "topup", {"amount": 5000, "payment": CASH}, idempotency_key=key)
    _pulled(kiosk, card)
    with suppress(CarriedOut):
        carry_out(kiosk, card.channel(), "topup", {"amount": 50, "payment": CASH}, idempotency_key=str(uuid.uuid4()))
    begun = kiosk.start("inspect", {}, atr=card.atr, idempotency_key=str(uuid.uuid4()))
    kiosk.status(begun.id)
    kiosk.abandon(begun.id, begun.step, (), "customer_left")
    for refused in (
        lambda: kiosk.status(str(uuid.uuid4())),
        lambda: kiosk.start("dance", {}, atr=card.atr, idempotency_key=key),
    ):
        with suppress(ServiceRefused):
            refused()
    _order(served, card)
    served.desk.card(CARD)
    kiosk.transactions(CARD)
    _receipt(served, loaded["load_id"])
    kiosk.call("POST", "/terminals/self/keys", {"public_key": public_hex(NEXT_KEY)})
    with _workstation(served) as agent:
        _face(served, agent, _relayed(served, agent, card))
    _day_at_the_till(served)
    for path in ("/healthz", "/readyz"):
        requests.get(f"{served.url}{path}", timeout=PATIENCE)


def _hot_list(served: Served) -> None:
    other = served.world.card_no_of(served.world.issue(FAMILIES[1], 2))
    with served.world.store.begin() as uow:
        uow.hotlist.change_card(other, "add", "lost", "desk", served.world.now)
        uow.commit()
    served.kiosk.call("GET", "/hotlist?since=0")
    served.kiosk.call("POST", "/hotlist/ack", {"version": 1})
    served.desk.call("GET", "/hotlist/status")


def _pulled(kiosk: ApiClient, card: VirtualCard) -> None:
    """A customer takes the card away before it is written, and brings it again."""
    card.plan = FaultPlan(tear_after_command=7)
    with suppress(CardGone):
        carry_out(kiosk, card.channel(), "topup", {"amount": 5000, "payment": CASH}, idempotency_key=str(uuid.uuid4()))
    card.plan = FaultPlan()
    done = carry_out(kiosk, card.channel(), "inspect", {}, idempotency_key=str(uuid.uuid4()))
    assert done["settled"]


def _order(served: Served, card: VirtualCard) -> None:
    payment = {"method": "mobile", "reference": "wx-20261124-0001"}
    made = served.channel.order({"card_no": CARD, "amount": 10_000, "payment": payment})
    carry_out(served.kiosk, card.channel(), "fetch", {}, idempotency_key=str(uuid.uuid4()))
    served.channel.order_state(made["order_id"])


def _receipt(served: Served, load_id: str) -> None:
    """On paper, and as the customer's phone checks it."""
    with requests.Session() as session:
        printed = session.send(signed(served, "GET", f"/cards/{CARD}/transactions/{load_id}/receipt?form=text58")).text
    code = "".join(printed[printed.index("CR1*") :].split())
    requests.get(f"{served.url}/receipts/{code}", timeout=PATIENCE)


@contextmanager
def _workstation(served: Served) -> Iterator[ApiClient]:
    """A desk PC with its agent, played by hand."""
    world, key = served.world, Ed25519PrivateKey.generate()
    add_outlet(world.store, "hall", "市民之家", world.now)
    register_terminal(world.store, "ws-1", "", "310000000011", public_hex(key), "workstation", world.now, outlet_id="hall")
    with ApiClient(served.url, "ws-1", key, clock=lambda: world.now) as agent:
        yield agent


def _day_at_the_till(served: Served) -> None:
    """Another maker's desk program opens, closes and counts its drawer; a bureau's finance system fetches the sheets."""
    store, noon, keys = served.world.store, served.world.now, [Ed25519PrivateKey.generate() for _ in range(2)]
    register_terminal(store, "till-1", "", "310000000021", public_hex(keys[0]), "desk", noon, outlet_id="hall")
    register_terminal(store, "finance", "", "310000000022", public_hex(keys[1]), "office", noon, outlet_id="hall")
    teller = {"staff_id": "clerk", "password": "only for tests"}
    with (
        ApiClient(served.url, "till-1", keys[0], clock=lambda: noon) as till,
        ApiClient(served.url, "finance", keys[1], clock=lambda: noon) as office,
    ):
        opening = {"teller": teller, "pieces": {}}
        shift = till.call("POST", "/shifts", opening, {"Idempotency-Key": str(uuid.uuid4())})
        path = f"/shifts/{shift['shift_id']}"
        till.call("GET", path)
        till.call("POST", f"{path}/close", {"teller": teller})
        till.call("POST", f"{path}/count", {"teller": teller, "pieces": {}})
        waiting = served.world.issue(FAMILIES[0], 9)
        handout = f"/handouts/{served.world.card_no_of(waiting)}"
        till.call("GET", handout)
        till.call("POST", handout, {"teller": teller, "came": "holder", "compared": True})
        day = noon.astimezone(LOCAL).date().isoformat()
        office.call("GET", f"/shifts?day={day}")
        office.call("GET", f"/reports/day-sheet?day={day}&by=product")
    with requests.Session() as session:
        asked = f"/reports/day-sheet/print?day={day}&lang=en"
        session.send(signed(served, "GET", asked, key=keys[1], terminal="finance", created=noon))


def _relayed(served: Served, agent: ApiClient, card: VirtualCard) -> Staff:
    world = served.world
    admin = add_staff(world.store, NewStaff("admin", "管理员", "administrator", "hall"), "only for tests", world.now, by=None)
    clerk = add_staff(world.store, NewStaff("clerk", "演示员", "clerk", "hall"), "only for tests", world.now, by=admin)
    contact = "contact-1"
    reader = {"name": "Virtual PCD 00 00", "atr": card.atr.hex().upper(), "contact": contact}
    agent.call("POST", "/workstations/self/readers", {"session": "session-1", "new": True, "readers": [reader]})
    begun = begin(world.engine, "ws-1", contact, "inspect", {}, by=clerk, idempotency_key=str(uuid.uuid4()))
    work = agent.call("POST", "/workstations/self/work", {"session": "session-1", "last": None, "wait": 0})
    assert work["operation"]["id"] == begun.id
    channel = card.channel()
    finish(agent, channel, begun)
    channel.close()
    return clerk


def _face(served: Served, agent: ApiClient, clerk: Staff) -> None:
    """A card is made for somebody who applied, and its face is printed beside the workstation."""
    world, session = served.world, {"session": "session-1"}
    agent.call("POST", "/workstations/self/readers", {**session, "new": False, "readers": [], "face_queue": "cards"})
    case_no = take(world, clerk, world.citizen(3)).case_no
    world.do(VirtualCard.blank(FAMILIES[0], seed=3), "personalise", citizen_id=world.citizen(3))
    print_face(world.store, request_of(world.store, case_no)["face"]["print_id"], "ws-1", by=clerk, now=world.now)
    face = agent.call("POST", "/workstations/self/faces/next", {**session, "last": None})["face"]
    agent.call("POST", f"/workstations/self/faces/{face['print_id']}", {**session, "state": "printed", "note": None})
