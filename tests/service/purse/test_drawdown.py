"""Unload (圈提): an electronic deposit goes back by unload where the card has the key, by purchase where it does not."""

import datetime as dt
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from cardsvc.errors import CardGone
from cardsvc.keystore.keys import KeyEntry, KeyState
from cardsvc.procedures.pin import with_pin
from cardsvc.readers.carry import CarriedOut
from cardsvc.service.cards.views import transactions_view
from cardsvc.service.reconcile.run import Scope, reconcile
from cardsvc.units import LOCAL
from cardsvc.vcard import FaultPlan, VirtualCard
from tests.diagnosis.patients import Patient
from tests.diagnosis.test_repair import agree, repair
from tests.service.purse.test_areas import CARD, load, local
from tests.world import DESK, FAMILIES, ISSUABLE, World, area_on, key_ring, ring_without, rules

NOVEMBER = local(2026, 11, 1, 9, 0)
"""November is an odd month: its money is in the ED."""


def month_card(world: World, family: str) -> VirtualCard:
    """A card with 100.00 of this month in its ED."""
    world.now = NOVEMBER
    card = world.issue(family)
    world.do(card, "open", application="bus", product="T")
    load(world, card, 10000, area="month")
    return card


def old_card(world: World, family: str) -> VirtualCard:
    """The same, made before the layout had the key; then the key store is completed."""
    world.use_keys(ring_without("bus.unload"))
    card = month_card(world, family)
    world.use_keys(key_ring())
    return card


def counters(card: VirtualCard) -> tuple[int, int]:
    """Online and offline counter of the ED, from the card's own memory."""
    node = next(n for n in card._memory.nodes if n.kind.name == "PURSE" and n.file_id == 1)
    body = card._memory.get(node, 0, 15)
    return int.from_bytes(body[11:13], "big"), int.from_bytes(body[13:15], "big")


def taken(world: World) -> list[tuple[str, str, str | None]]:
    """Kind, state and rule of everything that was taken off the card."""
    rows = transactions_view(world.store, CARD)
    return [(row["kind"], row["state"], row["settled_by"]) for row in rows if row["kind"] != "load"]


@pytest.mark.parametrize("family", FAMILIES)
def test_a_month_ticket_in_the_ed_goes_back_by_unload(world: World, family: str) -> None:
    """MAC3 confirms it; the online counter moved, the offline one did not; the same terms as ever."""
    card = month_card(world, family)
    result = world.do(card, "refund", area="month")
    assert (result["amount"], result["returned"], result["state"]) == (10000, 4900, "confirmed")
    assert taken(world) == [("unload", "confirmed", "mac3")]
    assert (area_on(card, "bus", "ed"), counters(card)) == (0, (2, 0))
    assert world.do(card, "inspect")["areas"]
    load(world, card, 5000, area="month")
    assert counters(card) == (3, 0)


@pytest.mark.parametrize("family", FAMILIES)
def test_an_old_card_gives_the_money_of_its_ed_by_unload(world: World, family: str) -> None:
    """The whole balance is held for the new card."""
    card = month_card(world, family)
    assert world.do(card, "transfer_out")["state"] == "moved"
    assert taken(world) == [("unload", "confirmed", "mac3")]
    assert world.balances()[f"held:{CARD}"] == -10000


@pytest.mark.parametrize("family", FAMILIES)
def test_a_card_that_was_made_before_the_layout_had_the_key_is_drawn_down_by_purchase(world: World, family: str) -> None:
    """It stays as it is in everything: its record on the card too, so that nothing is found wrong and nothing rewritten."""
    card = old_card(world, family)
    assert world.do(card, "diagnose")["findings"] == []
    assert world.do(card, "refund", area="month")["returned"] == 4900
    assert taken(world) == [("purchase", "confirmed", "tac")]
    assert counters(card) == (1, 1)


@pytest.mark.parametrize("family", [name for name in ISSUABLE if name not in FAMILIES])
def test_families_whose_unload_is_not_known_are_drawn_down_by_purchase(world: World, family: str) -> None:
    """Their cards do not get the key, whatever the key store has."""
    card = month_card(world, family)
    world.do(card, "refund", area="month")
    assert taken(world) == [("purchase", "confirmed", "tac")]
    with world.store.read() as uow:
        row = uow.cards.get(CARD)
    assert row is not None
    assert "bus.unload" not in row.key_versions
    assert {"bus.load", "bus.tac", "purse.load"} <= set(row.key_versions)


def test_a_personalisation_that_began_before_is_finished_as_it_began(world: World) -> None:
    """The rest of the card follows the layout it was begun with."""
    world.use_keys(ring_without("bus.unload"))
    card, citizen = VirtualCard.blank(FAMILIES[0], seed=1), world.citizen()
    card.plan = FaultPlan(tear_after_command=20)
    with pytest.raises(Exception, match="card_gone"):
        world.do(card, "personalise", citizen_id=citizen)
    world.use_keys(key_ring())
    assert world.do(card, "personalise", citizen_id=citizen)["resumed"] is True
    world.now = NOVEMBER
    world.do(card, "open", application="bus", product="T")
    load(world, card, 5000, area="month")
    world.do(card, "refund", area="month")
    assert taken(world) == [("purchase", "confirmed", "tac")]


