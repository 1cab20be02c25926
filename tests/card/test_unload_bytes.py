"""The host's side of an unload: every byte and MAC of the known answer, and what it asks when the answer does not come."""

import datetime as dt
import json
from collections.abc import Generator
from pathlib import Path
from typing import Any

import pytest

from cardsvc.card.purse import InitializeForUnloadAnswer
from cardsvc.crypto import epurse
from cardsvc.errors import CardError
from cardsvc.iso7816.apdu import Answer
from cardsvc.keystore.keys import Session
from cardsvc.procedures.purse import (
    DebitForUnloadOutcome,
    PurseRef,
    check_mac1,
    debit_for_unload,
    initialize_for_unload,
)
from tests.world import FAMILIES, profiles

(V,) = json.loads((Path(__file__).parents[1] / "vectors" / "epurse.json").read_text())["unload"]
AMOUNT, TERMINAL, COUNTER = int(V["amount"], 16), bytes.fromhex(V["terminal"]), int(V["counter"], 16)
CHALLENGE = bytes.fromhex("A1B2C3D4E5F6")
MOMENT = dt.datetime.strptime(V["dt"], "%Y%m%d%H%M%S")  # noqa: DTZ007 - local time as on the card
ED = PurseRef("bus", "ed")
PROFILE = next(profile for profile in profiles() if profile.id == FAMILIES[0])
SHOWN = bytes.fromhex(V["balance"] + V["counter"] + "0100" + V["random"] + V["mac1"])


def session() -> Session:
    """The vector's session key."""
    return Session(epurse.session_key(bytes.fromhex(V["key"]), bytes.fromhex(V["random"]), COUNTER))


def sent(batch: Any) -> list[str]:
    """Commands as hex."""
    return [ask.command.encode().hex().upper() for ask in batch]


def ended(procedure: Generator[Any, Any, Any], *answers: Answer) -> Any:
    """What a procedure comes to with its last answers."""
    with pytest.raises(StopIteration) as end:
        procedure.send(answers)
    return end.value.value


def initialized() -> InitializeForUnloadAnswer:
    """INITIALIZE FOR UNLOAD, asked and answered as the vector has it."""
    procedure = initialize_for_unload(PROFILE, ED, AMOUNT, TERMINAL)
    assert sent(next(procedure))[1] == "805005010B01" + V["amount"] + V["terminal"] + "10"
    found = ended(procedure, Answer(b"", 0x9000), Answer(SHOWN, 0x9000))
    assert isinstance(found, InitializeForUnloadAnswer)
    return found


def debiting() -> Generator[Any, Any, DebitForUnloadOutcome]:
    """DEBIT FOR UNLOAD, sent as the vector has it."""
    procedure = debit_for_unload(PROFILE, ED, initialized(), AMOUNT, TERMINAL, MOMENT, session(), CHALLENGE)
    assert sent(next(procedure)) == ["805403000B" + V["dt"] + V["mac2"] + "04"]
    return procedure


def test_mac1_of_the_vector_is_right_and_no_other() -> None:
    """Another amount, another balance, or a load of the same amount is not what the card answered for."""
    init = initialized()
    check_mac1(init, ED, AMOUNT, TERMINAL, session())
    with pytest.raises(CardError, match="card_not_genuine"):
        check_mac1(init, ED, AMOUNT + 1, TERMINAL, session())
    other = InitializeForUnloadAnswer.parse(SHOWN[:3] + b"\x11" + SHOWN[4:])
    with pytest.raises(CardError, match="card_not_genuine"):
        check_mac1(other, ED, AMOUNT, TERMINAL, session())


def test_mac3_of_the_vector_is_right_and_no_other() -> None:
    """MAC3 is over the new balance and the counter before its increment."""
    assert ended(debiting(), Answer(bytes.fromhex(V["mac3"]), 0x9000)).mac3_right is True
    assert ended(debiting(), Answer(bytes.fromhex(V["mac2"]), 0x9000)).mac3_right is False


@pytest.mark.parametrize("answer", [Answer(b"", 0x9302), Answer(b"", 0x9000), Answer(bytes(8), 0x9000)])
def test_no_mac3_is_followed_by_asking_for_the_proof(answer: Answer) -> None:
    """The proof of type 03 first, under both numbers; then balance, log, and the online counter."""
    procedure = debiting()
    batch = procedure.send((answer,))
    assert sent(batch)[0].startswith("00A40400")
    batch = procedure.send((Answer(b"", 0x9000),))
    assert sent(batch) == [f"805A0003020{COUNTER + 1:03X}08", f"805A000302{V['counter']}08"]
    batch = procedure.send((Answer(bytes.fromhex(V["mac3"]) + bytes(4), 0x9000), Answer(b"", 0x9406)))
    assert sent(batch) == ["805C000104"]
    procedure.send((Answer(bytes.fromhex(V["new_balance"]), 0x9000),))
    batch = procedure.send((Answer(b"", 0x6A83),))
    assert sent(batch)[0].startswith("80500001")
    assert sent(batch)[0].endswith(CHALLENGE.hex().upper() + "10"), "the look is asked with what is fresh"
    outcome = ended(procedure, Answer(b"", 0x6985))
    assert (outcome.mac3, outcome.evidence.balance, outcome.evidence.counter) == (None, int(V["new_balance"], 16), None)
    assert [(number, proof.mac.hex().upper()) for number, proof in outcome.evidence.proofs] == [(COUNTER + 1, V["mac3"])]
