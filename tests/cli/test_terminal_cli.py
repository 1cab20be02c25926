"""Terminals on the command line: being one, by hand and by script, and what an administrator does about them."""

import json
import os
import re
import subprocess
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from cardsvc.bootstrap import now
from cardsvc.client import create_key
from cardsvc.errors import CardGone
from cardsvc.keystore.sealed import SealedKeystore
from cardsvc.service.loss.hotlist import snapshot
from cardsvc.service.terminals.registry import register_terminal
from cardsvc.signature import public_hex
from cardsvc.vcard import FaultPlan, VirtualCard
from cardsvc.wire import hot_list_text
from tests.cli.prefork import run_command
from tests.cli.test_cli import as_json, run
from tests.day.outlet import PASSWORD, open_hall
from tests.serving import Served, kiosk_file, serving
from tests.world import FAMILIES, World

CARD = "3100010100000001"
CASH = {"method": "cash", "reference": None}
TERMINAL = ("--public-key", "aa" * 32, "--terminal-no", "310000000042")


def terminal(served: Served, folder: Path, card: VirtualCard, said: str, *options: str) -> subprocess.CompletedProcess[str]:
    """``cardsvc terminal run`` at a card, with what is typed."""
    key, file = kiosk_file(served, folder), folder / "card"
    card.save(file)
    place = ("--url", served.url, "--id", "kiosk-7", "--key", str(key), "--vcard", str(file))
    done = run_command(("terminal", "run", *place, *options), os.environ, said)
    assert "Traceback" not in done.stderr
    assert "signed on" in done.stderr
    assert "Signed off" in done.stderr
    return done


