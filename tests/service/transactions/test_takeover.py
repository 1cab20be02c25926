"""From an old card to the new one: from the chip or from the books, never both, in whatever order things happen."""

import datetime as dt
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cardsvc.errors import CardGone, CardsvcError
from cardsvc.readers.carry import CarriedOut
from cardsvc.rules import check_moved
from cardsvc.service.approval_kinds import APPROVALS
from cardsvc.service.books.audit import verify_ledger
from cardsvc.service.cards.hold_approval import unidentified_card
from cardsvc.service.desk.choices import Choice
from cardsvc.service.desk.offers import offers
from cardsvc.service.desk.work_place import CardOnDesk
from cardsvc.service.operations.rule_book import RuleBook, local_day
from cardsvc.service.purse.suspects import attachment
from cardsvc.service.staff.approvals import approve, propose
from cardsvc.service.transactions.held_payout import move_due
from cardsvc.service.transactions.takeovers import hold_card, holder_cards, takeover_of, waiting
from cardsvc.store.records import Staff
from cardsvc.text import Text
from cardsvc.vcard import FaultPlan, VirtualCard
from tests.batches.merchant import Reader
from tests.databases import on_postgresql
from tests.examples import examples
from tests.service.purse.test_areas import CARD, load, local
from tests.service.staff.test_staff import people, refused
from tests.world import DESK, FAMILIES, KIOSK, Snapshot, World, area_on, balance_on, person, rules

__all__ = ["people"]
FMCOS = FAMILIES[0]
HELD = f"held:{CARD}"
NEW = "3100010100000002"


def clerk(world: World) -> Staff:
    """Somebody at the desk; holding a card asks for the role only."""
    return Staff("li", "测试一", "clerk", "hall", "", "active", 0, None, world.now)


def code_of(world: World, card: VirtualCard, kind: str, **params: Any) -> str:
    """The code with which an operation is refused; the books have not moved."""
    before = world.balances()
    with pytest.raises(CarriedOut) as told:
        world.do(card, kind, DESK, **params)
    assert world.balances() == before
    return str((told.value.reply.problem or {})["code"])


def second_card(world: World) -> VirtualCard:
    """A new card for the same person, once the old one is replaced."""
    card = VirtualCard.blank(FMCOS, seed=2)
    world.do(card, "personalise", citizen_id=world.citizen(1))
    return card


def move_all(world: World, new: VirtualCard) -> int:
    """Write every part onto the new card."""
    moved = 0
    while any(not part["written"] for part in takeover_of(world.store, CARD)["parts"]):
        moved += int(world.do(new, "transfer_in", old_card_no=CARD)["amount"])
    return moved


@pytest.mark.parametrize("family", FAMILIES)
def test_a_readable_card_gives_its_money_at_once(world: World, family: str) -> None:
    """Drawn to zero with proof, replaced, and written as a load from what is held; the way it came is not forgotten."""
    old = world.issue(family)
    load(world, old, 6320, payment={"method": "mobile", "reference": "wx-1"})
    result = world.do(old, "transfer_out")
    assert (result["amount"], result["left"], result["state"]) == (6320, [], "moved")
    assert balance_on(old)[0] == 0
    assert world.balances()[HELD] == -6320
    assert code_of(world, old, "transfer_out") == "old_card_shows_up"
    assert code_of(world, old, "refund") == "card_not_issued"
    new = second_card(world)
    assert world.do(new, "transfer_in", old_card_no=CARD)["balance"] == 6320
    assert code_of(world, new, "transfer_in", old_card_no=CARD) == "nothing_held"
    assert balance_on(new)[0] == world.purse_total(NEW) == 6320
    assert world.balances()[HELD] == 0
    assert [part["account"] for part in world.do(new, "refund")["payouts"]] == ["payout:mobile", "fee:refund"]


