"""A reconciliation narrowed to an outlet, of two in one city: each sees what its own shifts and terminals made."""

import datetime as dt
from typing import Any

import pytest

from cardsvc.errors import CardGone, RequestError
from cardsvc.service.cash.shifts import close_shift, open_shift
from cardsvc.service.operations.kinds import Actor
from cardsvc.service.reconcile.run import Scope, reconcile, run_with_differences
from cardsvc.service.staff.accounts import NewStaff, add_outlet, add_staff
from cardsvc.service.terminals.registry import register_terminal
from cardsvc.units import LOCAL
from cardsvc.vcard import FaultPlan, VirtualCard
from tests.day.outlet import PASSWORD, Hall, open_hall
from tests.reconcile.test_reconcile import RULES, meddle, statement, take_in, tick
from tests.service.purse.test_areas import CASH, load
from tests.world import DESK, FAMILIES, KIOSK, World

SHOP = Actor("terminal", "kiosk-8", bytes.fromhex("310000000008"), "topup")
MOBILE = {"method": "mobile", "reference": "M-1"}


@pytest.fixture
def city(world: World) -> Hall:
    """The hall with its kiosk and its desk; a shop with another kiosk, a cashier, and the desk that it is lent."""
    hall = open_hall(world)
    add_outlet(world.store, "shop", "城西店", world.now)
    seller = add_staff(world.store, NewStaff("seller", "seller", "cashier", "shop"), PASSWORD, world.now, by=hall["admin"])
    hall.people["seller"] = seller
    payload = {"debit": "vault:shop", "credit": "clearing:bank:shop", "amount": 100_000, "corrects": "slip-2"}
    hall.agree("correction", "slip-2", payload)
    for actor, outlet in ((KIOSK, "hall"), (SHOP, "shop")):
        register_terminal(world.store, actor.id, "", actor.terminal_no.hex(), "aa" * 32, "topup", world.now, outlet_id=outlet)
    return hall


def torn(world: World, card: VirtualCard, actor: Actor, payment: Any = CASH) -> None:
    """A load whose card leaves before it is written."""
    card.plan = FaultPlan(tear_before_command=7)
    with pytest.raises(CardGone):
        world.do(card, "topup", actor, amount=5000, payment=payment)
    tick(world)


def seen(world: World, outlet: str | None) -> set[tuple[str, str]]:
    """Code and subject's end of what an outlet is shown of today's run."""
    done = reconcile(world.store, RULES, Scope(world.now.astimezone(LOCAL).date()), world.now, by=world.bookkeeper())
    view = run_with_differences(world.store, done.run_id, outlet)
    assert sum(view["counts"].values()) == len(view["differences"])
    assert view.get("outlet") == outlet
    return {(row["code"], row["card_no"] or row["subject"]) for row in view["differences"]}


def test_each_outlet_sees_what_its_own_terminals_made(city: Hall) -> None:
    """Open loads and journals by their terminal, a channel's line by the terminal of its load; the rest is no outlet's."""
    world = city.world
    one, two = world.issue(FAMILIES[0], 1), world.issue(FAMILIES[0], 2)
    torn(world, one, KIOSK, MOBILE)
    torn(world, two, SHOP, {**MOBILE, "reference": "M-2"})
    lines = [("M-1", 5000, ""), ("M-2", 5000, ""), ("M-nobody", 700, "")]
    take_in(world, "channel", "mobile", statement("channel", *lines))
    take_in(world, "terminal", "kiosk-8", statement("terminal", ("nothing-of-ours", 5000, "written")))
    first, second = "3100010100000001", "3100010100000002"
    assert seen(world, "hall") == {("paid_not_loaded", first)}
    at_shop = {("paid_not_loaded", second), ("reference_unknown", "kiosk-8:nothing-of-ours"), ("missing_in_file", second)}
    assert seen(world, "shop") == at_shop
    assert seen(world, None) == {("paid_not_loaded", first), *at_shop, ("reference_unknown", "mobile:M-nobody")}


def test_cash_belongs_to_the_outlet_of_its_shift(city: Hall) -> None:
    """One desk is lent to the shop in the afternoon: each open load is of the outlet whose drawer has its cash."""
    world = city.world
    one, two = world.issue(FAMILIES[0], 1), world.issue(FAMILIES[0], 2)
    morning = city.open()
    torn(world, one, DESK)
    count = {"10000": 2, "1000": 10, "5000": 1}
    close_shift(world.store, morning.shift_id, count, by=city["teller"], now=world.now)
    open_shift(world.store, (DESK.kind, DESK.id), {}, by=city["seller"], now=world.now)
    torn(world, two, DESK)
    assert seen(world, "hall") == {("paid_not_loaded", "3100010100000001")}
    assert seen(world, "shop") == {("paid_not_loaded", "3100010100000002")}


def test_a_balance_that_differs_belongs_to_where_the_card_was_last_seen(city: Hall) -> None:
    """A wrong line in the books is found by the look of the shop's kiosk."""
    world = city.world
    card = world.issue(FAMILIES[0])
    load(world, card, 10000)
    tick(world)
    meddle(world, "fee:other", "purse:3100010100000001:purse:ep", 777)
    world.do(card, "inspect", SHOP)
    assert seen(world, "hall") == set()
    assert seen(world, "shop") == {("balance_differs", "3100010100000001")}


def test_an_outlet_that_is_none(city: Hall) -> None:
    """Refused by its name; a run that is none too."""
    world = city.world
    done = reconcile(
        world.store, RULES, Scope(world.now.astimezone(LOCAL).date() - dt.timedelta(days=1)), world.now, by=world.bookkeeper()
    )
    for run_id, outlet, code in ((done.run_id, "moon", "outlet_unknown"), ("nothing", None, "run_unknown")):
        with pytest.raises(RequestError) as told:
            run_with_differences(world.store, run_id, outlet)
        assert told.value.code == code
