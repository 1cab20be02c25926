"""A virtual card over T=0 (ISO/IEC 7816-3:2006 12.2), and a load that wants the PIN (JR/T 0025.2-2010 5.5.2)."""

import pytest

from cardsvc.iso7816.links import ResponseLink
from cardsvc.vcard import VirtualCard
from tests.vcard.test_known_answers import AID, FUDAN_SCRIPT, status


@pytest.fixture
def card() -> VirtualCard:
    """A Watchdata card issued by the FMCOS script."""
    made = VirtualCard.blank("watchdata", chip_serial=bytes.fromhex("D603EE082A3D"), seed=1)
    made.power_on()
    for command in FUDAN_SCRIPT:
        assert status(made, command.replace("2E0A17F1EF", "2E0A17F0EF"))[:2] in ("90", "61")
    return made


def test_the_atr_is_the_published_one(card: VirtualCard) -> None:
    """T=0 alone: no check byte."""
    assert card.atr.hex().upper() == "3B6D00005744296C808693D603EE082A3D"


def test_answers_to_commands_with_data_are_fetched(card: VirtualCard) -> None:
    """61xx, then GET RESPONSE with the right length, in parts too; once only, and any other command lets it go."""
    assert status(card, f"00A4040009{AID}") == "6130"
    assert status(card, "00C00000FF") == "6C30"
    part = card.transmit(bytes.fromhex("00C0000010"))
    assert part[-2:].hex() == "6120"
    rest = card.transmit(bytes.fromhex("00C0000020"))
    assert (part[:-2] + rest[:-2]).hex().upper().startswith(f"6F2E8409{AID}A5219F0C1E")
    assert rest[-2:].hex() == "9000"
    assert status(card, "00C0000001") == "6985"
    assert status(card, f"00A4040009{AID}00") == "6130"
    assert status(card, "00B0950000") == "6C1E"
    assert status(card, "00C0000030") == "6985"


def test_the_whole_answer_comes_through_the_link(card: VirtualCard) -> None:
    """As a host sees it."""
    link = ResponseLink(card.channel())
    assert len(link.transmit(bytes.fromhex(f"00A4040009{AID}"))) == 0x32
    assert len(link.transmit(bytes.fromhex("00B0950000"))) == 32


def test_a_load_of_the_ep_wants_the_pin(card: VirtualCard) -> None:
    """6982 without; after VERIFY it begins; another SELECT or a wrong PIN forgets it. A purchase never asks."""
    initialize = "805000020B01" + "00000001" + "112233445566"
    purchase = "805001020B01" + "00000000" + "112233445566"
    status(card, f"00A4040009{AID}")
    assert status(card, initialize) == "6982"
    assert status(card, purchase) == "610F"
    assert status(card, "002000000312345F") == "9000"
    assert status(card, initialize) == "6110"
    assert status(card, "0020000003111111") == "63C2"
    assert status(card, initialize) == "6982"
    assert status(card, "002000000312345F") == "9000"
    status(card, f"00A4040009{AID}")
    assert status(card, initialize) == "6982"
