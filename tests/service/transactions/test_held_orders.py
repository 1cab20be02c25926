"""What was paid online for a card that was taken in empty, and whose holder wants no new one, goes back to its payer."""

import datetime as dt
from dataclasses import replace

import pytest

from cardsvc.iso7816.exchange import run_batch
from cardsvc.readers.carry import CarriedOut
from cardsvc.rules import parse_rule_set, rule_text
from cardsvc.service.operations.rule_book import RuleBook
from cardsvc.service.purse.orders import orders_view
from cardsvc.service.staff.acts import acts_view
from cardsvc.service.transactions.held_orders import held_orders, return_held_orders
from cardsvc.service.transactions.takeovers import hold_card
from cardsvc.vcard import VirtualCard
from tests.day.outlet import Hall, open_hall, refused
from tests.service.purse.test_areas import CARD
from tests.service.purse.test_orders import pay, states, step
from tests.service.transactions.test_takeover import second_card
from tests.world import FAMILIES, World, area_on

FMCOS = FAMILIES[0]
NEW = "3100010100000002"
STOP = '[[stop]]\nid = "stop-all"\nproduct = "citizen"\nchannel = "any"\nsince = 2009-01-01\nsource = "test"\n\n'


@pytest.fixture
def hall(world: World) -> Hall:
    """An outlet with its people."""
    return open_hall(world)


def sent_back(hall: Hall, papers: str = "身份证", by: str = "teller") -> list[str]:
    """Their states after they were sent back."""
    rows = return_held_orders(hall.world.store, hall.world.engine.rules, CARD, papers, by=hall[by], now=hall.world.now)
    return [str(row.state) for row in rows]


def taken_in(hall: Hall, card: VirtualCard, *, readable: bool) -> None:
    """The card is taken in with nothing on it."""
    world = hall.world
    if readable:
        world.do(card, "transfer_out")
    else:
        hold_card(world.store, world.engine.rules, CARD, by=hall["boss"], now=world.now)


@pytest.mark.parametrize("readable", [True, False])
def test_an_order_of_an_empty_old_card_goes_back_the_way_it_came(hall: Hall, *, readable: bool) -> None:
    """Once, to the channel that brought it; who did it, and what was shown, is kept. No fen is made or lost."""
    world = hall.world
    card = world.issue(FMCOS)
    order = pay(world, 6000)
    with refused("held_can_be_written"):
        sent_back(hall)
    taken_in(hall, card, readable=readable)
    assert [(one["order_id"], one["new_card_no"]) for one in held_orders(world.store)] == [(order.order_id, None)]
    with refused("reason_missing"):
        sent_back(hall, papers=" ")
    with refused("not_permitted"):
        sent_back(hall, by="auditor")
    assert sent_back(hall) == ["returned"]
    balances = world.balances()
    assert (balances[f"order:{CARD}"], balances["payout:app"], balances["clearing:channel:app"]) == (0, -6000, 6000)
    assert sum(balances.values()) == 0
    act = acts_view(world.store, subject=f"order:{order.order_id}")[0]
    assert (act["staff_id"], act["changes"]["papers"]) == ("teller", [None, "身份证"])
    assert held_orders(world.store) == []
    with refused("no_order_waiting"):
        sent_back(hall)


def test_it_goes_onto_a_new_card_where_there_is_one(hall: Hall) -> None:
    """Then it is not sent back: the new card fetches it, although the old one had no money to transfer."""
    world = hall.world
    card = world.issue(FMCOS)
    order = pay(world, 6000)
    taken_in(hall, card, readable=True)
    new = second_card(world)
    assert held_orders(world.store) == []
    with refused("no_order_waiting"):
        sent_back(hall)
    assert (world.do(new, "fetch")["balance"], area_on(new, "purse")) == (6000, 6000)
    assert orders_view(world.store, NEW)[0]["order_id"] == order.order_id
    assert sum(world.balances().values()) == 0


def test_what_the_old_card_may_have_is_not_sent_back(hall: Hall) -> None:
    """It was being written when the card broke: two people settle that first."""
    world = hall.world
    card = world.issue(FMCOS)
    pay(world, 6000)
    channel = card.channel()
    begun = step(world, card, channel, "CREDIT FOR LOAD")
    run_batch(channel, begun.commands)
    world.now += dt.timedelta(minutes=10)
    taken_in(hall, card, readable=False)
    with refused("old_card_suspects_open"):
        sent_back(hall)
    assert states(world) == ["paid"]


@pytest.mark.parametrize(
    ("old", "new", "code"),
    [
        ("minimum = 5000\nmaximum = 100000", "minimum = 9000\nmaximum = 100000", "rule_amount_below_minimum"),
        ("[[legal_cap]]", STOP + "[[legal_cap]]", "rule_loading_stopped"),
    ],
)
def test_an_order_that_other_rules_refuse_by_now_goes_back(hall: Hall, old: str, new: str, code: str) -> None:
    """Accepted when it was paid; then another version took effect, and no terminal may write it. What it accepts stays."""
    world = hall.world
    card = world.issue(FMCOS)
    pay(world, 6000)
    with refused("held_can_be_written"):
        sent_back(hall)
    text = rule_text().replace(old, new, 1)
    world.engine = replace(world.engine, rules=RuleBook(parse_rule_set(text)))
    with pytest.raises(CarriedOut, match=f"^{code} "):
        world.do(card, "fetch")
    assert sent_back(hall) == ["returned"]
    assert (world.balances()[f"order:{CARD}"], world.balances()["payout:app"]) == (0, -6000)
    with refused("no_order_waiting"):
        sent_back(hall)
