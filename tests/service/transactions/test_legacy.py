"""An old bus card's balance moves to a citizen card once and only once, wherever the old card is pulled."""

import uuid
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from cardsvc.cli.serve.samples import SampleTray, keep_sample, make_blanks
from cardsvc.errors import CardError, CardGone, RequestError
from cardsvc.readers.carry import CarriedOut
from cardsvc.vcard import FAULTS, Fault, FaultPlan
from cardsvc.vcard.classic import BACKUP, MARK, VALUE, ClassicCard, value_block
from tests.world import FAMILIES, KIOSK, World, balance_on, key_ring

CARD, OTHER = "3100010100000001", "3100010100000002"
KEYS = [key_ring().legacy_key(purpose, key_ring().versions()) for purpose in ("read", "write")]
UID = bytes.fromhex("A1B2C3D4")


def old_card(fen: int = 1234) -> ClassicCard:
    """An old card of this city."""
    return ClassicCard(fen, KEYS[0], KEYS[1], UID)


def do(world: World, card: Any, kind: str = "migrate", **params: Any) -> Any:
    """A job on the old card."""
    return world.do(card, kind, **({"card_no": CARD} if kind == "migrate" and not params else params))


def code(world: World, card: Any, kind: str = "migrate", **params: Any) -> str:
    """The code with which a job is refused."""
    with pytest.raises(CarriedOut) as told:
        do(world, card, kind, **params)
    return str((told.value.reply.problem or {})["code"])


def test_the_balance_goes_to_the_citizen_card_and_the_old_card_is_marked(world: World) -> None:
    """Read, moved, fetched: 12.34 on the new card, the old one empty with the new number on it; the operator owes it."""
    new, old = world.issue(FAMILIES[0]), old_card()
    seen = do(world, old, "inspect")
    assert (seen["state"], seen["product"], seen["balance"], seen["finding"]) == ("legacy", "B", 1234, None)
    moved = do(world, old)
    assert (moved["amount"], moved["uid"], moved["state"]) == (1234, "A1B2C3D4", "moved")
    assert old.blocks[MARK] == b"MOVED" + bytes.fromhex(CARD) + bytes(3)
    assert old.blocks[VALUE] == value_block(0, VALUE)
    assert old.blocks[BACKUP] == value_block(0, BACKUP)
    assert (world.balances()["clearing:legacy:bus"], world.balances()[f"order:{CARD}"]) == (1234, -1234)
    assert world.do(new, "fetch", KIOSK)["balance"] == 1234
    assert balance_on(new) == (1234, 1, 0)
    assert world.purse_total(CARD) == 1234
    assert world.balances()[f"order:{CARD}"] == 0
    assert do(world, old, "inspect")["finding"] == "moved"
    assert do(world, old, "inspect")["moved_to"] == CARD


def test_it_moves_once_and_to_one_card(world: World) -> None:
    """Again, to another card, and with an old card that was filled and wiped of its mark: nothing more moves."""
    new, other, old = world.issue(FAMILIES[0]), world.issue(FAMILIES[1], 2), old_card()
    do(world, old)
    before = world.balances()
    assert code(world, old) == "legacy_card_moved"
    assert code(world, old, card_no=OTHER) == "legacy_card_moved"
    assert code(world, old_card()) == "legacy_card_moved"
    assert world.balances() == before
    world.do(new, "fetch", KIOSK)
    with pytest.raises(CarriedOut, match="no_order_waiting"):
        world.do(new, "fetch", KIOSK)
    with pytest.raises(CarriedOut, match="no_order_waiting"):
        world.do(other, "fetch", KIOSK)


def plans() -> list[FaultPlan]:
    """Every point at which the old card can leave."""
    commands = [FaultPlan(tear_after_command=n) for n in range(1, 17)] + [FaultPlan(tear_before_command=n) for n in (8, 12, 16)]
    return commands + [FaultPlan(tear_before_write=n) for n in (1, 2, 3)] + [FaultPlan(tear_after_write=n) for n in (1, 2, 3)]


@pytest.mark.parametrize("part", range(4))
def test_wherever_the_old_card_is_pulled_the_money_moves_once(world: World, part: int) -> None:
    """Put on again it is finished; all in all exactly its balance has moved."""
    world.issue(FAMILIES[0])
    for number, plan in enumerate(plans()[part::4], start=1):
        old = ClassicCard(1234, KEYS[0], KEYS[1], bytes((0, 0, part, number)))
        old.plan = plan
        with suppress(CardGone):
            do(world, old)
        assert -world.balances().get(f"order:{CARD}", 0) in (1234 * (number - 1), 1234 * number), plan
        old.plan = FaultPlan()
        with suppress(CarriedOut):
            do(world, old)
        assert world.balances()[f"order:{CARD}"] == -1234 * number, plan
        assert old.blocks[MARK].startswith(b"MOVED"), plan
        assert old.blocks[VALUE] == value_block(0, VALUE), plan
        assert code(world, old) == "legacy_card_moved", plan


