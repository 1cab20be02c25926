"""Faults by name, put on a card and felt through its commands: what is damaged shows, and the same seed does the same."""

from pathlib import Path

import pytest

from cardsvc.errors import CardError, CardGone, RequestError
from cardsvc.iso7816.atr import Atr
from cardsvc.vcard import FAULTS, Fault, VirtualCard, inflict, load_faults
from tests.vcard.test_known_answers import AID, fmcos, ok, smartcos, status
from tests.vcard.test_tears import load, seen_balance

SELECT = f"00A4040009{AID}"


def struck(*faults: str, seed: int = 1) -> VirtualCard:
    """An FMCOS card with a purse and 100.00 on it, then with these faults, freshly powered."""
    card = fmcos()
    load(card, 10000)
    inflict(card, [Fault.parse(text) for text in faults], seed)
    card.power_on()
    return card


def test_a_mute_card_a_wrong_atr_and_a_clone_show_before_anything_is_said() -> None:
    """No answer; a check byte that is wrong; another chip with the same files."""
    with pytest.raises(CardError) as told:
        struck("mute").transmit(bytes.fromhex(SELECT))
    assert told.value.code == "card_mute"
    with pytest.raises(CardError) as told:
        Atr.parse(struck("bad-atr").atr)
    assert told.value.code == "atr_malformed"
    assert struck("cloned-serial:0A0B0C0D").atr[11:15] == bytes.fromhex("0A0B0C0D")
    assert ok(struck("cloned-serial"), SELECT) == ok(struck(), SELECT)


@pytest.mark.parametrize(
    ("fault", "happened"),
    [
        ("torn-before-write:1", False),
        ("torn-after-write:1", True),
        ("torn-before-command:3", False),
        ("torn-after-command:3", True),
    ],
)
def test_power_fails_before_or_after_a_write(fault: str, happened: bool) -> None:
    """SELECT and INITIALIZE write nothing, CREDIT FOR LOAD is write 1 and command 3."""
    card = struck(fault)
    ok(card, SELECT)
    with pytest.raises(CardGone):
        load(card, 500)
    inflict(card, [])
    card.power_on()
    assert seen_balance(card) == 10000 + 500 * happened


def test_a_lost_answer_leaves_the_card_on_power_and_the_load_on_the_card() -> None:
    """The answer of write 1."""
    card = struck("lost-answer:1")
    ok(card, SELECT)
    with pytest.raises(CardError) as told:
        load(card, 500)
    assert told.value.code == "answer_malformed"
    assert card.powered
    assert seen_balance(card) == 10500


def test_conditions_of_the_memory_show_in_the_answers() -> None:
    """Each as the standard has a card say it."""
    assert status(struck("blocked-application"), SELECT) == "6A81"
    assert status(struck("blocked-card"), "00A40000023F00") == "6A81"
    card = struck("locked-pin", "locked-key", "wrong-balance:1234")
    assert seen_balance(card) == 1234
    assert status(card, "002000000312345F") == "6983"
    ok(card, "0084000004")
    assert status(card, "0082000008" + "00" * 8) == "6983"
    card = struck("counter-at-maximum")
    ok(card, SELECT)
    assert status(card, "805000020B01" + "00000001" + "112233445566" + "10") == "9402"
    card = struck("blocked-for-good")
    assert status(card, SELECT) in ("9303", "6A81")
    assert status(card, "8418000004" + "00" * 4) == "9303"


def test_a_key_of_another_version_says_so_and_makes_other_macs() -> None:
    """Version byte and MAC1 of INITIALIZE FOR LOAD."""
    answers = []
    for card in (struck(), struck("wrong-key-version")):
        ok(card, SELECT)
        card.force_random(bytes.fromhex("01020304"))
        answers.append(ok(card, "805000020B01" + "00000001" + "112233445566" + "10"))
    good, other = answers
    assert good[:6] == other[:6]
    assert other[6] == good[6] + 1
    assert good[12:] != other[12:]


def test_a_stuck_counter_books_and_does_not_count() -> None:
    """Balance up, online counter where it was."""
    card = struck("stuck-counter")
    ok(card, SELECT)
    load(card, 500)
    assert seen_balance(card) == 10500
    assert ok(card, "805000020B01" + "00000001" + "112233445566" + "10")[4:6] == b"\x00\x01"


def test_a_worn_cell_refuses_the_write_and_a_corrupted_file_reads_differently() -> None:
    """6581; EF15 differs in a few bytes, the same ones for the same seed."""
    card = struck("worn-eeprom:1")
    ok(card, SELECT)
    with pytest.raises(AssertionError):
        load(card, 500)
    assert seen_balance(card) == 10000
    files = []
    for seed in (1, 1, 2):
        card = struck("corrupted-file:3F01/0015", seed=seed)
        ok(card, SELECT)
        files.append(card.transmit(bytes.fromhex("00B0950000"))[:-2])
    assert files[0] == files[1] != files[2]
    assert 1 <= sum(a != b for a, b in zip(files[0], b"\xff" * 30, strict=True)) <= 4


@pytest.mark.parametrize("name", FAULTS)
def test_every_fault_can_be_chosen_by_the_seed_alone(name: str) -> None:
    """On both families; without a parameter, and the same for the same seed. A card without a PIN says so."""
    for make in (fmcos, smartcos):
        cards = []
        for _ in range(2):
            card = make()
            card.chip_serial = bytes(card.dialect.chip_serial_length)
            if name == "locked-pin" and make is smartcos:
                with pytest.raises(RequestError, match="no pin key"):
                    inflict(card, [Fault(name)])
                continue
            inflict(card, [Fault(name)], seed=5)
            cards.append((bytes(card._eeprom.image), card.plan, card.chip_serial))
        assert cards[:1] == cards[1:]


@pytest.mark.parametrize(
    "fault",
    [
        "slow:abc",
        "slow:-1",
        "slow:٣",
        "torn-at-byte:0",
        "mute:1",
        "corrupted-file:zz",
        "corrupted-file:3F01/00",
        "corrupted-file:3F01/0099",
        "locked-pin:3F09",
        "cloned-serial:00",
        "cloned-serial:xyz",
        "wrong-balance:99999999999",
        "blocked-card:3F01",
    ],
)
def test_a_fault_that_does_not_fit_is_refused_and_changes_nothing(fault: str) -> None:
    """With the name of the fault."""
    card = fmcos()
    before = bytes(card._eeprom.image)
    with pytest.raises(RequestError) as told:
        inflict(card, [Fault.parse(fault)])
    assert told.value.code == "fault_does_not_fit"
    assert bytes(card._eeprom.image) == before


def test_faults_come_from_a_file(tmp_path: Path) -> None:
    """Seed and list; anything else in it is refused."""
    path = tmp_path / "faults.toml"
    path.write_text('seed = 7\nfaults = ["slow:300", "torn-after-write"]\n')
    assert load_faults(path) == ((Fault("slow", "300"), Fault("torn-after-write")), 7)
    for wrong, code in (
        ("seed = 7", "fault_file_wrong"),
        ("faults = [1]", "fault_file_wrong"),
        ('seed = "x"\nfaults = []', "fault_file_wrong"),
        ("faults = []\ncolour = 1", "fault_file_wrong"),
        ("faults = [", "fault_file_wrong"),
        ('faults = ["flood"]', "fault_unknown"),
    ):
        path.write_text(wrong)
        with pytest.raises(RequestError) as told:
            load_faults(path)
        assert told.value.code == code
