"""Readers' health: what cards did in each reader, in one row a day; a bad reader is told from a bad card."""

import datetime as dt
import uuid
from contextlib import suppress
from typing import Any

import pytest

from cardsvc.cli.card.examine import examine
from cardsvc.errors import CardError, CardGone, CardsvcError
from cardsvc.iso7816.channel import Channel
from cardsvc.readers.carry import carry_out
from cardsvc.service.desk.workstations import report
from cardsvc.service.faults.reader_health import Use, note, watched
from cardsvc.service.management.reader_overview import readers_overview
from cardsvc.service.operations.kinds import Actor
from cardsvc.service.terminals.registry import register_terminal
from cardsvc.store import UnitOfWork
from cardsvc.store.records import ReaderDay
from cardsvc.vcard import FaultPlan, VirtualCard
from cardsvc.wire import ReaderFacts
from tests.world import FAMILIES, World

CASH = {"method": "cash", "reference": None}
KIOSK = Actor("terminal", "kiosk-7", bytes.fromhex("310000000007"), "desk")
LOCAL = Actor("local", "cli", bytes.fromhex("310000000001"), "desk")
TODAY = dt.date(2026, 11, 24)
LEFT, RIGHT = ReaderFacts("Left 00 00", "pc-1", 40.0, 1), ReaderFacts("Right 00 00", "pc-1", 30.0, 0)


class In:
    """A card in a reader that is known by name."""

    def __init__(self, card: VirtualCard, reader: ReaderFacts) -> None:
        self.reader, self._channel = reader, card.channel()
        self.atr = self._channel.atr
        self.transmit, self.close = self._channel.transmit, self._channel.close


def do(world: World, channel: Channel, kind: str = "inspect", actor: Actor = KIOSK, **params: Any) -> None:
    """A job at a port that notes what its reader does."""
    try:
        carry_out(watched(world.engine, actor), channel, kind, params, idempotency_key=str(uuid.uuid4()))
    finally:
        channel.close()


def rows(world: World) -> dict[tuple[str, str], ReaderDay]:
    """The rows of today, by place and reader."""
    with world.store.read() as uow:
        return {(row.place, row.reader): row for row in uow.reader_days.since(TODAY)}


def test_every_use_is_added_to_the_row_of_its_reader_and_day(world: World) -> None:
    """A terminal that tells nothing of its reader, and two readers of a machine; the next day has rows of its own."""
    card = world.issue(FAMILIES[0])
    do(world, card.channel())
    do(world, card.channel(), "topup", amount=5000, payment=CASH)
    do(world, In(card, LEFT), actor=LOCAL)
    do(world, In(card, RIGHT), actor=LOCAL)
    world.now += dt.timedelta(days=1)
    do(world, In(card, RIGHT), actor=LOCAL)
    with world.store.read() as uow:
        found = {
            (row.place, row.reader, row.day.day): (row.uses, row.failed, row.resets) for row in uow.reader_days.since(TODAY)
        }
        commands = uow.reader_days.newest_of("kiosk-7", "", 1)[0].commands
    assert found == {
        ("kiosk-7", "", 24): (2, 0, 0),
        ("pc-1", "Left 00 00", 24): (1, 0, 1),
        ("pc-1", "Right 00 00", 24): (1, 0, 0),
        ("pc-1", "Right 00 00", 25): (1, 0, 0),
    }
    assert commands > 20


def test_a_pulled_card_is_no_failure_and_a_silent_one_is(world: World) -> None:
    """Pulled; silent; an answer that makes no sense. The same end told twice counts once."""
    card = world.issue(FAMILIES[0])
    for plan in (FaultPlan(tear_after_command=2), FaultPlan(mute=True), FaultPlan(lose_answer_to_command=2)):
        card.plan = plan
        with suppress(CardsvcError):
            do(world, In(card, LEFT), actor=LOCAL)
    row = rows(world)["pc-1", "Left 00 00"]
    assert (row.uses, row.pulled, row.failed, row.timeouts) == (3, 1, 2, 1)
    card.plan = FaultPlan()
    port = watched(world.engine, LOCAL)
    begun = port.start("inspect", {}, atr=card.atr, idempotency_key="12345678")
    for _ in range(2):
        port.abandon(begun.id, begun.step, (), "reader_stuck", LEFT)
    row = rows(world)["pc-1", "Left 00 00"]
    assert (row.uses, row.failed, row.timeouts) == (4, 3, 2)


def test_operations_on_a_card_that_lies_there_are_one_card(world: World) -> None:
    """Its failure stays, until another card comes."""
    card, other = world.issue(FAMILIES[0]), world.issue(FAMILIES[1], 2)
    card.plan = FaultPlan(mute=True)
    with suppress(CardError):
        do(world, In(card, LEFT), actor=LOCAL)
    card.plan = FaultPlan()
    do(world, In(card, LEFT), actor=LOCAL)
    do(world, In(other, LEFT), actor=LOCAL)
    do(world, In(other, LEFT), actor=LOCAL)
    recent = rows(world)["pc-1", "Left 00 00"].recent
    assert [(entry["family"], entry["failure"]) for entry in recent] == [(FAMILIES[1], None), (FAMILIES[0], "card_mute")]


