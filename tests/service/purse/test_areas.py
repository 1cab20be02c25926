"""Money areas: every product's purse, months and their end, gifts, payments; on the card as in the books."""

import datetime as dt
import uuid
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from cardsvc.errors import CardGone, CardsvcError, RequestError
from cardsvc.iso7816.exchange import run_batch
from cardsvc.readers.carry import CarriedOut
from cardsvc.service.operations.kinds import Actor
from cardsvc.service.people.register import register_citizen
from cardsvc.vcard import FaultPlan, VirtualCard
from cardsvc.wire import OperationState, Reply
from tests.repeated import once
from tests.world import DESK, FAMILIES, KIOSK, World, area_on, person

CASH = {"method": "cash", "reference": None}
CARD = "3100010100000001"
FMCOS = FAMILIES[0]
CREDIT_IS_COMMAND = 11
"""Four to identify, four to look at the area, SELECT, INITIALIZE, CREDIT."""


def local(*at: int) -> dt.datetime:
    """A moment in Hangzhou."""
    return dt.datetime(*at, tzinfo=dt.timezone(dt.timedelta(hours=8)))  # type: ignore[arg-type, misc] # year to second


def city(folder: Path, *at: int) -> World:
    """A city at another time."""
    return World(folder / f"{at[0]}-{at[1]}.db", local(*at))


@once
def bus_card(world: World, product: str, born: str = "1950-01-01", family: str = FMCOS, number: int = 1) -> VirtualCard:
    """A citizen card with the bus open, of a person born on that day."""
    holder = person(number).model_copy(update={"birth_date": dt.date.fromisoformat(born)})
    card = VirtualCard.blank(family, seed=number)
    world.do(card, "personalise", citizen_id=register_citizen(world.store, holder, world.now).citizen_id)
    world.do(card, "open", application="bus", product=product)
    return card


def load(world: World, card: VirtualCard, amount: int, **area: Any) -> Mapping[str, Any]:
    """Top up in cash at the kiosk."""
    return world.do(card, "topup", KIOSK, amount=amount, **{"payment": CASH, **area})


def refusal(world: World, card: VirtualCard, kind: str = "topup", actor: Actor = KIOSK, **params: Any) -> str:
    """The code with which it is refused; nothing in the books has moved, and the card is as it was."""
    before, on_card = world.balances(), [area_on(card, "bus", purse) for purse in ("ed", "ep")]
    with pytest.raises((CarriedOut, CardsvcError)) as told:
        world.do(card, kind, actor, **({"payment": CASH} if kind == "topup" else {}) | params)
    assert world.balances() == before
    assert [area_on(card, "bus", purse) for purse in ("ed", "ep")] == on_card
    if isinstance(told.value, CarriedOut):
        assert (told.value.reply.problem or {})["outcome"] == "not_done"
        return str((told.value.reply.problem or {})["code"])
    assert isinstance(told.value, CardsvcError)
    return told.value.code


def owed(world: World, purse: str) -> int:
    """What the books owe in one purse of the first card."""
    return -world.balances().get(f"purse:{CARD}:{purse}", 0)


@pytest.mark.parametrize("family", FAMILIES)
def test_this_month_and_the_next_lie_in_two_purses(world: World, family: str) -> None:
    """November is spent while December waits; a purchase takes the month of its day."""
    card = bus_card(world, "T", family=family)
    assert load(world, card, 5000, area="month")["period"] == "2026-11"
    assert load(world, card, 6000, area="month", month="2026-12")["balance"] == 6000
    spent = world.do(card, "purchase", KIOSK, amount=100, merchant="bus", area="month")
    assert (spent["period"], spent["balance"]) == ("2026-11", 4900)
    world.now = local(2026, 12, 1, 0, 0, 0)
    assert world.do(card, "purchase", KIOSK, amount=100, merchant="bus", area="month")["period"] == "2026-12"
    shown = [(a["period"], a["balance"], a["over"]) for a in world.do(card, "inspect")["areas"]]
    assert shown == [("2026-11", 4900, True), ("2026-12", 5900, False)]
    for purse, balance in (("ed", 4900), ("ep", 5900)):
        assert area_on(card, "bus", purse) == owed(world, f"bus:{purse}") == balance
    assert area_on(card, "purse") == 0


