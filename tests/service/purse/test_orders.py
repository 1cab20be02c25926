"""Orders paid online: written once, at any terminal, or returned when their month is over; the books hold the money."""

import datetime as dt
import threading
import uuid
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from cardsvc.errors import CardError, CardGone, CardsvcError, RequestError
from cardsvc.iso7816.exchange import run_batch
from cardsvc.readers.carry import CarriedOut
from cardsvc.service.cards.views import card_view
from cardsvc.service.loss.reports import report_loss
from cardsvc.service.purse.orders import create_order, order_params, orders_view, return_expired
from cardsvc.service.staff.acts import acts_view
from cardsvc.store.records import TopUpOrder
from cardsvc.vcard import FaultPlan, VirtualCard
from cardsvc.wire import OperationState, Reply
from tests.procedures.torn import LONG_RUN, carried, torn
from tests.world import DESK, FAMILIES, KIOSK, Snapshot, World, area_on

CARD = "3100010100000001"
FMCOS = FAMILIES[0]
CREDIT_IS_COMMAND = 16
"""Of a card's first month: four to identify, four to look, five to mark the purse, SELECT, INITIALIZE, CREDIT."""
ORDER, TAKEN = f"order:{CARD}", "clearing:channel:app"


def pay(world: World, amount: int = 5000, reference: str = "wx-1", **given: Any) -> TopUpOrder:
    """Pay online."""
    payment = {"method": given.pop("method", "mobile"), "reference": reference}
    params = order_params({"card_no": CARD, "amount": amount, "payment": payment, **given})
    return create_order(world.store, world.engine.rules, "app", params, world.now)[0]


def refused(world: World, **given: Any) -> str:
    """The code with which an order is refused; nothing moved."""
    before = world.balances()
    with pytest.raises(CardsvcError) as told:
        pay(world, **given)
    assert world.balances() == before
    return told.value.code


def states(world: World) -> list[str]:
    """States of the card's orders, newest first."""
    return [order["state"] for order in orders_view(world.store, CARD)]


def problem(told: pytest.ExceptionInfo[CarriedOut]) -> str:
    """The code of the problem that ended an operation."""
    return str((told.value.reply.problem or {})["code"])


@pytest.mark.parametrize("family", FAMILIES)
def test_an_order_is_written_at_the_next_tap(world: World, family: str) -> None:
    """A look shows it, a fetch writes it, and then there is nothing more to fetch."""
    card = world.issue(family)
    order = pay(world)
    assert (world.balances()[ORDER], world.balances()[TAKEN]) == (-5000, 5000)
    assert [seen["order_id"] for seen in world.do(card, "inspect", KIOSK)["orders"]] == [order.order_id]
    assert [seen["order_id"] for seen in card_view(world.store, CARD)["orders"]] == [order.order_id]
    result = world.do(card, "fetch", KIOSK)
    assert (result["balance"], result["amount"], result["state"]) == (5000, 5000, "confirmed")
    assert area_on(card, "purse") == world.purse_total(CARD) == 5000
    assert (world.balances()[ORDER], world.balances()[TAKEN]) == (0, 5000)
    written = orders_view(world.store, CARD)[0]
    assert (written["state"], written["load_id"]) == ("written", result["load_id"])
    with pytest.raises(CarriedOut) as told:
        world.do(card, "fetch", KIOSK, order_id=order.order_id)
    assert problem(told) == "no_order_waiting"
    assert "clearing:terminal:kiosk-7" not in world.balances()


def test_orders_are_fetched_by_name_or_by_age(world: World) -> None:
    """The oldest first; another may be named; a month goes to its purse."""
    card = world.issue(FMCOS)
    world.do(card, "open", application="bus", product="T")
    first = pay(world)
    world.now += dt.timedelta(seconds=1)
    month = pay(world, 6000, "wx-2", area="month", month="2026-12")
    world.now += dt.timedelta(seconds=1)
    pay(world, 7000, "wx-3")
    assert world.do(card, "fetch", KIOSK, order_id=month.order_id)["period"] == "2026-12"
    assert area_on(card, "bus", "ep") == 6000
    assert world.do(card, "fetch", DESK)["amount"] == first.amount
    assert world.do(card, "fetch", KIOSK)["balance"] == 12000


