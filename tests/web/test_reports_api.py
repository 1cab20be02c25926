"""Shifts and reports over HTTP: a desk's own program moves its drawer, an office fetches the sheets, nobody more than that."""

import csv
import io
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest
import requests
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from cardsvc.bootstrap import now
from cardsvc.client import ApiClient
from cardsvc.client.http import ServiceRefused
from cardsvc.readers.carry import carry_out
from cardsvc.service.books.reports import day_sheet
from cardsvc.service.staff.accounts import NewStaff, add_staff
from cardsvc.service.terminals.registry import register_terminal
from cardsvc.signature import IDEMPOTENCY_KEY, public_hex
from cardsvc.units import LOCAL
from tests.day.outlet import PASSWORD, Hall, open_hall
from tests.serving import Served, serving
from tests.waiting import PATIENCE
from tests.web.test_api import sent, signed
from tests.web.test_terminals_api import refused
from tests.world import FAMILIES, World

TELLER = {"staff_id": "teller", "password": PASSWORD}
FLOAT = {"10000": 3}


class Bureau(NamedTuple):
    """The city, its outlet, a till of another maker that stands there, and the finance system."""

    served: Served
    hall: Hall
    till: ApiClient
    office_key: Ed25519PrivateKey
    office: ApiClient


@pytest.fixture
def bureau(tmp_path: Path) -> Iterator[Bureau]:
    """An outlet, its till, and an office without an outlet: it sees all of them."""
    with serving(World(tmp_path / "city.db", now())) as served:
        hall = open_hall(served.world)
        keys = [Ed25519PrivateKey.generate() for _ in range(2)]
        store = served.world.store
        register_terminal(store, "till-1", "", "310000000021", public_hex(keys[0]), "desk", now(), outlet_id="hall")
        register_terminal(store, "finance", "", "310000000022", public_hex(keys[1]), "office", now())
        with (
            ApiClient(served.url, "till-1", keys[0], clock=now, waits=()) as till,
            ApiClient(served.url, "finance", keys[1], clock=now, waits=()) as office,
        ):
            yield Bureau(served, hall, till, keys[1], office)


def opened(client: ApiClient, key: str = "", pieces: dict[str, int] | None = None, **teller: str) -> Any:
    """A shift with three notes of 100."""
    body = {"teller": TELLER | teller, "pieces": FLOAT if pieces is None else pieces}
    return client.call("POST", "/shifts", body, {IDEMPOTENCY_KEY: key or str(uuid.uuid4())})


def today() -> str:
    """The day in the city."""
    return now().astimezone(LOCAL).date().isoformat()


def test_a_shift_over_http(bureau: Bureau) -> None:
    """Opened, cash of the till in it, closed, counted wrong and right; each sent twice, because an answer may be lost."""
    till, hall = bureau.till, bureau.hall
    card = hall.world.issue(FAMILIES[0])
    shift = opened(till, "a-key-of-a-shift")
    again = opened(till, "a-key-of-a-shift")
    assert (shift["_replayed"], again["_replayed"], shift["shift_id"]) == (False, True, again["shift_id"])
    assert (shift["state"], shift["opening_float"], shift["workstation"]) == ("open", 30000, "terminal:till-1")
    cash = {"amount": 5000, "payment": {"method": "cash"}}
    carry_out(till, card.channel(), "topup", cash, idempotency_key=str(uuid.uuid4()))
    path = f"/shifts/{shift['shift_id']}"
    for _ in range(2):
        assert till.call("POST", f"{path}/close", {"teller": TELLER})["state"] == "closing"
    assert till.call("GET", path)["expected"] is None
    wrong = till.call("POST", f"{path}/count", {"teller": TELLER, "pieces": {"10000": 3}})
    assert (wrong["state"], wrong["difference"]) == ("difference_pending", -5000)
    right = {"teller": TELLER, "pieces": {"10000": 3, "5000": 1}}
    for _ in range(2):
        closed = till.call("POST", f"{path}/count", right)
        assert (closed["state"], closed["expected"], closed["difference"]) == ("closed", 35000, 0)
    assert hall.balance(f"drawer:{shift['shift_id']}") == 0