@pytest.fixture(autouse=True)
def _english(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CARDSVC_LANG", "en")


def test_a_customer_at_a_terminal(tmp_path: Path) -> None:
    """Card on, balance shown, amount typed, loaded; an amount that cannot be is told; an order is written with f."""
    with serving(World(tmp_path / "city.db", now())) as served:
        card = served.world.issue(FAMILIES[0])
        done = terminal(served, tmp_path, card, "50\n")
        assert (done.returncode, "balance 0.00" in done.stdout) == (0, True)
        assert "Loaded 50.00 yuan, the balance is 50.00 yuan" in done.stdout
        card = VirtualCard.load(tmp_path / "card")
        assert "amount_not_a_number" in terminal(served, tmp_path, card, "ten\n").stderr
        payment = {"method": "mobile", "reference": "wx-1"}
        served.channel.order({"card_no": CARD, "amount": 5000, "payment": payment})
        assert "the balance is 100.00 yuan" in terminal(served, tmp_path, card, "f\n").stdout
        assert terminal(served, tmp_path, VirtualCard.load(tmp_path / "card"), "q\n").returncode == 0
        assert served.world.purse_total(CARD) == 10000


def test_what_broke_off_before_is_told_in_words(tmp_path: Path) -> None:
    """The card left after the load was written: its next contact settles it, and says of how much and how."""
    with serving(World(tmp_path / "city.db", now())) as served:
        card = served.world.issue(FAMILIES[0])
        card.plan = FaultPlan(tear_after_write=1)
        with suppress(CardGone):
            served.world.topup(card)
        card.plan = FaultPlan()
        told = "Settled an earlier transaction: 50.00 yuan, it is on the card, and booked"
        assert told in terminal(served, tmp_path, card, "q\n").stdout


def test_a_program_drives_a_terminal_by_lines(tmp_path: Path) -> None:
    """One answer a line, in order; a bad line and a refusal are told with their number, and the rest goes on."""
    jobs: list[Any] = [
        {"kind": "topup", "params": {"amount": 5000, "payment": CASH}},
        {"kind": "topup", "params": {"amount": 500_000, "payment": CASH}},
        {"kind": "personalise"},
        {"kind": "inspect"},
    ]
    text = "\n".join([json.dumps(jobs[0]), "", "{not json", *(json.dumps(job) for job in jobs[1:])])
    with serving(World(tmp_path / "city.db", now())) as served:
        done = terminal(served, tmp_path, served.world.issue(FAMILIES[0]), text, "--script", "-")
        lines = [json.loads(line) for line in done.stdout.splitlines()]
        assert [line["line"] for line in lines] == [1, 3, 4, 5, 6]
        codes = [line["problem"]["code"] for line in lines if "problem" in line]
        assert codes == ["http_malformed", "rule_amount_above_maximum", "params_invalid"]
        assert [line["result"]["purse"]["balance"] for line in lines[-1:]] == [5000]
        assert (done.returncode, served.world.purse_total(CARD)) == (1, 5000)


def test_an_administrator_looks_after_terminals(home: dict[str, str]) -> None:
    """Registered, limited, given the next key and a shared secret, an old key retired, suspended, enabled; wrong input told."""
    run(home, "keys", "init")
    run(home, "terminal", "register", "kiosk-9", *TERMINAL, "--place", "市民之家", "--type", "V3")
    assert "terminal_exists" in run(home, "terminal", "register", "kiosk-9", *TERMINAL, code=2).stderr
    run(home, "terminal", "limit", "kiosk-9", "--largest-load", "200", "--daily-loads", "50", "--operation", "topup")
    assert "terminal_field_wrong" in run(home, "terminal", "limit", "kiosk-9", "--daily-loads", "0", code=2).stderr
    assert "operations" in run(home, "terminal", "limit", "kiosk-9", "--operation", "toppup", code=2).stderr
    assert as_json(home, "terminal", "rotate", "kiosk-9", "--public-key", "cd" * 32)["key_id"] == "2"
    secret = as_json(home, "terminal", "rotate", "kiosk-9", "--hmac")["secret"]
    run(home, "terminal", "retire", "kiosk-9", "1")
    told = run(home, "terminal", "show", "kiosk-9").stdout
    assert re.search(r"Largest load \(yuan\) +200\.00", told)
    assert re.search(r"Type +V3", told)
    seen = run(home, "terminal", "show", "kiosk-9", "--json").stdout
    assert secret not in seen
    shown = json.loads(seen)
    assert (shown["largest_load"], shown["daily_loads"], shown["operations"]) == (20000, 50, ["topup"])
    assert {key["key_id"]: key["state"] for key in shown["keys"]}["1"] == "retired"
    for word, state in (("suspend", "suspended"), ("enable", "enabled")):
        assert state in run(home, "terminal", word, "kiosk-9").stdout
        assert state in run(home, "terminal", "list").stdout
    assert "terminal_unknown" in run(home, "terminal", "suspend", "kiosk-0", code=2).stderr


def test_an_administrator_tells_the_key_of_the_lists(home: dict[str, str], tmp_path: Path) -> None:
    """A maker of terminals is told it beside the lists, which are checked with it."""
    run(home, "keys", "init")
    key = run(home, "hotlist", "key").stdout.strip()
    assert as_json(home, "hotlist", "key") == {"public_key": key}
    keystore = SealedKeystore.open(tmp_path / "keys.sealed", b"correct horse")
    world = World(tmp_path / "cards.db", now(), url=home["CARDSVC_DATABASE_URL"])
    told = snapshot(world.store, keystore, 0)
    world.close()
    text = hot_list_text(told["kind"], told["since"], told["version"], [])
    Ed25519PublicKey.from_public_bytes(bytes.fromhex(key)).verify(bytes.fromhex(told["signature"]), text)


def test_the_hot_list_on_the_command_line(home: dict[str, str], tmp_path: Path) -> None:
    """Put on at once; taken off by two people; who has which version; a card that nobody knows is told."""
    world = World(tmp_path / "cards.db", now(), url=home["CARDSVC_DATABASE_URL"])
    open_hall(world)
    world.issue(FAMILIES[0])
    world.close()
    (tmp_path / "password").write_text(PASSWORD)
    hall = {**home, "CARDSVC_STAFF_PASSWORD_FILE": str(tmp_path / "password")}
    assert "staff_not_signed_in" in run(hall, "terminal", "register", "kiosk-9", *TERMINAL, code=2).stderr
    run(hall, "terminal", "register", "kiosk-9", *TERMINAL, "--as", "admin")
    assert "not_permitted" in run(hall, "hotlist", "add", CARD, "--reason", "x", "--as", "auditor", code=2).stderr
    assert as_json(hall, "hotlist", "add", CARD, "--reason", "仿冒", "--as", "boss")["version"] == 1
    assert re.search(r"1 +added +\S+ \S+ +boss +仿冒", run(hall, "hotlist", "show", CARD).stdout)
    assert re.search(r"kiosk-9 +0 +1 +-", run(hall, "hotlist", "status").stdout)
    asked = as_json(hall, "hotlist", "remove", CARD, "--reason", "查清", "--as", "teller")
    run(hall, "approvals", "approve", asked["approval_id"], "--as", "boss")
    assert [line["action"] for line in as_json(hall, "hotlist", "show", CARD)] == ["remove", "add"]
    assert "card_unknown" in run(hall, "hotlist", "add", "3100010100000009", "--reason", "x", "--as", "boss", code=4).stderr


def test_the_key_of_a_terminal_is_shown_again(home: dict[str, str], tmp_path: Path) -> None:
    """The public half of a file that is there; its bytes stay. A damaged one is told, not overwritten."""
    key = tmp_path / "kiosk.pem"
    first = run(home, "terminal", "key", "--key", str(key))
    kept = key.read_bytes()
    again = run(home, "terminal", "key", "--key", str(key))
    assert (again.stdout, key.read_bytes()) == (first.stdout, kept)
    assert "was not changed" in again.stderr
    key.write_text("no key")
    assert "terminal_key_damaged" in run(home, "terminal", "key", "--key", str(key), code=7).stderr
    assert key.read_text() == "no key"


def test_another_bureaus_window_asks_whose_a_card_is(tmp_path: Path) -> None:
    """Its own command, in its own name; any other job is refused."""
    with serving(World(tmp_path / "city.db", now())) as served:
        served.world.issue(FAMILIES[0]).save(tmp_path / "card")
        key = tmp_path / "fund.pem"
        public = public_hex(create_key(key))
        register_terminal(served.world.store, "fund-1", "", "310000000024", public, "bureau", now(), operator="公积金中心")
        place = ("--url", served.url, "--id", "fund-1", "--key", str(key), "--vcard", str(tmp_path / "card"))
        asked = ("terminal", "identity", "--bureau", "公积金中心", "--purpose", "查询", *place)
        done = run_command((*asked, "--json"), os.environ)
        assert done.returncode == 0, done.stderr
        assert json.loads(json.loads(done.stdout)["statement"])["bureau"] == "公积金中心"
        refused = run_command(("terminal", "topup", "50", *place), os.environ)
        assert (refused.returncode, "operation_not_permitted" in refused.stderr) == (2, True)
