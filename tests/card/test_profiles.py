"""Firmware profiles: recognising cards, refusing what is ambiguous or wrong, layouts that fit their bytes."""

import datetime as dt
import shutil
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cardsvc.card.contents import CardData, contents
from cardsvc.card.holder import Holder, holder_from_records
from cardsvc.card.profiles import load_profile, load_profiles, recognise
from cardsvc.card.records import ApplicationRecord, ApplicationState, CardIssue, CardIssueSeen
from cardsvc.config import find_profiles
from cardsvc.errors import ProfileError
from cardsvc.units import bcd_date, parse_bcd_date
from tests.world import profiles


@pytest.mark.parametrize(
    ("atr", "profile", "serial"),
    [
        ("3B8B800120900000000000B0AC2842CC", "fudan-fmcos2", "B0AC2842"),
        ("3B8B80012090000000000015C0477A52", "fudan-fmcos2", "15C0477A"),
        ("3B6B000020900000000000B0A2BD69", "fudan-fmcos2", "B0A2BD69"),
        ("3B9F95803FC6A08031E073FE211357C2051B86986019D1", "huada-city", "C2051B86986019"),
        ("3B8A80014D540005002086640001D4", "t-union", ""),
        ("3B8A80014D54000500308693695B00", "t-union", ""),
        ("3B8F80014D5400020100FFFF0114013422071100", "t-union", ""),
        ("3B6D0000008154310086602009010A0B0C"[:34], "social-security", "2009010A0B0C"),
        ("3B6D0000009054311686602009010A0B0C"[:34], "social-security", "2009010A0B0C"),
        ("3B8F8001804F0CA000000306030001000000006A", "mifare-classic", ""),
        ("3B6D00005744296C808693D603EE082A3D", "watchdata", "D603EE082A3D"),
        ("3B8F800186384D574F4850CF1E4D2B1211291070", "mingwah-smartcos", "CF1E4D2B12112910"),
    ],
)
def test_published_atrs_are_recognised(atr: str, profile: str, serial: str) -> None:
    """The family, and the chip's serial in the historical bytes."""
    found = recognise(profiles(), bytes.fromhex(atr))
    assert found.id == profile
    assert found.chip_serial(bytes.fromhex(atr)).hex().upper() == serial


def test_an_unknown_atr_is_refused_with_what_was_seen() -> None:
    """A bank card is no citizen card."""
    with pytest.raises(ProfileError) as told:
        recognise(profiles(), bytes.fromhex("3B6D0000577100318071901000"))
    assert told.value.code == "card_family_unknown"
    assert "3B6D0000577100318071901000" in told.value.message("en")


def changed(folder: Path, name: str, old: str, new: str) -> Path:
    """A copy of the profiles with one of them changed."""
    shutil.copytree(find_profiles(), folder / "profiles")
    path = folder / "profiles" / name
    path.write_text(path.read_text("utf-8").replace(old, new), "utf-8")
    return path


def test_two_profiles_that_fit_the_same_card_are_refused(tmp_path: Path) -> None:
    """Nothing is done to a card whose family is not certain."""
    path = changed(tmp_path, "fudan-fmcos2.toml", "xx", "xx")
    shutil.copy(path, path.with_name("copy.toml"))
    copy = path.with_name("copy.toml")
    copy.write_text(copy.read_text("utf-8").replace('id = "fudan-fmcos2"', 'id = "twin"'), "utf-8")
    with pytest.raises(ProfileError) as told:
        recognise(load_profiles(path.parent), bytes.fromhex("3B8B800120900000000000B0AC2842CC"))
    assert told.value.code == "card_family_ambiguous"
    assert "twin" in told.value.message("en")


@pytest.mark.parametrize(
    ("old", "new", "named"),
    [
        ("pin_for_load = false", "pin_for_load = false\nlottery = true", "purse.lottery"),
        ("challenge_length = 4", "challenge_length = 5", "dialect.challenge_length"),
        ("challenge_length = 4", 'challenge_length = "4"', "dialect.challenge_length"),
        ('"purse.max_balance" =', '"purse.nothing" =', "purse.max_balance"),
    ],
)
def test_a_wrong_profile_is_refused_by_the_name_of_its_field(tmp_path: Path, old: str, new: str, named: str) -> None:
    """Unknown field, wrong value, wrong type, a value without a source."""
    with pytest.raises(ProfileError) as told:
        load_profile(changed(tmp_path, "fudan-fmcos2.toml", old, new))
    assert told.value.code == "profile_invalid"
    assert named in told.value.message("en")


def test_a_profile_that_is_no_toml_is_refused(tmp_path: Path) -> None:
    """With the name of the file."""
    (tmp_path / "broken.toml").write_text("id = ")
    with pytest.raises(ProfileError) as told:
        load_profile(tmp_path / "broken.toml")
    assert told.value.code == "profile_unreadable"


def test_every_content_fits_its_file() -> None:
    """Sizes in the layout and bytes that are written."""
    card = CardData(
        "3100010100000001",  # type: ignore[arg-type] # a card number as text
        "A00000001",
        Holder("测试一" * 5, "330100199902300011", 1, 1, "330100", dt.date(1999, 2, 28)),
        dt.date(2026, 11, 24),
        dt.date(2036, 11, 24),
    )
    for profile in profiles():
        if not profile.issuable:
            continue
        for application in profile.layout.application:
            for content in contents(profile.layout, card, application):
                room = content.file.size or content.file.records * content.file.record_length
                assert sum(map(len, content.records)) <= room, content.file.name
                if content.file.kind == "binary":
                    assert len(content.binary) == content.file.size
                assert max(map(len, content.records)) <= profile.transport.max_command_data


@given(
    st.sampled_from(ApplicationState),
    st.sampled_from("ABCDT1 "),
    st.one_of(st.none(), st.dates(dt.date(2000, 1, 1), dt.date(2099, 12, 31))),
    st.binary(min_size=16, max_size=16),
)
def test_application_records_survive_the_card(state: ApplicationState, product: str, day: dt.date | None, own: bytes) -> None:
    """Encoded and parsed again they are the same."""
    record = ApplicationRecord(state, product, " ", day, day, None, own)
    assert ApplicationRecord.parse(record.encode()) == record


@given(st.binary(max_size=64))
def test_no_bytes_break_the_parsers(raw: bytes) -> None:
    """Damaged files give None or a record, never an error."""
    ApplicationRecord.parse(raw)
    CardIssueSeen.parse(raw)
    CardIssueSeen.parse(raw.ljust(CardIssue.LENGTH, b"\x33")[: CardIssue.LENGTH])
    holder_from_records({0x08: raw, 0x09: raw, 0x0A: raw, 0x0B: raw, 0x0C: raw, 0x0D: raw})


def test_a_garbled_year_is_written_as_it_was_read() -> None:
    """The year 0420 in a damaged file is a date like any other. Found by make fuzz-guided."""
    raw = bytes.fromhex("04201124")
    day = parse_bcd_date(raw)
    assert day is not None
    assert bcd_date(day) == raw


def test_known_faults_show_in_errors() -> None:
    """By code, command and status word."""
    fudan = next(profile for profile in profiles() if profile.id == "fudan-fmcos2")
    assert [fault.versions for fault in fudan.known_faults("card_not_genuine")] == ["FM1208 seen in 2017"]
    assert [fault.command for fault in fudan.known_faults("card_refused", "READ BINARY", "6281")] == ["READ BINARY"]
    assert fudan.known_faults("card_refused", "READ BINARY", "6A82") == ()
    assert fudan.known_faults("card_refused", "SELECT", "6281") == ()
