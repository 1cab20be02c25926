"""What changes between authorise and confirm: clock, hot list, the same payment twice. The card decides, the books agree."""

import copy
import datetime as dt
import uuid
from collections.abc import Mapping
from typing import Any

import pytest

from cardsvc.errors import CardsvcError
from cardsvc.iso7816.channel import Channel
from cardsvc.iso7816.exchange import run_batch
from cardsvc.readers.carry import CarriedOut
from cardsvc.service.books.audit import verify_ledger
from cardsvc.service.loss.hotlist import add_to_hot_list, refuse_hot
from cardsvc.service.loss.reports import report_loss
from cardsvc.service.operations.kinds import Actor
from cardsvc.service.reconcile.run import Scope, reconcile
from cardsvc.store.records import Staff
from cardsvc.units import LOCAL
from cardsvc.vcard import VirtualCard
from cardsvc.wire import OperationState, Reply
from tests.restored import lost
from tests.service.cards.test_replacement import clerk
from tests.service.purse.test_areas import CASH
from tests.world import DESK, FAMILIES, KIOSK, World, balance_on
from tests.world import rules as city_rules

__all__ = ["clerk"]
CARD = "3100010100000001"


class Job:
    """An operation that waits with a command which its card has not heard yet."""

    def __init__(self, world: World, card: VirtualCard, kind: str, until: str, actor: Actor = DESK, **params: Any) -> None:
        self.world, self.port, self.channel = world, world.port(actor), card.channel()
        self.reply: Reply = self.port.start(kind, params, atr=card.atr, idempotency_key=str(uuid.uuid4()))
        while until not in [ask.name for ask in self.reply.commands]:
            assert self.reply.state is OperationState.CARD, self.reply.problem
            self.go_on()

    def go_on(self) -> None:
        """The card hears what waits, and the service its answers."""
        self.reply = self.port.answer(self.reply.id, self.reply.step, run_batch(self.channel, self.reply.commands))

    def end(self) -> str | None:
        """Carried to its end: the code of its problem, if it has one."""
        while self.reply.state is OperationState.CARD:
            self.go_on()
        self.channel.close()
        return (self.reply.problem or {}).get("code")

    def end_late(self) -> str | None:
        """What waited when it was given up reaches the card after all, and its answer the service."""
        self.go_on()
        self.channel.close()
        return (self.reply.problem or {}).get("code")


class Load(Job):
    """A top-up whose MAC2 is on its way, and whose answer has not come yet."""

    def __init__(self, world: World, card: VirtualCard, payment: Mapping[str, Any] = CASH, actor: Actor = KIOSK) -> None:
        super().__init__(world, card, "topup", "CREDIT FOR LOAD", actor, amount=5000, payment=payment)
        self.answers: Any = None

    def write(self) -> None:
        """MAC2 reaches the card."""
        self.answers = run_batch(self.channel, self.reply.commands)

    def confirm(self) -> Mapping[str, Any]:
        """The card's answer reaches the service."""
        ended = self.port.answer(self.reply.id, self.reply.step, self.answers)
        self.channel.close()
        assert ended.state is OperationState.DONE, ended.problem
        assert ended.result is not None
        return ended.result


def agreed(world: World, card: VirtualCard, balance: int) -> None:
    """Card and books have the same, and every chain holds."""
    assert balance_on(card)[0] == world.purse_total(CARD) == balance
    found = verify_ledger(world.store)
    assert (found["breaks"], found["total"]) == ([], 0)


@pytest.mark.parametrize("back", [dt.timedelta(minutes=10), dt.timedelta(days=1), dt.timedelta(days=400)])
def test_a_clock_that_jumps_back_before_the_card_answers(world: World, back: dt.timedelta) -> None:
    """What was authorised is confirmed by its TAC; until the clock is right again no money is promised by a wrong date."""
    card, noon = world.issue(FAMILIES[0]), world.now
    load = Load(world, card)
    world.now = noon - back
    load.write()
    assert load.confirm()["state"] == "confirmed"
    agreed(world, card, 5000)
    with pytest.raises(CarriedOut) as told:
        world.topup(card)
    assert (told.value.reply.problem or {})["code"] == "clock_went_back"
    world.now = noon + dt.timedelta(seconds=1)
    world.topup(card)
    agreed(world, card, 10000)


