"""A card under a formal loss report that turns up: its chip is blocked wherever that is, and unblocked after the release."""

from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from cardsvc.errors import CardGone
from cardsvc.readers.carry import CarriedOut
from cardsvc.service.approval_kinds import APPROVALS
from cardsvc.service.books.time_line import why
from cardsvc.service.cards.replacement import ReplacementRequest, begin_replacement
from cardsvc.service.loss.reports import loss_view, report_loss
from cardsvc.service.operations.kinds import Actor
from cardsvc.service.staff.approvals import approve, propose
from cardsvc.service.words.time_line import told as said
from cardsvc.store.records import Staff
from cardsvc.vcard import FaultPlan, VirtualCard
from tests.service.cards.test_replacement import CASH, HERE, clerk, clerk_of
from tests.service.loss.test_loss import CARD
from tests.world import DESK, FAMILIES, ISSUABLE, KIOSK, Snapshot, World

__all__ = ["clerk"]
CASH_50 = {"amount": 5000, "payment": {"method": "cash", "reference": None}}
ALL_BLOCKED = {"purse": "blocked", "bus": "blocked"}


def lost_card(world: World, by: Staff, family: str = FAMILIES[0], kind: str = "formal") -> VirtualCard:
    """A card with 50.00 and the bus on it, reported lost."""
    card = world.issue(family)
    world.topup(card)
    world.do(card, "open", application="bus", product="T")
    report_loss(world.store, world.engine.rules, CARD, kind, by=by, now=world.now)
    return card


def refusal(world: World, card: VirtualCard, kind: str, actor: Actor = KIOSK, **params: Any) -> str:
    """The code with which it is refused."""
    with pytest.raises(CarriedOut) as told:
        world.do(card, kind, actor, **params)
    return str((told.value.reply.problem or {})["code"])


def chip(world: World, card: VirtualCard) -> dict[str, str]:
    """Purse and bus as a desk sees them: a look that blocks nothing."""
    seen = world.do(card, "inspect")
    return {"purse": seen["purse"]["state"], "bus": seen["applications"]["bus"]["state"]}


def noted(world: World) -> Mapping[str, str]:
    """What the newest report says about the chip."""
    found: Mapping[str, str] = loss_view(world.store, CARD)[0]["chip"]
    return found


def ask_for_release(world: World, by: Staff) -> str:
    """The holder is at the desk with the card: the first of two people."""
    return propose(
        world.store, APPROVALS, "release_from_hot_list", CARD, {}, "found, ID seen", by=by, now=world.now
    ).approval_id


def release(world: World, by: Staff) -> None:
    """Two people release it."""
    chief = Staff("chief", "", "supervisor", "hall", "", "active", 0, world.now)
    with world.store.begin() as uow:
        uow.staff.add(chief)
        uow.commit()
    approve(world.store, APPROVALS, ask_for_release(world, by), by=chief, now=world.now)


@pytest.mark.parametrize("family", ISSUABLE)
def test_wherever_it_turns_up_it_is_blocked_and_after_the_release_the_desk_unblocks_it(
    world: World, clerk: Staff, family: str
) -> None:
    """The kiosk that wanted to load it is refused as ever; the money stays, and the time line tells it all."""
    card = lost_card(world, clerk, family)
    assert refusal(world, card, "topup", **CASH_50) == "card_hot_listed"
    assert noted(world) == chip(world, card) == ALL_BLOCKED
    assert refusal(world, card, "topup", **CASH_50) == "card_hot_listed"
    assert refusal(world, card, "unblock", DESK, application="all") == "card_hot_listed"
    release(world, clerk)
    assert world.do(card, "unblock", application="all")["state"] == "open"
    assert chip(world, card) == {"purse": "open", "bus": "open"}
    assert world.topup(card)["balance"] == 10000
    told = [said(entry) for entry in why(world.store, CARD) if entry["what"] == "loss"]
    assert told[0] == ("正式挂失，经手 clerk", "formal, taken by clerk")
    assert {*told[1].zh.removeprefix("挂失的卡出现：").split("，")} == {"公交 已锁定", "城市通钱包 已锁定"}
    assert told[2].en.startswith("released, clerk")


def test_a_phone_report_and_a_look_at_the_desk_block_nothing(world: World, clerk: Staff) -> None:
    """The holder may only have mislaid it, and whoever looks wants to know whose it is."""
    card = lost_card(world, clerk, kind="phone")
    assert refusal(world, card, "topup", **CASH_50) == "card_hot_listed"
    report_loss(world.store, world.engine.rules, CARD, "formal", by=clerk, now=world.now)
    world.do(card, "diagnose")
    assert chip(world, card) == {"purse": "open", "bus": "open"}
    assert noted(world) == {}


