"""A card that gives nothing is taken in: what the books owe waits its days, and what is not settled keeps back itself alone."""

import datetime as dt
from contextlib import suppress

import pytest

from cardsvc.errors import CardGone
from cardsvc.readers.carry import CarriedOut
from cardsvc.service.approval_kinds import APPROVALS
from cardsvc.service.books.audit import verify_ledger
from cardsvc.service.cards.hold_approval import unidentified_card
from cardsvc.service.operations.rule_book import RuleBook, local_day
from cardsvc.service.purse.suspects import attachment
from cardsvc.service.staff.approvals import approve, propose
from cardsvc.service.transactions.held_payout import move_due
from cardsvc.service.transactions.takeovers import hold_card, holder_cards, takeover_of, waiting
from cardsvc.store.records import Staff
from cardsvc.vcard import FaultPlan
from tests.service.purse.test_areas import CARD, load, local
from tests.service.staff.test_staff import people, refused
from tests.service.transactions.test_takeover import (
    FMCOS,
    HELD,
    NEW,
    clerk,
    code_of,
    code_of_moved,
    move_all,
    offered,
    second_card,
)
from tests.world import DESK, KIOSK, World, area_on, balance_on, person, rules

__all__ = ["people"]


def test_void_month_money_of_a_card_that_gives_nothing_lapses(world: World) -> None:
    """Readable, with the void month alone on it: what the card shows lapses at once, when it is replaced, and only then."""
    old = world.issue(FMCOS)
    world.do(old, "open", application="bus", product="T")
    load(world, old, 5000, area="month")
    world.do(old, "purchase", KIOSK, amount=300, merchant="bus", area="month")
    world.now = local(2026, 12, 1, 0, 0)
    assert world.balances()[f"purse:{CARD}:bus:ed"] == -4700
    for _ in range(2):
        with suppress(CarriedOut):
            world.do(old, "transfer_out")
    assert (world.balances()[f"purse:{CARD}:bus:ed"], world.balances()["fee:lapsed_month"]) == (0, -4700)


@pytest.mark.parametrize(("held_on", "moved", "lapsed"), [((2026, 11, 30), 5000, 0), ((2026, 12, 1), 0, 5000)])
def test_a_month_of_a_card_that_cannot_be_read_moves_or_lapses(
    world: World, held_on: tuple[int, int, int], moved: int, lapsed: int
) -> None:
    """By the day it was taken in: good then, it goes to the new card; over then, it is the card company's, on the day of the
    books. Either way the old card is owed nothing."""
    old = world.issue(FMCOS)
    world.do(old, "open", application="bus", product="T")
    load(world, old, 5000, area="month")
    world.now = local(*held_on, 9, 0)
    hold_card(world.store, world.engine.rules, CARD, by=clerk(world), now=world.now)
    world.now += dt.timedelta(days=12)
    move_due(world.store, CARD, world.now)
    books = world.balances()
    seen = books[f"purse:{CARD}:bus:ed"], -books.get(HELD, 0), -books.get("fee:lapsed_month", 0)
    assert seen == (0, moved, lapsed)
    assert sum(books.values()) == 0


def test_an_unreadable_card_waits_and_the_books_decide(world: World) -> None:
    """Nothing is booked before the day; on it the ledger balance goes to the new card; the old one is void when it shows up."""
    old = world.issue(FMCOS)
    load(world, old, 10000)
    world.do(old, "purchase", KIOSK, amount=2000, merchant="bus")
    before = world.balances()
    taken_in = hold_card(world.store, world.engine.rules, CARD, by=clerk(world), now=world.now)
    assert (taken_in.due, taken_in.rule, taken_in.held_by) == (dt.date(2026, 12, 3), "hold-unreadable", "li")
    assert world.balances() == before
    assert [row["card_no"] for row in waiting(world.store)] == [CARD]
    new = second_card(world)
    world.now = local(2026, 12, 2, 23, 59)
    assert code_of(world, new, "transfer_in", old_card_no=CARD) == "money_waits"
    world.now = local(2026, 12, 3, 0, 0)
    assert world.do(new, "transfer_in", old_card_no=CARD)["balance"] == 8000
    assert world.purse_total(CARD) == 0
    assert world.balances()[HELD] == 0
    with refused("card_not_issued"):
        hold_card(world.store, world.engine.rules, CARD, by=clerk(world), now=world.now)
    before = world.balances()
    assert code_of(world, old, "transfer_out") == "old_card_shows_up"
    for kind, params in (("topup", {"amount": 5000, "payment": {"method": "cash"}}), ("refund", {})):
        assert code_of(world, old, kind, **params) == "card_not_issued"
    seen = world.do(old, "inspect")
    assert (seen["void"], seen["takeover"]["state"], seen["purse"]["balance"]) == (True, "moved", 8000)
    assert world.balances() == before