def test_a_card_that_left_between_goes_to_the_same_card_only_and_with_what_it_holds(world: World) -> None:
    """Taken for one card, not for another; unmarked and spent from meanwhile, it moves what is left."""
    world.issue(FAMILIES[0])
    world.issue(FAMILIES[1], 2)
    old = old_card()
    old.plan = FaultPlan(tear_before_write=1)
    with pytest.raises(CardGone):
        do(world, old)
    assert code(world, old, card_no=OTHER) == "legacy_card_moved"
    old.blocks[VALUE], old.blocks[BACKUP] = value_block(1034, VALUE), value_block(1034, BACKUP)
    assert do(world, old)["amount"] == 1034
    assert world.balances()[f"order:{CARD}"] == -1034


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        (lambda c: c.blocks.__setitem__(BACKUP, value_block(99, BACKUP)), "legacy_card_damaged"),
        (lambda c: c.blocks.__setitem__(VALUE, bytes(16)), "legacy_card_damaged"),
        (lambda c: c.blocks.__setitem__(VALUE, value_block(1234, BACKUP)[:12] + bytes((5, 5, 5, 5))), "legacy_card_damaged"),
        (lambda c: c.blocks.__setitem__(7, bytes(16)), "legacy_key_refused"),
    ],
)
def test_a_card_that_cannot_be_trusted_is_refused(world: World, change: Any, expected: str) -> None:
    """Copies that differ, a block that is none, a wrong address, another issuer's keys: nothing is written."""
    world.issue(FAMILIES[0])
    old = old_card()
    change(old)
    assert code(world, old) == expected
    assert old.writes == 0
    assert f"order:{CARD}" not in world.balances()


def test_what_is_no_job_for_an_old_card_is_refused(world: World) -> None:
    """Empty; more than a purse holds; below zero; an unknown new card; a new card on the reader; a top-up of the old one."""
    new = world.issue(FAMILIES[0])
    assert code(world, old_card(0)) == "legacy_card_empty"
    assert code(world, old_card(100001)) == "legacy_card_damaged"
    assert code(world, old_card(0xFFFFFFFF)) == "legacy_card_damaged"
    assert code(world, old_card(), card_no="9" * 16) == "card_unknown"
    assert code(world, new) == "legacy_card_expected"
    assert code(world, old_card(), "topup", amount=5000, payment={"method": "cash"}) == "card_foreign"
    assert code(world, old_card(), "personalise", citizen_id=str(uuid.uuid4())) in ("citizen_unknown", "card_family_not_issued")


def test_value_blocks_and_the_atr_are_the_published_ones() -> None:
    """NXP MF1S50 8.6.2.1: 1234567 at address 17; PC/SC part 3: storage card of standard 03, card 0001."""
    assert value_block(1234567, 17).hex().upper() == "87D61200" + "7829EDFF" + "87D61200" + "11EE11EE"
    atr = old_card().atr
    assert atr[7:12].hex().upper() == "A000000306"
    check = 0
    for value in atr[1:]:
        check ^= value
    assert check == 0


def test_a_card_may_be_pulled_in_training_at_the_one_write_of_a_top_up(tmp_path: Path) -> None:
    """Power failed at the third write, where nothing was said, and a top-up writes once: it always went well. No letter stands
    for a number there, and what the page offers is a fault that the catalog knows."""
    offered = dict(SampleTray(tmp_path).faults())
    assert offered["torn-after-write:1"].zh == "第 1 次写卡后断电"
    assert offered["torn-before-write:1"].zh == "第 1 次写卡前断电"
    assert {Fault.parse(name).name for name in offered} == set(FAULTS)
    assert not [what.zh for what in offered.values() if "第 N" in what.zh]


def test_an_old_card_of_the_training_hall_is_stored_as_it_is(world: World, tmp_path: Path) -> None:
    """Its balance moves, it is put away and taken out again: marked still. It takes no faults of other cards; a file that is
    none is refused."""
    world.issue(FAMILIES[0])
    card = old_card()
    keep_sample(card, tmp_path, "old-bus-card")
    make_blanks(tmp_path)
    tray = SampleTray(tmp_path)
    assert dict(tray.cards())["old-bus-card"].zh == "旧公交卡（M1）"
    assert len(tray.cards()) == 7
    with pytest.raises(RequestError, match="fault_does_not_fit"):
        tray.insert("old-bus-card", "locked-pin")
    path = tmp_path / "old-bus-card.vcard"
    again = ClassicCard.load(path)
    assert (again.uid, again.blocks) == (card.uid, card.blocks)
    do(world, again)
    again.save(path)
    assert code(world, ClassicCard.load(path)) == "legacy_card_moved"
    path.write_bytes(path.read_bytes()[:-1])
    with pytest.raises(CardError, match="card_file_wrong"):
        ClassicCard.load(path)
