"""Who administers on the command line: signed in for a while or for one command, with the role for it, and on record."""

import json
from pathlib import Path

import pytest

from tests.cli.prefork import run_command
from tests.cli.test_cli import as_json, run

PASSWORD = "only for tests"
TERMINAL = ("--public-key", "aa" * 32, "--terminal-no", "310000000042")


@pytest.fixture
def office(home: dict[str, str], tmp_path: Path) -> dict[str, str]:
    """An outlet with root, an administrator, and li, a supervisor; nobody's password is at hand."""
    (tmp_path / "word").write_text(PASSWORD)
    word = str(tmp_path / "word")
    home |= {"CARDSVC_STAFF_SESSION": str(tmp_path / "state" / "session")}
    told = {**home, "CARDSVC_STAFF_PASSWORD_FILE": word, "CARDSVC_NEW_PASSWORD_FILE": word}
    run(told, "keys", "init")
    run(told, "staff", "outlet", "hall", "市民之家")
    run(told, "staff", "add", "root", "--name", "r", "--role", "administrator", "--outlet", "hall")
    run(told, "staff", "add", "li", "--name", "l", "--role", "supervisor", "--outlet", "hall", "--as", "root")
    return home


def sign_in(office: dict[str, str], who: str) -> None:
    """Sign in, the password on standard input as a script gives it."""
    done = run_command(("staff", "sign-in", who), {**office, "CARDSVC_STAFF_PASSWORD_FILE": "-"}, PASSWORD + "\n")
    assert (done.returncode, f"{who} is signed in" in done.stdout) == (0, True), done.stderr


def test_an_administrator_signs_in_and_every_change_says_who_made_it(office: dict[str, str], tmp_path: Path) -> None:
    """No password again while the sign-in holds; the trail tells what was before; nothing secret is in it."""
    for command in (("register", "kiosk-9", *TERMINAL), ("suspend", "kiosk-9"), ("rotate", "kiosk-9", "--hmac")):
        assert "staff_not_signed_in" in run(office, "terminal", *command, code=2).stderr
    sign_in(office, "root")
    session = tmp_path / "state" / "session"
    assert (session.stat().st_mode & 0o777, PASSWORD in session.read_text()) == (0o600, False)
    run(office, "terminal", "register", "kiosk-9", *TERMINAL, "--as", "root")
    run(office, "terminal", "limit", "kiosk-9", "--largest-load", "200", "--requests", "1200")
    run(office, "terminal", "limit", "kiosk-9", "--largest-load", "200", "--requests", "1200")
    run(office, "terminal", "suspend", "kiosk-9")
    secret = as_json(office, "terminal", "rotate", "kiosk-9", "--hmac")["secret"]
    run(office, "terminal", "retire", "kiosk-9", "1")
    run(office, "staff", "outlet", "west", "城西网点")
    found = as_json(office, "audit", "acts", "--subject", "terminal:kiosk-9")
    assert [act["act"] for act in found[::-1]] == [
        "terminal_register",
        "terminal_limit",
        "terminal_suspend",
        "terminal_rotate",
        "terminal_retire",
    ]
    assert {act["staff_id"] for act in found} == {"root"}
    assert found[3]["changes"] == {"largest_load": [None, 20000], "requests_per_minute": [None, 1200]}
    assert secret not in json.dumps(found)
    assert as_json(office, "terminal", "show", "kiosk-9")["history"] == found
    seen = run(office, "audit", "acts").stdout
    assert "terminal suspended" in seen
    assert "name: 城西网点" in seen
    assert [act["staff_id"] for act in as_json(office, "audit", "acts", "--subject", "outlet:hall")] == [None]
    run(office, "staff", "sign-out")
    assert not session.exists()
    assert "staff_not_signed_in" in run(office, "terminal", "enable", "kiosk-9", code=2).stderr


def test_a_sign_in_is_one_persons_and_has_their_role(office: dict[str, str], tmp_path: Path) -> None:
    """A supervisor registers no terminal; another's name wants another's password; a file that others read counts for nothing;
    whoever is suspended is out at once."""
    sign_in(office, "li")
    assert "not_permitted" in run(office, "terminal", "register", "kiosk-9", *TERMINAL, code=2).stderr
    (tmp_path / "wrong").write_text("something else")
    wrong = {**office, "CARDSVC_STAFF_PASSWORD_FILE": str(tmp_path / "wrong")}
    assert "sign_in_wrong" in run(wrong, "terminal", "register", "kiosk-9", *TERMINAL, "--as", "root", code=2).stderr
    assert "approval_unknown" in run(office, "approvals", "approve", "x", code=2).stderr
    session = tmp_path / "state" / "session"
    session.chmod(0o644)
    assert "session_file_open" in run(office, "approvals", "approve", "x", code=2).stderr
    session.chmod(0o600)
    told = {**office, "CARDSVC_STAFF_PASSWORD_FILE": str(tmp_path / "word")}
    (tmp_path / "new").write_text("another one of li")
    other = {"CARDSVC_NEW_PASSWORD_FILE": str(tmp_path / "new")}
    assert "sign_in_wrong" in run({**wrong, **other}, "staff", "password", "li", code=2).stderr
    run({**told, **other}, "staff", "password", "li")
    run(told, "staff", "suspend", "li", "--as", "root")
    assert "staff_not_signed_in" in run(office, "approvals", "approve", "x", code=2).stderr
    newest = as_json(office, "staff", "history", "li")[0]
    assert (newest["by"], newest["what"], newest["became"]) == ("root", "state", "suspended")
