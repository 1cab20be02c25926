"""The flight recorder: everything that was said stands in the database, no secret does, and it can be played again."""

import json
from dataclasses import replace
from pathlib import Path

import pytest

from cardsvc.errors import CardError, CardGone, OperationError
from cardsvc.service.operations.flight import Recording, recording_of, replay
from cardsvc.vcard import Fault, inflict
from cardsvc.vcard.recorded import RecordedCard
from tests.world import FAMILIES, World, key_ring


def operations(world: World, card_no: str) -> dict[str, str]:
    """The newest operation of each kind."""
    with world.store.read() as uow:
        return {row.kind: row.operation_id for row in reversed(uow.operations.of_card(card_no))}


def played(world: World, recording: Recording) -> RecordedCard:
    """The recording, after the operation was said to it again."""
    card = RecordedCard(bytes.fromhex(recording.atr), recording.exchanges)
    replay(world.engine, recording.operation_id, card)
    return card


@pytest.mark.parametrize("family", [*FAMILIES, "watchdata"])
def test_whole_operations_are_recorded_and_play_again_the_same(world: World, family: str) -> None:
    """Every command of the card's own count, with its time; keys, PIN and holder only by their length."""
    card = world.issue(family)
    world.topup(card)
    card_no = world.card_no_of(card)
    before = world.balances()
    for kind, operation_id in operations(world, card_no).items():
        recording = recording_of(world.store, operation_id)
        assert played(world, recording).differences == (), kind
        assert all(e["milliseconds"] >= 0 for e in recording.exchanges)
    text = json.dumps([recording_of(world.store, o).to_json() for o in operations(world, card_no).values()])
    versions = key_ring().versions()
    for name in ("purse.load", "mf.master"):
        assert key_ring().key_record(card_no, name, b"", versions).hex().upper() not in text
    assert "WRITE KEY" in text
    assert "00200000" + "03" + key_ring().load_pin(card_no, versions).hex().upper() not in text
    assert world.balances() == before


def test_a_load_that_broke_off_is_recorded_to_its_last_command(world: World) -> None:
    """The last exchange has no answer, and playing it ends there as the card did."""
    card = world.issue(FAMILIES[0])
    inflict(card, [Fault("torn-after-write", "1")])
    with pytest.raises(CardGone):
        world.topup(card)
    operation_id = operations(world, world.card_no_of(card))["topup"]
    recording = recording_of(world.store, operation_id)
    last = recording.exchanges[-1]
    assert (last["name"], last["answer"], last["milliseconds"]) == ("CREDIT FOR LOAD", None, None)
    assert played(world, recording).differences == ()


def test_what_differs_is_listed(world: World, tmp_path: Path) -> None:
    """Another command, one too many, one that never comes; from a file as well."""
    card = world.issue(FAMILIES[0])
    recording = recording_of(world.store, operations(world, world.card_no_of(card))["personalise"])
    first, *rest = recording.exchanges
    other = played(world, replace(recording, exchanges=({**first, "command": "00A4000002DF01"}, *rest))).differences
    assert [(d.number, d.recorded, d.came) for d in other] == [(1, "00A4000002DF01", "00A40000023F00")]
    longer = played(world, replace(recording, exchanges=(*recording.exchanges, first))).differences
    assert [(d.number, d.came) for d in longer] == [(len(recording.exchanges) + 1, None)]
    shorter = played(world, replace(recording, exchanges=recording.exchanges[:-1])).differences
    assert [(d.number, d.recorded) for d in shorter] == [(len(recording.exchanges), None)]
    path = tmp_path / "recording.json"
    path.write_text(json.dumps(recording.to_json()))
    card_of_file = RecordedCard.load(path)
    replay(world.engine, recording.operation_id, card_of_file)
    assert card_of_file.differences == ()
    path.write_text("{}")
    with pytest.raises(CardError, match="card_file_wrong"):
        RecordedCard.load(path)


def test_what_cannot_be_played_is_refused(world: World) -> None:
    """An unknown operation; one that still waits for its card."""
    with pytest.raises(OperationError, match="operation_unknown"):
        recording_of(world.store, "none")
    card = world.issue(FAMILIES[0])
    waiting = world.port().start("inspect", {}, atr=card.atr, idempotency_key="12345678")
    with pytest.raises(OperationError, match="operation_under_way"):
        replay(world.engine, waiting.id, RecordedCard(card.atr, ()))