def test_month_money_is_void_on_the_first_and_makes_room(world: World) -> None:
    """It is not spent any more; the next load into its purse takes it off with proof, and it is the card company's income."""
    card = bus_card(world, "T")
    load(world, card, 5000, area="month")
    world.now = local(2027, 1, 1, 0, 0, 0)
    assert refusal(world, card, "purchase", amount=100, merchant="bus", area="month") == "area_not_loaded"
    assert refusal(world, card, amount=4900, area="month") == "rule_amount_below_minimum"
    result = load(world, card, 7000, area="month")
    assert (result["period"], result["lapsed"], result["balance"]) == ("2027-01", 5000, 7000)
    assert area_on(card, "bus", "ed") == owed(world, "bus:ed") == 7000
    assert world.balances()["fee:lapsed_month"] == -5000
    with world.store.read() as uow:
        lapse = uow.purchases.of_card(CARD)[0]
    assert (lapse.state, lapse.settled_by, lapse.payee_account) == ("confirmed", "mac3", "fee:lapsed_month")


@pytest.mark.parametrize(
    ("product", "born", "area", "amount", "purse", "period"),
    [
        ("A", "1950-01-01", "month", 5500, "ed", "2018-05"),
        ("A", "1950-01-01", "season", 15500, "ep", "2018-04..2018-06"),
        ("B", "2005-01-01", "month", 2800, "ed", "2018-05"),
        ("B", "2005-01-01", "term", 15300, "ep", "2018-02..2018-08"),
        ("D", "1950-01-01", "purse", 5000, "ep", None),
    ],
)
def test_products_before_their_end(
    tmp_path: Path, product: str, born: str, area: str, amount: int, purse: str, period: Any
) -> None:
    """May 2018: each product's areas go to their purse, with their period."""
    world = city(tmp_path, 2018, 5, 10, 9, 0)
    card = bus_card(world, product, born)
    wanted = {"product": product} if area == "purse" else {}
    assert load(world, card, amount, area=area, **wanted)["period"] == period
    assert area_on(card, "bus", purse) == owed(world, f"bus:{purse}") == amount
    world.now += dt.timedelta(days=20)
    assert world.do(card, "purchase", KIOSK, amount=50, merchant="bus", area=area, **wanted)["product"] == product
    world.now += dt.timedelta(days=180)
    if period is None:
        assert world.do(card, "purchase", KIOSK, amount=50, merchant="bus", area=area, **wanted)["balance"] == amount - 100
    else:
        assert refusal(world, card, "purchase", amount=50, merchant="bus", area=area) == "area_not_loaded"
    world.close()


def test_more_for_the_same_month_is_a_step_and_for_the_next_a_whole_first_load(world: World) -> None:
    """50, then 5 more; December begins with 50 again; January cannot be loaded yet."""
    card = bus_card(world, "T")
    assert refusal(world, card, amount=500, area="month") == "rule_amount_below_minimum"
    first = load(world, card, 5000, area="month")
    assert (first["expires"], len(first["sources"])) == ("2026-12-01", len(first["rules"]))
    assert load(world, card, 500, area="month")["balance"] == 5500
    assert refusal(world, card, amount=200, area="month") == "rule_amount_below_minimum"
    assert refusal(world, card, amount=500, area="month", month="2026-12") == "rule_amount_below_minimum"
    assert refusal(world, card, amount=5000, area="month", month="2027-02") == "rule_month_too_early"
    assert load(world, card, 5000, area="month", month="2026-12")["expires"] == "2027-01-01"


def test_a_first_load_that_was_not_written_was_none(world: World) -> None:
    """After the refund the next load is the first again."""
    card = bus_card(world, "T")
    card.plan = FaultPlan(tear_before_command=CREDIT_IS_COMMAND)
    with pytest.raises(CardGone):
        load(world, card, 5000, area="month")
    world.do(card, "inspect")
    assert not any(world.balances().values())
    assert refusal(world, card, amount=500, area="month") == "rule_amount_below_minimum"
    assert load(world, card, 5000, area="month")["balance"] == 5000


