"""Terminals: limits, suspension in the middle of a load, keys; the hot list, version by version."""

import datetime as dt
import threading
from typing import Any

import pytest
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from cardsvc.errors import CardsvcError, KeystoreError
from cardsvc.iso7816.exchange import run_batch
from cardsvc.iso7816.links import ResponseLink
from cardsvc.readers.carry import CarriedOut
from cardsvc.service.approval_kinds import APPROVALS
from cardsvc.service.loss.hotlist import (
    RELEASE_FROM_HOT_LIST,
    acknowledge,
    add_to_hot_list,
    history,
    snapshot,
    who_has_which,
)
from cardsvc.service.operations.kinds import Actor
from cardsvc.service.staff.accounts import NewStaff, add_outlet, add_staff
from cardsvc.service.staff.approvals import approve, propose
from cardsvc.service.terminals.admin import retire, share_secret
from cardsvc.service.terminals.keys import check_keys, rotate
from cardsvc.service.terminals.registry import change_terminal, register_terminal, set_terminal_state, sign_on, terminal_view
from cardsvc.signature import public_hex
from cardsvc.store.records import Staff
from cardsvc.vcard import VirtualCard
from cardsvc.wire import OperationState, Reply, hot_list_text
from tests.world import FAMILIES, KIOSK, World, balance_on, key_ring

FMCOS = FAMILIES[0]
KEY = "aa" * 32
SUSPENDED = Actor(KIOSK.kind, KIOSK.id, KIOSK.terminal_no, KIOSK.role, suspended=True)
TOPUP = {"amount": 5000, "payment": {"method": "cash", "reference": None}}


@pytest.fixture
def city(world: World) -> World:
    """A city whose kiosk is registered."""
    register_terminal(world.store, "kiosk-7", "", "310000000007", KEY, "topup", world.now)
    return world


def refusal(error: CarriedOut) -> tuple[str, str]:
    """Code and English text of a problem."""
    assert error.reply.problem is not None
    return error.reply.problem["code"], error.reply.problem["detail"]["en"]


@pytest.mark.parametrize(
    ("limits", "code", "named"),
    [
        ({"largest_load": 4999}, "terminal_largest_load", "49.99"),
        ({"daily_loads": 1}, "terminal_daily_loads", "1"),
        ({"daily_amount": 9999}, "terminal_daily_amount", "99.99"),
    ],
)
def test_a_limit_of_the_terminal_refuses_and_is_named(city: World, limits: dict[str, int], code: str, named: str) -> None:
    """The load that goes over it is refused before money is taken; a refused load does not count; the next day is new."""
    card, other = city.issue(FMCOS), city.issue(FMCOS, 2)
    if code != "terminal_largest_load":
        city.topup(card)
    change_terminal(city.store, "kiosk-7", **limits)
    before = city.balances()
    for _ in range(2):
        with pytest.raises(CarriedOut) as told:
            city.topup(other)
        assert refusal(told.value)[0] == code
        assert named in refusal(told.value)[1]
    assert city.balances() == before
    assert balance_on(other)[0] == 0
    if code != "terminal_largest_load":
        city.now += dt.timedelta(days=1)
        assert city.topup(other)["balance"] == 5000


def test_two_cards_at_once_do_not_pass_one_limit_together(city: World) -> None:
    """Both ask for the last load of the day at the same moment: one gets it."""
    cards = [city.issue(FMCOS, 1), city.issue(FMCOS, 2)]
    change_terminal(city.store, "kiosk-7", daily_loads=1)
    done: list[int] = []

    def load(card: VirtualCard) -> None:
        try:
            done.append(int(city.topup(card)["balance"]))
        except CarriedOut as error:
            assert refusal(error)[0] == "terminal_daily_loads"

    threads = [threading.Thread(target=load, args=(card,)) for card in cards]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert done == [5000]


@pytest.mark.parametrize("limit", [0, -1, 2**31])
def test_limits_are_positive_numbers(city: World, limit: int) -> None:
    """Anything else is refused and nothing is changed."""
    with pytest.raises(CardsvcError) as told:
        change_terminal(city.store, "kiosk-7", daily_amount=limit)
    assert told.value.code == "terminal_field_wrong"
    assert terminal_view(city.store, "kiosk-7")["daily_amount"] is None


def test_a_terminal_asks_only_for_what_it_may(city: World) -> None:
    """Its list of operations narrows its role."""
    card = city.issue(FMCOS)
    narrow = Actor(KIOSK.kind, KIOSK.id, KIOSK.terminal_no, KIOSK.role, frozenset({"inspect"}))
    city.do(card, "inspect", narrow)
    with pytest.raises(CardsvcError) as told:
        city.topup(card, actor=narrow)
    assert told.value.code == "operation_not_permitted"


