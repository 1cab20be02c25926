"""Bulk issue: whatever is pulled, spoiled, paused, stopped or killed, nobody gets two cards and every line is explained."""

import datetime as dt
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cardsvc.errors import CardsvcError
from cardsvc.iso7816.channel import Channel
from cardsvc.service.bulk.batches import give_up, list_batches, pause, report_batch, show_batch
from cardsvc.service.bulk.run import BulkRun
from cardsvc.store.records import Staff
from cardsvc.vcard import FaultPlan, VirtualCard
from tests.databases import copy
from tests.examples import examples
from tests.kills.reader import Reader
from tests.service.bulk_people import FAMILY, ChannelFeeder, Fed, Stack, blanks, hire, issued_cards, lines_of, loaded
from tests.world import World

ROOT = Path(__file__).parent.parent.parent


@pytest.fixture
def clerk(world: World) -> Staff:
    return hire(world)


def run(
    world: World, clerk: Staff, batch_id: str, *feeders: ChannelFeeder, stop_after: int = 3
) -> tuple[str, list[dict[str, Any]]]:
    """A run, why it ended, and what it told."""
    events: list[dict[str, Any]] = []
    try:
        reason = BulkRun(
            world.engine, batch_id, [Fed(world.engine, one) for one in feeders], events.append, stop_after=stop_after
        ).go(by=clerk)
    except CardsvcError as error:
        reason = error.code
    return reason, events


def bins(events: Sequence[dict[str, Any]]) -> list[tuple[str, str | None]]:
    """Where each card went, and why."""
    return [(event["bin"], event["code"]) for event in events if event["event"] == "card"]


def pulled(card: VirtualCard, command: int = 40) -> VirtualCard:
    """The card leaves in the middle, once."""
    card.plan = FaultPlan(tear_after_command=command)
    return card


def worn(card: VirtualCard) -> VirtualCard:
    """The card's memory cannot be written any more from some byte on."""
    card.plan = FaultPlan(worn_from_eeprom_byte=3000)
    return card


def test_a_batch_is_made_on_two_readers_and_each_card_says_whose_it_is(world: World, clerk: Staff) -> None:
    """The first card is read again before the second reader begins; done, it cannot be run again."""
    batch = loaded(world, clerk, 5)
    reason, events = run(world, clerk, batch, Stack(blanks(3)), Stack(blanks(3, 11), "reader 2"))
    assert reason == "done"
    assert bins(events).count(("good", None)) == 5
    assert [event["right"] for event in events if event["event"] == "first_article"] == [True]
    assert {line.state for line in lines_of(world, batch)} == {"made"}
    assert all(len(cards) == 1 for cards in issued_cards(world, batch).values())
    assert list_batches(world.store)[0]["counts"]["made"] == 5
    assert run(world, clerk, batch, Stack(blanks(1, 21)))[0] == "bulk_batch_done"
    with pytest.raises(CardsvcError, match="bulk_batch_done"):
        pause(world.store, batch)


def test_a_card_that_was_pulled_is_finished_with_the_same_number_on_any_reader(world: World, clerk: Staff) -> None:
    """Also in a later run; the next blank is for the next person meanwhile."""
    batch = loaded(world, clerk, 2)
    torn, other = pulled(blanks(1)[0]), blanks(1, 5)[0]
    reason, events = run(world, clerk, batch, Stack([torn, other]))
    assert (reason, bins(events)) == ("no_more_cards", [("again", "card_gone"), ("good", None)])
    (begun, made) = lines_of(world, batch)
    assert (begun.state, begun.error, made.state) == ("making", "card_gone", "made")
    torn.plan = FaultPlan()
    reason, events = run(world, clerk, batch, Stack([torn, torn], "reader 2"))
    assert (reason, bins(events)) == ("done", [("good", None)])
    finished = lines_of(world, batch)[0]
    assert (finished.state, finished.card_no, finished.error) == ("made", begun.card_no, None)


def test_a_card_pulled_before_anything_was_begun_leaves_its_person_waiting(world: World, clerk: Staff) -> None:
    """Any blank will do for them."""
    batch = loaded(world, clerk, 1)
    assert bins(run(world, clerk, batch, Stack([pulled(blanks(1)[0], 1)]))[1]) == [("again", "card_gone")]
    assert lines_of(world, batch)[0].state == "waiting"
    assert run(world, clerk, batch, Stack(blanks(1, 2)))[0] == "done"


