"""What a timer runs, under an account that is no person's: it works with files and lists, and does nothing else."""

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner

from cardsvc.cli.main import cli
from cardsvc.errors import RequestError
from tests.day.outlet import PASSWORD
from tests.service.rights.rights_people import as_csv, said

NIGHT = Path(__file__).parents[2] / "cardsvc" / "docs" / "examples" / "night.sh"
NOT_JOBS = (
    ("staff", "sign-in", "timer"),
    ("staff", "password", "timer"),
    ("staff", "add", "eve", "--name", "Eve", "--role", "clerk", "--outlet", "hall"),
    ("day", "end", "--outlet", "hall"),
    ("day", "correct", "vault:hall", "clearing:bank:hall", "1", "--corrects", "slip-2", "--reason", "x"),
    ("approvals", "approve", "WAITING"),
    ("shift", "open", "--count", "100x1"),
    ("hotlist", "add", "3100010100000001", "--reason", "x"),
    ("held", "pay", "3100010100000001"),
    ("workstation", "show", "ws-1"),
    ("queue", "open", "3"),
    ("complaint", "take", "desk", "--text", "x"),
)


def _run(home: dict[str, str], *command: str) -> str:
    done = CliRunner().invoke(cli, command, env=home, catch_exceptions=False)
    assert done.exit_code == 0, (command, done.output)
    return done.stdout


@pytest.fixture
def timers(hall: dict[str, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    """The environment of a timer: its staff id and the file with its password."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "rights.csv").write_bytes(as_csv([said(1)]))
    passwords = {"CARDSVC_NEW_PASSWORD_FILE": hall["CARDSVC_STAFF_PASSWORD_FILE"]}
    added = ("staff", "add", "timer", "--name", "夜间任务", "--role", "service", "--outlet", "hall", "--as", "admin")
    _run({**hall, **passwords}, *added)
    return {**hall, **passwords, "CARDSVC_STAFF": "timer"}


def test_a_timer_runs_its_night_and_the_books_say_who(timers: dict[str, str], tmp_path: Path) -> None:
    """The script of docs/timers.md: no passphrase, nobody at a keyboard. A bad file stays, is told, and stops nothing else; the
    acts stand under the account."""
    files = tmp_path / "inbox" / "channel-mobile"
    files.mkdir(parents=True)
    (files / "good.csv").write_text("reference,amount,date_time,fee\nWX1,5000,20261124120000,\nEND,1,5000\n")
    (files / "short.csv").write_text("reference,amount,date_time,fee\nWX1,5000,20261124120000,\n")
    path = f"{Path(sys.executable).parent}:{timers['PATH']}"
    env = {**timers, "CARDSVC_INBOX": str(files.parent), "CARDSVC_OUTLETS": "hall", "PATH": path}
    del env["CARDSVC_PASSPHRASE_FILE"]
    night = subprocess.run(["sh", NIGHT, "2026-11-24"], env=env, capture_output=True, text=True, timeout=120, check=False)
    assert night.returncode == 1
    assert re.findall(r"^(?:Error|night.sh).*", night.stderr, re.MULTILINE) == [
        "Error file_cut_off: The file is not whole: its last line is not END,count,sum",
        f"night.sh: exit code 2 of: cardsvc batch import {files}/short.csv --channel mobile",
    ]
    assert sorted(file.name for file in files.rglob("*.csv")) == ["good.csv", "short.csv"]
    assert (files / "done" / "good.csv").exists()
    _run(env, "rights", "import", "rights.csv", "--office", "medical")
    acts = json.loads(_run(env, "audit", "acts", "--by", "timer", "--json"))
    assert [act["act"] for act in acts] == ["reconcile_run", "batch_import"]
    assert "自动任务账号" in _run({**env, "CARDSVC_LANG": "zh"}, "staff", "list")


def test_it_signs_in_nowhere_else_and_decides_nothing(timers: dict[str, str]) -> None:
    """Each is refused for what the account is, whatever the rest of the command says; a proposal goes on waiting."""
    asked = ("day", "correct", "vault:hall", "clearing:bank:hall", "1", "--corrects", "slip-2", "--reason", "x")
    waiting = json.loads(_run(timers, *asked, "--as", "teller", "--json"))["approval_id"]
    for command in NOT_JOBS:
        given = [waiting if word == "WAITING" else word for word in command]
        with pytest.raises(RequestError, match=r"^service_account "):
            CliRunner().invoke(cli, given, env=timers, catch_exceptions=False)
    assert json.loads(_run(timers, "approvals", "list", "--json"))[0]["state"] == "proposed"


def test_nobody_becomes_a_service_account(timers: dict[str, str], tmp_path: Path) -> None:
    """Nor the other way round. Its new password is no one-time one: nobody would be there to replace it."""
    for whose, role in (("timer", "clerk"), ("teller", "service")):
        with pytest.raises(RequestError, match=r"^service_account_stays "):
            CliRunner().invoke(cli, ["staff", "role", whose, role, "--as", "admin"], env=timers, catch_exceptions=False)
    made = _run(timers, "staff", "reset", "timer", "--as", "admin").strip()
    assert re.fullmatch(r"[a-z2-9-]{14}", made)
    (tmp_path / "timer").write_text(made)
    _run({**timers, "CARDSVC_STAFF_PASSWORD_FILE": str(tmp_path / "timer")}, "order", "return-expired")
    with pytest.raises(RequestError, match=r"^sign_in_wrong "):
        _run(timers, "order", "return-expired")
    assert made != PASSWORD
