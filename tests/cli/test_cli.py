"""The command line, as its user meets it: a process, its output, its exit code."""

import json
import re
import sqlite3
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from cardsvc.config import find_profiles
from cardsvc.units import id_number_check_digit
from cardsvc.vcard import VirtualCard
from tests.cli.prefork import run_command

BODY = "33010019990230001"


def run(home: dict[str, str], *arguments: str, code: int = 0) -> subprocess.CompletedProcess[str]:
    """A command that must end with this exit code; never a stack trace."""
    done = run_command(arguments, home)
    assert done.returncode == code, done.stderr
    assert "Traceback" not in done.stderr
    return done


def as_json(home: dict[str, str], *arguments: str) -> Any:
    """The JSON that a command prints."""
    return json.loads(run(home, *arguments, "--json").stdout)


def test_a_desk_makes_and_tops_up_a_card_on_the_command_line(home: dict[str, str], tmp_path: Path) -> None:
    """From keys to a card with money, every command on its own."""
    file = str(tmp_path / "card")
    VirtualCard.blank("fudan-fmcos2", seed=1).save(Path(file))
    run(home, "keys", "init")
    run(home, "db", "upgrade")
    person = as_json(
        home,
        "citizen",
        "register",
        "--name",
        "测试一",
        "--id-number",
        BODY + id_number_check_digit(BODY),
        "--sex",
        "1",
        "--birth-date",
        "1999-02-28",
    )
    card = as_json(home, "card", "personalise", "--citizen", person["citizen_id"], "--vcard", file)
    assert as_json(home, "card", "open", "bus", "--vcard", file)["product"] == "T"
    paid = as_json(home, "card", "topup", "100", "--given", "150", "--vcard", file)
    assert (paid["balance"], paid["given"], paid["change"]) == (10000, 15000, 5000)
    assert as_json(home, "card", "spend", "2.00", "--vcard", file)["balance"] == 9800
    month = as_json(home, "card", "topup", "50", "--area", "month", "--vcard", file)
    assert (month["area"], month["product"], month["balance"]) == ("month", "T", 5000)
    assert as_json(home, "card", "spend", "1", "--area", "month", "--vcard", file)["balance"] == 4900
    assert "98.00" in run(home, "card", "inspect", "--vcard", file).stdout
    assert "on the card and booked" in run(home, "card", "log", card["card_no"]).stdout
    assert as_json(home, "db", "balance")["total"] == 0
    assert as_json(home, "audit", "verify") == {"lines": 6, "seals": 0, "total": 0, "staff_changes": 0, "breaks": []}
    assert "Top-ups: done (this machine cli)" in run(home, "why", card["card_no"]).stdout
    refused = run(home, "card", "topup", "2000", "--vcard", file, code=3)
    assert "rule_amount_above_maximum" in refused.stderr
    assert refused.stdout == ""


def test_an_order_is_taken_listed_and_written_on_the_command_line(home: dict[str, str], tmp_path: Path) -> None:
    """From a channel that is registered to the card, by somebody who is named; nothing is over that could be returned."""
    file = str(tmp_path / "card")
    VirtualCard.blank("fudan-fmcos2", seed=1).save(Path(file))
    run(home, "keys", "init")
    number = BODY + id_number_check_digit(BODY)
    given = ("--name", "测试一", "--id-number", number, "--sex", "1", "--birth-date", "1999-02-28")
    person = as_json(home, "citizen", "register", *given)
    card_no = as_json(home, "card", "personalise", "--citizen", person["citizen_id"], "--vcard", file)["card_no"]
    bring = ("order", "create", card_no, "50", "--channel", "app", "--reference", "WX1")
    assert "staff_not_signed_in" in run(home, *bring, code=2).stderr
    registered = ("--public-key", "aa" * 32, "--terminal-no", "310000000009", "--role", "channel")
    run(home, "terminal", "register", "app", *registered)
    (tmp_path / "password").write_text("only for tests\n")
    home |= dict.fromkeys(("CARDSVC_STAFF_PASSWORD_FILE", "CARDSVC_NEW_PASSWORD_FILE"), str(tmp_path / "password"))
    run(home, "staff", "outlet", "hall", "Hall")
    run(home, "staff", "add", "root", "--name", "root", "--role", "administrator", "--outlet", "hall")
    run(home, "staff", "add", "li", "--name", "li", "--role", "cashier", "--outlet", "hall", "--as", "root")
    home["CARDSVC_STAFF"] = "li"
    elsewhere = ("order", "create", card_no, "50", "--channel", "moon", "--reference", "WX1")
    assert "channel_unknown" in run(home, *elsewhere, code=2).stderr
    made = as_json(home, *bring)
    (act,) = as_json(home, "audit", "acts", "--subject", f"order:{made['order_id']}")
    assert (act["staff_id"], act["act"], act["changes"]["amount"]) == ("li", "order_create", [None, 5000])
    assert as_json(home, "order", "list")[0]["order_id"] == made["order_id"]
    assert "50.00" in run(home, "card", "inspect", "--vcard", file).stdout
    assert as_json(home, "card", "fetch", "--vcard", file)["balance"] == 5000
    assert as_json(home, "order", "list", card_no)[0]["state"] == "written"
    assert as_json(home, "order", "return-expired") == as_json(home, "order", "list") == []