def test_spoiled_cards_go_to_the_bad_bin_and_three_in_a_row_stop_the_run(world: World, clerk: Staff) -> None:
    """Each is void, its person gets another one; the report counts what is to be destroyed."""
    batch = loaded(world, clerk, 4)
    spoiled = [worn(card) for card in blanks(4)]
    reason, events = run(world, clerk, batch, Stack(spoiled))
    assert (reason, [bin_ for bin_, _ in bins(events)]) == ("bulk_stopped", ["bad"] * 3)
    assert [line.state for line in lines_of(world, batch)] == ["voided"] * 3 + ["waiting"]
    assert report_batch(world.store, batch)["cards_to_destroy"] == 3
    spoiled[0].plan = FaultPlan()
    reason, events = run(world, clerk, batch, Stack([spoiled[0], *blanks(4, 11)]))
    assert (reason, bins(events)[0]) == ("done", ("bad", "bulk_card_given_up"))
    assert [line.state for line in lines_of(world, batch)] == ["made"] * 4
    assert [len(line["spoiled"]) for line in report_batch(world.store, batch)["lines_told"]] == [1, 1, 1, 0]


def test_a_person_whose_cards_are_all_spoiled_fails_with_the_reason(world: World, clerk: Staff) -> None:
    """After the third card."""
    batch = loaded(world, clerk, 1)
    reason, _ = run(world, clerk, batch, Stack([worn(card) for card in blanks(5)]), stop_after=9)
    assert reason == "done"
    (line,) = show_batch(world.store, batch)["lines_told"]
    assert (line["state"], line["error"], len(line["spoiled"])) == ("failed", "bulk_cards_spoiled", 3)


def test_who_got_a_card_meanwhile_gets_no_second_one(world: World, clerk: Staff) -> None:
    """The blank stays blank and is the next person's, in the same contact."""
    batch = loaded(world, clerk, 2)
    world.issue(FAMILY, 1)
    reason, events = run(world, clerk, batch, Stack(blanks(1, 31)))
    assert (reason, bins(events)) == ("done", [("stock", "citizen_has_card"), ("good", None)])
    assert [(line.state, line.error) for line in lines_of(world, batch)] == [("failed", "citizen_has_card"), ("made", None)]


def test_who_gets_a_card_while_theirs_is_pulled_keeps_that_one(world: World, clerk: Staff) -> None:
    """The begun card is void when it comes back: two may be begun, one is issued."""
    batch = loaded(world, clerk, 1)
    torn = pulled(blanks(1, 41)[0])
    run(world, clerk, batch, Stack([torn]))
    world.issue(FAMILY, 1)
    torn.plan = FaultPlan()
    reason, events = run(world, clerk, batch, Stack([torn]))
    assert (reason, bins(events)) == ("done", [("bad", "citizen_has_card")])
    assert [len(cards) for cards in issued_cards(world, batch).values()] == [1]


def test_cards_that_do_not_belong_here_are_told(world: World, clerk: Staff, tmp_path: Path) -> None:
    """Somebody's valid card, a card of another family, a made card put in again, another city's card."""
    batch = loaded(world, clerk, 3)
    theirs, made, elsewhere = world.issue(FAMILY, 77), blanks(1)[0], World(tmp_path / "elsewhere.db")
    foreign = elsewhere.issue(FAMILY, 78)
    elsewhere.close()
    run(world, clerk, batch, Stack([made]))
    reason, events = run(world, clerk, batch, Stack([theirs, VirtualCard.blank("t-union", seed=1), made, foreign]))
    assert reason == "no_more_cards"
    assert bins(events) == [
        ("aside", "bulk_card_of_others"),
        ("aside", "card_family_not_issued"),
        ("good", None),
        ("aside", "card_already_personalised"),
    ]
    assert [line.state for line in lines_of(world, batch)] == ["made", "waiting", "waiting"]


class Pausing(Stack):
    """Somebody pauses the batch after so many cards."""

    def __init__(self, world: World, batch_id: str, cards: Sequence[VirtualCard], after: int) -> None:
        super().__init__(cards)
        self._world, self._batch_id, self._after = world, batch_id, after

    def next_card(self, stop: threading.Event) -> Channel | None:
        if not self._after:
            pause(self._world.store, self._batch_id)
        self._after -= 1
        return super().next_card(stop)


