"""A key store made by an older version: what it lacks is named, and is entered or made."""

from pathlib import Path

import pytest
from click.testing import CliRunner

from cardsvc.bootstrap import key_names
from cardsvc.cli.machine.keys import keys
from cardsvc.cli.shared import person as person_at_a_terminal
from cardsvc.keystore import SealedKeystore
from cardsvc.vcard import VirtualCard
from tests.cli.test_cli import BODY, as_json, id_number_check_digit, run
from tests.world import profiles

YOUNGER = ("parking.load", "purse.pin", "service.sealing")
"""Keys that the older version did not know."""


@pytest.fixture
def older(home: dict[str, str], tmp_path: Path) -> dict[str, str]:
    """A key store without them."""
    names = [name for name in key_names(profiles()) if name not in YOUNGER]
    SealedKeystore.create(tmp_path / "keys.sealed", b"correct horse", names, scrypt_n=2**4)
    return home


def opened(tmp_path: Path) -> SealedKeystore:
    """The key store as it stands in its file."""
    return SealedKeystore.open(tmp_path / "keys.sealed", b"correct horse")


def test_what_is_lacking_is_named_and_made_and_a_card_is_issued(older: dict[str, str], tmp_path: Path) -> None:
    """Doctor and the refused job point to the command; it adds what is lacking and leaves every other key as it is."""
    before = {entry.name: entry.check_value for entry in opened(tmp_path).entries}
    file = str(tmp_path / "card")
    VirtualCard.blank("fudan-fmcos2", seed=1).save(Path(file))
    given = ("--name", "测试一", "--id-number", BODY + id_number_check_digit(BODY), "--sex", "1", "--birth-date", "1999-02-28")
    person = as_json(older, "citizen", "register", *given)["citizen_id"]
    refused = run(older, "card", "personalise", "--citizen", person, "--vcard", file, code=7).stderr
    assert "key_missing" in refused
    assert "cardsvc keys complete" in refused
    sick = run(older, "doctor", code=1).stdout
    assert all(name in sick for name in YOUNGER)
    assert [row["name"] for row in as_json(older, "keys", "complete")] == list(YOUNGER)
    assert {entry.name for entry in opened(tmp_path).entries} == set(before)

    made = as_json(older, "keys", "complete", "--random")
    assert [(row["name"], row["state"]) for row in made] == [(name, "added") for name in YOUNGER]
    after = {entry.name: entry.check_value for entry in opened(tmp_path).entries}
    assert {name: after.pop(name) for name in YOUNGER}.keys() == set(YOUNGER)
    assert after == before
    assert as_json(older, "keys", "complete", "--random") == []
    assert as_json(older, "card", "personalise", "--citizen", person, "--vcard", file)["card_no"] == "3100010100000001"


def test_two_people_enter_what_is_lacking(older: dict[str, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Broken off after the first key, the ceremony goes on with the second; a key is the XOR of its components."""
    for name, value in older.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr(person_at_a_terminal, "somebody_can_type", lambda: True)  # the runner stands for it
    first, second = "11" * 8 + "22" * 8, "44" * 16
    broken = CliRunner().invoke(keys, ["complete", "--people", "2"], input=f"{first}\n{second}\n{first}\n")
    assert broken.exit_code != 0
    assert [name for name in YOUNGER if name in opened(tmp_path).versions()] == [YOUNGER[0]]
    lines = f"{first}\n{second}\n" * 2
    done = CliRunner().invoke(keys, ["complete", "--people", "2"], input=lines)
    assert done.exit_code == 0, done.output
    values = {entry.name: entry.value.hex() for entry in opened(tmp_path).entries}
    assert [values[name] for name in YOUNGER] == ["55" * 8 + "66" * 8] * 3
    assert first not in done.output
    assert "66" * 8 not in done.output


def test_one_person_alone_enters_nothing(older: dict[str, str]) -> None:
    """Fewer than two people, or two ways at once, are refused."""
    run(older, "keys", "complete", "--people", "1", code=2)
    run(older, "keys", "complete", "--people", "2", "--random", code=2)
