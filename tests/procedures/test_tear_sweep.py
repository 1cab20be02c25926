"""Power fails before and after every command and inside EEPROM writes; the next contact brings card and books together.

For each operation and each card family. Afterwards the card is in the old state or the new one, never between, and card plus
ledger hold every fen.
"""

from collections.abc import Iterator, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from cardsvc.errors import CardGone
from cardsvc.vcard import FaultPlan, VirtualCard
from tests.world import DESK, FAMILIES, KIOSK, Snapshot, World, balance_on

CASH = {"method": "cash", "reference": None}
PERSONALISE_BYTE_STRIDE = 97


def tear_points(world: World, card: VirtualCard, run: Any, stride: int = 1) -> Iterator[FaultPlan]:
    """Every place where power can fail in an undisturbed run; with a stride, every command and every so many bytes."""
    card.plan = FaultPlan()
    run(world, card)
    commands, written = counted(world, card)
    for number in range(1, commands + 1):
        yield FaultPlan(tear_after_command=number)
        if stride == 1:
            yield FaultPlan(tear_before_command=number)
    for byte in range(1, written + 1, stride):
        yield FaultPlan(tear_at_eeprom_byte=byte)


_COUNTS: dict[int, tuple[int, int]] = {}


def counted(_world: World, card: VirtualCard) -> tuple[int, int]:
    """Commands and EEPROM bytes of the run before, noted by ``carried``."""
    return _COUNTS[id(card)]


def carried(world: World, card: VirtualCard, kind: str, params: Mapping[str, Any], actor: Any = DESK) -> Any:
    """An operation that the card may leave; notes how much it did."""
    import uuid

    from cardsvc.readers.carry import carry_out

    channel = card.channel()
    try:
        with suppress(CardGone):
            return carry_out(world.port(actor), channel, kind, params, idempotency_key=str(uuid.uuid4()))
        return None
    finally:
        _COUNTS[id(card)] = (card.commands, card.eeprom_writes)
        channel.close()
        card.plan = FaultPlan()


@pytest.mark.parametrize("family", FAMILIES)
def test_a_torn_topup_is_settled_at_the_next_contact(family: str, tmp_path: Path) -> None:
    """Old balance and refunded, or new balance and confirmed; the total of card and books never moves."""
    start = World(tmp_path / "start.db")
    card = start.issue(family)
    start.topup(card, 10000)
    snapshot = Snapshot(start, card, tmp_path)

    def run(world: World, card: VirtualCard) -> Any:
        return carried(world, card, "topup", {"amount": 5000, "payment": CASH}, KIOSK)

    seen = set()
    for plan in tear_points(*snapshot.again(), run):
        world, card = snapshot.again()
        card.plan = plan
        run(world, card)
        result = world.do(card, "inspect")
        balance, online, _ = balance_on(card)
        assert (balance, online) in ((10000, 1), (15000, 2)), plan
        assert world.purse_total(result["card_no"]) == balance == result["purse"]["balance"], plan
        assert world.balances()["clearing:terminal:kiosk-7"] == balance, plan
        assert world.balances()[f"suspense:{result['card_no']}"] == 0, plan
        with world.store.read() as uow:
            assert not uow.loads.open_on(result["card_no"]), plan
        seen.add(balance)
        world.close()
    assert seen == {10000, 15000}


@pytest.mark.parametrize("family", FAMILIES)
def test_a_torn_purchase_is_settled_at_the_next_contact(family: str, tmp_path: Path) -> None:
    """Paid on the card and in the books, or on neither."""
    start = World(tmp_path / "start.db")
    card = start.issue(family)
    start.topup(card, 10000)
    snapshot = Snapshot(start, card, tmp_path)

    def run(world: World, card: VirtualCard) -> Any:
        return carried(world, card, "purchase", {"amount": 200, "merchant": "bus"}, KIOSK)

    seen = set()
    for plan in tear_points(*snapshot.again(), run):
        world, card = snapshot.again()
        card.plan = plan
        run(world, card)
        result = world.do(card, "inspect")
        balance, _, offline = balance_on(card)
        assert (balance, offline) in ((10000, 0), (9800, 1)), plan
        assert world.purse_total(result["card_no"]) == balance, plan
        assert world.balances().get("merchant:bus", 0) == balance - 10000, plan
        with world.store.read() as uow:
            assert not uow.purchases.open_on(result["card_no"]), plan
        seen.add(balance)
        world.close()
    assert seen == {10000, 9800}


@pytest.mark.parametrize("family", FAMILIES)
def test_a_torn_opening_is_whole_or_absent_and_can_be_repeated(family: str, tmp_path: Path) -> None:
    """The record on the card is the old or the new one; opening again ends with the application open."""
    start = World(tmp_path / "start.db")
    snapshot = Snapshot(start, start.issue(family), tmp_path)
    params = {"application": "bus", "product": "T"}

    def run(world: World, card: VirtualCard) -> Any:
        return carried(world, card, "open", params)

    for plan in tear_points(*snapshot.again(), run):
        world, card = snapshot.again()
        card.plan = plan
        reported = run(world, card)
        seen = world.do(card, "inspect")["applications"]["bus"]
        assert seen["state"] in ("not_opened", "open"), plan
        if reported is None:
            run(world, card)
        seen = world.do(card, "inspect")
        assert seen["applications"]["bus"]["product"] == "T", plan
        with world.store.read() as uow:
            assert uow.applications.get(seen["card_no"], "bus") is not None, plan
        world.close()


@pytest.mark.parametrize("family", FAMILIES)
@pytest.mark.parametrize("part", range(4))
def test_a_torn_personalisation_resumes_on_any_desk(family: str, part: int, tmp_path: Path) -> None:
    """Wherever power failed, putting the same card on again finishes the same card, and it reads back whole."""
    start = World(tmp_path / "start.db")
    citizen = start.citizen()
    snapshot = Snapshot(start, VirtualCard.blank(family, seed=3), tmp_path)

    def run(world: World, card: VirtualCard) -> Any:
        return carried(world, card, "personalise", {"citizen_id": citizen})

    plans = list(tear_points(*snapshot.again(), run, stride=PERSONALISE_BYTE_STRIDE))
    for plan in plans[part::4]:
        world, card = snapshot.again()
        card.plan = plan
        result = run(world, card) or run(world, card)
        assert result["card_no"] == "3100010100000001", plan
        seen = world.do(card, "inspect")
        assert seen["purse"] | {"log": []} == {
            "state": "open",
            "balance": 0,
            "online_counter": 0,
            "offline_counter": None,
            "log": [],
        }, plan
        assert not card.unknown_commands
        world.close()


@pytest.mark.parametrize("family", FAMILIES)
def test_a_personalisation_torn_again_and_again_still_ends(family: str, tmp_path: Path) -> None:
    """Power fails anew at every 1511th EEPROM byte until the card is done: each run gets further."""
    world = World(tmp_path / "city.db")
    card = VirtualCard.blank(family, seed=5)
    citizen = world.citizen()
    for _attempt in range(60):
        card.plan = FaultPlan(tear_at_eeprom_byte=1511)
        result = carried(world, card, "personalise", {"citizen_id": citizen})
        if result:
            break
    else:
        pytest.fail("no progress")
    assert world.do(card, "inspect")["state"] == "citizen"
    world.close()