def test_a_paused_batch_begins_no_card_and_goes_on_when_it_is_run_again(world: World, clerk: Staff) -> None:
    """The blank that was put in after the pause stays blank."""
    batch = loaded(world, clerk, 3)
    reason, events = run(world, clerk, batch, Pausing(world, batch, blanks(3), 1))
    assert reason in ("paused", "no_more_cards")
    assert bins(events)[:2] == [("good", None), ("stock", None)]
    assert list_batches(world.store)[0]["state"] == "paused"
    assert run(world, clerk, batch, Stack(blanks(2, 11)))[0] == "done"


def test_a_lost_card_is_given_up_and_its_person_gets_another(world: World, clerk: Staff) -> None:
    """Found again, it is for the bad bin; a line without a begun card has none to give up."""
    batch = loaded(world, clerk, 1)
    torn = pulled(blanks(1)[0])
    run(world, clerk, batch, Stack([torn]))
    assert give_up(world.engine, batch, 2, by=clerk).state == "voided"
    with pytest.raises(CardsvcError, match="bulk_line_not_begun"):
        give_up(world.engine, batch, 2, by=clerk)
    torn.plan = FaultPlan()
    reason, events = run(world, clerk, batch, Stack([torn, *blanks(1, 9)]))
    assert (reason, bins(events)) == ("done", [("bad", "bulk_card_given_up"), ("good", None)])


def test_a_first_card_that_leaves_before_it_is_checked_is_good_and_the_next_one_is_checked(world: World, clerk: Staff) -> None:
    """It was made and read back; only the comparison with the file is owed."""
    batch = loaded(world, clerk, 3)
    measured, hasty, patient = blanks(3)
    run(world, clerk, batch, Stack([measured]))
    hasty.plan = FaultPlan(tear_after_command=measured.commands - 2)
    reason, events = run(world, clerk, batch, Stack([hasty, patient]))
    assert (reason, bins(events)) == ("done", [("good", None)] * 2)
    assert [event["right"] for event in events if event["event"] == "first_article"] == [None, True]


class Swapping(Stack):
    """The register is changed behind the first card's back after it was made: what the card says is not what the books say."""

    def __init__(self, world: World, cards: Sequence[VirtualCard]) -> None:
        super().__init__(cards)
        self._world = world

    def next_card(self, stop: threading.Event) -> Channel | None:
        channel = super().next_card(stop)
        return _Renaming(self._world, channel) if channel else None


class _Renaming:
    """A channel that renames everybody once the card is asked to prove itself."""

    def __init__(self, world: World, channel: Channel) -> None:
        self._world, self._channel, self.atr = world, channel, channel.atr

    def transmit(self, command: bytes) -> bytes:
        if command[1] == 0x88:
            with self._world.store.begin() as uow:
                for citizen in uow.citizens.where():
                    uow.citizens.change(citizen, name="测试二")
                uow.commit()
        return self._channel.transmit(command)

    def close(self) -> None:
        self._channel.close()


def test_a_wrong_first_card_is_void_and_stops_the_run(world: World, clerk: Staff) -> None:
    """Before a second card is begun."""
    batch = loaded(world, clerk, 3)
    reason, events = run(world, clerk, batch, Swapping(world, blanks(3)))
    assert (reason, bins(events)) == ("bulk_first_article_wrong", [("bad", "bulk_first_article_wrong")])
    assert [line.state for line in lines_of(world, batch)] == ["voided", "waiting", "waiting"]
    assert not any(issued_cards(world, batch).values())


VISITS = st.lists(
    st.tuples(
        st.integers(0, 5),
        st.sampled_from(["good", "pulled before", "pulled after", "worn", "answer lost", "given up", "elsewhere", "again"]),
        st.integers(1, 130),
    ),
    min_size=1,
    max_size=10,
)


class City:
    """A fresh city with a loaded batch for every example, copied from one that was made once."""

    def __init__(self, folder: Path) -> None:
        self.template, self.path = folder / "template.db", folder / "example.db"
        world = World(self.template)
        self.clerk = hire(world)
        self.batch = loaded(world, self.clerk, 3)
        world.close()

    def fresh(self) -> World:
        copy(self.template, self.path)
        return World(self.path)