def test_an_old_card_is_on_the_hot_list_from_the_moment_its_money_is_taken_over(world: World) -> None:
    """Offline readers learn of it: a held card at once, a readable one when it has given all. It is never released again."""
    old = world.issue(FMCOS)
    load(world, old, 10000)
    hold_card(world.store, world.engine.rules, CARD, by=clerk(world), now=world.now)
    with world.store.read() as uow:
        entry = uow.hotlist.latest_of(CARD)
        version = uow.hotlist.version()
    assert entry is not None
    assert (entry.action, entry.changed_by, version) == ("add", "li", 1)
    assert world.do(old, "transfer_out")["amount"] == 10000, "it shows up and can be read: it gives its money itself"
    with world.store.read() as uow:
        assert uow.hotlist.version() == 1
    with refused("hotlist_old_card"):
        propose(world.store, APPROVALS, "release_from_hot_list", CARD, {}, "找到了", by=clerk(world), now=world.now)
    readable = second_card(world)
    load(world, readable, 5000)
    world.do(readable, "open", application="bus", product="T")
    load(world, readable, 5000, area="month")
    world.do(readable, "transfer_out")
    with world.store.read() as uow:
        assert not uow.hotlist.is_listed(NEW), "it has more to give and may still be used"
    world.do(readable, "transfer_out")
    with world.store.read() as uow:
        assert uow.hotlist.is_listed(NEW)


def test_every_purse_moves_and_month_money_keeps_its_month(world: World) -> None:
    """City purse, this month and the next, one operation each; void money lapses, and nothing is owed on the old card."""
    old = world.issue(FMCOS)
    world.do(old, "open", application="bus", product="T")
    load(world, old, 10000)
    load(world, old, 5000, area="month")
    load(world, old, 6000, area="month", month="2026-12")
    assert len(world.do(old, "transfer_out")["left"]) == 2
    assert world.do(old, "inspect")["card_state"] == "issued"
    world.now = local(2026, 12, 1, 0, 0)
    assert world.do(old, "transfer_out")["left"] == []
    new = second_card(world)
    world.do(new, "open", application="bus", product="T")
    assert move_all(world, new) == 16000
    assert (balance_on(new)[0], area_on(new, "bus", "ep"), area_on(new, "bus", "ed")) == (10000, 6000, 0)
    books = world.balances()
    assert (area_on(old, "bus", "ed"), books[f"purse:{CARD}:bus:ed"], books["fee:lapsed_month"]) == (5000, 0, -5000)
    assert {account: amount for account, amount in books.items() if CARD in account and amount} == {}
    assert sum(books.values()) == 0


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


def test_what_was_spent_offline_before_a_refund_is_not_given_again(world: World) -> None:
    """The card was drawn to zero for its holder; what the books still have is a ride whose record has not come yet."""
    old = world.issue(FMCOS)
    load(world, old, 10000)
    Reader().debit(old, CARD, 250, world.now)
    assert world.do(old, "refund")["amount"] == 9750
    hold_card(world.store, world.engine.rules, CARD, by=clerk(world), now=world.now)
    new = second_card(world)
    world.now = local(2026, 12, 3, 0, 0)
    assert code_of_moved(world, new) == "nothing_held"
    assert (balance_on(new)[0], world.purse_total(CARD)) == (0, 250)


def code_of_moved(world: World, new: VirtualCard) -> str:
    """The code with which the new card gets nothing on the day that the books decide."""
    with pytest.raises(CarriedOut) as told:
        world.do(new, "transfer_in", DESK, old_card_no=CARD)
    return str((told.value.reply.problem or {})["code"])


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


def test_money_goes_to_the_same_person_only(world: World) -> None:
    """Not to another's card, not to itself, not from a card that nobody took over; a terminal may not ask."""
    old, other = world.issue(FMCOS), world.issue(FMCOS, 2)
    load(world, old, 10000)
    assert code_of(world, other, "transfer_in", old_card_no=CARD) == "nothing_held"
    world.do(old, "transfer_out")
    assert code_of(world, other, "transfer_in", old_card_no=CARD) == "transfer_other_holder"
    assert code_of(world, other, "transfer_in", old_card_no="3100010100000099") == "nothing_held"
    with pytest.raises(CardsvcError):
        world.do(other, "transfer_in", KIOSK, old_card_no=CARD)


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


STEPS = st.sampled_from(["load", "spend", "out", "out", "hold", "wait", "new", "in", "in", "inspect", "refund"])
MANY = 6 if on_postgresql() else 15