def test_a_city_that_waits_no_days_gives_the_money_of_a_dead_card_at_once(world: World) -> None:
    """An in-place swap of a card that says nothing is a matter of the rule: by the books, onto the new card, the same day."""
    load(world, world.issue(FMCOS), 6320)
    holds = tuple(hold.model_copy(update={"working_days": 0}) for hold in rules().hold)
    at_once = RuleBook(rules().model_copy(update={"hold": holds}))
    held = hold_card(world.store, at_once, CARD, by=clerk(world), now=world.now)
    assert held.due == held.held_on == local_day(world.now)
    new = second_card(world)
    assert world.do(new, "transfer_in", old_card_no=CARD)["balance"] == 6320 == balance_on(new)[0]


def test_a_card_that_can_be_read_again_does_not_wait(world: World) -> None:
    """Then the card decides, and the day has no meaning any more."""
    old = world.issue(FMCOS)
    load(world, old, 10000)
    hold_card(world.store, world.engine.rules, CARD, by=clerk(world), now=world.now)
    assert world.do(old, "transfer_out")["amount"] == 10000
    new = second_card(world)
    world.now += dt.timedelta(days=30)
    assert move_all(world, new) == 10000
    assert code_of(world, new, "transfer_in", old_card_no=CARD) == "nothing_held"


@pytest.mark.parametrize(("written", "late"), [(True, [5000]), (False, [])])
def test_a_suspect_load_of_an_unreadable_card_keeps_back_no_other_money(
    world: World, people: dict[str, Staff], written: bool, late: list[int]
) -> None:
    """On its day the books give what is sure, however long the suspect stays; what two people then decide moves afterwards."""
    old = world.issue(FMCOS)
    load(world, old, 10000)
    old.plan = FaultPlan(tear_after_command=7)
    with pytest.raises(CardGone):
        load(world, old, 5000)
    world.now += dt.timedelta(minutes=5)
    hold_card(world.store, world.engine.rules, CARD, by=clerk(world), now=world.now)
    assert takeover_of(world.store, CARD)["owed"] == 10000
    new = second_card(world)
    assert code_of(world, new, "transfer_in", old_card_no=CARD) == "money_waits"
    world.now += dt.timedelta(days=30)
    assert world.do(new, "transfer_in", old_card_no=CARD)["amount"] == 10000
    assert code_of(world, new, "transfer_in", old_card_no=CARD) == "nothing_held"
    world.now += dt.timedelta(days=1)
    with world.store.read() as uow:
        (suspect,) = uow.loads.open_on(CARD)
    papers = {"card_no": CARD, "written": written, "attachments": [attachment("journal.txt", b"the terminal's journal")]}
    asked = propose(world.store, APPROVALS, "settle_suspect", suspect.load_id, papers, "x", by=people["clerk"], now=world.now)
    approve(world.store, APPROVALS, asked.approval_id, by=people["supervisor"], now=world.now)
    assert takeover_of(world.store, CARD)["owed"] == sum(late)
    assert any("账上的余额" in choice.label.zh for choice in offered(world, new)) is bool(late)
    world.now += dt.timedelta(days=1)
    assert [world.do(new, "transfer_in", old_card_no=CARD)["amount"] for _ in late] == late
    assert code_of(world, new, "transfer_in", old_card_no=CARD) == "nothing_held"
    books = world.balances()
    assert (books[f"purse:{CARD}:purse:ep"], books[f"suspense:{CARD}"], books[HELD]) == (0, 0, 0)
    assert books[f"purse:{NEW}:purse:ep"] == -10000 - sum(late) == -balance_on(new)[0]
    assert verify_ledger(world.store)["breaks"] == []


@pytest.mark.parametrize(("tear", "late"), [({"tear_before_command": 7}, [200]), ({"tear_after_command": 7}, [])])
def test_a_suspect_purchase_of_an_unreadable_card_keeps_back_its_own_amount(
    world: World, tear: dict[str, int], late: list[int]
) -> None:
    """The card turns up later: what it did not pay moves then, what it paid never does, and it gives nothing itself."""
    old = world.issue(FMCOS)
    load(world, old, 10000)
    old.plan = FaultPlan(**tear)
    with pytest.raises(CardGone):
        world.do(old, "purchase", KIOSK, amount=200, merchant="bus")
    world.now += dt.timedelta(minutes=5)
    hold_card(world.store, world.engine.rules, CARD, by=clerk(world), now=world.now)
    new = second_card(world)
    world.now += dt.timedelta(days=30)
    assert world.do(new, "transfer_in", old_card_no=CARD)["amount"] == 9800
    assert code_of(world, new, "transfer_in", old_card_no=CARD) == "nothing_held"
    old.plan = FaultPlan()
    world.now += dt.timedelta(days=1)
    (settled,) = world.do(old, "inspect")["settled"]
    assert settled["state"] == ("not_debited" if late else "confirmed")
    assert code_of(world, old, "transfer_out") == "old_card_shows_up"
    world.now += dt.timedelta(days=1)
    assert [world.do(new, "transfer_in", old_card_no=CARD)["amount"] for _ in late] == late
    assert code_of(world, new, "transfer_in", old_card_no=CARD) == "nothing_held"
    books = world.balances()
    assert (books[f"purse:{CARD}:purse:ep"], books.get(HELD, 0)) == (0, 0)
    assert books[f"purse:{NEW}:purse:ep"] == -9800 - sum(late) == -balance_on(new)[0]
    assert verify_ledger(world.store)["breaks"] == []