def test_a_card_that_does_not_know_its_unload_key_gives_nothing(world: World) -> None:
    """MAC1 is checked before anything is promised: no row, no money moved, the card full."""
    card = month_card(world, FAMILIES[0])
    world.use_keys(world.keys.with_entry(KeyEntry("bus.unload", 1, KeyState.ACTIVE, b"another key 16 b")))
    before = world.balances()
    with pytest.raises(CarriedOut, match="card_not_genuine"):
        world.do(card, "refund", DESK, area="month")
    assert (taken(world), world.balances(), area_on(card, "bus", "ed")) == ([], before, 10000)


@pytest.mark.parametrize("tear", [{}, {"tear_after_write": 1}])
@pytest.mark.parametrize("family", FAMILIES)
def test_a_card_is_drawn_down_with_the_unload_key_that_it_names(tmp_path: Path, family: str, tear: dict[str, int]) -> None:
    """Before the roll, after it, and where the roll was broken off before it was booked; then with the old key retired."""
    world = World(tmp_path / "x.db")
    card = month_card(world, family)
    world.roll_key("bus.unload")
    tick(world)
    world.do(card, "refund", area="month")
    load(world, card, 5000, area="month")
    patient = Patient(world, card, card.channel)
    agree(patient, ["roll_keys:bus"])
    card.plan = FaultPlan(**tear)
    with suppress(CardGone, CarriedOut):
        repair(patient)
    card.plan = FaultPlan()
    tick(world)
    world.do(card, "refund", area="month")
    assert taken(world) == [("unload", "confirmed", "mac3")] * 2
    assert repair(patient)["findings"] == []
    old = next(entry for entry in world.keys.entries if (entry.name, entry.version) == ("bus.unload", 1))
    world.use_keys(world.keys.with_entry(replace(old, state=KeyState.RETIRED)))
    load(world, card, 5000, area="month")
    tick(world)
    world.do(card, "refund", area="month")
    assert taken(world) == [("unload", "confirmed", "mac3")] * 3
    world.close()


class LyingChannel:
    """A card's channel that answers DEBIT FOR UNLOAD with another MAC3, after the card did it."""

    def __init__(self, card: VirtualCard) -> None:
        self._channel = card.channel()
        self.atr = card.atr

    def transmit(self, command: bytes) -> bytes:
        """Send."""
        answer = self._channel.transmit(command)
        return b"\0" * 4 + answer[4:] if command[:3] == b"\x80\x54\x03" else answer

    def close(self) -> None:
        """Take the card off."""
        self._channel.close()


def test_a_wrong_mac3_pays_nothing_until_the_card_was_asked(world: World) -> None:
    """The next contact settles it by the proof; then the money goes out, once."""
    card = month_card(world, FAMILIES[0])
    with pytest.raises(CarriedOut, match="mac3_wrong"):
        world.carry(LyingChannel(card), "refund", DESK, area="month")
    assert taken(world) == [("unload", "suspect", None)]
    assert "fee:refund" not in world.balances()
    assert world.do(card, "inspect")["settled"][0]["rule"] == "proof"
    assert taken(world) == [("unload", "confirmed", "proof")]
    assert world.balances()["fee:refund"] == -100


def test_reconciliation_knows_an_unload(world: World) -> None:
    """The look before it, the look after it and the books agree; no offline number is missing, open or settled."""
    card = month_card(world, FAMILIES[0])
    tick(world)
    world.do(card, "purchase", amount=1000, merchant="bus", area="month")
    tick(world)
    card.plan = FaultPlan(tear_after_write=1)
    with pytest.raises(Exception, match="card_gone"):
        world.do(card, "refund", area="month")
    tick(world)
    assert findings(world) == []
    world.do(card, "inspect")
    assert taken(world)[0] == ("unload", "confirmed", "proof")
    tick(world)
    load(world, card, 5000, area="month")
    tick(world)
    assert findings(world) == []


def tick(world: World) -> None:
    """No two looks at a card in the same moment."""
    world.now += dt.timedelta(seconds=5)


def findings(world: World) -> list[tuple[str, str | None]]:
    """What reconciling today finds."""
    done = reconcile(
        world.store, rules(), Scope(world.now.astimezone(LOCAL).date(), None, None), world.now, by=world.bookkeeper()
    )
    with world.store.read() as uow:
        return [(row.code, row.explanation) for row in uow.differences.of_run(done.run_id)]


def test_an_unload_that_wants_the_pin_gets_it() -> None:
    """VERIFY goes out before INITIALIZE FOR UNLOAD as before a load."""
    from cardsvc.card.purse import initialize_for_unload

    ask = initialize_for_unload(1, 1, bytes(6))

    def asking() -> Any:
        return (yield (ask,))

    batch = next(with_pin(asking(), lambda: bytes.fromhex("123456")))
    assert [one.command.header[:2].hex() for one in batch] == ["0020", "8050"]


def test_another_transaction_at_its_counter_says_that_it_did_not_happen(tmp_path: Path) -> None:
    """Two deaths of the power: the unload before its write, then a load that takes its online counter."""
    world = World(tmp_path / "x.db")
    card = month_card(world, FAMILIES[0])
    card.plan = FaultPlan(tear_before_write=1)
    with pytest.raises(Exception, match="card_gone"):
        world.do(card, "refund", area="month")
    assert taken(world) == [("unload", "suspect", None)]
    seen = world.do(card, "inspect")
    assert (seen["settled"][0]["state"], seen["settled"][0]["rule"]) == ("not_debited", "counter_unchanged")
    assert world.balances()[f"purse:{CARD}:bus:ed"] == -10000
    world.close()
