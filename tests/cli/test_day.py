"""A day at an outlet on the command line: float, top-up, count, day-end, audit."""

import json
from pathlib import Path

from cardsvc.bootstrap import now
from cardsvc.units import id_number_check_digit
from cardsvc.vcard import VirtualCard
from tests.cli.test_cli import BODY, as_json, run
from tests.world import World


def test_a_day_on_the_command_line(hall: dict[str, str], tmp_path: Path) -> None:
    """Cash from the bank by two people, a shift with a top-up, a short drawer, the seal, and the audit with its root."""
    run(hall, "keys", "init")
    vault = ("day", "correct", "vault:hall", "clearing:bank:hall", "1000", "--corrects", "slip-1", "--reason", "bank")
    asked = as_json(hall, *vault, "--as", "boss")
    run(hall, "approvals", "approve", asked["approval_id"], "--as", "second")
    assert "terminal_unknown" in run(hall, "shift", "open", "--at", "terminal:no-such", "--as", "teller", code=2).stderr
    shift = as_json(hall, "shift", "open", "--count", "100x2", "--as", "teller")
    file = str(tmp_path / "card")
    VirtualCard.blank("fudan-fmcos2", seed=1).save(Path(file))
    number = BODY + id_number_check_digit(BODY)
    register = ("citizen", "register", "--name", "测试一", "--id-number", number, "--sex", "1", "--birth-date", "1999-02-28")
    person = as_json(hall, *register)
    run(hall, "card", "personalise", "--citizen", person["citizen_id"], "--vcard", file)
    run(hall, "card", "topup", "100", "--given", "150", "--vcard", file)
    assert [one["change"] for one in as_json(hall, "shift", "list", "--outlet", "hall")] == [5000]
    assert " 50.00 " in run(hall, "shift", "list", "--outlet", "hall").stdout
    asked = as_json(hall, "shift", "cash", shift["shift_id"], "in", "--count", "50x1", "--as", "teller")
    run(hall, "approvals", "approve", asked["approval_id"], "--as", "boss")
    assert shift["shift_id"] in run(hall, "day", "status", "--outlet", "hall", code=1).stdout
    assert "shift not closed" in run(hall, "day", "end", "--outlet", "hall", "--as", "boss", code=9).stderr
    closed = as_json(hall, "shift", "close", shift["shift_id"], "--count", "100x2", "--count", "50x2", "--as", "teller")
    assert (closed["state"], closed["expected"], closed["difference"]) == ("difference_pending", 35000, -5000)
    asked = as_json(hall, "shift", "explain", shift["shift_id"], "--reason", "a note is missing", "--as", "teller")
    run(hall, "approvals", "approve", asked["approval_id"], "--as", "boss")
    assert "-50.00" in run(hall, "shift", "list", "--outlet", "hall").stdout
    seal = as_json(hall, "day", "end", "--outlet", "hall", "--as", "boss")
    assert as_json(hall, "audit", "verify", "--root", seal["root"].upper())["breaks"] == []
    assert "missing" in run(hall, "audit", "verify", "--root", "ab" * 32, code=1).stdout
    sheet = json.loads(run(hall, "day", "report", "--outlet", "hall", "--format", "json").stdout)
    assert {row["kind"]: row["amount"] for row in sheet["totals"]}["drawer_short"] == 5000
    assert sheet["seal"]["root"] == seal["root"]
    accounts = as_json(hall, "db", "balance")["accounts"]
    assert (accounts["vault:hall"], accounts["difference:hall"]) == (1105000, 5000)
    assert as_json(hall, "db", "balance", "--as-of", "2020-01-01") == {"accounts": {}, "total": 0}
    for day in ("0001-01-01", "9999-12-31"):
        assert "2000-01-01" in run(hall, "day", "report", day, code=2).stderr
        run(hall, "db", "balance", "--as-of", day, code=2)
    lines = as_json(hall, "db", "statement", "vault:hall", "--from", "2020-01-01")["lines"]
    assert [line["amount"] for line in lines] == [1000000, 100000, -20000, -5000, 30000]
    assert "count_wrong" in run(hall, "shift", "open", "--count", "3x1", "--as", "teller", code=2).stderr


def test_a_receipt_on_the_command_line(home: dict[str, str], tmp_path: Path) -> None:
    """The key is made once; a receipt is printed and checked with the books, and with the public key alone."""
    run(home, "keys", "init")
    public = as_json(home, "receipt", "key")["public_key"]
    assert as_json(home, "receipt", "key")["public_key"] == public
    world = World(tmp_path / "cards.db", now(), url=home["CARDSVC_DATABASE_URL"])
    load = world.topup(world.issue("fudan-fmcos2"))["load_id"]
    world.close()
    text = run(home, "receipt", "show", "3100010100000001", load, "--format", "text58").stdout
    code = text[text.index("CR1*") :]
    assert as_json(home, "receipt", "check", code)["books"] == "same"
    elsewhere = {**home, "CARDSVC_DATABASE_URL": "sqlite:////nowhere/x.db", "CARDSVC_KEYSTORE": "/nowhere/keys"}
    assert as_json(elsewhere, "receipt", "check", code, "--public-key", public)["receipt"]["amount"] == 5000
    assert "receipt_wrong" in run(home, "receipt", "check", code.replace("*5000*", "*9000*"), code=2).stderr
    run(home, "receipt", "show", "3100010100000001", load, "--format", "pdf", "--to", str(tmp_path / "r.pdf"))
    assert (tmp_path / "r.pdf").read_bytes().startswith(b"%PDF")