@pytest.mark.hypothesis
def test_never_both(tmp_path: Path) -> None:
    """Whatever order of loads, spending, holds, transfers, days, tears and late re-appearance: no fen comes out twice."""
    start = World(tmp_path / "start.db")
    card = start.issue(FMCOS)
    load(start, card, 10000)
    snapshot = Snapshot(start, card, tmp_path)

    @examples(MANY)
    @given(st.lists(st.tuples(STEPS, st.integers(0, 14)), min_size=3, max_size=12))
    def whatever(steps: list[tuple[str, int]]) -> None:
        world, old = snapshot.again()
        cards = {CARD: old}
        try:
            for step, tear in steps:
                with suppress(CardGone, CarriedOut, CardsvcError):
                    _step(world, cards, step, tear)
                _no_fen_twice(world, cards)
        finally:
            world.close()

    whatever()


def _step(world: World, cards: dict[str, VirtualCard], step: str, tear: int) -> None:
    """One thing that happens; ``tear`` 5 and above pulls the card after that command."""
    new = cards.get(NEW)
    if step == "wait":
        world.now += dt.timedelta(days=tear)
        return
    if step == "hold":
        hold_card(world.store, world.engine.rules, CARD, by=clerk(world), now=world.now)
        return
    if step == "new":
        cards[NEW] = second_card(world)
        return
    card = new if new is not None and (step == "in" or tear % 2) else cards[CARD]
    card.plan = FaultPlan(tear_after_command=tear) if tear >= 5 else FaultPlan()
    if step == "load":
        load(world, card, 5000)
    elif step == "spend":
        world.do(card, "purchase", KIOSK, amount=1000, merchant="bus")
    elif step == "in":
        world.do(card, "transfer_in", old_card_no=CARD)
    else:
        world.do(card, {"out": "transfer_out"}.get(step, step), DESK)


def _no_fen_twice(world: World, cards: dict[str, VirtualCard]) -> None:
    """Liabilities are never negative, and a card that still counts holds no more than is owed."""
    totals = world.balances()
    assert sum(totals.values()) == 0
    for account, amount in totals.items():
        assert not account.startswith(("purse:", "held:", "suspense:")) or amount <= 0, account
    with world.store.read() as uow:
        for card_no, card in cards.items():
            row = uow.cards.get(card_no)
            if row is None or row.state != "issued":
                continue
            open_ = sum(loading.amount for loading in uow.loads.open_on(card_no))
            assert balance_on(card)[0] <= world.purse_total(card_no) + open_


def test_what_was_paid_for_the_old_card_waits_for_the_new_one(world: World) -> None:
    """An order (补登) of a card that was taken in is fetched by the holder's new card, and every account agrees."""
    from tests.service.purse.test_orders import pay

    world.issue(FMCOS)
    order = pay(world)
    hold_card(world.store, world.engine.rules, CARD, by=clerk(world), now=world.now)
    new = second_card(world)
    assert [seen["order_id"] for seen in world.do(new, "inspect")["orders"]] == [order.order_id]
    result = world.do(new, "fetch", KIOSK)
    assert (result["balance"], result["state"]) == (5000, "confirmed")
    assert balance_on(new)[0] == world.purse_total(NEW) == 5000
    balances = world.balances()
    assert [balances.get(account, 0) for account in (f"order:{CARD}", f"order:{NEW}", HELD)] == [0, 0, 0]


def test_an_order_that_the_old_card_may_have_stays_with_it(world: World) -> None:
    """Torn while it was fetched: only the old card, or two people, can say; it is not written twice."""
    from tests.service.purse.test_orders import pay

    card = world.issue(FMCOS)
    pay(world)
    card.plan = FaultPlan(tear_after_write=1)
    with suppress(CardGone):
        world.do(card, "fetch", KIOSK)
    hold_card(world.store, world.engine.rules, CARD, by=clerk(world), now=world.now)
    new = second_card(world)
    assert world.do(new, "inspect")["orders"] == []
    assert code_of(world, new, "fetch") == "no_order_waiting"


@pytest.mark.parametrize(
    ("product", "area", "cap"), [("citizen", "purse", 100_000), ("C", "purse", 55_000), ("T", "month", 50_000)]
)
def test_moved_money_goes_no_higher_than_its_area_allows(world: World, product: str, area: Any, cap: int) -> None:
    """To the fen; and where no rule is in force any more, than the law does: 5,000 yuan on a named card."""
    day = world.now.date()
    check_moved(rules(), product, area, cap, day)
    with pytest.raises(CardsvcError, match=r"^rule_moved_above_cap "):
        check_moved(rules(), product, area, cap + 1, day)
    check_moved(rules(), "withdrawn", area, 500_000, day)
    with pytest.raises(CardsvcError, match=r"^rule_moved_above_cap "):
        check_moved(rules(), "withdrawn", area, 500_001, day)


