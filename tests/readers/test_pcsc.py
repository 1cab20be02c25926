"""Readers across the real pcscd: cards come, go, are pulled, fall silent; the service stops and starts."""

import json
import os
import queue
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from cardsvc.cli.card.examine import examine
from cardsvc.config import find_profiles
from cardsvc.errors import CardGone, CardsvcError, ReaderError
from cardsvc.iso7816.channel import Channel
from cardsvc.readers import pcscd
from cardsvc.readers.directory import find_reader, list_readers, open_card, recover, wait_for_card
from cardsvc.readers.measure import measure
from cardsvc.readers.pcsc import without_le
from cardsvc.readers.presence import Event, PresenceLoop, What
from cardsvc.readers.worker import EXCHANGE_SECONDS, MACHINE
from cardsvc.vcard import FaultPlan, VirtualCard
from cardsvc.vcard.vpcd import VpcdSlot
from cardsvc.wire import reader_of
from tests.cli.prefork import run_command
from tests.waiting import PATIENCE, until
from tests.world import DESK, World

FIRST = "Virtual PCD 00 00"
CHALLENGE = bytes.fromhex("0084000004")


pytestmark = pytest.mark.usefixtures("real_pcscd")


@pytest.fixture
def slot() -> Iterator[VpcdSlot]:
    """A slot that pcscd sees empty before and after."""
    made = VpcdSlot()
    until_empty()
    yield made
    made.remove()


def until_empty() -> None:
    """Wait until pcscd has seen that the last card is gone."""
    until(lambda: not pcscd.is_running() or all(reader.state == "empty" for reader in list_readers()))


def inserted(slot: VpcdSlot, card: VirtualCard, deadline: float = EXCHANGE_SECONDS) -> Channel:
    """Put the card in and connect. ``deadline``: seconds for an answer."""
    slot.insert(card)
    channel = open_card(wait_for_card(FIRST, PATIENCE), deadline=deadline)
    assert channel.atr == card.atr
    return channel


def test_a_card_answers_across_pcscd(slot: VpcdSlot) -> None:
    """ATR and exchange; opensc-tool and a plain pyscard script see the same card."""
    card = VirtualCard.blank("fudan-fmcos2")
    channel = inserted(slot, card)
    assert channel.atr == card.atr
    assert len(channel.transmit(CHALLENGE)) == 6
    channel.close()
    seen = subprocess.run(["opensc-tool", "-a", "-r", "0"], capture_output=True, text=True, check=True).stdout
    assert seen.strip().splitlines()[-1].replace(":", "").upper() == card.atr.hex().upper()
    script = (
        "from smartcard.System import readers\n"
        "c = readers()[0].createConnection(); c.connect()\n"
        "print(bytes(c.getATR()).hex().upper(), c.transmit([0, 0x84, 0, 0, 4])[1:]); c.disconnect(); c.release()"
    )
    plain = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True).stdout
    assert plain.strip() == f"{card.atr.hex().upper()} (144, 0)"


def test_a_card_that_is_back_before_pcscd_looked_is_seen(slot: VpcdSlot) -> None:
    """It left in the middle of a command, and another program brings the next one at once: pcscd has told its clients that the
    reader is empty, but takes the next card for the one that it powered."""
    from cardsvc.readers.pcsc import PcscChannel

    card, again = VirtualCard.blank("fudan-fmcos2"), VpcdSlot()
    slot.insert(card)
    wait_for_card(FIRST, PATIENCE)
    channel = PcscChannel(FIRST)
    card.plan = FaultPlan(tear_before_command=1)
    with pytest.raises(CardGone):
        channel.transmit(CHALLENGE)
    channel.close()
    until_empty()
    card.plan = FaultPlan()
    channel = inserted(again, card)
    assert len(channel.transmit(CHALLENGE)) == 6
    channel.close()
    again.remove()


def test_a_profile_is_tested_on_the_card_in_a_reader(slot: VpcdSlot) -> None:
    """By command, reading only: every check holds and the card is as it was."""
    card = VirtualCard.blank("watchdata", seed=3)
    before = bytes(card._eeprom.image)
    inserted(slot, card).close()
    file = str(find_profiles() / "watchdata.toml")
    done = run_command(("profiles", "test", file, "--reader", FIRST, "--json"), {**os.environ, "CARDSVC_LANG": "en"})
    assert done.returncode == 0, done.stderr
    checks = json.loads(done.stdout)
    assert [check["failure"] for check in checks] == [None] * 5
    assert bytes(card._eeprom.image) == before


