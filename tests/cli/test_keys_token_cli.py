"""The keys commands on a token of SoftHSM2."""

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from cardsvc.cli.machine.keys import keys
from cardsvc.keystore import KeyEntry, KeyState
from cardsvc.keystore.keys import KeyRing
from cardsvc.keystore.pkcs11 import Pkcs11KeyStore
from tests.cli.test_cli import as_json, run
from tests.keystore.softhsm import PIN, SoftHsm

CARD = "3100010100000001"


def test_the_keys_commands_work_on_a_token(home: dict[str, str], hsm: SoftHsm, tmp_path: Path) -> None:
    """The sealed file is imported, a key is rolled and retired, doctor checks it all; no command shows a PIN."""
    run(home, "keys", "init")
    run(home, "keys", "import", code=7)
    sealed = as_json(home, "keys", "list")
    there = {**home, **hsm.environment("command-line")}
    assert f"{len(sealed)} keys" in run(there, "keys", "import").stdout
    run(there, "keys", "import")
    (tmp_path / "keys.sealed").rename(tmp_path / "offline")
    assert as_json(there, "keys", "list") == sealed
    assert "keystore_exists" in run(there, "keys", "init", code=7).stderr
    assert as_json(there, "keys", "complete") == []
    assert "version 2" in run(there, "keys", "roll", "purse.load").stdout
    run(there, "keys", "retire", "purse.load", "1")
    states = {row["version"]: row["state"] for row in as_json(there, "keys", "list") if row["name"] == "purse.load"}
    assert states == {1: "retired", 2: "active"}
    findings = {row["check"]: row for row in as_json_of_doctor(there)}
    assert all(findings[name]["ok"] for name in ("key store", "HSM token and PIN", "HSM threads", "HSM mechanisms"))
    assert "NOT FOR PRODUCTION ISSUING" in findings["HSM token and PIN"]["note"]
    assert PIN not in str(findings)
    (tmp_path / "wrong").write_text("00000000")
    wrong = {**there, "CARDSVC_PKCS11_PIN_FILE": str(tmp_path / "wrong")}
    refused = run(wrong, "keys", "list", code=7).stderr
    assert "hsm_pin_wrong" in refused
    assert "00000000" not in refused
    without = {**there, "CARDSVC_PKCS11_MODULE": ""}  # as training and demo run their processes
    assert "keystore_not_found" in run(without, "keys", "list", code=7).stderr
    absent = {**there, "CARDSVC_PKCS11_PIN_FILE": str(tmp_path / "absent")}
    assert "hsm_pin_missing" in run(absent, "keys", "list", code=7).stderr


def as_json_of_doctor(environment: dict[str, str]) -> list[dict[str, str]]:
    """Its findings: there is neither reader nor database, so that it ends with 1."""
    return list(json.loads(run(environment, "doctor", "--json", code=1).stdout))


def test_two_people_enter_a_key_into_the_token(home: dict[str, str], hsm: SoftHsm, monkeypatch: pytest.MonkeyPatch) -> None:
    """The ceremony is that of the sealed file, with the same check value."""
    for name, value in {**home, **hsm.environment("command-line")}.items():
        monkeypatch.setenv(name, value)
    done = CliRunner().invoke(keys, ["ceremony", "purse.load"], input=f"{'11' * 8}{'22' * 8}\n{'44' * 16}\n")
    assert done.exit_code == 0, done.output
    value = bytes.fromhex("55" * 8 + "66" * 8)
    store = Pkcs11KeyStore.open(hsm.token("command-line"))
    version = store.versions()["purse.load"]
    entry = KeyEntry("purse.load", version, KeyState.ACTIVE, value)
    assert f"purse.load version {version} check value {entry.check_value}" in done.output
    ring = KeyRing((entry,))
    record = store.key_record(CARD, entry.name, b"head", {entry.name: version})
    assert record == ring.key_record(CARD, entry.name, b"head", {entry.name: version})