def test_the_same_payment_makes_one_order(world: World) -> None:
    """Sent again it is found again, also when it was written; other contents, and a payment of a load, are refused."""
    card = world.issue(FMCOS)
    params = order_params({"card_no": CARD, "amount": 5000, "payment": {"method": "mobile", "reference": "wx-1"}})
    order, replayed = create_order(world.store, world.engine.rules, "app", params, world.now)
    assert not replayed
    assert create_order(world.store, world.engine.rules, "app", params, world.now) == (order, True)
    world.do(card, "fetch", KIOSK)
    again, replayed = create_order(world.store, world.engine.rules, "app", params, world.now)
    assert (again.state, replayed) == ("written", True)
    assert refused(world, amount=6000) == "payment_reference_used"
    with pytest.raises(CarriedOut) as told:
        world.do(card, "topup", KIOSK, amount=5000, payment={"method": "mobile", "reference": "wx-1"})
    assert problem(told) == "payment_reference_used"
    world.do(card, "topup", KIOSK, amount=5000, payment={"method": "mobile", "reference": "wx-9"})
    assert refused(world, reference="wx-9") == "payment_reference_used"
    assert world.balances()[TAKEN] == 5000


def test_what_cannot_be_written_is_not_taken(world: World) -> None:
    """Rules, card and areas are asked before the money is."""
    with pytest.raises(CardError) as told:
        pay(world)
    assert told.value.code == "card_unknown"
    card = world.issue(FMCOS)
    assert refused(world, method="credit_card") == "rule_payment_method"
    assert refused(world, amount=100) == "rule_amount_below_minimum"
    assert refused(world, amount=2**31 - 1) == "rule_amount_above_maximum"
    assert refused(world, area="month") == "application_not_open"
    assert refused(world, area="month", month="2026-13") == "params_invalid"
    assert refused(world, method="cash", reference=None) == "params_invalid"
    world.do(card, "open", application="bus", product="T")
    assert refused(world, area="month", product="A") == "product_not_on_card"
    assert refused(world, area="month", month="2026-10") == "rule_month_over"
    pay(world, 60000)
    assert refused(world, amount=50000, reference="wx-2") == "rule_balance_cap"
    assert states(world) == ["paid"]


def test_an_order_whose_month_is_over_goes_back_to_the_payer(world: World) -> None:
    """At 00:00 on the 1st, once; a purse order waits on; a fetch then writes nothing."""
    card = world.issue(FMCOS)
    world.do(card, "open", application="bus", product="T")
    month = pay(world, area="month")
    purse = pay(world, 6000, "wx-2")
    assert return_expired(world.store, world.now, by=world.bookkeeper()) == []
    world.now = dt.datetime(2026, 11, 30, 16, 0, tzinfo=dt.UTC)
    with pytest.raises(CarriedOut) as told:
        world.do(card, "fetch", KIOSK, order_id=month.order_id)
    assert problem(told) == "rule_month_over"
    assert [order.order_id for order in return_expired(world.store, world.now, by=world.bookkeeper())] == [month.order_id]
    assert [(act["staff_id"], act["subject"]) for act in acts_view(world.store)] == [("books", f"order:{month.order_id}")]
    assert return_expired(world.store, world.now, by=world.bookkeeper()) == []
    assert world.balances()["payout:app"] == -5000
    assert world.balances()[ORDER] == -6000
    with pytest.raises(CarriedOut) as told:
        world.do(card, "fetch", KIOSK, order_id=month.order_id)
    assert problem(told) == "no_order_waiting"
    assert world.do(card, "fetch", KIOSK)["amount"] == purse.amount


def test_an_order_on_its_way_is_not_returned_before_its_card_decides(world: World) -> None:
    """The card left in the middle of the last day; the month ended; only then the card says that it has nothing."""
    card = world.issue(FMCOS)
    world.do(card, "open", application="bus", product="T")
    pay(world, area="month")
    card.plan = FaultPlan(tear_before_command=CREDIT_IS_COMMAND)
    with pytest.raises(CardGone):
        world.do(card, "fetch", KIOSK)
    assert world.balances()[f"suspense:{CARD}"] == -5000
    world.now += dt.timedelta(days=20)
    assert return_expired(world.store, world.now, by=world.bookkeeper()) == []
    assert [entry["state"] for entry in world.do(card, "inspect")["settled"]] == ["refunded"]
    assert world.balances()[ORDER] == -5000
    assert len(return_expired(world.store, world.now, by=world.bookkeeper())) == 1
    assert world.balances()["payout:app"] == -5000