def test_what_a_till_is_refused(bureau: Bureau) -> None:
    """Without its key, with a key used before, somebody who is not the teller, a stranger's shift, no desk at all."""
    till, served = bureau.till, bureau.served
    assert refused(till, "POST", "/shifts", {"teller": TELLER, "pieces": {}}) == "idempotency_key_missing"
    codes = [
        ({"key": "short"}, "idempotency_key_malformed"),
        ({"password": "not the password"}, "sign_in_wrong"),
        ({"staff_id": "auditor"}, "not_permitted"),
        ({"pieces": {"300": 1}}, "count_wrong"),
    ]
    for given, code in codes:
        with pytest.raises(ServiceRefused, match=rf"^{code} "):
            opened(till, **given)
    shift = opened(till, "a-key-of-a-shift")
    with pytest.raises(ServiceRefused, match=r"^idempotency_key_reused "):
        opened(till, "a-key-of-a-shift", {"10000": 1})
    path = f"/shifts/{shift['shift_id']}"
    assert refused(till, "POST", f"{path}/close", {"teller": TELLER | {"staff_id": "other"}}) == "not_permitted"
    assert refused(served.desk, "GET", path) == "shift_unknown"
    assert refused(till, "POST", "/shifts/none/close", {"teller": TELLER}) == "shift_unknown"
    with pytest.raises(ServiceRefused, match=r"^not_permitted "):
        opened(served.desk)  # it stands in no outlet
    for client in (served.kiosk, served.channel, bureau.office):
        assert refused(client, "GET", path) == "operation_not_permitted"
        with pytest.raises(ServiceRefused, match=r"^operation_not_permitted "):
            opened(client)
    assert refused(till, "GET", f"/shifts?day={today()}") == "operation_not_permitted"


def test_a_password_that_is_good_once_opens_no_shift(bureau: Bureau) -> None:
    """It is replaced on the desk page first."""
    hall = bureau.hall
    add_staff(hall.world.store, NewStaff("new", "新人", "cashier", "hall"), "good for once", now(), by=hall["admin"], once=True)
    with pytest.raises(ServiceRefused, match=r"^password_once "):
        opened(bureau.till, staff_id="new", password="good for once")


@pytest.mark.parametrize("by", ["teller", "terminal", "outlet", "product"])
def test_an_office_fetches_the_sheets_of_a_day(bureau: Bureau, by: str) -> None:
    """What the service adds up, in three forms; and the shifts behind it."""
    world = bureau.hall.world
    shift = opened(bureau.till)
    world.topup(world.issue(FAMILIES[0]), 5000)
    found = dict(bureau.office.call("GET", f"/reports/day-sheet?day={today()}&by={by}"))
    assert found.pop("_replayed") is False
    assert found == day_sheet(world.store, now().astimezone(LOCAL).date(), by)
    listed = bureau.office.call("GET", f"/shifts?day={today()}")["shifts"]
    assert [one["shift_id"] for one in listed] == [shift["shift_id"]]
    asked = f"/reports/day-sheet/print?day={today()}&by={by}&outlet=hall&lang=en&form="
    with requests.Session() as session:
        session.trust_env = False
        answers = {
            form: session.send(
                signed(bureau.served, "GET", asked + form, key=bureau.office_key, terminal="finance"), timeout=PATIENCE
            )
            for form in ("csv", "pdf")
        }
    rows = list(csv.reader(io.StringIO(answers["csv"].content.decode("utf-8-sig"))))
    assert any("floats" in row for row in rows)
    assert answers["csv"].headers["Content-Type"].startswith("text/csv")
    assert answers["pdf"].content.startswith(b"%PDF-")


def test_an_office_reads_reports_and_nothing_else(bureau: Bureau) -> None:
    """No card, no job, no order; one with an outlet only its own; a suspended one nothing; bad questions are refused."""
    served, office = bureau.served, bureau.office
    world = served.world
    number = world.card_no_of(world.issue(FAMILIES[0]))
    for path in (f"/cards/{number}", f"/cards/{number}/transactions", f"/cards/{number}/transactions/x/receipt", "/orders/x"):
        assert refused(office, "GET", path) == "operation_not_permitted"
    start = {"kind": "inspect", "params": {}, "reader": {"atr": "3B8B800120900000000000B0AC2842CC"}}
    with pytest.raises(ServiceRefused, match=r"^operation_not_permitted "):
        office.call("POST", "/operations", start, {IDEMPOTENCY_KEY: str(uuid.uuid4())})
    sheet = f"/reports/day-sheet?day={today()}"
    for client in (served.desk, served.kiosk, served.channel, bureau.till):
        for path in (sheet, f"/reports/day-sheet/print?day={today()}"):
            assert refused(client, "GET", path) == "operation_not_permitted"
    for bad in (
        "/reports/day-sheet",
        "/reports/day-sheet?day=x",
        f"{sheet}&by=moon",
        f"/reports/day-sheet/print?day={today()}&form=doc",
    ):
        assert refused(office, "GET", bad) == "params_invalid"
    assert refused(office, "GET", f"{sheet}&outlet=moon") == "outlet_unknown"
    assert sent(signed(served, "GET", sheet, terminal="finance")) == (401, "signature_wrong")
    key = Ed25519PrivateKey.generate()
    register_terminal(world.store, "hall-books", "", "310000000023", public_hex(key), "office", now(), outlet_id="hall")
    with ApiClient(served.url, "hall-books", key, clock=now, waits=()) as own:
        assert own.call("GET", sheet)["outlet"] == "hall"
        assert refused(own, "GET", f"{sheet}&outlet=west") == "operation_not_permitted"
        assert refused(own, "GET", f"/shifts?day={today()}&outlet=west") == "operation_not_permitted"
