"""Old bus cards on the command line: made, read, moved once and only once, torn, put back as they were; and what becomes of a
virtual card's file when the program that serves it is stopped."""

import json
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from cardsvc.readers.directory import list_readers, wait_for_card
from cardsvc.units import id_number_check_digit
from cardsvc.vcard import VirtualCard
from cardsvc.vcard.kept import load_card
from tests.cli.test_cli import BODY, as_json, run
from tests.procedures.torn import EVERY
from tests.waiting import PATIENCE, until

READER = ("--reader", "00 00$", "--wait", "120")


@pytest.fixture
def desk(home: dict[str, str], tmp_path: Path) -> dict[str, str]:
    """A city with one citizen's card (``card``) and another's (``other``)."""
    run(home, "keys", "init")
    for name, end in (("card", "1"), ("other", "2")):
        VirtualCard.blank("fudan-fmcos2", seed=int(end)).save(tmp_path / name)
        number = BODY[:-1] + end
        about = (
            "--name",
            "测试",
            "--id-number",
            number + id_number_check_digit(number),
            "--sex",
            "1",
            "--birth-date",
            "1999-02-28",
        )
        citizen = as_json(home, "citizen", "register", *about)["citizen_id"]
        home[name] = as_json(home, "card", "personalise", "--citizen", citizen, "--vcard", str(tmp_path / name))["card_no"]
    return home


def new_old_card(desk: dict[str, str], file: Path, *more: str) -> str:
    """An old bus card with 56.78 in a file."""
    run(desk, "vcard", "--profile", "mifare-classic", "--balance", "56.78", "--file", str(file), "--inflict-only", *more)
    return str(file)


def first_finding(desk: dict[str, str], *where: str) -> str:
    """What a diagnosis says of the card there."""
    return str(as_json_of_finding(desk, *where)["code"])


def as_json_of_finding(desk: dict[str, str], *where: str) -> dict[str, object]:
    told = json.loads(run(desk, "card", "diagnose", *where, "--json", code=1).stdout)
    finding: dict[str, object] = told["findings"][0]
    return finding


def test_an_old_card_is_moved_once_and_only_once(desk: dict[str, str], tmp_path: Path) -> None:
    """Read, diagnosed, moved to the one card, refused to the other and again; a copy from before is told for what it is."""
    old, new = new_old_card(desk, tmp_path / "old"), str(tmp_path / "card")
    before = Path(old).read_bytes()
    found = as_json_of_finding(desk, "--vcard", old)
    assert (found["code"], found["evidence"]) == ("card_legacy", {"card.state": "legacy"})
    seen = run(desk, "card", "inspect", "--vcard", old).stdout
    assert [line.split() for line in seen.splitlines()[-2:]] == [["Product", "B"], ["Balance", "56.78"]]
    assert Path(old).read_bytes() == before
    moved = as_json(desk, "card", "migrate", desk["card"], "--vcard", old)
    assert (moved["amount"], moved["product"], moved["state"]) == (5678, "B", "moved")
    assert first_finding(desk, "--vcard", old) == "old_card_moved"
    told = run(desk, "card", "inspect", "--vcard", old).stdout
    assert told.splitlines()[-1] == f"Its balance was moved to card {desk['card']} before"
    for card in ("card", "other"):
        assert "legacy_card_moved" in run(desk, "card", "migrate", desk[card], "--vcard", old, code=4).stderr
    assert as_json(desk, "card", "fetch", "--vcard", new)["balance"] == 5678
    Path(old).write_bytes(before)
    assert first_finding(desk, "--vcard", old) == "old_card_refilled"
    assert "legacy_card_moved" in run(desk, "card", "migrate", desk["other"], "--vcard", old, code=4).stderr
    assert as_json(desk, "db", "balance")["total"] == 0