@pytest.mark.parametrize("amount", ["abc", "-5", "1.005", "", "1e3"])
def test_an_amount_that_is_none_is_refused(home: dict[str, str], tmp_path: Path, amount: str) -> None:
    """Exit code 2 and what to give instead."""
    VirtualCard.blank("fudan-fmcos2", seed=1).save(tmp_path / "card")
    told = run(home, "card", "topup", "--vcard", str(tmp_path / "card"), "--", amount, code=2)
    assert "amount_not_a_number" in told.stderr


def test_amounts_that_overflow_or_are_written_in_another_way(home: dict[str, str], tmp_path: Path) -> None:
    """Each ends with exit code 2 and its code, before any key is opened or any card is asked; nothing is in the books."""
    VirtualCard.blank("fudan-fmcos2", seed=1).save(tmp_path / "card")
    run(home, "keys", "init")
    no_number, too_large = "amount_not_a_number", "params_invalid"
    told = {"0": too_large, "-1": no_number, "１００": no_number, "1_000": no_number, "21474836.48": too_large, "٣": no_number}
    told |= dict.fromkeys((str(2**31), str(2**63), str(10**30), "9" * 5000), no_number)
    for amount, code in told.items():
        for command in (("card", "topup"), ("card", "spend")):
            assert code in run(home, *command, "--vcard", str(tmp_path / "card"), "--", amount, code=2).stderr, (
                command,
                amount,
            )
    for number in ("2147483648", str(2**63), str(10**30)):
        assert run(home, "terminal", "limit", "kiosk", "--daily-loads", number, code=2)
    assert as_json(home, "db", "balance")["total"] == 0


def test_errors_tell_code_outcome_and_next_step_in_both_languages(home: dict[str, str]) -> None:
    """No key store yet."""
    english = run(home, "keys", "list", code=7).stderr
    assert re.search(r"Error keystore_not_found: .*\nOutcome: not done\nNext: .*cardsvc keys init", english)
    chinese = run({**home, "CARDSVC_LANG": "zh"}, "keys", "list", code=7).stderr
    assert "下一步" in chinese
    assert json.loads(run(home, "keys", "list", "--json", code=7).stderr)["code"] == "keystore_not_found"


def test_a_wrong_passphrase_and_a_damaged_key_store_are_told(home: dict[str, str], tmp_path: Path) -> None:
    """And nothing of a key is."""
    run(home, "keys", "init")
    rows = as_json(home, "keys", "list")
    assert {"name", "version", "state", "check_value"} == set(rows[0])
    (tmp_path / "passphrase").write_text("wrong")
    assert "keystore_sealed" in run(home, "keys", "list", code=7).stderr


def test_profiles_and_rules_are_checked(home: dict[str, str], tmp_path: Path) -> None:
    """Good ones say so; a profile with an unknown field is named."""
    assert "fudan-fmcos2: correct" in run(home, "profiles", "check").stdout
    assert {row["id"] for row in as_json(home, "profiles", "list")} == {file.stem for file in find_profiles().glob("*.toml")}
    assert as_json(home, "profiles", "show", "mingwah-smartcos")["dialect"]["name"] == "smartcos"
    assert "hangzhou" in run(home, "rules", "check").stdout
    (tmp_path / "bad.toml").write_text('id = "bad"\ncolour = "red"\n')
    assert "colour" in run(home, "profiles", "check", str(tmp_path / "bad.toml"), code=6).stderr