def test_an_order_that_goes_back_while_it_is_fetched_is_not_written(world: World) -> None:
    """Another host, whose clock is 80 seconds ahead, ends the month between the look at the orders and MAC2."""
    card, midnight = world.issue(FMCOS), dt.datetime(2026, 11, 30, 16, 0, tzinfo=dt.UTC)
    world.do(card, "open", application="bus", product="T")
    pay(world, area="month")
    world.now = midnight - dt.timedelta(seconds=70)
    channel = card.channel()
    waits = step(world, card, channel, "INITIALIZE FOR LOAD")
    assert len(return_expired(world.store, midnight + dt.timedelta(seconds=10), by=world.bookkeeper())) == 1
    ended = world.port(KIOSK).answer(waits.id, waits.step, run_batch(channel, waits.commands))
    channel.close()
    assert (ended.problem or {})["code"] == "no_order_waiting"
    books = world.balances()
    assert (books[ORDER], books["payout:app"], area_on(card, "bus", "ed")) == (0, -5000, 0)
    assert f"suspense:{CARD}" not in books


def test_no_money_is_taken_for_a_card_that_is_reported_lost(world: World) -> None:
    """Whoever pays online is told before; an order of before waits on."""
    world.issue(FMCOS)
    order = pay(world)
    report_loss(world.store, world.engine.rules, CARD, "phone", by=world.bookkeeper(), now=world.now)
    assert refused(world, reference="wx-2") == "card_hot_listed"
    assert pay(world).order_id == order.order_id


def test_the_gifts_of_waiting_orders_count_for_the_cap(tmp_path: Any) -> None:
    """An old-age card with 350: two orders of 50 make it 550, and a third could not be written."""
    world = World(tmp_path / "2012.db", dt.datetime(2012, 5, 10, 1, tzinfo=dt.UTC))
    card = elder(world)
    world.do(card, "topup", KIOSK, amount=17500, product="C", payment={"method": "cash", "reference": None})
    for reference in ("wx-1", "wx-2"):
        pay(world, reference=reference, product="C")
    assert refused(world, reference="wx-3", product="C") == "rule_balance_cap"
    for _ in range(2):
        world.do(card, "fetch", KIOSK)
    assert area_on(card, "bus") == 55000
    world.close()


def test_a_payment_that_went_back_pays_nothing(world: World) -> None:
    """Its money is on the way to the payer: it loads no purse, and another channel makes no order of it."""
    card = world.issue(FMCOS)
    world.do(card, "open", application="bus", product="T")
    pay(world, area="month")
    world.now += dt.timedelta(days=20)
    return_expired(world.store, world.now, by=world.bookkeeper())
    before = world.balances()
    with pytest.raises(CarriedOut) as told:
        world.do(card, "topup", KIOSK, amount=5000, payment={"method": "mobile", "reference": "wx-1"})
    assert problem(told) == "payment_reference_used"
    again = order_params({"card_no": CARD, "amount": 5000, "payment": {"method": "mobile", "reference": "wx-1"}})
    with pytest.raises(CardsvcError, match="payment_reference_used"):
        create_order(world.store, world.engine.rules, "other", again, world.now)
    assert world.balances() == before


def test_two_channels_that_bring_one_payment_at_once_make_one_order(world: World) -> None:
    """For two cards, so that no card's lock keeps them apart."""
    for number in (1, 2):
        world.issue(FMCOS, number)
    gate = threading.Barrier(2)

    def bring(number: int) -> str:
        payment = {"method": "mobile", "reference": "wx-1"}
        params = order_params({"card_no": f"310001010000000{number}", "amount": 5000, "payment": payment})
        gate.wait()
        try:
            return create_order(world.store, world.engine.rules, f"app-{number}", params, world.now)[0].state
        except RequestError as refused:
            return refused.code

    with ThreadPoolExecutor(2) as pool:
        assert sorted(pool.map(bring, (1, 2))) == ["paid", "payment_reference_used"]


def step(world: World, card: VirtualCard, channel: Any, until: str) -> Reply:
    """A fetch, carried to just before a command, or to its end."""
    reply = world.port(KIOSK).start("fetch", {}, atr=card.atr, idempotency_key=str(uuid.uuid4()))
    while reply.state is OperationState.CARD and until not in [ask.name for ask in reply.commands]:
        reply = world.port(KIOSK).answer(reply.id, reply.step, run_batch(channel, reply.commands))
    return reply