def wear_out(world: World, place: str, reader: str, cards: list[tuple[str, str | None]], milliseconds: float = 150) -> None:
    """So many cards were in this reader: family and failure of each."""

    def used(uow: UnitOfWork) -> None:
        for number, (family, failure) in enumerate(cards):
            use = Use(f"{number:02X}", family, str(uuid.uuid4()), failure, 10, milliseconds, 30)
            note(uow, place, reader, use, world.now)

    world.store.transact(used)


FOUR_OF_FIVE = [("a", "card_mute"), ("b", "reader_failed"), ("a", None), ("c", "card_mute"), ("", "card_unresponsive")]


def mute(reader: ReaderFacts) -> Any:
    """What powers a card up that never answers."""

    def connect() -> Channel:
        raise CardError("card_unresponsive", reader=reader.name, result="80100066")

    return connect


def test_a_reader_that_fails_with_cards_of_several_families_is_to_blame_and_not_the_card(world: World) -> None:
    """In the other reader the same card is called mute; one bad family, or old failures behind good cards, blame no reader."""
    from cardsvc.readers.worker import MACHINE

    wear_out(world, MACHINE, LEFT.name, FOUR_OF_FIVE)
    wear_out(world, MACHINE, RIGHT.name, [("a", "card_mute")] * 5)
    left = examine(world.engine, LOCAL, mute(LEFT))
    assert [finding["code"] for finding in left["findings"]] == ["reader_worn"]
    assert {key: left["evidence"][f"reader.{key}"] for key in ("name", "last_cards", "last_failed", "last_families")} == {
        "name": LEFT.name,
        "last_cards": 5,
        "last_failed": 4,
        "last_families": 3,
    }
    assert [finding["code"] for finding in examine(world.engine, LOCAL, mute(RIGHT))["findings"]] == ["no_answer"]
    wear_out(world, MACHINE, LEFT.name, [("a", None)] * 3)
    assert [finding["code"] for finding in examine(world.engine, LOCAL, mute(LEFT))["findings"]] == ["no_answer"]


def test_a_good_card_in_a_suspect_reader_is_healthy(world: World) -> None:
    """Nothing is held against it; the evidence has the reader's cards."""
    card = world.issue(FAMILIES[0])
    wear_out(world, "pc-1", LEFT.name, FOUR_OF_FIVE)
    seen = examine(world.engine, LOCAL, lambda: In(card, LEFT))
    assert seen["healthy"]
    assert (seen["evidence"]["reader.to_blame"], seen["evidence"]["reader.power_up"]) == (True, 40)
    assert seen["evidence"]["reader.reconnects"] == 3


def test_a_mute_card_at_a_workstation_is_told_by_its_agent_alone(world: World) -> None:
    """It becomes no operation; each stay counts once however often the agent reports."""
    register_terminal(world.store, "ws-1", "", "310000000011", "aa" * 32, "workstation", world.now)
    for contact, times in (("contact-1", 3), ("contact-2", 1)):
        for turn in range(times):
            seen = [{"name": "R", "atr": None, "contact": contact}, {"name": "S", "atr": None, "contact": None}]
            report(world.engine, "ws-1", "session-1", seen, new=turn == 0)
    assert {key: (row.uses, row.failed) for key, row in rows(world).items()} == {("ws-1", "R"): (2, 2)}


@pytest.mark.parametrize(
    ("cards", "verdict"),
    [
        (FOUR_OF_FIVE, "change"),
        ([("a", None)] * 20, "good"),
        ([("a", "card_mute")] * 2 + [("a", None)] * 20, "watch"),
        ([("a", "card_mute"), *[("a", None)] * 5], "good"),
    ],
)
def test_the_overview_says_what_to_do(world: World, cards: list[tuple[str, str | None]], verdict: str) -> None:
    """By the last cards, and by the share of failures once there were enough."""
    wear_out(world, "ws-1", "R", cards)
    (found,) = readers_overview(world.store, world.now)
    assert found["verdict"] == verdict
    assert (found["uses"], found["mean"], found["slowest"]) == (len(cards), 15.0, 30)


def test_the_overview_puts_the_worst_first_and_finds_the_slow_one(world: World) -> None:
    """Three readers of the usual speed, one four times slower; what is older than the days that are asked for is left out."""
    for reader in ("A", "B", "C"):
        wear_out(world, "ws-1", reader, [("a", None)] * 20)
    wear_out(world, "ws-2", "D", [("a", None)] * 20, 800)
    wear_out(world, "ws-3", "E", FOUR_OF_FIVE)
    found = readers_overview(world.store, world.now)
    assert [(one["reader"], one["verdict"]) for one in found][:2] == [("E", "change"), ("D", "slow")]
    assert found[0]["last"][0] == {"family": "", "failure": "card_unresponsive", "at": world.now.isoformat()}
    assert readers_overview(world.store, world.now + dt.timedelta(days=7)) == []


def test_a_card_that_goes_in_the_middle_is_still_told_by_carry(world: World) -> None:
    """The facts of the reader come with the first answers, or with the news that there will be none."""
    card = world.issue(FAMILIES[0])
    card.plan = FaultPlan(tear_before_command=1)
    with pytest.raises(CardGone):
        do(world, In(card, LEFT), actor=LOCAL)
    assert rows(world)["pc-1", "Left 00 00"].pulled == 1
