"""APDU cases, status words, ATRs, and the links of the channel."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cardsvc.errors import CardError, RequestError
from cardsvc.iso7816.apdu import Answer, Command
from cardsvc.iso7816.atr import Atr
from cardsvc.iso7816.exchange import Ask, check_answers
from cardsvc.iso7816.links import Exchange, ResponseLink, TraceLink
from cardsvc.iso7816.status import SW, describe, is_status, matches, tries_left
from cardsvc.iso7816.tlv import parse_tlv

BYTE = st.integers(0, 255)


@pytest.mark.parametrize(
    ("command", "raw", "case"),
    [
        (Command(0, 0xA4, 4, 0), "00A40400", 1),
        (Command(0, 0x84, 0, 0, le=4), "0084000004", 2),
        (Command(0, 0xB0, 0, 0, le=256), "00B0000000", 2),
        (Command(0, 0xD6, 0, 0, b"\x01\x02"), "00D60000020102", 3),
        (Command(0, 0xA4, 0, 0, b"\x3f\x00", 256), "00A40000023F0000", 4),
        (Command(0, 0xB0, 0, 0, le=300, extended=True), "00B0000000012C", 2),
        (Command(0, 0xD6, 0, 0, bytes(300), extended=True), "00D6000000012C" + "00" * 300, 3),
        (Command(0, 0xD6, 0, 0, b"\x01", 65536, extended=True), "00D60000000001010000", 4),
    ],
)
def test_the_four_cases_short_and_extended(command: Command, raw: str, case: int) -> None:
    """ISO/IEC 7816-4:2013 5.1, both ways."""
    assert command.encode().hex().upper() == raw
    assert Command.parse(bytes.fromhex(raw)) == command
    assert command.case == case


@given(BYTE, BYTE, BYTE, BYTE, st.binary(max_size=255), st.one_of(st.none(), st.integers(1, 256)))
def test_what_is_encoded_parses(cla: int, ins: int, p1: int, p2: int, data: bytes, le: int | None) -> None:
    """Every short command."""
    command = Command(cla, ins, p1, p2, data, le)
    assert Command.parse(command.encode()) == command


@pytest.mark.parametrize("raw", ["", "00A4", "00D6000003AABB", "00D60000020102030405", "00D6000000AA"])
def test_lengths_that_do_not_add_up_are_refused(raw: str) -> None:
    """A clear error, not a guess."""
    with pytest.raises(CardError) as told:
        Command.parse(bytes.fromhex(raw))
    assert told.value.code == "apdu_malformed"


@pytest.mark.parametrize(
    ("atr", "protocols", "historical"),
    [
        ("3B8B800120900000000000B0AC2842CC", (0, 1), "20900000000000B0AC2842"),
        ("3B8B800120900000000000995D583016", (0, 1), "20900000000000995D5830"),
        ("3B8F800186384D574F4850CF1E4D2B1211291070", (0, 1), "86384D574F4850CF1E4D2B12112910"),
        ("3B6B000020900000000000B0A2BD69", (0,), "20900000000000B0A2BD69"),
        ("3B9F95803FC6A08031E073FE211357C2051B86986019D1", (0, 15), "8031E073FE211357C2051B86986019"),
        ("3B6D00005744296C808693D603EE082A3D", (0,), "5744296C808693D603EE082A3D"),
    ],
)
def test_atrs_seen_in_the_field(atr: str, protocols: tuple[int, ...], historical: str) -> None:
    """Published ATRs, their protocols and historical bytes."""
    parsed = Atr.parse(bytes.fromhex(atr))
    assert parsed.protocols == protocols
    assert parsed.historical.hex().upper() == historical


@pytest.mark.parametrize("atr", ["", "3B", "3C00", "3B8B800120900000000000B0AC2842CD", "3B8B8001", "3B6B0000209000", "3BF0"])
def test_malformed_atrs_say_why(atr: str) -> None:
    """Wrong check byte, wrong length, wrong convention."""
    with pytest.raises(CardError) as told:
        Atr.parse(bytes.fromhex(atr))
    assert told.value.code == "atr_malformed"


@given(st.binary(max_size=40))
def test_no_atr_breaks_the_parser(raw: bytes) -> None:
    """Random bytes parse or are refused; nothing else."""
    try:
        assert Atr.parse(raw).raw == raw
    except CardError as error:
        assert error.code == "atr_malformed"


class Scripted:
    """A channel that gives answers from a list and notes the commands."""

    atr = b"\x3b\x00"

    def __init__(self, *answers: str) -> None:
        self.answers = [bytes.fromhex(answer) for answer in answers]
        self.commands: list[str] = []

    def transmit(self, command: bytes) -> bytes:
        """The next answer."""
        self.commands.append(command.hex().upper())
        return self.answers.pop(0)

    def close(self) -> None:
        """Nothing to close."""


def test_get_response_fetches_all_that_is_announced() -> None:
    """61xx again and again, then the end."""
    card = Scripted("6102", "AABB6101", "CC9000")
    assert ResponseLink(card).transmit(bytes.fromhex("00A40000023F0000")).hex().upper() == "AABBCC9000"
    assert card.commands[1:] == ["00C0000002", "00C0000001"]


def test_a_wrong_le_is_repeated_once_with_the_right_one() -> None:
    """6Cxx for a command that expects data."""
    card = Scripted("6C17", "11" * 23 + "9000")
    ResponseLink(card).transmit(bytes.fromhex("00B201C400"))
    assert card.commands == ["00B201C400", "00B201C417"]


def test_verify_is_never_repeated() -> None:
    """A real card answers a wrong PIN with 6C0x: a repeat would burn the tries."""
    card = Scripted("6C02")
    assert ResponseLink(card).transmit(bytes.fromhex("0020000003123456")) == b"\x6c\x02"
    assert len(card.commands) == 1


def test_a_get_response_of_the_wrong_length_is_repeated_with_the_right_one() -> None:
    """6100 announces 256 bytes or more; what waits may be less, and 6Cxx says how much."""
    card = Scripted("6100", "6C03", "AABBCC9000")
    assert ResponseLink(card).transmit(bytes.fromhex("8050000200")) == bytes.fromhex("AABBCC9000")
    assert card.commands == ["8050000200", "00C0000000", "00C0000003"]


def test_a_failing_get_response_is_not_repeated() -> None:
    """The command itself was carried out."""
    card = Scripted("6104", "6F00")
    assert ResponseLink(card).transmit(bytes.fromhex("8052000000")) == b"\x6f\x00"


def test_a_hostile_card_does_not_keep_us_for_ever() -> None:
    """Response bytes are limited."""
    card = Scripted(*["00" * 256 + "6100"] * 20)
    with pytest.raises(CardError) as told:
        ResponseLink(card).transmit(bytes.fromhex("00B0000000"))
    assert told.value.code == "response_too_long"


def test_the_trace_shows_headers_and_lengths_only() -> None:
    """A PIN that goes through never shows."""
    seen: list[Exchange] = []
    TraceLink(Scripted("9000"), seen.append).transmit(bytes.fromhex("0020000003123456"))
    assert (seen[0].command, seen[0].answer) == ("00 20 00 00 [3 bytes]", "9000")


def test_status_words() -> None:
    """Patterns, tries, descriptions with the number itself."""
    assert matches(0x63C2, "63Cx")
    assert not matches(0x6983, "63Cx")
    assert tries_left(0x63C2) == 2
    assert tries_left(0x9000) is None
    assert all(f"{sw:04X}" in describe(sw).zh and f"{sw:04X}" in describe(sw).en for sw in SW)
    assert "1234 no status word" in describe(0x1234).en
    assert "6A8F wrong parameters" in describe(0x6A8F).en
    assert describe(0x9407).zh == "9407 应用已锁定"


@pytest.mark.parametrize(("sw", "is_one"), [(0x6100, True), (0x6FFF, True), (0x9000, True), (0x60FF, False), (0xA000, False)])
def test_what_can_be_a_status_word(sw: int, is_one: bool) -> None:
    """60 asks for more time; the rest begin with 6 or 9."""
    assert is_status(sw) is is_one


def test_an_answer_without_a_status_word_is_no_answer() -> None:
    """The outcome is unknown then."""
    with pytest.raises(CardError) as told:
        Answer.parse(b"\x90")
    assert told.value.outcome == "unknown"


@pytest.mark.parametrize(
    ("statuses", "fits"),
    [
        ([0x9000, 0x9000], True),
        ([0x9000, 0x6A82], True),
        ([0x6A82], True),
        ([0x9000], False),
        ([0x6A82, 0x9000], False),
        ([], False),
        ([0x9000] * 3, False),
    ],
)
def test_answers_must_fit_their_batch(statuses: list[int], fits: bool) -> None:
    """All answers, or all up to the first that stops the batch."""
    batch = (Ask(Command(0, 0xA4), "SELECT"), Ask(Command(0, 0xB0, le=1), "READ BINARY"))
    answers = [Answer(b"", sw) for sw in statuses]
    if fits:
        check_answers(batch, answers)
    else:
        with pytest.raises(RequestError):
            check_answers(batch, answers)


def test_fci_tlv() -> None:
    """An FCI as the Fudan manual prints it; cut short it is refused."""
    inner = parse_tlv(parse_tlv(bytes.fromhex("6F15840E315041592E5359532E4444463031A503880101"))[0x6F])
    assert inner[0x84] == b"1PAY.SYS.DDF01"
    assert parse_tlv(inner[0xA5]) == {0x88: b"\x01"}
    with pytest.raises(CardError):
        parse_tlv(bytes.fromhex("6F15840E31"))


@pytest.mark.parametrize(
    ("raw", "objects"),
    [
        ("00FF4F05A00000000100FF", {0x4F: "A000000001"}),  # filled up on either side
        ("7F490386010ABF0C00", {0x7F49: "86010A", 0xBF0C: ""}),
        ("5F8120029901", {0x5F8120: "9901"}),
        ("80810AAABBCCDDEEFF00112233", {0x80: "AABBCCDDEEFF00112233"}),
        ("8082000155", {0x80: "55"}),
        ("808400000001550000", {0x80: "55"}),
    ],
)
def test_tlv_as_the_standard_has_it(raw: str, objects: dict[int, str]) -> None:
    """Tags of three bytes, lengths of five, filling bytes between objects (ISO/IEC 7816-4:2013, 5.2.2)."""
    assert parse_tlv(bytes.fromhex(raw)) == {tag: bytes.fromhex(value) for tag, value in objects.items()}


@pytest.mark.parametrize("raw", ["8080AA0000", "8085000000000155", "5F818181200155", "5F", "80", "8081", "8005AA"])
def test_tlv_that_is_none(raw: str) -> None:
    """An indefinite length, a length of six bytes, a tag of five, and what is cut short."""
    with pytest.raises(CardError):
        parse_tlv(bytes.fromhex(raw))
