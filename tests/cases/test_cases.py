"""Faults of cards as cases: each file here was recorded at a desk, and shows on a card that is rebuilt from it.

``cardsvc card replay OPERATION --case tests/cases`` adds one.
"""

import datetime as dt
import json
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from cardsvc.cli.card.cases import case_of, load, play, save
from cardsvc.errors import CardError, CardGone, OperationError
from cardsvc.vcard import Fault, FaultPlan, VirtualCard, inflict
from tests.world import FAMILIES, World, key_ring, person

FOLDER = Path(__file__).parent


@pytest.mark.parametrize("path", sorted(FOLDER.glob("*.json")), ids=lambda path: path.stem)
def test_a_case_shows_what_was_seen_at_the_desk(world: World, path: Path) -> None:
    """The same state, problem and findings."""
    case = load(path)
    assert play(world.engine, case).outcome == case["outcome"]


def in_use(world: World, family: str) -> VirtualCard:
    """A card with money, the bus application and a fare, the day after."""
    card = world.issue(family)
    world.topup(card, 10000)
    world.do(card, "open", application="bus", product="T")
    world.do(card, "purchase", amount=200, merchant="bus")
    world.now += dt.timedelta(days=1)
    return card


def newest(world: World, card: VirtualCard) -> str:
    """The last operation on a card."""
    with world.store.read() as uow:
        return uow.operations.of_card(world.card_no_of(card))[0].operation_id


@pytest.fixture
def elsewhere(tmp_path: Path) -> Iterator[World]:
    """Another city, without anything."""
    made = World(tmp_path / "elsewhere.db")
    yield made
    made.close()


@pytest.mark.parametrize("family", FAMILIES)
def test_a_fault_becomes_a_case(world: World, elsewhere: World, family: str, tmp_path: Path) -> None:
    """Balance, a file and a blocked application of one card: through the file the same findings, in the same order. The file
    has no key, nothing of the holder, and no number of the card."""
    card = in_use(world, family)
    inflict(card, [Fault("wrong-balance", "777"), Fault("corrupted-file", "3F03/0015")])
    world.do(card, "diagnose")
    path = save(case_of(world.engine, newest(world, card)), tmp_path)
    text, number = path.read_text(), world.card_no_of(card)
    holder, versions = person(), key_ring().versions()
    hidden = [holder.name.encode("gbk"), holder.id_number.encode(), number.encode(), card.chip_serial]
    hidden += [key_ring().key_record(number, name, b"", versions) for name in ("purse.load", "mf.master")]
    assert not [value for value in hidden if value.hex().upper() in text.upper()]
    assert number not in text
    case = load(path)
    assert set(case["outcome"]["findings"]) == {"balance_differs", "file_corrupt"}
    played = play(elsewhere.engine, case)
    assert played.outcome == case["outcome"]
    assert played.changed >= 2


def test_what_was_never_asked_is_answered_from_the_memory(world: World, elsewhere: World) -> None:
    """A quick look was recorded; a whole one, and an inspection, find the balance that it saw."""
    card = in_use(world, "fudan-fmcos2")
    inflict(card, [Fault("wrong-balance", "777")])
    world.do(card, "diagnose", quick=True)
    case = {**case_of(world.engine, newest(world, card)), "params": {"quick": False}}
    assert play(elsewhere.engine, case).outcome["findings"] == ["balance_differs"]
    with elsewhere.store.read() as uow:
        (operation,) = [o for o in uow.operations.of_card("3100010100000001") if o.kind == "diagnose"]
    assert operation.result is not None
    assert operation.result["evidence"]["purse.balance"] == 777
    assert len(operation.result["evidence"]) > len(case["exchanges"])


def test_a_card_that_left_leaves_again(world: World, elsewhere: World) -> None:
    """A top-up that broke off while it was written, after a status that no memory explains."""
    card = in_use(world, "mingwah-smartcos")
    card.plan = FaultPlan(tear_after_write=1)
    with suppress(CardGone):
        world.do(card, "topup", amount=5000, payment={"method": "cash", "reference": None})
    case = case_of(world.engine, newest(world, card))
    assert case["outcome"]["state"] == "abandoned"
    assert play(elsewhere.engine, case).outcome == case["outcome"]


def test_a_status_that_no_memory_explains_is_played_as_it_was(world: World, elsewhere: World) -> None:
    """The purse said 6F00 once."""
    card = in_use(world, "fudan-fmcos2")
    world.do(card, "diagnose")
    case = case_of(world.engine, newest(world, card))
    odd = [{**e, "answer": "6F00"} if e["name"] == "INITIALIZE FOR LOAD" else e for e in case["exchanges"]]
    played = play(elsewhere.engine, {**case, "exchanges": odd})
    assert played.outcome["state"] == "done"
    assert played.outcome["findings"] != []


def test_what_makes_no_case_is_refused(world: World, tmp_path: Path) -> None:
    """Personalising; one under way; a file that is none."""
    card = world.issue("fudan-fmcos2")
    with pytest.raises(OperationError, match="operation_makes_no_case"):
        case_of(world.engine, newest(world, card))
    waiting = world.port().start("inspect", {}, atr=card.atr, idempotency_key="12345678")
    with pytest.raises(OperationError, match="operation_under_way"):
        case_of(world.engine, waiting.id)
    (tmp_path / "x.json").write_text(json.dumps({"family": "fudan-fmcos2"}))
    with pytest.raises(CardError, match="card_file_wrong"):
        load(tmp_path / "x.json")