def test_a_pupil_who_was_not_reviewed_cannot_load_for_the_new_school_year(world: World) -> None:
    """Opened in November, due on 1 September: from then on a desk must have seen the school's paper. Money stays."""
    card = bus_card(world, "B", "2015-01-01")
    load(world, card, 2500, area="month")
    world.now = local(2027, 8, 25, 9, 0)
    september = {"area": "month", "month": "2027-09"}
    assert refusal(world, card, amount=2500, **september) == "rule_review_due"
    reviewed = world.do(card, "review", DESK, proof="第一中学 在校证明")
    assert (reviewed["terms"]["review"], reviewed["valid_to"]) == ("2028-09-01", "2028-08-31")
    assert reviewed["valid_from"] == "2026-11-24"
    assert load(world, card, 2500, **september)["period"] == "2027-09"
    world.now = local(2033, 1, 2, 9, 0)
    assert refusal_at_desk(world, card, "review") == "rule_age"


def test_only_what_is_reviewed_can_be(world: World) -> None:
    """Not an adult's product, not a bus that is not open; and only at a desk."""
    assert refusal_at_desk(world, bus_card(world, "T"), "review") == "application_not_reviewed"
    assert refusal_at_desk(world, world.issue(FMCOS, 2), "review") == "application_not_open"
    with pytest.raises(RequestError) as told:
        world.do(world.issue(FMCOS, 3), "review", KIOSK)
    assert told.value.code == "operation_not_permitted"


def refusal_at_desk(world: World, card: VirtualCard, kind: str) -> str:
    """The code with which a desk's job is refused."""
    with pytest.raises(CarriedOut) as told:
        world.do(card, kind, DESK)
    return str((told.value.reply.problem or {})["code"])


def test_a_purse_holds_one_period_at_a_time(tmp_path: Path) -> None:
    """June's ticket does not mix with the season that lies in the same purse; when the season is over it may."""
    world = city(tmp_path, 2018, 5, 10, 9, 0)
    card = bus_card(world, "A")
    load(world, card, 15000, area="season")
    assert refusal(world, card, amount=5000, area="month", month="2018-06") == "purse_holds_other_period"
    assert load(world, card, 5000, area="month")["period"] == "2018-05"
    world.now = local(2018, 7, 1, 0, 0)
    assert load(world, card, 5000, area="month", month="2018-08")["lapsed"] == 15000
    world.close()


@pytest.mark.parametrize(
    ("at", "credited", "too_much"), [((2011, 2, 28, 23, 50), 6000, 45800), ((2011, 3, 1, 0, 0), 10000, 27500)]
)
def test_the_gift_of_the_old_age_card(tmp_path: Path, at: tuple[int, ...], credited: int, too_much: int) -> None:
    """50 paid is 60 on the card, from March 2011 100; the city's share stands on its own account."""
    world = city(tmp_path, *at)
    card = bus_card(world, "C")
    result = load(world, card, 5000, product="C")
    assert (result["amount"], result["gift"], result["balance"]) == (5000, credited - 5000, credited)
    assert area_on(card, "bus") == owed(world, "bus:ep") == credited
    assert (world.balances()["gift:C"], world.balances()["clearing:terminal:kiosk-7"]) == (credited - 5000, 5000)
    assert refusal(world, card, amount=too_much, product="C") == "rule_balance_cap"
    world.close()


def test_a_gift_that_was_not_written_goes_back_with_the_payment(tmp_path: Path) -> None:
    """Both halves return to where they came from."""
    world = city(tmp_path, 2012, 5, 10, 9, 0)
    card = bus_card(world, "C")
    card.plan = FaultPlan(tear_before_command=CREDIT_IS_COMMAND)
    with pytest.raises(CardGone):
        load(world, card, 5000, product="C")
    assert world.balances()[f"suspense:{CARD}"] == -10000
    assert [entry["state"] for entry in world.do(card, "inspect")["settled"]] == ["refunded"]
    assert set(world.balances().values()) == {0}
    world.close()


def test_the_park_pass_is_opened_for_people_of_the_city(world: World) -> None:
    """The papers shown decide: nothing is written for a visitor."""
    card = world.issue(FMCOS)
    with pytest.raises(CarriedOut) as told:
        world.do(card, "open", application="park", product="1", holder="visitor")
    problem = told.value.reply.problem or {}
    assert (problem["code"], problem["rule"]["id"]) == ("rule_holder", "open-park-2012")
    opened = world.do(card, "open", application="park", product="1", holder="student")
    assert (opened["valid_from"], opened["valid_to"]) == ("2027-01-01", "2028-01-20")