def test_two_terminals_that_fetch_at_once_write_it_once(world: World) -> None:
    """The second is told to wait; when the first went silent, its load is settled and the order written by another. What the
    first sends to the card after that is refused, and its late answer changes nothing."""
    card = world.issue(FMCOS)
    pay(world)
    channel = card.channel()
    first = step(world, card, channel, "CREDIT FOR LOAD")
    second = step(world, card, channel, "CREDIT FOR LOAD")
    assert second.problem is not None
    assert second.problem["code"] == "card_busy"
    world.now += dt.timedelta(seconds=61)
    assert step(world, card, channel, "never").state is OperationState.DONE
    late = world.port(KIOSK).answer(first.id, first.step, run_batch(channel, first.commands))
    while late.state is OperationState.CARD:
        late = world.port(KIOSK).answer(late.id, late.step, run_batch(channel, late.commands))
    assert (area_on(card, "purse"), world.purse_total(CARD), states(world)) == (5000, 5000, ["written"])
    assert world.balances()[ORDER] == 0
    with world.store.read() as uow:
        assert [load.state for load in uow.loads.of_card(CARD)] == ["confirmed", "refunded"]


@pytest.mark.parametrize("family", FAMILIES)
def test_a_torn_fetch_leaves_the_order_whole(family: str, tmp_path: Any) -> None:
    """Written and on the card, or waiting with all its money: then it is fetched again."""
    start = World(tmp_path / "start.db")
    card = start.issue(family)
    pay(start)
    snapshot = Snapshot(start, card, tmp_path)

    def run(world: World, card: VirtualCard) -> Any:
        return carried(world, card, "fetch", {}, KIOSK)

    seen = set()
    for world, card, plan, _ in torn(snapshot, run, stride=LONG_RUN):
        world.do(card, "inspect")
        books, on_card = world.balances(), area_on(card, "purse")
        assert (on_card, books[ORDER], states(world)) in ((0, -5000, ["paid"]), (5000, 0, ["written"])), plan
        assert books.get(f"suspense:{CARD}", 0) == 0 == sum(books.values()), plan
        seen.add(on_card)
        if on_card == 0:
            run(world, card)
        assert (area_on(card, "purse"), world.purse_total(CARD), states(world)) == (5000, 5000, ["written"]), plan
    assert seen == {0, 5000}


def test_an_order_of_the_old_age_card_brings_its_gift(tmp_path: Any) -> None:
    """The order holds what was paid; the city adds its share when it is written."""
    world = World(tmp_path / "2012.db", dt.datetime(2012, 5, 10, 1, tzinfo=dt.UTC))
    card = elder(world)
    pay(world, product="C")
    assert world.balances()[ORDER] == -5000
    result: Mapping[str, Any] = world.do(card, "fetch", KIOSK)
    assert (result["amount"], result["gift"], area_on(card, "bus")) == (5000, 5000, 10000)
    assert (world.balances()[ORDER], world.balances()["gift:C"]) == (0, 5000)
    world.close()


def test_a_first_load_that_was_ordered_is_written_after_another_first(world: World) -> None:
    """A pupil's 25 were ordered, and 25 paid at the terminal meanwhile: 25 is no step of 3, but it was accepted as a first."""
    from tests.service.purse.test_areas import bus_card, load, refusal

    card = bus_card(world, "B", "2015-01-01")
    pay(world, 2500, product="B", area="month")
    load(world, card, 2500, area="month")
    assert refusal(world, card, amount=2500, area="month") == "rule_amount_not_a_step"
    assert world.do(card, "fetch", KIOSK)["balance"] == area_on(card, "bus", "ed") == 5000
    world.now = dt.datetime(2027, 8, 25, 1, tzinfo=dt.UTC)
    assert refused(world, amount=2500, product="B", area="month", month="2027-09", reference="wx-2") == "rule_review_due"


def elder(world: World) -> VirtualCard:
    """A card with product C."""
    from tests.service.purse.test_areas import bus_card

    return bus_card(world, "C")


def test_a_malformed_order_number_is_refused(world: World) -> None:
    """By its field."""
    with pytest.raises(RequestError) as told:
        world.do(VirtualCard.blank(FMCOS), "fetch", KIOSK, order_id="x")
    assert told.value.code == "params_invalid"