class Load:
    """A load at the kiosk, step by step."""

    def __init__(self, city: World, card: VirtualCard, key: str) -> None:
        self.city, self.card, self.key = city, card, key
        self.channel = card.channel()
        self.reply = self.start(KIOSK)

    def start(self, actor: Actor) -> Reply:
        """Send the start, or send it again."""
        return self.city.port(actor).start("topup", TOPUP, atr=self.channel.atr, idempotency_key=self.key)

    def answers(self) -> Any:
        """What the card answers to the commands that wait."""
        return run_batch(ResponseLink(self.channel), self.reply.commands)

    def step(self, actor: Actor) -> Reply:
        """Go one step on."""
        self.reply = self.city.port(actor).answer(self.reply.id, self.reply.step, self.answers())
        return self.reply

    def until_credit(self) -> None:
        """Until the card is about to be told MAC2."""
        while not any(ask.changes for ask in self.reply.commands):
            self.step(KIOSK)


@pytest.mark.parametrize("family", FAMILIES)
def test_a_terminal_suspended_in_mid_load_still_delivers_its_evidence(city: World, family: str) -> None:
    """The money was promised and the card has it: the answer confirms it. A lost reply is made good. Nothing new begins."""
    card = city.issue(family)
    load = Load(city, card, "suspended-in-mid-load")
    load.until_credit()
    set_terminal_state(city.store, "kiosk-7", "suspended")
    assert load.start(SUSPENDED).step == load.reply.step
    assert load.step(SUSPENDED).state is OperationState.DONE
    load.channel.close()
    assert balance_on(card)[0] == city.purse_total(city.card_no_of(card)) == 5000
    with pytest.raises(CardsvcError) as told:
        city.topup(card, actor=SUSPENDED)
    assert told.value.code == "terminal_suspended"


def test_a_load_that_was_not_authorised_yet_ends_with_the_suspension(city: World) -> None:
    """Its card was promised nothing: the operation ends, no money moves, and another terminal goes on at once."""
    card = city.issue(FMCOS)
    load = Load(city, card, "suspended-too-early")
    reply = load.step(SUSPENDED)
    load.channel.close()
    assert (reply.state, reply.commands) == (OperationState.ABANDONED, ())
    assert city.balances() == {}
    assert city.topup(card, actor=Actor("terminal", "kiosk-8", bytes(6)))["balance"] == 5000


def test_late_answers_of_a_suspended_terminal_settle_its_load(city: World) -> None:
    """The operation lapsed meanwhile; the evidence is taken all the same."""
    card = city.issue(FMCOS)
    load = Load(city, card, "late-and-suspended")
    load.until_credit()
    answers = load.answers()
    load.channel.close()
    city.now += dt.timedelta(minutes=10)
    reply = city.port(SUSPENDED).answer(load.reply.id, load.reply.step, answers)
    assert reply.state is OperationState.DONE
    assert city.purse_total(city.card_no_of(card)) == 5000


def test_keys_overlap_and_retire(city: World) -> None:
    """The old key counts for a week after the new one came, a retired one not at all; the same again changes nothing."""

    def usable(when: dt.datetime, key_id: str | None = None) -> list[bytes]:
        with city.store.read() as uow:
            keys = uow.terminal_keys.of_terminal("kiosk-7")
        return [key.value for key in check_keys(key_ring(), keys, key_id, when)]

    old, new = bytes.fromhex(KEY), b"\xbb" * 32
    assert usable(city.now) == [old]
    later = city.now + dt.timedelta(minutes=1)
    first = rotate(city.store, "kiosk-7", new.hex(), later, "test")
    assert rotate(city.store, "kiosk-7", new.hex().upper(), later, "test") == first
    assert usable(later) == [new, old]
    assert usable(later, "1") == [old]
    assert usable(later + dt.timedelta(days=7)) == [new]
    retire(city.store, "kiosk-7", "1", by=None, now=later)
    assert usable(later) == [new]
    with pytest.raises(CardsvcError) as told:
        retire(city.store, "kiosk-7", "9", by=None, now=later)
    assert told.value.code == "terminal_key_unknown"


def test_a_shared_secret_is_sealed_and_bound_to_its_terminal(city: World) -> None:
    """It is in no row in clear; in another terminal's row, or with a byte changed, it does not open."""
    register_terminal(city.store, "kiosk-8", "", "310000000008", "bb" * 32, "topup", city.now)
    shown, secret = share_secret(city.store, key_ring(), "kiosk-7", by=None, now=city.now + dt.timedelta(minutes=1))
    with city.store.read() as uow:
        row = uow.terminal_keys.of_terminal("kiosk-7")[0]
    assert row.sealed_secret is not None
    assert secret.hex() not in row.sealed_secret
    assert secret.hex() not in str(shown)
    when = city.now + dt.timedelta(hours=1)
    assert next(check_keys(key_ring(), [row], None, when)).value == secret
    with pytest.raises(KeystoreError):
        key_ring().unseal(bytes.fromhex(row.sealed_secret), "terminal kiosk-8/2")
    changed = bytearray.fromhex(row.sealed_secret)
    changed[-1] ^= 1
    with pytest.raises(KeystoreError):
        key_ring().unseal(bytes(changed), "terminal kiosk-7/2")
    with pytest.raises(KeystoreError):
        key_ring().unseal(b"", "terminal kiosk-7/2")


