"""``cardsvc doctor``: each thing that can be wrong with a machine is seen, and comes with its cure, in both languages."""

import datetime as dt
import json
import os
from pathlib import Path
from typing import Any

import pytest

from cardsvc.cli.machine.here import Unwell, clock_drift
from tests.cli.prefork import run_command
from tests.cli.test_cli import run
from tests.world import NOON

POLICY = '<action id="org.debian.pcsc-lite.access_pcsc">'
RULE = 'polkit.addRule(function(a, s) { if (a.id.indexOf("org.debian.pcsc-lite.") == 0 && s.user == "desk") return "yes"; });'
FONT = "usr/share/fonts/truetype/wqy/wqy-microhei.ttc"


def looked(home: dict[str, str], *arguments: str) -> dict[str, dict[str, Any]]:
    """The checks by name."""
    done = run_command(("doctor", *arguments, "--json"), {**home, "CARDSVC_LANG": "en"})
    assert "Traceback" not in done.stderr
    return {finding["check"]: finding for finding in json.loads(done.stdout)}


@pytest.fixture
def image(tmp_path: Path) -> Path:
    """The files of another machine: pcscd asks polkit, nothing else is there."""
    root = tmp_path / "image"
    for folder in ("usr/share/polkit-1/actions", "etc/polkit-1/rules.d", "proc/77"):
        (root / folder).mkdir(parents=True)
    (root / "usr/share/polkit-1/actions/org.debian.pcsc-lite.policy").write_text(POLICY)
    (root / "proc/77/comm").write_text("sshd\n")
    return root


@pytest.mark.parametrize(
    ("check", "cure", "path", "content"),
    [
        ("rights for readers (polkit)", "50-cardsvc.rules", "etc/polkit-1/rules.d/60-desk.rules", RULE),
        ("time service", "chrony", "proc/77/comm", "chronyd\n"),
        ("fonts", "fonts-wqy-microhei", FONT, "font"),
    ],
)
def test_what_is_not_there_has_a_cure_and_with_it_all_is_well(
    home: dict[str, str], image: Path, check: str, cure: str, path: str, content: str
) -> None:
    """Wrong before, well after the cure."""
    given = ("--root", str(image), "--user", "desk")
    before = looked(home, *given)[check]
    assert (before["ok"], cure in before["cure"]) == (False, True)
    (image / path).parent.mkdir(parents=True, exist_ok=True)
    (image / path).write_text(content)
    after = looked(home, *given)[check]
    assert (after["ok"], after["cure"]) == (True, "")


def test_a_rule_for_somebody_else_does_not_count(home: dict[str, str], image: Path) -> None:
    """Root needs none; where pcscd does not ask polkit, nobody does."""
    (image / "etc/polkit-1/rules.d/60-desk.rules").write_text(RULE)
    name = "rights for readers (polkit)"
    assert not looked(home, "--root", str(image), "--user", "kiosk")[name]["ok"]
    assert looked(home, "--root", str(image), "--user", "root")[name]["ok"]
    (image / "usr/share/polkit-1/actions/org.debian.pcsc-lite.policy").unlink()
    assert looked(home, "--root", str(image), "--user", "kiosk")[name]["ok"]


def test_a_key_store_that_others_may_read_is_told(home: dict[str, str]) -> None:
    """And one that belongs to another user than the service's."""
    run(home, "keys", "init")
    file, passphrase = Path(home["CARDSVC_KEYSTORE"]), Path(home["CARDSVC_PASSPHRASE_FILE"])
    assert looked(home)["rights of key files"]["cure"] == f"chmod 600 {passphrase}"
    passphrase.chmod(0o600)
    assert looked(home)["rights of key files"]["ok"]
    file.chmod(0o640)
    found = looked(home)["rights of key files"]
    assert (found["ok"], found["cure"]) == (False, f"chmod 600 {file}")
    file.chmod(0o600)
    other = "nobody" if os.geteuid() == 0 else "root"
    assert looked(home, "--user", other)["rights of key files"]["cure"] == f"sudo chown {other} {file}"
    assert "useradd" in looked(home, "--user", "no-such-user")["rights of key files"]["cure"]


def test_clock_and_disk(home: dict[str, str]) -> None:
    """A database in a file has this machine's clock; a disk that is nearly full is told before it is."""
    run(home, "db", "upgrade")
    seen = looked(home, "--min-free", "0")
    assert seen["clock drift"]["ok"]
    assert seen["disk space"]["ok"]
    assert not looked(home, "--min-free", "1000000000")["disk space"]["ok"]
    with pytest.raises(Unwell) as told:
        clock_drift(NOON, NOON - dt.timedelta(minutes=3), {})
    assert "180.0" in told.value.note
    assert "chrony" in told.value.cure
    with pytest.raises(Unwell, match="12:03:00"):
        clock_drift(NOON, None, {"kiosk-1": NOON + dt.timedelta(minutes=3)})


def test_cures_are_told_in_chinese_too(home: dict[str, str], image: Path) -> None:
    """The lines of a person: every check that is not well has one."""
    run(home, "keys", "init")
    told = run_command(("doctor", "--root", str(image), "--user", "desk"), {**home, "CARDSVC_LANG": "zh"})
    assert told.returncode == 1
    assert "办法：" in told.stdout
    wrong = [line for line in told.stdout.split("办法：")[0].splitlines() if "有问题" in line]
    assert len(told.stdout.split("办法：")[1].strip().splitlines()) == len(wrong)
