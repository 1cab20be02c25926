"""Refunds: the rules' values on real (virtual) cards, back the way the money came, pulled away anywhere."""

import datetime as dt
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cardsvc.errors import CardError, RequestError
from cardsvc.iso7816.exchange import run_batch
from cardsvc.service.purse.bicycles import apply_list, read_list
from cardsvc.service.purse.orders import create_order, order_params
from cardsvc.service.purse.ways import CASH, Way, split
from cardsvc.vcard import VirtualCard
from tests.service.purse.test_areas import CARD, bus_card, city, load, local, refusal
from tests.world import DESK, FAMILIES, KIOSK, World, area_on, balance_on

FMCOS = FAMILIES[0]


def mobile(number: int) -> dict[str, str]:
    """A payment by phone."""
    return {"method": "mobile", "reference": f"wx-{number}"}


def refuse(world: World, card: VirtualCard, **area: Any) -> str:
    """The code with which the desk is refused a refund."""
    return refusal(world, card, "refund", DESK, **area)


@pytest.mark.parametrize("family", FAMILIES)
def test_a_purse_goes_back_less_one_percent(world: World, family: str) -> None:
    """Drawn to zero with proof; what the citizen gets, and the fee, stand in the books; the card may be loaded again."""
    card = world.issue(family)
    world.topup(card, 10000, DESK)
    result = world.do(card, "refund")
    assert (result["amount"], result["returned"], result["fee"], result["state"]) == (10000, 9900, 100, "confirmed")
    assert balance_on(card)[0] == world.purse_total(CARD) == 0
    assert {name: amount for name, amount in world.balances().items() if amount} == {
        "clearing:desk:desk-1": 100,
        "fee:refund": -100,
    }
    with world.store.read() as uow:
        assert uow.purchases.of_card(CARD)[0].settled_by == "tac"
    world.topup(card, 5000)
    assert world.purse_total(CARD) == balance_on(card)[0] == 5000


def test_the_limit_of_a_single_spend_does_not_apply(world: World) -> None:
    """A full purse is more than may be spent at once."""
    card = world.issue(FMCOS)
    world.topup(card, 100000)
    assert world.do(card, "refund")["returned"] == 99000


def test_money_goes_back_the_way_it_came(world: World) -> None:
    """What is still there came with the newest loads; the newest gets its part first."""
    card = world.issue(FMCOS)
    load(world, card, 5000, payment={"method": "bank_card", "reference": "b-1"})
    load(world, card, 6000)
    load(world, card, 7000, payment=mobile(1))
    world.do(card, "purchase", KIOSK, amount=6000, merchant="bus")
    result = world.do(card, "refund")
    assert result["returned"] == 11880
    assert {part["kind"]: (part["account"], part["amount"]) for part in result["payouts"]} == {
        "refund_channel_1": ("payout:mobile", 7000),
        "refund_cash": ("clearing:desk:desk-1", 4880),
        "refund_fee": ("fee:refund", 120),
    }
    assert world.balances()["payout:mobile"] == -7000
    load(world, card, 5000)
    assert [part["kind"] for part in world.do(card, "refund")["payouts"]] == ["refund_cash", "refund_fee"]


@given(
    st.lists(
        st.builds(Way, st.sampled_from([CASH, "mobile", "bank_card"]), st.integers(0, 10**7), st.integers(0, 10**6)), max_size=8
    ),
    st.integers(0, 10**8),
)
def test_the_parts_add_up_and_no_channel_gets_more_than_came_by_it(ways: list[Way], amount: int) -> None:
    """Only what no load explains goes back in cash."""
    back = split(amount, ways)
    paid = {channel: sum(way.paid for way in ways if way.channel == channel) for channel in (CASH, "mobile", "bank_card")}
    assert sum(back.values()) == amount
    assert all(part > 0 for part in back.values())
    for channel in ("mobile", "bank_card"):
        assert back.get(channel, 0) <= paid[channel]
    assert back.get(CASH, 0) <= max(paid[CASH], paid[CASH] + amount - sum(paid.values()))


@pytest.mark.parametrize(("on", "returned"), [((2026, 11, 10), 2450), ((2026, 11, 20), 950), ((2026, 11, 21), None)])
def test_a_month_ticket_is_worth_less_every_ten_days(tmp_path: Path, on: tuple[int, ...], returned: int | None) -> None:
    """Half, a fifth, nothing: then the card keeps its money. Next month's is whole."""
    world = city(tmp_path, 2026, 11, 1, 9, 0)
    card = bus_card(world, "T")
    load(world, card, 5000, area="month")
    load(world, card, 5000, area="month", month="2026-12")
    world.now = local(*on, 12, 0)
    if returned is None:
        assert refuse(world, card, area="month") == "rule_nothing_refunded"
    else:
        assert world.do(card, "refund", area="month")["returned"] == returned
        assert world.balances()["fee:forfeited"] == returned + 50 - 5000
        assert area_on(card, "bus", "ed") == 0
    assert world.do(card, "refund", area="month", month="2026-12")["returned"] == 4950
    assert refuse(world, card, area="month", month="2027-01") == "area_not_loaded"
    world.close()