def test_a_clock_that_jumps_forward_before_the_card_answers(world: World) -> None:
    """A year: the operation's time is over, and its evidence still counts."""
    card = world.issue(FAMILIES[0])
    load = Load(world, card)
    load.write()
    world.now += dt.timedelta(days=365)
    world.engine.sweep()
    assert load.confirm()["state"] == "confirmed"
    agreed(world, card, 5000)


def test_a_card_that_is_put_on_the_hot_list_before_it_answers(world: World, clerk: Staff) -> None:
    """It has the money, so the books have it too; nothing new begins after that."""
    card = world.issue(FAMILIES[0])
    load = Load(world, card)
    add_to_hot_list(world.store, CARD, "挂失", by=clerk, now=world.now)
    load.write()
    assert load.confirm()["state"] == "confirmed"
    agreed(world, card, 5000)
    with pytest.raises(CarriedOut) as told:
        world.topup(card)
    assert (told.value.reply.problem or {})["code"] == "card_hot_listed"
    with pytest.raises(CardsvcError, match="card_hot_listed"), world.store.read() as uow:
        refuse_hot(uow, CARD)


TOP_UP = {"amount": 5000, "payment": CASH}


@pytest.mark.parametrize(
    ("kind", "until", "params"),
    [
        ("topup", "INITIALIZE FOR LOAD", TOP_UP),
        ("refund", "INITIALIZE FOR PURCHASE", {}),
        ("transfer_out", "INITIALIZE FOR PURCHASE", {}),
        ("purchase", "INITIALIZE FOR PURCHASE", {"amount": 100, "merchant": "bus"}),
    ],
)
def test_a_card_that_is_reported_lost_before_its_money_moves(
    world: World, clerk: Staff, kind: str, until: str, params: Mapping[str, Any]
) -> None:
    """Its holder phones while somebody else has it on a reader: no money goes onto it or off it."""
    card = world.issue(FAMILIES[0])
    world.topup(card)
    before = {account: amount for account, amount in world.balances().items() if amount}
    job = Job(world, card, kind, until, **params)
    report_loss(world.store, world.engine.rules, CARD, "phone", by=clerk, now=world.now)
    assert job.end() == "card_hot_listed"
    assert {account: amount for account, amount in world.balances().items() if amount} == before
    agreed(world, card, 5000)


@pytest.mark.parametrize("written", [True, False])
def test_a_hot_listed_card_still_settles_what_it_left_open(world: World, clerk: Staff, written: bool) -> None:
    """It left in the middle and was reported lost; at its next contact it is settled first and then refused."""
    card = world.issue(FAMILIES[0])
    load = Load(world, card)
    if written:
        load.write()
    load.channel.close()
    load.port.abandon(load.reply.id, load.reply.step, (), "card_gone")
    add_to_hot_list(world.store, CARD, "挂失", by=clerk, now=world.now)
    with pytest.raises(CarriedOut) as told:
        world.topup(card)
    assert (told.value.reply.problem or {})["code"] == "card_hot_listed"
    agreed(world, card, 5000 if written else 0)
    with world.store.read() as uow:
        assert [row.state for row in uow.loads.of_card(CARD)] == ["confirmed" if written else "refunded"]


def settle_elsewhere(world: World, card: VirtualCard, load: Job) -> None:
    """The terminal gives up and the card is seen as it was before the command that is still on its way."""
    load.port.abandon(load.reply.id, load.reply.step, (), "card_gone")
    world.do(copy.deepcopy(card), "inspect")