def test_a_database_of_a_newer_program_is_refused(home: dict[str, str], tmp_path: Path) -> None:
    """With both versions, and untouched."""
    run(home, "db", "upgrade")
    with sqlite3.connect(tmp_path / "cards.db") as database:
        database.execute("UPDATE alembic_version SET version_num = '9999'")
    database.close()
    assert "store_version" in run(home, "db", "upgrade", code=8).stderr


def test_a_read_only_database_is_told(home: dict[str, str], tmp_path: Path) -> None:
    """SQLite opened read-only: nothing is lost, nothing is written."""
    run(home, "db", "upgrade")
    read_only = {**home, "CARDSVC_DATABASE_URL": f"sqlite:///file:{tmp_path / 'cards.db'}?mode=ro&uri=true"}
    told = run(
        read_only,
        "citizen",
        "register",
        "--name",
        "测试",
        "--id-number",
        BODY + id_number_check_digit(BODY),
        "--sex",
        "1",
        "--birth-date",
        "1999-02-28",
        code=8,
    )
    assert "store_read_only" in told.stderr


def test_help_is_there_for_every_command(home: dict[str, str]) -> None:
    """In Chinese first, without importing half the program."""
    from cardsvc.cli.main import COMMANDS

    text = run({**home, "CARDSVC_LANG": "zh"}, "--help").stdout
    assert all(name in text for name in COMMANDS)
    assert "命令" in text
    for name in COMMANDS:
        assert run(home, name, "--help").stdout


def test_the_demo_tells_the_whole_story_in_process(home: dict[str, str]) -> None:
    """Without the real pcscd it says so in one line and goes on."""
    done = run(home, "demo", "--in-process", "--json")
    assert "in-process virtual reader" in done.stderr
    assert "they agree" in done.stdout
    summary = json.loads(done.stdout[done.stdout.index("{\n") :])
    assert summary["books"]["total"] == 0
    assert summary["balance"] == 19800


def test_people_sign_in_on_the_command_line(home: dict[str, str], tmp_path: Path) -> None:
    """The first administrator adds the others; the worklists are empty; a wrong password is told without a trace."""
    (tmp_path / "word").write_text("only for tests\n")
    (tmp_path / "wrong").write_text("something else\n")
    people = {
        **home,
        "CARDSVC_STAFF_PASSWORD_FILE": str(tmp_path / "word"),
        "CARDSVC_NEW_PASSWORD_FILE": str(tmp_path / "word"),
    }
    run(people, "staff", "outlet", "hall", "市民之家")
    run(people, "staff", "add", "root", "--name", "测试一", "--role", "administrator", "--outlet", "hall")
    run(people, "staff", "add", "li", "--name", "测试二", "--role", "supervisor", "--outlet", "hall", code=2)
    run(people, "staff", "add", "li", "--name", "测试二", "--role", "supervisor", "--outlet", "hall", "--as", "root")
    assert {person["staff_id"] for person in as_json(people, "staff", "list")} == {"root", "li"}
    assert as_json(people, "suspects", "list") == as_json(people, "approvals", "list") == []
    wrong = {**people, "CARDSVC_STAFF_PASSWORD_FILE": str(tmp_path / "wrong")}
    assert "sign_in_wrong" in run(wrong, "approvals", "approve", "x", "--as", "li", code=2).stderr
    assert "approval_unknown" in run(people, "approvals", "approve", "x", "--as", "li", code=2).stderr


def test_what_is_kept_of_a_passphrase_and_a_password_is_slow_to_guess(home: dict[str, str], tmp_path: Path) -> None:
    """As commands make it that a shell starts; those of the other tests hash in a way that is quick."""
    (tmp_path / "word").write_text("only for tests\n")
    run(home, "staff", "outlet", "hall", "市民之家")
    person = ("staff", "add", "root", "--name", "测试一", "--role", "administrator", "--outlet", "hall")
    for command in (("keys", "init"), person):
        whole = [sys.executable, "-c", "from cardsvc.cli.main import main; main()", *command]
        env = {**home, "CARDSVC_NEW_PASSWORD_FILE": str(tmp_path / "word")}
        subprocess.run(whole, env=env, check=True, capture_output=True)
    assert json.loads((tmp_path / "keys.sealed").read_bytes().splitlines()[0])["scrypt"]["n"] == 2**16
    with sqlite3.connect(tmp_path / "cards.db") as database:
        ((kept,),) = database.execute("SELECT password_hash FROM staff").fetchall()
    database.close()
    assert kept.startswith("$argon2id$v=19$m=65536,t=3,p=4$")
