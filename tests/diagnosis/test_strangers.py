"""Cards that nobody here wrote: told for what they are, in the desk's words, asked by reading only, and always to an end."""

import time
import tomllib
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from cardsvc.card.profiles import load_profile
from cardsvc.cli.card.diagnose import report_lines
from cardsvc.cli.card.examine import examine
from cardsvc.cli.card.learn import draft, who
from cardsvc.config import find_profiles
from cardsvc.errors import CardError, CardGone
from cardsvc.iso7816.atr import Atr
from cardsvc.iso7816.exchange import run_procedure
from cardsvc.iso7816.links import ResponseLink
from cardsvc.procedures.learn import learn
from cardsvc.procedures.strangers import WORDS, by_atr, names_of, strangers
from cardsvc.readers.carry import CarriedOut
from cardsvc.service.operation_kinds import KINDS
from cardsvc.service.operations.engine import Engine
from cardsvc.service.operations.rule_book import RuleBook
from cardsvc.vcard import VirtualCard
from tests.diagnosis.patients import CASH
from tests.diagnosis.wild import (
    EID,
    NOT_FOUND,
    OK,
    OPEN_PLATFORM,
    PIV,
    PPSE,
    WILD,
    Wild,
    WildCard,
    contactless,
    having,
    name_in,
)
from tests.world import DESK, World, profiles, rules

MOST_TO_DIAGNOSE = 60
LATE = 0.26
"""Seconds; a card that takes so long is slow."""
AID_OF = {"piv": tuple(PIV), "eid": tuple(EID), "java-card": tuple(OPEN_PLATFORM)}
NAMELESS = ("phone-wallet", "falls-silent", "no-check-byte", "ours-campus")
"""Cards without a name by which anybody could tell them."""
everyone = pytest.mark.parametrize("wild", WILD, ids=lambda wild: wild.name)