def test_a_holder_who_found_it_and_asks_for_its_release_is_not_blocked_at_the_desk(world: World, clerk: Staff) -> None:
    """Refused until the second person agreed, but whole; in somebody else's hands at a kiosk it is blocked all the same."""
    card = lost_card(world, clerk)
    ask_for_release(world, clerk)
    assert refusal(world, card, "refund", DESK) == "card_hot_listed"
    assert chip(world, card) == {"purse": "open", "bus": "open"}
    assert refusal(world, card, "topup", **CASH_50) == "card_hot_listed"
    assert chip(world, card) == ALL_BLOCKED


def test_a_look_at_a_kiosk_blocks_it_and_shows_what_is_left(world: World, clerk: Staff) -> None:
    """Nobody at a kiosk can say whose it is."""
    card = lost_card(world, clerk)
    seen = world.do(card, "inspect", KIOSK)
    assert (seen["purse"]["state"], seen["applications"]["bus"]["state"]) == ("blocked", "blocked")
    assert noted(world) == ALL_BLOCKED


@pytest.mark.parametrize("family", FAMILIES)
def test_pulled_out_anywhere_it_is_blocked_at_its_next_contact(family: str, tmp_path: Path) -> None:
    """At another terminal as well; what the books say of the chip is what the chip shows."""
    start = World(tmp_path / "start.db")
    snapshot = Snapshot(start, lost_card(start, clerk_of(start), family), tmp_path)
    for command in range(1, 14):
        world, card = snapshot.again()
        card.plan = FaultPlan(tear_after_command=command)
        with suppress(CardGone, CarriedOut):
            world.do(card, "topup", KIOSK, **CASH_50)
        assert refusal(world, card, "fetch", Actor("terminal", "kiosk-8", bytes(6))) == "card_hot_listed"
        assert noted(world) == chip(world, card) == ALL_BLOCKED, command
        assert world.purse_total(CARD) == 5000
        world.close()


def test_what_was_open_is_settled_before_the_chip_is_blocked(world: World, clerk: Staff) -> None:
    """A load that was torn out before the loss: the contact confirms it, then blocks."""
    card = world.issue(FAMILIES[0])
    card.plan = FaultPlan(tear_after_write=1)
    with pytest.raises(CardGone):
        world.topup(card)
    report_loss(world.store, world.engine.rules, CARD, "formal", by=clerk, now=world.now)
    assert refusal(world, card, "topup", **CASH_50) == "card_hot_listed"
    assert world.purse_total(CARD) == 5000
    assert noted(world) == {"purse": "blocked"}


def test_a_lost_card_that_was_replaced_is_blocked_when_it_turns_up(world: World, clerk: Staff) -> None:
    """It is of no use to whoever found it, and never released."""
    card = lost_card(world, clerk)
    rules = world.engine.rules
    begin_replacement(
        world.store,
        rules,
        HERE,
        ReplacementRequest(card_no=CARD, reason="lost", payment=CASH, readable=False),
        by=clerk,
        now=world.now,
    )
    assert refusal(world, card, "topup", **CASH_50) == "card_hot_listed"
    assert noted(world) == chip(world, card) == ALL_BLOCKED
    assert refusal(world, card, "topup", **CASH_50) == "card_not_issued"


def test_a_lost_card_that_is_brought_in_before_its_day_still_gives_its_money(world: World, clerk: Staff) -> None:
    """The card itself is better evidence than the books."""
    card = lost_card(world, clerk)
    rules = world.engine.rules
    begin_replacement(
        world.store,
        rules,
        HERE,
        ReplacementRequest(card_no=CARD, reason="lost", payment=CASH, readable=False),
        by=clerk,
        now=world.now,
    )
    assert world.do(card, "transfer_out")["amount"] == 5000
    assert world.balances()[f"held:{CARD}"] == -5000


class Deaf:
    """A card's channel that answers APPLICATION BLOCK with 6988, as a card whose maintenance key is another."""

    def __init__(self, card: VirtualCard) -> None:
        self._channel = card.channel()
        self.atr = card.atr
        self.blocks = 0

    def transmit(self, command: bytes) -> bytes:
        """Send."""
        if command[:2] != b"\x84\x1e":
            return self._channel.transmit(command)
        self.blocks += 1
        return b"\x69\x88"

    def close(self) -> None:
        """Take the card off."""
        self._channel.close()


def test_an_application_that_does_not_take_the_block_is_tried_once(world: World, clerk: Staff) -> None:
    """A wrong MAC costs tries; the card is refused as ever, and the report says what did not go."""
    card = lost_card(world, clerk)
    for tries in (2, 0):
        deaf = Deaf(card)
        with pytest.raises(CarriedOut, match="card_hot_listed"):
            world.carry(deaf, "topup", KIOSK, **CASH_50)
        assert deaf.blocks == tries
    assert set(noted(world)) == {"purse", "bus"}
    assert "blocked" not in noted(world).values()
    assert chip(world, card) == {"purse": "open", "bus": "open"}