def test_signing_on_and_off(city: World) -> None:
    """A terminal that restarts signs on again; the day sees who is signed on."""
    for _ in range(2):
        assert sign_on(city.store, "kiosk-7", city.now, on=True)["signed_on"] is True
    assert terminal_view(city.store, "kiosk-7")["signed_on"] == city.now
    sign_on(city.store, "kiosk-7", city.now, on=False)
    assert terminal_view(city.store, "kiosk-7")["signed_on"] is None


@pytest.mark.parametrize(
    ("given", "code"),
    [
        ({"terminal_no": "31"}, "terminal_field_wrong"),
        ({"public_key": "zz" * 32}, "terminal_field_wrong"),
        ({"place": "a\nb"}, "terminal_field_wrong"),
        ({"daily_loads": -1}, "terminal_field_wrong"),
        ({"outlet_id": "nowhere"}, "outlet_unknown"),
        ({"terminal_id": "kiosk-7"}, "terminal_exists"),
        ({"terminal_no": "310000000007"}, "terminal_exists"),
    ],
)
def test_bad_registrations_are_refused(city: World, given: dict[str, Any], code: str) -> None:
    """And no key of theirs is left behind."""
    values: dict[str, Any] = {"terminal_id": "k", "name": "", "terminal_no": "310000000099", "public_key": KEY, "role": "topup"}
    with pytest.raises(CardsvcError) as told:
        register_terminal(city.store, now=city.now, **{**values, **given})
    assert told.value.code == code
    with city.store.read() as uow:
        assert len(uow.terminals.all()) == len(uow.terminal_keys.where()) == 1


@pytest.fixture
def people(city: World) -> tuple[Staff, Staff]:
    """A clerk and a supervisor."""
    add_outlet(city.store, "hall", "市民之家", city.now)
    root = add_staff(city.store, NewStaff("root", "管理", "administrator", "hall"), "long enough 1", city.now, by=None)
    made = [
        add_staff(city.store, NewStaff(name, name, role, "hall"), "long enough 1", city.now, by=root)
        for name, role in (("li", "clerk"), ("wang", "supervisor"))
    ]
    return made[0], made[1]


def test_a_listed_card_is_refused_with_the_version_until_two_people_release_it(
    city: World, people: tuple[Staff, Staff]
) -> None:
    """Version 1 puts it on, version 2 takes it off; looking at it stays possible."""
    clerk, supervisor = people
    card = city.issue(FMCOS)
    card_no = city.card_no_of(card)
    assert add_to_hot_list(city.store, card_no, "挂失", by=clerk, now=city.now).version == 1
    with pytest.raises(CarriedOut) as told:
        city.topup(card)
    assert refusal(told.value)[0] == "card_hot_listed"
    assert "version 1" in refusal(told.value)[1]
    assert city.balances() == {}
    city.do(card, "inspect")
    asked = propose(city.store, APPROVALS, RELEASE_FROM_HOT_LIST.name, card_no, {}, "found again", by=clerk, now=city.now)
    with city.store.read() as uow:
        assert uow.hotlist.is_listed(card_no)
    result = approve(city.store, APPROVALS, asked.approval_id, by=supervisor, now=city.now).result
    assert result == {"card_no": card_no, "version": 2}
    assert city.topup(card)["balance"] == 5000
    assert [(entry["version"], entry["action"]) for entry in history(city.store, card_no)] == [(2, "remove"), (1, "add")]


@pytest.mark.parametrize("family", FAMILIES)
def test_what_is_open_on_a_listed_card_is_settled_before_it_is_refused(
    city: World, people: tuple[Staff, Staff], family: str
) -> None:
    """Its holder paid and the card has it: the books say so, though the card is of no more use."""
    card = city.issue(family)
    load = Load(city, card, "written-then-listed")
    load.until_credit()
    load.answers()
    load.channel.close()
    city.now += dt.timedelta(minutes=10)
    add_to_hot_list(city.store, city.card_no_of(card), "挂失", by=people[0], now=city.now)
    with pytest.raises(CarriedOut) as told:
        city.topup(card)
    assert refusal(told.value)[0] == "card_hot_listed"
    with city.store.read() as uow:
        assert [row.state for row in uow.loads.of_card(city.card_no_of(card))] == ["confirmed"]


