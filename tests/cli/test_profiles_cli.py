"""A profile author's tools: the contract suite, and a draft from a card that nobody knows."""

from pathlib import Path

import pytest

from cardsvc.card.profiles import load_profile
from cardsvc.config import find_profiles
from cardsvc.vcard import VirtualCard
from tests.cli.test_cli import as_json, run


def changed(folder: Path, name: str, *changes: tuple[str, str]) -> str:
    """A copy of a profile with changes, beside its layout."""
    text = (find_profiles() / f"{name}.toml").read_text("utf-8")
    for old, new in changes:
        assert old in text
        text = text.replace(old, new)
    path = folder / "mine.toml"
    path.write_text(text, "utf-8")
    return str(path)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with the layouts."""
    import shutil

    shutil.copytree(find_profiles() / "layouts", tmp_path / "layouts")
    return tmp_path


def test_a_new_profile_passes_the_contract(home: dict[str, str], folder: Path) -> None:
    """Another family like FMCOS: own ATR, T=0, standard block answers, numbers before the increment, loads with PIN."""
    path = changed(
        folder,
        "fudan-fmcos2",
        ('id = "fudan-fmcos2"', 'id = "mine"'),
        ("3B8B800120900000000000xxxxxxxxxx", "3B8B80015A5A5A00000000xxxxxxxxxx"),
        ("3B6B000020900000000000xxxxxxxx", "3B6B00005A5A5A00000000xxxxxxxx"),
        ('"T=CL", "T=1", "T=0"', '"T=0"'),
        ('log_number = "after"', 'log_number = "before"'),
        ('proof_number = "after"', 'proof_number = "before"'),
        ("pin_for_load = false", "pin_for_load = true"),
        ('blocked_select = ["6A81", "6283"]', 'blocked_select = ["6283"]'),
    )
    checks = as_json(home, "profiles", "test", path)
    assert len(checks) == 8
    assert [check["failure"] for check in checks] == [None] * 8


def test_a_profile_that_claims_another_familys_card_fails(home: dict[str, str], folder: Path) -> None:
    """Told by the check, exit code 1; a file that is no profile is told as such."""
    path = changed(folder, "fudan-fmcos2", ('id = "fudan-fmcos2"', 'id = "mine"'))
    told = run(home, "profiles", "test", path, code=1).stdout
    assert "FAILED" in told
    assert "card_family_ambiguous" in told
    path = changed(folder, "fudan-fmcos2", ('protocols = ["T=CL"', 'protocols = ["T=9"'))
    assert "profile_invalid" in run(home, "profiles", "test", path, code=6).stderr


def test_a_profile_without_a_chip_serial_cannot_be_issued(home: dict[str, str], folder: Path) -> None:
    """The contract says so."""
    path = changed(folder, "watchdata", ("chip_serial_length = 6", "chip_serial_length = 0"))
    assert "chip_serial_missing" in run(home, "profiles", "test", path, code=1).stdout


def test_an_unknown_card_is_learned_by_reading_only(home: dict[str, str], folder: Path) -> None:
    """The draft is a valid profile that reads what was seen; the card is as it was."""
    card, draft = folder / "card", folder / "draft.toml"
    VirtualCard.blank("t-union", seed=1).save(card)
    before = card.read_bytes()
    trace = run(home, "card", "learn", "new-city", "--vcard", str(card), "--save", str(draft), "--trace").stderr
    assert "There is a profile for this card: t-union" in trace
    assert "unknown chip" not in trace + draft.read_text()
    said = {line[3:5] for line in trace.splitlines() if "->" in line}
    assert said == {"A4", "B0", "B2", "5C"}
    assert card.read_bytes() == before
    profile = load_profile(draft)
    assert profile.foreign is not None
    assert profile.foreign.aid == "A000000632010105"
    assert {field.name for field in profile.foreign.field} == {"file_15"}
    assert (profile.foreign.log, profile.foreign.balances) == ("0018", (0,))
    assert profile.fit(VirtualCard.load(card).atr) == 30
    assert "00A40400" not in draft.read_text()
    assert run(home, "profiles", "test", str(draft), code=0).stdout.count("ok") == 2
    run(home, "card", "learn", "Bad Name", "--vcard", str(card), code=2)


def test_a_blank_card_is_learned_too(home: dict[str, str], folder: Path) -> None:
    """Nothing can be selected; the draft still is a profile."""
    card, draft = folder / "card", folder / "draft.toml"
    VirtualCard.blank("watchdata", seed=1).save(card)
    run(home, "card", "learn", "new-city", "--vcard", str(card), "--save", str(draft))
    assert load_profile(draft).transport.protocols == ("T=0",)


@pytest.mark.parametrize(("family", "checks"), [("mifare-classic", 2), ("social-security", 2), ("huada-city", 8)])
def test_the_profiles_of_the_checkout_pass(home: dict[str, str], family: str, checks: int) -> None:
    """Old cards, cards of others, cards that come with their files."""
    told = as_json(home, "profiles", "test", str(find_profiles() / f"{family}.toml"))
    assert [check["failure"] for check in told] == [None] * checks


def test_an_issuable_profile_without_block_answers_fails_its_check(home: dict[str, str], folder: Path) -> None:
    """Told by the check, without a stack trace."""
    path = changed(folder, "watchdata", ('blocked_select = ["6283", "6A81"]', "blocked_select = []"))
    assert "FAILED" in run(home, "profiles", "test", path, code=1).stdout