def test_a_card_pulled_in_the_middle_leaves_the_outcome_unknown(slot: VpcdSlot) -> None:
    """And the channel stays dead, also when the card is back."""
    card = VirtualCard.blank("fudan-fmcos2")
    channel = inserted(slot, card)
    card.plan = FaultPlan(tear_after_command=1)
    with pytest.raises(CardGone) as told:
        channel.transmit(CHALLENGE)
    assert told.value.outcome == "unknown"
    card.plan = FaultPlan()
    again = inserted(slot, card)
    with pytest.raises(CardGone):
        channel.transmit(CHALLENGE)
    assert len(again.transmit(CHALLENGE)) == 6
    again.close()


def test_a_card_whose_contacts_bounce_is_told_as_that_and_is_still_there(slot: VpcdSlot, world: World) -> None:
    """Power is gone at every ninth command: no look comes to its end, and the finding says why; quick looks count as many."""
    card = world.issue("fudan-fmcos2")
    for quick in (True, False):
        card.plan = FaultPlan(bounce_every=9)
        slot.insert(card, comes_back=card.bounces)
        report = examine(world.engine, DESK, lambda: open_card(wait_for_card(FIRST, PATIENCE)), quick=quick)
        assert [finding["code"] for finding in report["findings"]] == ["contact_unstable"]
        until(lambda: any(reader.state != "empty" for reader in list_readers()))
        card.plan = FaultPlan()
        assert examine(world.engine, DESK, lambda: open_card(wait_for_card(FIRST, PATIENCE)))["findings"] == []
        slot.remove()


def test_a_card_that_powers_up_and_answers_nothing_is_told_as_that(slot: VpcdSlot, world: World) -> None:
    """The command that it left without an answer keeps the reader; that is the card's doing, and not the reader's."""
    card = world.issue("fudan-fmcos2")
    for quick in (True, False):
        card.plan = FaultPlan(mute=True)
        slot.insert(card)
        report = examine(world.engine, DESK, lambda: open_card(wait_for_card(FIRST, PATIENCE), deadline=1), quick=quick)
        assert [finding["code"] for finding in report["findings"]] == ["no_answer"]
        assert report["card_no"] == world.card_no_of(card)
        slot.remove()
        until_empty()


def test_a_silent_card_does_not_hold_the_desk(slot: VpcdSlot) -> None:
    """The deadline passes, the person is told to take the card out, the next card works."""
    card = VirtualCard.blank("fudan-fmcos2")
    channel = inserted(slot, card, 1)
    card.plan = FaultPlan(mute=True)  # for ever: what comes back at all came back by the deadline
    with pytest.raises(ReaderError) as told:
        channel.transmit(CHALLENGE)
    assert (told.value.code, told.value.outcome) == ("reader_stuck", "unknown")
    slot.remove()
    again = inserted(slot, VirtualCard.blank("mingwah-smartcos"))
    assert len(again.transmit(CHALLENGE)) == 6
    again.close()


def test_a_stuck_reader_comes_back_by_itself(slot: VpcdSlot) -> None:
    """A card that answered too late: its reader is reset, says so, and works."""
    card = VirtualCard.blank("fudan-fmcos2")
    slot.insert(card)
    channel = open_card(wait_for_card(FIRST, PATIENCE), deadline=0.3)
    card.plan = FaultPlan(delay_milliseconds=1500)
    with pytest.raises(ReaderError, match="reader_stuck"):
        channel.transmit(CHALLENGE)
    card.plan = FaultPlan()
    facts = recover(FIRST, PATIENCE)
    assert (facts.name, facts.reconnects >= 1) == (FIRST, True)
    again = open_card(find_reader(FIRST))
    assert again.atr == card.atr
    assert len(again.transmit(CHALLENGE)) == 6
    again.close()


def test_a_reader_that_stays_stuck_asks_for_a_hand(slot: VpcdSlot) -> None:
    """Nothing but the card leaving helps: that is what is said; then the reader works. An empty reader is not stuck."""
    card = VirtualCard.blank("fudan-fmcos2")
    slot.insert(card)
    channel = open_card(wait_for_card(FIRST, PATIENCE), deadline=0.3)
    card.plan = FaultPlan(mute=True)
    with pytest.raises(ReaderError, match="reader_stuck"):
        channel.transmit(CHALLENGE)
    with pytest.raises(ReaderError, match="reader_needs_hand"):
        recover(FIRST, 0.5)
    slot.remove()
    until_empty()
    with pytest.raises(ReaderError, match="no_card_in_time"):
        recover(FIRST, 0)
    inserted(slot, VirtualCard.blank("mingwah-smartcos")).close()
    done = run_command(("readers", "reset", "00 00$", "--wait", "120", "--json"), {**os.environ, "CARDSVC_LANG": "en"})
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["name"] == FIRST