@pytest.mark.parametrize(("kind", "until"), [("topup", "CREDIT FOR LOAD"), ("refund", "DEBIT FOR PURCHASE")])
def test_a_proof_that_comes_after_it_was_settled_otherwise(world: World, kind: str, until: str) -> None:
    """Nobody is told that it was done, so nobody pays. The proof is kept, and reconciliation finds the difference."""
    card = world.issue(FAMILIES[0])
    world.topup(card, 7000)
    world.now += dt.timedelta(seconds=5)
    job = Job(world, card, kind, until, **({"amount": 5000, "payment": CASH} if kind == "topup" else {}))
    settle_elsewhere(world, card, job)
    world.now += dt.timedelta(seconds=5)
    assert job.end_late() == "proven_too_late"
    with world.store.read() as uow:
        rules = [evidence.rule for evidence in uow.evidence.of_card(CARD)]
    assert rules == ["counter_unchanged", "proven_too_late"]
    run = reconcile(world.store, city_rules(), Scope(world.now.astimezone(LOCAL).date()), world.now, by=world.bookkeeper())
    with world.store.read() as uow:
        found = [(row.code, row.amount) for row in uow.differences.of_run(run.run_id)]
    code = "refunded_but_written" if kind == "topup" else "balance_differs"
    assert (code, 7000 - balance_on(card)[0]) in found
    assert world.purse_total(CARD) == 7000


class Liar:
    """Between card and service: it hides proofs and log, and tells balance and counter as they were before the load."""

    def __init__(self, channel: Channel) -> None:
        self._channel, self.atr = channel, channel.atr

    def transmit(self, command: bytes) -> bytes:
        """The card's answer, or another."""
        answer = self._channel.transmit(command)
        if command[:2] in (b"\x80\x5a", b"\x00\xb2"):
            return b"\x6a\x83"
        return bytes(6) + answer[6:] if command[:3] == b"\x80\x50\x00" else answer

    def close(self) -> None:
        """Take the card off."""
        self._channel.close()


def test_a_counter_that_the_card_did_not_tell_decides_nothing(world: World) -> None:
    """The card has the money; a terminal that says otherwise does not get it back. The card itself settles it later."""
    card = world.issue(FAMILIES[0])
    load = Load(world, card)
    load.write()
    load.port.abandon(load.reply.id, load.reply.step, (), "card_gone")
    load.channel.close()
    (entry,) = world.carry(Liar(card.channel()), "inspect", KIOSK)["settled"]
    assert (entry["state"], entry["rule"]) == ("suspect", "undecided")
    assert world.balances()[f"suspense:{CARD}"] == -5000
    (entry,) = world.do(card, "inspect", DESK)["settled"]
    assert (entry["state"], entry["rule"]) == ("confirmed", "proof")
    with world.store.read() as uow:
        assert [row.evidence.get("mac1") for row in uow.evidence.of_card(CARD)] == ["wrong", None]
    agreed(world, card, 5000)


class Forger(Liar):
    """A terminal that hides the proof, forges the log's newest record into another load, and either keeps the card's look to
    itself or gives one that it took before."""

    def __init__(self, channel: Any, kept: bytes | None) -> None:
        super().__init__(channel)
        self.kept = kept

    def transmit(self, command: bytes) -> bytes:
        """The card's answer, or another."""
        answer = self._channel.transmit(command)
        if command[:2] == b"\x80\x5a":
            return b"\x6a\x83"
        if command[:2] == b"\x00\xb2" and len(answer) == 25:
            return answer[:5] + b"\x00\x00\x22\x22" + answer[9:]
        if command[:3] == b"\x80\x50\x00":
            return self.kept or b"\x69\x85"
        if command[:2] == b"\x80\x5c":
            return bytes(4) + answer[4:]
        return answer


class Keeper(Liar):
    """Tells the truth, and keeps the card's look."""

    kept = b""

    def transmit(self, command: bytes) -> bytes:
        """The card's answer."""
        answer = self._channel.transmit(command)
        self.kept = answer if command[:3] == b"\x80\x50\x00" else self.kept
        return answer