def test_the_gift_goes_back_to_the_city_first(tmp_path: Path) -> None:
    """Paid 50, got 100, spent 20: 30 of the holder's own is left, less 1 percent."""
    world = city(tmp_path, 2012, 5, 10, 9, 0)
    card = bus_card(world, "C")
    load(world, card, 5000, product="C")
    world.do(card, "purchase", KIOSK, amount=2000, merchant="bus", product="C")
    result = world.do(card, "refund", product="C")
    assert (result["gift"], result["returned"], result["fee"]) == (5000, 2970, 30)
    assert world.balances()["gift:C"] == 0
    assert area_on(card, "bus") == 0
    world.close()


def test_no_refund_while_a_bicycle_is_out(world: World, tmp_path: Path) -> None:
    """The guarantee is told apart from an error; when the bicycle is back the money goes back."""
    card = world.issue(FMCOS)
    world.topup(card, 30000)
    held, back = tmp_path / "held.csv", tmp_path / "back.csv"
    held.write_text(f"card_no,state,amount\n{CARD},held,200\n")
    back.write_text(f"card_no,state,amount\n{CARD},released,\n")
    assert apply_list(world.store, read_list(held), held.name, world.now) == 1
    assert apply_list(world.store, read_list(held), held.name, world.now) == 0
    assert refuse(world, card) == "bicycle_guarantee_held"
    assert apply_list(world.store, read_list(back), back.name, world.now) == 1
    assert world.do(card, "refund")["returned"] == 29700


@pytest.mark.parametrize(
    "line",
    [
        "1,held,200",
        f"{CARD},out,200",
        f"{CARD},held,",
        f"{CARD},held,-1",
        f"{CARD},released,5",
        f"{CARD},held,1,1",
        f"{CARD}",
        "\x00",
    ],
)
def test_a_bicycle_list_with_a_bad_line_is_refused_as_a_whole(world: World, tmp_path: Path, line: str) -> None:
    """Its number is named and nothing is held."""
    world.issue(FMCOS)
    path = tmp_path / "list.csv"
    path.write_text(f"card_no,state,amount\n{CARD},held,200\n{line}\n")
    with pytest.raises(RequestError) as told:
        read_list(path)
    assert (told.value.code, told.value.details["line"]) == ("bicycle_list_wrong", 3)


def test_a_bicycle_list_with_an_unknown_card_holds_nothing(world: World, tmp_path: Path) -> None:
    """All lines or none."""
    world.issue(FMCOS)
    path = tmp_path / "list.csv"
    path.write_text(f"card_no,state,amount\n{CARD},held,200\n3100010100000099,held,200\n")
    with pytest.raises(CardError):
        apply_list(world.store, read_list(path), path.name, world.now)
    with world.store.read() as uow:
        assert uow.bicycle_holds.live_on(CARD) is None


def test_what_is_not_refunded(world: World) -> None:
    """An empty purse; more than the books know; a terminal that asks; an area without a rule."""
    card = world.issue(FMCOS)
    assert refuse(world, card) == "rule_nothing_refunded"
    assert refusal(world, card, "refund", KIOSK) == "operation_not_permitted"
    assert refuse(world, card, area="month") == "application_not_open"
    stranger = World(world.path.parent / "other.db")
    twin = stranger.issue(FMCOS)
    world.topup(card, 5000)
    assert refuse(stranger, _copy_of(card, twin)) == "balance_above_books"
    stranger.close()


def _copy_of(card: VirtualCard, twin: VirtualCard) -> VirtualCard:
    """The card of another city's books: the same chip and keys, with money that these books never saw."""
    return VirtualCard(twin.dialect, twin.chip_serial, bytearray(card._eeprom.image), seed=1)


def test_the_rule_of_the_day_of_the_refund_counts(world: World) -> None:
    """A refund that began on the 20th and is authorised on the 21st has the terms of the 21st."""
    world.now = local(2026, 11, 1, 9, 0)
    card = bus_card(world, "T")
    load(world, card, 5000, area="month")
    world.now = local(2026, 11, 20, 23, 59, 50)
    port, channel = world.port(DESK), card.channel()
    reply = port.start("refund", {"area": "month"}, atr=card.atr, idempotency_key="midnight-1")
    while "INITIALIZE FOR UNLOAD" not in [ask.name for ask in reply.commands]:
        reply = port.answer(reply.id, reply.step, run_batch(channel, reply.commands))
    answers = run_batch(channel, reply.commands)
    world.now += dt.timedelta(seconds=20)
    ended = port.answer(reply.id, reply.step, answers)
    channel.close()
    assert (ended.problem or {})["code"] == "rule_nothing_refunded"
    assert area_on(card, "bus", "ed") == 5000


@pytest.mark.parametrize("channel", ["app", "cash"])
def test_an_order_goes_back_through_the_channel_that_brought_it(world: World, channel: str) -> None:
    """Whatever that channel is called."""
    card = world.issue(FMCOS)
    order = order_params({"card_no": CARD, "amount": 5000, "payment": mobile(1)})
    create_order(world.store, world.engine.rules, channel, order, world.now)
    world.do(card, "fetch", KIOSK)
    result = world.do(card, "refund")
    assert [(part["account"], part["amount"]) for part in result["payouts"]] == [
        (f"payout:{channel}", 4950),
        ("fee:refund", 50),
    ]