def test_what_does_not_fit_stays_held_until_it_does_and_keeps_nothing_else_waiting(world: World) -> None:
    """600 in the old purse, 500 in the new one: the month ticket goes first, the purse once a hundred is spent."""
    old = world.issue(FMCOS)
    world.do(old, "open", application="bus", product="T")
    load(world, old, 60000)
    load(world, old, 5000, area="month")
    while world.do(old, "transfer_out")["left"]:
        pass
    new = second_card(world)
    world.do(new, "open", application="bus", product="T")
    load(world, new, 50000)
    assert world.do(new, "transfer_in", old_card_no=CARD)["amount"] == 5000
    assert code_of(world, new, "transfer_in", old_card_no=CARD) == "rule_moved_above_cap"
    assert world.balances()[HELD] == -60000
    (waits,) = offered(world, new)
    assert "1000.00" in (waits.reason or Text("", "")).zh
    world.do(new, "purchase", KIOSK, amount=10000, merchant="bus")
    (waits,) = offered(world, new)
    assert waits.reason is None
    assert world.do(new, "transfer_in", old_card_no=CARD)["balance"] == 100000
    assert world.balances()[HELD] == 0


def offered(world: World, card: VirtualCard) -> tuple[Choice, ...]:
    """What the desk offers of old cards' money, by a look at this card."""
    seen = CardOnDesk("reader", "contact", None, world.do(card, "inspect"), None, None, None, None, None, None)
    return next((offer.choices for offer in offers(world.engine, seen, by=clerk(world)) if offer.kind == "transfer_in"), ())


def test_an_order_that_the_old_card_proved_not_to_have_goes_to_the_new_one(world: World, people: dict[str, Staff]) -> None:
    """Two people settled the torn fetch: not written. When the books decide, it waits for the new card; the list is empty."""
    from cardsvc.service.purse.suspects import suspects
    from tests.service.purse.test_orders import pay
    from tests.service.staff.test_staff import ask

    card = world.issue(FMCOS)
    order = pay(world)
    card.plan = FaultPlan(tear_after_write=1)
    with suppress(CardGone):
        world.do(card, "fetch", KIOSK)
    hold_card(world.store, world.engine.rules, CARD, by=clerk(world), now=world.now)
    new = second_card(world)
    (entry,) = suspects(world.store, world.now)
    asked = ask(world, entry, people["supervisor"], written=False)
    approve(world.store, APPROVALS, asked.approval_id, by=people["second"], now=world.now)
    world.now = local(2026, 12, 3, 0, 0)
    assert code_of_moved(world, new) == "nothing_held"
    assert waiting(world.store) == []
    assert [seen["order_id"] for seen in world.do(new, "inspect")["orders"]] == [order.order_id]
    assert world.do(new, "fetch", KIOSK)["balance"] == 5000


def test_a_held_card_with_nothing_on_it_leaves_the_waiting_list(world: World) -> None:
    """On its day the books find nothing; nobody is asked about it again."""
    world.issue(FMCOS)
    hold_card(world.store, world.engine.rules, CARD, by=clerk(world), now=world.now)
    new = second_card(world)
    world.now = local(2026, 12, 3, 0, 0)
    assert code_of_moved(world, new) == "nothing_held"
    assert waiting(world.store) == []


def test_a_part_that_does_not_fit_yet_keeps_no_other_waiting(world: World) -> None:
    """Month money of a card with bus T; the new card has no bus yet: the city purse's money is written first."""
    old = world.issue(FMCOS)
    world.do(old, "open", application="bus", product="T")
    load(world, old, 5000, area="month")
    load(world, old, 10000)
    while world.do(old, "transfer_out")["left"]:
        pass
    new = second_card(world)
    assert world.do(new, "transfer_in", old_card_no=CARD)["balance"] == 10000
    (month,) = (part for part in takeover_of(world.store, CARD)["parts"] if not part["written"])
    assert code_of(world, new, "transfer_in", old_card_no=CARD) == "application_not_open"
    world.do(new, "open", application="bus", product="T")
    assert world.do(new, "transfer_in", old_card_no=CARD, part_id=month["part_id"])["amount"] == 5000
    assert code_of(world, new, "transfer_in", old_card_no=CARD, part_id=month["part_id"]) == "nothing_held"


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