def test_the_parking_card_has_a_purse_of_its_own(world: World) -> None:
    """Opened with product 2; a card that pays parking from the city purse has none."""
    card = world.issue(FMCOS)
    assert refusal(world, card, amount=5000, product="parking") == "application_not_open"
    world.do(card, "open", application="parking", product="2")
    assert load(world, card, 5000, product="parking")["balance"] == 5000
    spent = world.do(card, "purchase", KIOSK, amount=600, merchant="parking", product="parking")
    assert [(area["product"], area["balance"]) for area in world.do(card, "inspect")["areas"]] == [("parking", 4400)]
    assert area_on(card, "parking") == owed(world, "parking:ep") == spent["balance"] == 4400
    assert area_on(card, "purse") == 0
    other = world.issue(FMCOS, 2)
    world.do(other, "open", application="parking", product="1")
    assert refusal(world, other, amount=5000, product="parking") == "product_not_on_card"


@pytest.mark.parametrize(
    "wrong",
    [
        {"area": "month", "month": "2026-13"},
        {"month": "2026-12"},
        {"area": "purse", "product": "T"},
        {"area": "month", "product": "D"},
        {"area": "week"},
        {"area": "month", "month": "9999-12"},
        {"amount": 2**31, "area": "month"},
        {"payment": {"method": "mobile"}},
        {"payment": {"method": "bank_card", "reference": " "}},
    ],
)
def test_parameters_that_make_no_sense_are_refused_by_their_field(world: World, wrong: Any) -> None:
    """Before any operation begins."""
    card = VirtualCard.blank(FMCOS)
    with pytest.raises(RequestError) as told:
        world.do(card, "topup", KIOSK, **({"amount": 5000, "payment": CASH} | wrong))
    assert told.value.code == "params_invalid"


def test_areas_that_the_card_does_not_have(world: World) -> None:
    """Not open, another product, no such area, an amount that overflows: nothing moves."""
    card = bus_card(world, "T")
    closed = world.issue(FMCOS, 2)
    assert refusal(world, closed, amount=5000, area="month") == "application_not_open"
    assert refusal(world, card, amount=5000, area="month", product="A") == "product_not_on_card"
    assert refusal(world, card, amount=15000, area="season") == "rule_area_not_loadable"
    assert refusal(world, card, amount=5000, area="month", month="2027-01") == "rule_month_too_early"
    assert refusal(world, card, amount=5000, area="month", month="2026-10") == "rule_month_over"
    assert refusal(world, card, amount=2**31 - 1, area="month") == "rule_amount_above_maximum"


def stepped(world: World, card: VirtualCard, until: str) -> tuple[Reply, Any]:
    """A load for this month, carried to just before a command; the reply that asks for it, and the card's channel."""
    channel = card.channel()
    params = {"amount": 5000, "area": "month", "payment": CASH}
    reply = world.port(KIOSK).start("topup", params, atr=card.atr, idempotency_key=str(uuid.uuid4()))
    while until not in [ask.name for ask in reply.commands]:
        reply = world.port(KIOSK).answer(reply.id, reply.step, run_batch(channel, reply.commands))
    return reply, channel


def test_a_month_that_ends_before_the_card_could_answer_is_not_paid_for(world: World) -> None:
    """The look was in time, the authorisation would be in the last minute of November: nothing is taken."""
    card = bus_card(world, "T")
    world.now = local(2026, 11, 30, 23, 58, 30)
    reply, channel = stepped(world, card, "INITIALIZE FOR LOAD")
    answers = run_batch(channel, reply.commands)
    world.now = local(2026, 11, 30, 23, 59, 20)
    ended = world.port(KIOSK).answer(reply.id, reply.step, answers)
    assert ended.state is OperationState.FAILED
    assert ended.problem is not None
    assert ended.problem["code"] == "rule_month_over"
    assert not world.balances()
    with world.store.read() as uow:
        assert uow.loads.of_card(CARD)[0].state == "refused"
    channel.close()
    assert load(world, card, 5000, area="month", month="2026-12")["period"] == "2026-12"