def test_an_old_card_with_two_balances_is_not_moved(desk: dict[str, str], tmp_path: Path) -> None:
    """Nor is one without money; a fault that such a card cannot have names those that it can."""
    old = new_old_card(desk, tmp_path / "old", "--fault", "corrupted-file")
    assert first_finding(desk, "--vcard", old) == "old_card_damaged"
    assert "Its balance cannot be trusted" in run(desk, "card", "inspect", "--vcard", old).stdout
    assert "legacy_card_damaged" in run(desk, "card", "migrate", desk["card"], "--vcard", old, code=4).stderr
    refused = run(desk, "vcard", "--file", old, "--fault", "locked-pin", "--inflict-only", code=2).stderr
    assert "fault_does_not_fit" in refused
    assert "torn-after-write" in refused
    assert "amount_not_a_number" in run(desk, "vcard", "--profile", "mifare-classic", "--balance", "x", code=2).stderr


TEARS = ("torn-before-write:1", "torn-after-write:3", *(("torn-after-write:1", "torn-before-write:3") if EVERY else ()))
"""Before the mark and after the money; the rest in the long run (test_legacy.py of service/transactions has them all)."""


@contextmanager
def inserted(desk: dict[str, str], file: str, *more: str) -> Iterator["subprocess.Popen[bytes]"]:
    """``cardsvc vcard`` with this card in the first slot of the real pcscd."""
    until(lambda: all(reader.state == "empty" for reader in list_readers()))
    command = [sys.executable, "-c", "from cardsvc.cli.main import main; main()", "vcard", "--file", file, *more]
    process = subprocess.Popen(command, env=desk, stdin=subprocess.DEVNULL)
    try:
        until(lambda: process.poll() is not None or any(reader.state != "empty" for reader in list_readers()))
        assert process.poll() is None, "it ended: what it said is in the captured output"
        wait_for_card("00 00$", PATIENCE)
        yield process
    finally:
        process.kill()
        process.wait()


@pytest.mark.usefixtures("real_pcscd")
def test_an_old_card_that_is_taken_away_too_early_is_moved_the_next_time(desk: dict[str, str], tmp_path: Path) -> None:
    """In a real reader; before or after the mark, with or without its money: for the same card, and for no other."""
    for number, fault in enumerate(TEARS):
        old = new_old_card(desk, tmp_path / f"old-{number}")
        with inserted(desk, old, "--fault", fault) as process:
            assert "card_gone" in run(desk, "card", "migrate", desk["card"], *READER, code=75).stderr
            process.terminate()
            assert process.wait(PATIENCE) == 0
        with inserted(desk, old):
            assert first_finding(desk, *READER) == "old_card_half_moved"
            assert "legacy_card_moved" in run(desk, "card", "migrate", desk["other"], *READER, code=4).stderr
            assert as_json(desk, "card", "migrate", desk["card"], *READER)["amount"] == 5678
            assert first_finding(desk, *READER) == "old_card_moved"
    fetched = [as_json(desk, "card", "fetch", "--vcard", str(tmp_path / "card"))["balance"] for _ in TEARS]
    assert fetched == [5678 * number for number in range(1, len(TEARS) + 1)]
    assert "no_order_waiting" in run(desk, "card", "fetch", "--vcard", str(tmp_path / "card"), code=2).stderr


@pytest.mark.usefixtures("real_pcscd")
@pytest.mark.parametrize("end", [signal.SIGTERM, signal.SIGHUP, signal.SIGKILL], ids=lambda end: end.name)
def test_what_stops_the_program_takes_nothing_from_the_card(desk: dict[str, str], tmp_path: Path, end: signal.Signals) -> None:
    """Stopped by a service manager, a terminal that is closed, or killed: the card has the money that it was given."""
    file = str(tmp_path / "card")
    with inserted(desk, file) as process:
        assert as_json(desk, "card", "topup", "100", *READER)["balance"] == 10000
        process.send_signal(end)
        assert process.wait(PATIENCE) == (-end if end == signal.SIGKILL else 0)
    assert as_json(desk, "card", "inspect", "--vcard", file)["purse"]["balance"] == 10000
    assert load_card(Path(file)).atr
