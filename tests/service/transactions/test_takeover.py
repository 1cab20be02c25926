"""From an old card to the new one: from the chip or from the books, never both, in whatever order things happen."""

from contextlib import suppress
from typing import Any

import pytest

from cardsvc.errors import CardGone, CardsvcError
from cardsvc.readers.carry import CarriedOut
from cardsvc.rules import check_moved
from cardsvc.service.approval_kinds import APPROVALS
from cardsvc.service.desk.choices import Choice
from cardsvc.service.desk.offers import offers
from cardsvc.service.desk.work_place import CardOnDesk
from cardsvc.service.staff.approvals import approve, propose
from cardsvc.service.transactions.takeovers import hold_card, takeover_of, waiting
from cardsvc.store.records import Staff
from cardsvc.text import Text
from cardsvc.vcard import FaultPlan, VirtualCard
from tests.batches.merchant import Reader
from tests.service.purse.test_areas import CARD, load, local
from tests.service.staff.test_staff import people, refused
from tests.world import DESK, FAMILIES, KIOSK, World, area_on, balance_on, rules

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