@pytest.fixture(scope="module")
def city(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """One city for all: none of these cards is in its books."""
    world = World(tmp_path_factory.mktemp("city") / "city.db")
    yield world
    world.close()


@everyone
def test_a_quick_look_says_the_same(city: World, wild: Wild) -> None:
    """The full one is in the matrix. Few commands, and the words are the desk's."""
    cards = [wild.card() for _ in range(8)]
    left = iter(cards)
    report = examine(city.engine, DESK, lambda: next(left), quick=True)
    assert report["findings"][0]["code"] == wild.first
    assert report["findings"][0]["tell"]["zh"]
    assert not report["healthy"]
    assert sum(len(card.asked) for card in cards) <= MOST_TO_DIAGNOSE


@pytest.mark.parametrize("wild", [wild for wild in WILD if wild.name.startswith("ours-")], ids=lambda wild: wild.name)
def test_nobody_writes_onto_a_card_whose_chip_alone_is_like_ours(city: World, wild: Wild) -> None:
    """Taken for a blank, it would lose tries of its keys and hear ours; WildCard lets nothing but reading pass."""
    citizen = city.citizen(3 + WILD.index(wild))
    for kind, params in (("personalise", {"citizen_id": citizen}), ("topup", {"amount": 1000, "payment": CASH})):
        with pytest.raises(CarriedOut, match=r"card_foreign \(not_done\)"):
            city.carry(wild.card(), kind, **params)
    assert city.carry(wild.card(), "inspect")["state"] == "foreign"


@everyone
def test_learn_says_what_it_is_and_ends(wild: Wild, tmp_path: Path) -> None:
    """A draft that is a profile; or, of a card that falls silent or has no sound ATR, an error of ours."""
    card = wild.card()
    link = ResponseLink(card)
    with suppress(CardError):
        kind = who(link)
        assert (kind is None) == (wild.name in NAMELESS)
        atr = Atr.parse(card.atr)
        text = draft("unknown", atr, run_procedure(link, learn()), kind, run_procedure(link, names_of(kind)))
        told = tomllib.loads(text)
        assert told["id"] == "unknown"
        assert kind is None or (WORDS[kind].zh in told["name_zh"] and WORDS[kind].en in told["name_en"])
        if wild.name in ("piv", "eid", "java-card"):  # no city card's name is on them, theirs is
            assert any(name.startswith(told["foreign"]["aid"]) for name in AID_OF[wild.name])
        (tmp_path / "layouts").mkdir()
        layout = "citizen-card.toml"
        (tmp_path / "layouts" / layout).write_bytes((find_profiles() / "layouts" / layout).read_bytes())
        (tmp_path / "unknown.toml").write_text(text, "utf-8")
        assert load_profile(tmp_path / "unknown.toml").foreign is not None
    assert card.asked or by_atr(card.atr)


def test_a_nameless_card_with_our_number_on_its_face_is_not_sent_away(tmp_path: Path) -> None:
    """An odd ATR and no name: another issuer's, unless the desk reads a number of ours on it."""
    world = World(tmp_path / "city.db")
    number = world.card_no_of(world.issue("fudan-fmcos2"))
    wild = next(wild for wild in WILD if wild.name == "no-check-byte")
    told = [examine(world.engine, DESK, wild.card, card_no=face)["findings"] for face in (None, number)]
    assert [found[0]["code"] for found in told] == ["card_unknown_family", "atr_wrong"]
    assert [found[0]["plan"] for found in told] == ["none_not_ours", "move_to_new_card"]
    world.close()


@pytest.mark.parametrize(("late", "slow"), [(1, False), (100, True)])
def test_one_late_answer_of_a_card_that_cannot_be_asked_is_not_held_against_it(city: World, late: int, *, slow: bool) -> None:
    """A quick look times one answer; the computer may have been busy just then. A card that is always late is told as slow."""
    left = iter([LATE] * late)

    def answer(command: bytes) -> bytes:
        time.sleep(next(left, 0.0))
        return having(PPSE)(command)

    told = examine(city.engine, DESK, lambda: WildCard(bytes.fromhex(contactless("0031C173C8400000")), answer), quick=True)
    assert [finding["code"] for finding in told["findings"]] == ["stranger_bank", *["answers_slow"] * slow]


def test_one_late_answer_before_a_card_leaves_is_not_held_against_it_either(city: World) -> None:
    """It was not even asked who it is."""
    left = iter([LATE])

    def answer(_command: bytes) -> bytes:
        pause = next(left, None)
        if pause is None:
            raise CardGone("card_gone")
        time.sleep(pause)
        return NOT_FOUND

    told = examine(city.engine, DESK, lambda: WildCard(bytes.fromhex(contactless("0031C173C8400000")), answer), quick=True)
    assert [finding["code"] for finding in told["findings"]] == ["card_unknown_family", "contact_unstable"]


def with_draft(city: World, wild: Wild, folder: Path) -> Engine:
    """The city's service with the draft that was learnt from this very card."""
    link = ResponseLink(wild.card())
    kind = who(link)
    text = draft("odd-card", Atr.parse(link.atr), run_procedure(link, learn()), kind, run_procedure(link, names_of(kind)))
    (folder / "layouts").mkdir()
    layout = "citizen-card.toml"
    (folder / "layouts" / layout).write_bytes((find_profiles() / "layouts" / layout).read_bytes())
    (folder / "odd-card.toml").write_text(text, "utf-8")
    known = (*profiles(), load_profile(folder / "odd-card.toml"))
    return Engine(city.store, city.keys, known, RuleBook(rules()), KINDS, lambda: city.now)


@pytest.mark.parametrize("quick", [True, False])
@pytest.mark.parametrize("name", ["bank-contact", "sim", "java-card", "refuses-6d00"])
def test_a_draft_that_is_installed_hides_nothing(city: World, tmp_path: Path, name: str, *, quick: bool) -> None:
    """A draft knows one card's ATR: whose card it is, the names on it still tell."""
    wild = next(wild for wild in WILD if wild.name == name)
    report = examine(with_draft(city, wild, tmp_path), DESK, wild.card, quick=quick)
    assert [finding["code"] for finding in report["findings"]] == [wild.first]
    assert report["evidence"]["profile.id"] == "odd-card"


@pytest.mark.parametrize("name", ["phone-wallet", "all-by-get-response"])
def test_a_card_that_only_a_draft_knows_is_told_by_it(
    city: World, tmp_path: Path, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Which draft, that it is one, and what it reads; on the page, too, by what is told."""
    wild = next(wild for wild in WILD if wild.name == name)
    report = examine(with_draft(city, wild, tmp_path), DESK, wild.card)
    found = report["findings"][0]
    assert found["code"] == "card_foreign"
    assert (found["family"]["id"], found["family"]["draft"]) == ("odd-card", True)
    assert found["family"]["reads"] == (["file_15"] if name == "all-by-get-response" else [])
    assert "odd-card" in found["tell"]["zh"]
    assert "草稿" in found["tell"]["zh"]
    monkeypatch.setenv("CARDSVC_LANG", "en")
    told = "\n".join(report_lines(report))
    assert "(odd-card, a draft that nobody checked)" in told


def test_a_card_of_a_known_issuer_is_told_by_name(city: World) -> None:
    """The national transport union's, say."""
    found = examine(city.engine, DESK, VirtualCard.blank("t-union", seed=5).channel)["findings"][0]
    family = next(profile for profile in profiles() if profile.id == "t-union")
    assert (found["code"], found["family"]["draft"]) == ("card_foreign", False)
    assert found["tell"]["zh"].endswith(family.name_zh)


def test_a_draft_never_stands_before_a_checked_profile(city: World, tmp_path: Path) -> None:
    """Whoever learns a card of ours by mistake takes no card from the desk."""
    card = city.issue("fudan-fmcos2", 7)
    wild = Wild("ours", "", "", card.atr.hex(), lambda: having({}))
    engine = with_draft(city, wild, tmp_path)
    assert examine(engine, DESK, card.channel)["evidence"]["profile.id"] == "fudan-fmcos2"


@pytest.mark.parametrize(
    "entry", ["610E 5003414243 4F07A0000000990102", "4F07A0000000990102 FFFF", "00610C 4F07A0000000990102 870131"]
)
def test_a_directory_is_read_as_the_standard_has_it(entry: str) -> None:
    """The label before the name, the name alone, filled up with bytes that mean nothing (ISO/IEC 7816-4:2013, 12.2.1)."""
    name = bytes.fromhex("A0000000990102")

    def answer(command: bytes) -> bytes:
        if command[1] == 0xB2:
            return bytes.fromhex(entry) + OK if command[2:4] == b"\x01\x0c" else bytes.fromhex("6A83")
        if command[1] == 0xB0:
            return bytes.fromhex("6981") if command[2] == 0x81 else NOT_FOUND
        return OK if command[5:7] == b"\x3f\x00" or name_in(command) == name else NOT_FOUND

    learned = run_procedure(ResponseLink(WildCard(b"", answer)), learn())
    assert [seen.name for seen in learned.applications] == [b"", name]


def test_every_kind_in_the_table_has_a_card_here() -> None:
    """A kind that nobody plays would be a kind that nobody tested."""
    played = {wild.first.removeprefix("stranger_") for wild in WILD}
    assert {"storage" if entry.kind == "access" else entry.kind for entry in strangers()} <= played