def test_a_channel_knows_its_reader(slot: VpcdSlot) -> None:
    """Name and machine, how long the power-up took; a measurement has them too."""
    card = VirtualCard.blank("fudan-fmcos2")
    channel = inserted(slot, card)
    facts = reader_of(channel)
    channel.close()
    assert facts is not None
    assert (facts.name, facts.machine) == (FIRST, MACHINE)
    measured = measure(lambda: open_card(find_reader(FIRST)), 2)
    assert (len(measured.power_ups), measured.reader and measured.reader.name, measured.failures) == (2, FIRST, [])


def test_another_program_in_the_reader_is_told(slot: VpcdSlot) -> None:
    """An exclusive holder: not done, with a clear message."""
    channel = inserted(slot, VirtualCard.blank("fudan-fmcos2"))
    with pytest.raises(ReaderError) as told:
        open_card(find_reader(FIRST))
    assert (told.value.code, told.value.outcome) == ("reader_in_use", "not_done")
    assert told.value.details["reader"] == FIRST
    channel.close()


def test_nothing_leaks(slot: VpcdSlot) -> None:
    """Pcscd refuses context number 201: 210 connections in one process, each let go."""
    from cardsvc.readers.pcsc import PcscChannel

    inserted(slot, VirtualCard.blank("fudan-fmcos2")).close()
    for _ in range(210):
        channel = PcscChannel(FIRST)
        channel.transmit(CHALLENGE)
        channel.close()


def test_readers_are_found_by_name_never_by_place(slot: VpcdSlot) -> None:
    """Exact name, pattern, ambiguous, unknown."""
    assert [reader.name for reader in list_readers()] == [FIRST, "Virtual PCD 00 01"]
    assert find_reader("00 01$").name == "Virtual PCD 00 01"
    for pattern, code in (
        ("Virtual", "reader_ambiguous"),
        (None, "reader_ambiguous"),
        ("Gemalto", "reader_not_found"),
        ("(", "reader_not_found"),
    ):
        with pytest.raises(ReaderError) as told:
            find_reader(pattern)
        assert told.value.code == code
    with pytest.raises(ReaderError) as empty:
        wait_for_card(FIRST, 0)
    assert empty.value.code == "no_card_in_time"


def wait_for(loop: PresenceLoop, what: What, atr: bytes = b"", seconds: float = PATIENCE) -> Event:
    """The next event of a kind. A card that comes in may first show the ATR of the last one; it is told again then."""
    end = time.monotonic() + seconds
    while True:
        try:
            event = loop.events.get(timeout=max(0.01, end - time.monotonic()))
        except queue.Empty:
            pytest.fail(f"no {what} in time")
        if event.what is what and atr in (b"", event.atr):
            return event


def test_presence_survives_cards_and_the_service(slot: VpcdSlot) -> None:
    """In, out, in again; pcscd stopped and started; in again."""
    loop = PresenceLoop()
    card = VirtualCard.blank("fudan-fmcos2")
    slot.insert(card)
    wait_for(loop, What.CARD_IN, card.atr)
    slot.remove()
    assert wait_for(loop, What.CARD_OUT).reader == FIRST
    slot.insert(card)
    wait_for(loop, What.CARD_IN)
    os.kill(int(Path("/run/pcscd/pcscd.pid").read_text("utf-8").strip("\n\0")), signal.SIGTERM)
    wait_for(loop, What.SERVICE_LOST)
    with pytest.raises(CardsvcError) as told:
        list_readers()
    assert told.value.code == "pcsc_not_running"
    process = pcscd.start()
    try:
        wait_for(loop, What.SERVICE_BACK)
        wait_for(loop, What.CARD_IN, card.atr)
        channel = open_card(wait_for_card(FIRST, PATIENCE))
        assert len(channel.transmit(CHALLENGE)) == 6
        channel.close()
    finally:
        loop.close()
        slot.remove()
        pcscd.stop(process)


def test_without_le_on_t0() -> None:
    """Case 4 loses its Le, the others stay."""
    assert without_le(bytes.fromhex("00A40000023F0000")).hex().upper() == "00A40000023F00"
    for command in ("0084000004", "00A40400", "00D60000020102"):
        assert without_le(bytes.fromhex(command)).hex().upper() == command