@pytest.fixture(scope="module")
def city(tmp_path_factory: pytest.TempPathFactory) -> City:
    return City(tmp_path_factory.mktemp("bulk"))


def visit(world: World, city: City, card: VirtualCard, what: str, when: int) -> None:
    """One thing that happens to a batch: a card comes and goes as the plan says, in a run of its own."""
    plans = {
        "pulled before": FaultPlan(tear_before_command=when),
        "pulled after": FaultPlan(tear_after_command=when),
        "worn": FaultPlan(worn_from_eeprom_byte=when * 60),
        "answer lost": FaultPlan(lose_answer_to_command=when),
    }
    if what == "given up":
        for line in lines_of(world, city.batch):
            if line.state == "making":
                give_up(world.engine, city.batch, line.line, by=city.clerk)
        return
    if what == "elsewhere":
        try:
            world.do(VirtualCard.blank(FAMILY, seed=1000 + when), "personalise", citizen_id=world.citizen(1 + when % 3))
        except Exception as refused:
            assert "citizen_has_card" in str(refused)
        return
    card.plan = plans.get(what, FaultPlan())
    run(world, city.clerk, city.batch, Stack([card]))
    card.plan = FaultPlan()


@given(visits=VISITS)
@examples(15)
def test_whatever_happens_each_person_has_at_most_one_card_and_each_line_an_end(city: City, visits: list[Any]) -> None:
    """Then the cards that are there are put in again, with fresh ones after them, until the batch is done."""
    world = city.fresh()
    cards = blanks(6)
    for number, what, when in visits:
        visit(world, city, cards[number], what, when)
        assert all(len(held) <= 1 for held in issued_cards(world, city.batch).values())
    for first in (21, 31):
        run(world, city.clerk, city.batch, Stack([*cards, *blanks(6, first)]), stop_after=99)
    for line in lines_of(world, city.batch):
        held = issued_cards(world, city.batch)[line.citizen_id]
        assert len(held) <= 1
        assert (line.state, [line.card_no]) == ("made", held) or (line.state == "failed" and line.error), line
    assert list_batches(world.store)[0]["state"] == "done"
    world.close()


def signalled(world: World, batch_id: str, ports: Sequence[int], what: signal.Signals, wait: float) -> bool:
    """A run in a process of its own that gets a signal so long after its first event; whether it said that it stopped."""
    command = [sys.executable, "-m", "tests.service.bulk_worker", str(world.path), batch_id, *map(str, ports)]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        process.stdout.readline()
        time.sleep(wait)
        process.send_signal(what)
        return process.stdout.read().splitlines()[-1:] == ["stopped"]


@pytest.mark.parametrize("other", [True, False])
def test_an_interrupted_run_finishes_the_cards_on_the_readers(world: World, clerk: Staff, other: bool) -> None:
    """Ctrl-C, with cards on two readers or on one: no card is torn, no further one begun."""
    batch = loaded(world, clerk, 8)
    cards = blanks(8)
    for card in cards:
        card.plan = FaultPlan(delay_milliseconds=5)
    readers = [Reader(card) for card in cards]
    ports = [reader.port for reader in readers] if other else [port for reader in readers for port in (reader.port, 0)]
    assert signalled(world, batch, ports, signal.SIGINT, 0.2)
    for reader in readers:
        reader.close()
    states = {line.state for line in lines_of(world, batch)}
    assert "waiting" in states
    assert states <= {"made", "waiting"}


def test_a_killed_run_goes_on_with_the_same_cards(world: World, clerk: Staff) -> None:
    """SIGKILL in the middle of cards on two readers; the cards stay, and so does the number of cards a person gets."""
    batch = loaded(world, clerk, 6)
    readers = [Reader(card) for card in blanks(6)]
    for wait in (0.05, 0.2, 0.1):
        signalled(world, batch, [reader.port for reader in readers], signal.SIGKILL, wait)
        assert all(len(cards) <= 1 for cards in issued_cards(world, batch).values())
    for reader in readers:
        reader.close()
    world.now += dt.timedelta(minutes=5)
    reason, _ = run(world, clerk, batch, Stack([reader.card for reader in readers] * 2), stop_after=99)
    assert reason == "done"
    assert [line.state for line in lines_of(world, batch)] == ["made"] * 6
    assert [len(cards) for cards in issued_cards(world, batch).values()] == [1] * 6