def test_a_month_that_ends_before_the_card_answered(world: World) -> None:
    """It was for November and stays so: confirmed for that month, or, when it was not written, given back."""
    card = bus_card(world, "T")
    world.now = local(2026, 11, 30, 23, 58, 50)
    reply, channel = stepped(world, card, "CREDIT FOR LOAD")
    world.now = local(2026, 12, 1, 0, 0, 30)
    late = world.port(KIOSK).answer(reply.id, reply.step, run_batch(channel, reply.commands))
    assert late.state is OperationState.DONE
    with world.store.read() as uow:
        assert uow.loads.of_card(CARD)[0].last_month == dt.date(2026, 11, 1)
    assert area_on(card, "bus", "ed") == owed(world, "bus:ed") == 5000


def test_a_payment_pays_one_load(world: World) -> None:
    """On the same card, on another; when it was refunded the reference is good again."""
    card, other = bus_card(world, "T"), world.issue(FMCOS, 2)
    mobile = {"method": "mobile", "reference": "wx-1"}
    card.plan = FaultPlan(tear_before_command=7)
    with pytest.raises(CardGone):
        load(world, card, 5000, payment=mobile)
    assert refusal(world, other, amount=5000, payment=mobile) == "payment_reference_used"
    assert load(world, card, 5000, payment=mobile)["settled"][0]["state"] == "refunded"
    assert refusal(world, card, amount=5000, area="month", payment=mobile) == "payment_reference_used"
    assert load(world, other, 5000, payment={**mobile, "method": "bank_card"})["state"] == "confirmed"
    assert refusal(world, card, amount=5000, payment={"method": "credit_card", "reference": "c-1"}) == "rule_payment_method"


def test_a_clock_that_goes_back_stops_loads_until_it_is_right(world: World) -> None:
    """Dates decide about money; a small difference between two hosts is none."""
    card = bus_card(world, "T")
    load(world, card, 5000)
    noon = world.now
    world.now = noon - dt.timedelta(seconds=30)
    assert load(world, card, 5000)["balance"] == 10000
    for back in (dt.timedelta(minutes=10), dt.timedelta(days=40)):
        world.now = noon - back
        assert refusal(world, card, amount=5000) == "clock_went_back"
        assert refusal(world, card, amount=5000, area="month") == "clock_went_back"
    world.now = noon
    assert load(world, card, 5000)["balance"] == 15000


def test_an_application_with_money_is_not_closed(world: World) -> None:
    """Closed, it would neither spend nor refund it. When the month is over it is closed, and opened again it still is."""
    card = bus_card(world, "T")
    load(world, card, 5000, area="month")
    with pytest.raises(CarriedOut) as told:
        world.do(card, "close", DESK, application="bus")
    assert (told.value.reply.problem or {})["code"] == "application_holds_money"
    assert world.do(card, "purchase", KIOSK, amount=100, merchant="bus", area="month")["balance"] == 4900
    world.now = local(2027, 1, 5, 9, 0)
    world.do(card, "close", DESK, application="bus")
    assert refusal(world, card, amount=5000, area="month") == "application_not_open"
    world.do(card, "open", DESK, application="bus", product="T")
    assert load(world, card, 5000, area="month")["lapsed"] == 4900


def test_the_month_ticket_goes_first(world: World) -> None:
    """While it is good and has enough; otherwise the city purse pays, as it does on a card without a month ticket."""
    card, plain = bus_card(world, "T"), world.issue(FMCOS, 2)
    load(world, card, 5000, area="month")
    for one in (card, plain):
        load(world, one, 10000)

    def ride(fare: int, one: VirtualCard = card) -> tuple[str, int]:
        paid = world.do(one, "purchase", KIOSK, amount=fare, merchant="bus", month_first=True)
        return paid["area"], paid["balance"]

    assert ride(4900) == ("month", 100)
    assert ride(200) == ("purse", 9800)
    assert ride(200, plain) == ("purse", 9800)
    world.now = local(2026, 12, 1, 0, 0)
    assert ride(100) == ("purse", 9700)
    assert area_on(card, "bus", "ed") == owed(world, "bus:ed") == 100
    assert area_on(card, "purse") == owed(world, "purse:ep") == 9700
    wrong = {"amount": 100, "merchant": "bus", "area": "month", "month_first": True}
    assert refusal(world, card, "purchase", **wrong) == "params_invalid"