def applied(known: set[str], list_: dict[str, Any]) -> set[str]:
    """What a terminal has after a snapshot, by its own reckoning."""
    cards = set() if list_["kind"] == "full" else set(known)
    for entry in list_["entries"]:
        (cards.add if entry["action"] == "add" else cards.discard)(entry["card_no"])
    return cards


def test_increments_and_full_lists_lead_to_the_same_cards(city: World, people: tuple[Staff, Staff]) -> None:
    """From every version that a terminal may have, an increment brings it to what the full list says."""
    numbers = [city.card_no_of(city.issue(FMCOS, number)) for number in (1, 2, 3)]
    states: list[set[str]] = [set()]
    for number, action in ((0, "add"), (1, "add"), (0, "remove"), (2, "add"), (0, "add"), (1, "remove")):
        with city.store.begin() as uow:
            uow.hotlist.change_card(numbers[number], action, "test", "test", city.now)
            uow.commit()
        states.append(applied(states[-1], {"kind": "", "entries": [{"card_no": numbers[number], "action": action}]}))
    full = snapshot(city.store, key_ring(), 0)
    assert applied(set(), full) == states[-1] == {numbers[0], numbers[2]}
    for version, known in enumerate(states):
        assert applied(known, snapshot(city.store, key_ring(), version)) == states[-1]
    assert snapshot(city.store, key_ring(), 99)["kind"] == "full"
    assert snapshot(city.store, key_ring(), 6)["entries"] == []
    lines = [(entry["card_no"], entry["action"], entry["version"]) for entry in full["entries"]]
    key = Ed25519PublicKey.from_public_bytes(bytes.fromhex(full["public_key"]))
    key.verify(bytes.fromhex(full["signature"]), hot_list_text("full", 0, 6, lines))
    with pytest.raises(InvalidSignature):
        key.verify(bytes.fromhex(full["signature"]), hot_list_text("full", 0, 6, lines[1:]))


def test_who_has_which_version(city: World, people: tuple[Staff, Staff]) -> None:
    """What a terminal never had it cannot acknowledge."""
    add_to_hot_list(city.store, city.card_no_of(city.issue(FMCOS)), "挂失", by=people[0], now=city.now)
    assert who_has_which(city.store)["terminals"][0]["behind"] == 1
    with pytest.raises(CardsvcError) as told:
        acknowledge(city.store, "kiosk-7", 2, city.now)
    assert told.value.code == "hotlist_version_unknown"
    for _ in range(2):
        assert acknowledge(city.store, "kiosk-7", 1, city.now) == {"version": 1, "newest": 1}
    assert who_has_which(city.store)["terminals"][0]["behind"] == 0


def test_bad_changes_of_the_hot_list_change_nothing(city: World, people: tuple[Staff, Staff]) -> None:
    """No such card, on it already, no reason, not one's job."""
    clerk, _ = people
    card_no = city.card_no_of(city.issue(FMCOS))
    add_to_hot_list(city.store, card_no, "挂失", by=clerk, now=city.now)
    for number, reason, code in (
        (card_no, "x", "hotlist_no_change"),
        (card_no, " ", "reason_missing"),
        ("9" * 16, "x", "card_unknown"),
    ):
        with pytest.raises(CardsvcError) as told:
            add_to_hot_list(city.store, number, reason, by=clerk, now=city.now)
        assert told.value.code == code
    assert who_has_which(city.store)["version"] == 1


def test_a_public_key_that_anybody_can_sign_for_is_refused(city: World) -> None:
    """The eight points of small order (as the literature lists them), y above p, and bytes that are no point. Not refused,
    the signature below, made of no secret, would be good for any request."""
    neutral = b"\x01" + bytes(31)
    Ed25519PublicKey.from_public_bytes(neutral).verify(neutral + bytes(32), b"whatever was never signed")
    eighth = "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc"
    other = "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac03"
    top, above = "ff" * 30, "ff" * 30 + "7f"
    small = [neutral.hex(), f"ec{top}7f", "00" * 32, "00" * 31 + "80", f"{eighth}05", f"{eighth}85", f"{other}7a", f"{other}fa"]
    for public_key in (*small, f"ed{above}", f"ee{above}", f"ef{above}", "02" + "00" * 31):
        with pytest.raises(CardsvcError) as told:
            register_terminal(city.store, "k", "", "310000000099", public_key, "topup", city.now)
        assert told.value.code == "terminal_key_weak", public_key
        with pytest.raises(CardsvcError) as told:
            rotate(city.store, "kiosk-7", public_key.upper(), city.now, "kiosk-7")
        assert told.value.code == "terminal_key_weak", public_key
    for _ in range(20):
        rotate(city.store, "kiosk-7", public_hex(Ed25519PrivateKey.generate()), city.now, "kiosk-7")