@pytest.mark.parametrize("kept", [True, False])
@pytest.mark.parametrize("family", FAMILIES)
def test_a_look_from_before_and_a_forged_log_give_no_money_back(world: World, family: str, *, kept: bool) -> None:
    """The card has the money. A look that was taken before it is genuine and old; without a look the log alone says nothing.
    It stays open until the card itself is asked, and then it is confirmed."""
    card = world.issue(family)
    keeper = Keeper(card.channel())
    world.carry(keeper, "inspect", KIOSK)
    assert keeper.kept[-2:] == b"\x90\x00"
    load = Load(world, card)
    load.write()
    load.port.abandon(load.reply.id, load.reply.step, (), "card_gone")
    load.channel.close()
    (entry,) = world.carry(Forger(card.channel(), keeper.kept if kept else None), "inspect", KIOSK)["settled"]
    assert (entry["state"], entry["rule"]) == ("suspect", "undecided")
    assert world.balances()[f"suspense:{CARD}"] == -5000
    (entry,) = world.do(card, "inspect", DESK)["settled"]
    assert entry["state"] == "confirmed"
    agreed(world, card, 5000)


class Flatterer(Liar):
    """A terminal that hides proof and log, lets the card tell its counter, and tells another balance by GET BALANCE."""

    def transmit(self, command: bytes) -> bytes:
        """The card's answer, or another."""
        answer = self._channel.transmit(command)
        if command[:2] in (b"\x80\x5a", b"\x00\xb2"):
            return b"\x6a\x83"
        return b"\x00\x00\x13\x88\x90\x00" if command[:2] == b"\x80\x5c" else answer


def test_the_balance_that_decides_is_the_one_that_the_card_signed(world: World) -> None:
    """The card did not get this load; another one, of a time that restored books lack, moved its counter. By the balance that
    anybody may tell it would have it, by the one that MAC1 covers it stays open."""
    card = world.issue(FAMILIES[0])
    load = Load(world, card)
    load.channel.close()
    load.port.abandon(load.reply.id, load.reply.step, (), "card_gone")
    with lost(world):
        world.topup(card, 7000)
    (entry,) = world.carry(Flatterer(card.channel()), "inspect", KIOSK)["settled"]
    assert (entry["state"], entry["rule"]) == ("suspect", "undecided")
    assert world.balances()[f"suspense:{CARD}"] == -5000


MOBILE = {"method": "mobile", "reference": "wx-1"}


@pytest.mark.parametrize(
    ("number", "method", "code"),
    [
        (1, "mobile", "payment_reference_used"),
        (2, "mobile", "payment_reference_used"),
        (1, "bank_card", None),
        (2, "bank_card", None),
    ],
)
@pytest.mark.parametrize("confirmed", [True, False])
def test_the_same_payment_reference_twice(world: World, number: int, method: str, code: str | None, confirmed: bool) -> None:
    """One payment of a channel pays one load, on whichever card, while the first is open as when it is confirmed. A reference
    is its channel's own: another channel may number the same."""
    cards = {1: world.issue(FAMILIES[0], 1), 2: world.issue(FAMILIES[0], 2)}
    first = Load(world, cards[1], MOBILE)
    first.write()
    if confirmed:
        first.confirm()
    elif number == 1:
        first.channel.close()
        first.port.abandon(first.reply.id, first.reply.step, (), "card_gone")
    before = world.balances()
    try:
        world.do(cards[number], "topup", DESK, amount=5000, payment={**MOBILE, "method": method})
        assert code is None
    except CarriedOut as ended:
        assert (ended.reply.problem or {})["code"] == code
        assert confirmed is False or world.balances() == before
    if not confirmed and number == 2:
        first.confirm()
    paid = 2 if code is None else 1
    totals = [balance_on(card)[0] for card in cards.values()]
    assert sum(totals) == 5000 * paid
    assert -sum(amount for account, amount in world.balances().items() if account.startswith("purse:")) == 5000 * paid
    assert not any(amount for account, amount in world.balances().items() if account.startswith("suspense:"))