def test_a_card_without_number_and_chip_needs_a_second_person(world: World, people: dict[str, Staff]) -> None:
    """The holder is searched for; nobody decides alone which card it is."""
    old = world.issue(FMCOS)
    load(world, old, 10000)
    (found,) = holder_cards(world.store, "resident", person(1).id_number)
    assert found["card_no"] == CARD
    payload = unidentified_card(world.store, world.engine.rules, CARD, world.now)
    with refused("card_unknown"):
        wrong = {**payload, "citizen_id": "0" * 36}
        propose(world.store, APPROVALS, "hold_unidentified", CARD, wrong, "x", by=people["clerk"], now=world.now)
    asked = propose(world.store, APPROVALS, "hold_unidentified", CARD, payload, "卡面磨损", by=people["clerk"], now=world.now)
    assert not waiting(world.store)
    with refused("approval_own"):
        approve(world.store, APPROVALS, asked.approval_id, by=people["clerk"], now=world.now)
    approve(world.store, APPROVALS, asked.approval_id, by=people["supervisor"], now=world.now)
    assert [(row["card_no"], row["due"]) for row in waiting(world.store)] == [(CARD, "2026-12-03")]
    assert code_of(world, old, "refund") == "card_not_issued"


def test_a_held_card_with_nothing_on_it_leaves_the_waiting_list(world: World) -> None:
    """On its day the books find nothing; nobody is asked about it again."""
    world.issue(FMCOS)
    hold_card(world.store, world.engine.rules, CARD, by=clerk(world), now=world.now)
    new = second_card(world)
    world.now = local(2026, 12, 3, 0, 0)
    assert code_of_moved(world, new) == "nothing_held"
    assert waiting(world.store) == []


def test_month_money_of_a_card_that_was_taken_in_does_not_lapse_while_it_waits(world: World) -> None:
    """It was good on the day the card was taken in: a card that can be read again gives what the books would have given."""
    old = world.issue(FMCOS)
    world.do(old, "open", application="bus", product="T")
    load(world, old, 5000, area="month")
    hold_card(world.store, world.engine.rules, CARD, by=clerk(world), now=world.now)
    world.now = local(2026, 12, 1, 9, 0)
    assert world.do(old, "transfer_out")["amount"] == 5000
    new = second_card(world)
    world.do(new, "open", application="bus", product="T")
    assert world.do(new, "transfer_in", old_card_no=CARD)["period"] == "2026-12"
    assert area_on(new, "bus", "ed") + area_on(new, "bus", "ep") == 5000
    assert world.balances()[HELD] == 0


def test_what_a_purchase_kept_back_goes_back_the_way_it_came(world: World) -> None:
    """Paid by phone before the newest was paid in cash: the books' day gives the newest, so what moves later is the phone's."""
    old = world.issue(FMCOS)
    load(world, old, 5000, payment={"method": "mobile", "reference": "wx-1"})
    world.now += dt.timedelta(days=1)
    load(world, old, 5000)
    old.plan = FaultPlan(tear_before_command=7)
    with pytest.raises(CardGone):
        world.do(old, "purchase", KIOSK, amount=200, merchant="bus")
    world.now += dt.timedelta(minutes=5)
    hold_card(world.store, world.engine.rules, CARD, by=clerk(world), now=world.now)
    new = second_card(world)
    world.now += dt.timedelta(days=30)
    assert world.do(new, "transfer_in", old_card_no=CARD)["amount"] == 9800
    old.plan = FaultPlan()
    world.now += dt.timedelta(days=1)
    world.do(old, "inspect")
    assert world.do(new, "transfer_in", old_card_no=CARD)["amount"] == 200
    told = {part["account"]: part["amount"] for part in world.do(new, "refund", DESK)["payouts"]}
    assert told["payout:mobile"] == 4900
    assert sum(told.values()) == 10000


def test_what_a_purchase_kept_back_of_a_month_that_is_over_lapses_as_the_rest_did(world: World) -> None:
    """Taken in after its month: nothing of it goes onto the new card, whenever it is known that it was not spent."""
    old = world.issue(FMCOS)
    world.do(old, "open", application="bus", product="T")
    load(world, old, 5000, area="month")
    old.plan = FaultPlan(tear_before_command=11)
    with pytest.raises(CardGone):
        world.do(old, "purchase", KIOSK, amount=200, merchant="bus", area="month")
    old.plan = FaultPlan()
    world.now += dt.timedelta(days=30)
    hold_card(world.store, world.engine.rules, CARD, by=clerk(world), now=world.now)
    second_card(world)
    world.now += dt.timedelta(days=30)
    move_due(world.store, CARD, world.now)
    assert world.balances()["fee:lapsed_month"] == -4800
    world.now += dt.timedelta(days=1)
    (settled,) = world.do(old, "inspect")["settled"]
    assert settled["state"] == "not_debited"
    move_due(world.store, CARD, world.now)
    books = world.balances()
    assert (books["fee:lapsed_month"], books.get(HELD, 0), books[f"purse:{CARD}:bus:ed"]) == (-5000, 0, 0)
