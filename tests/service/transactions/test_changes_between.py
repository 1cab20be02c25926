"""What changes while a card is on the reader: the month, the holder, the rules, a payment that another desk takes."""

import datetime as dt
import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import nullcontext
from pathlib import Path

import pytest

from cardsvc.errors import CardGone
from cardsvc.readers.carry import CarriedOut
from cardsvc.rules import load_rule_set
from cardsvc.service.batches import GivenFile, import_file
from cardsvc.service.reconcile.run import Scope, reconcile
from cardsvc.units import LOCAL
from cardsvc.vcard import FaultPlan, VirtualCard
from tests.service.purse.test_areas import CARD, CASH, area_on, bus_card, city, load, local
from tests.service.transactions.test_between import Job
from tests.world import DESK, FAMILIES, KIOSK, World, balance_on, key_ring

FMCOS = FAMILIES[0]
RULES = load_rule_set()
WRITE = 19
"""The command of an opening on a card of this family that writes the application's record."""


def test_month_money_is_not_spent_across_midnight(world: World) -> None:
    """November's is chosen in its last second, and void when the card would pay: nothing is spent, nothing booked."""
    card = bus_card(world, "T")
    load(world, card, 5000, area="month")
    world.now = local(2026, 11, 30, 23, 59, 59)
    job = Job(world, card, "purchase", "INITIALIZE FOR PURCHASE", KIOSK, amount=300, merchant="bus", area="month")
    world.now = local(2026, 12, 1, 0, 0, 1)
    assert job.end() == "area_not_loaded"
    assert area_on(card, "bus", "ed") == -world.balances()[f"purse:{CARD}:bus:ed"] == 5000


def test_a_load_for_a_month_that_ends_meanwhile_takes_no_money(world: World) -> None:
    """Chosen in November's last minutes but one, asked for in its last."""
    card = bus_card(world, "T")
    world.now = local(2026, 11, 30, 23, 58, 50)
    job = Job(world, card, "topup", "INITIALIZE FOR LOAD", KIOSK, amount=5000, payment=CASH, area="month")
    world.now = local(2026, 11, 30, 23, 59, 10)
    assert job.end() == "rule_month_over"
    assert world.balances() == {}
    assert area_on(card, "bus", "ed") == 0


def test_a_pupil_whose_date_of_birth_is_put_right_meanwhile(tmp_path: Path) -> None:
    """Nineteen by the register before money was taken: refused, nothing booked. After it was promised it is the card's."""
    world = city(tmp_path, 2026, 11, 10, 9, 0)
    card = bus_card(world, "B", "2012-01-01")
    for until, code, balance in (("INITIALIZE FOR LOAD", "rule_too_old", 0), ("CREDIT FOR LOAD", None, 2500)):
        born(world, "2012-01-01")
        job = Job(world, card, "topup", until, KIOSK, amount=2500, payment=CASH, area="month")
        born(world, "2007-01-01")
        assert job.end() == code
        assert area_on(card, "bus", "ed") == -world.balances().get(f"purse:{CARD}:bus:ed", 0) == balance
    world.close()


def born(world: World, day: str) -> None:
    """The register has another date of birth."""
    with world.store.begin() as uow:
        card = uow.cards.get(CARD)
        assert card is not None
        citizen = uow.citizens.get(card.citizen_id)
        assert citizen is not None
        uow.citizens.change(citizen, birth_date=dt.date.fromisoformat(day))
        uow.commit()


def test_one_payment_opens_one_park_pass_at_two_desks(world: World) -> None:
    """Both cards are on their readers before either is written: the second is refused while its card is as it was, and so is a
    top-up. The first goes on, and its fee is booked once."""
    cards = [world.issue(FMCOS, number) for number in (1, 2)]
    paid = {"method": "mobile", "reference": "wx-park"}
    first = Job(world, cards[0], "open", "UPDATE BINARY", DESK, application="park", product="1", payment=paid)
    for kind, params in (("open", {"application": "park", "product": "1"}), ("topup", {"amount": 5000})):
        with pytest.raises(CarriedOut, match=r"^payment_reference_used"):
            world.do(cards[1], kind, DESK, payment=paid, **params)
    assert first.end() is None
    opened = [world.do(card, "inspect")["applications"]["park"]["state"] for card in cards]
    assert opened == ["open", "not_opened"]
    assert -world.balances()["fee:park"] == 5000
    assert balance_on(cards[1])[0] == 0


def test_passes_sold_at_once_for_one_payment_take_it_once(world: World) -> None:
    """Two threads, as two desks: one card is opened, the other is as it was, on PostgreSQL too."""
    cards = [world.issue(FMCOS, number) for number in (1, 2)]
    gate = threading.Barrier(2)

    def buy(card: VirtualCard) -> str:
        gate.wait()
        try:
            world.do(card, "open", DESK, application="park", product="1", payment={"method": "mobile", "reference": "wx-1"})
        except Exception as refused:
            return str(refused).partition(" ")[0]
        return "open"

    with ThreadPoolExecutor(2) as pool:
        assert sorted(pool.map(buy, cards)) == ["open", "payment_reference_used"]
    opened = [world.do(card, "inspect")["applications"]["park"]["state"] for card in cards]
    assert sorted(opened) == ["not_opened", "open"]
    assert -world.balances()["fee:park"] == 5000


@pytest.mark.parametrize(
    ("tear", "opened"), [({"tear_before_command": WRITE}, "not_opened"), ({"tear_after_command": WRITE}, "open")]
)
def test_the_payment_of_a_pass_whose_card_left_while_it_was_written_stays_with_that_card(
    world: World, tear: dict[str, int], opened: str
) -> None:
    """Whether the card has the pass, only the card can tell: no other card gets one for the same payment, nothing else is paid
    with it, and its channel's file does not send it back. Where it has it even a terminal sees that, and nothing is left to do;
    else the same card goes on with it, and the fee is earned once."""
    cards = [world.issue(FMCOS, number) for number in (1, 2)]
    paid = {"method": "mobile", "reference": "wx-torn"}
    cards[0].plan = FaultPlan(**tear)
    with pytest.raises(CardGone):
        world.do(cards[0], "open", DESK, application="park", product="1", payment=paid)
    cards[0].plan = FaultPlan()
    file = "reference,amount,date_time,fee\nwx-torn,5000,20261124120000,\nEND,1,5000\n"
    by = world.bookkeeper()
    import_file(world.store, key_ring(), GivenFile("channel", "mobile", "f.csv", file.encode()), world.now, by=by)
    assert told_by_file(world) == [("paid_not_loaded", "explained")]
    assert world.do(cards[0], "inspect", KIOSK)["applications"]["park"]["state"] == opened
    for kind, params in (("open", {"application": "park", "product": "1"}), ("topup", {"amount": 5000})):
        with pytest.raises(CarriedOut, match=r"^payment_reference_used"):
            world.do(cards[1], kind, DESK, payment=paid, **params)
    assert told_by_file(world) == ([] if opened == "open" else [("paid_not_loaded", "explained")])
    with pytest.raises(CarriedOut, match=r"^application_already_open") if opened == "open" else nullcontext():
        world.do(cards[0], "open", DESK, application="park", product="1", payment=paid)
    assert -world.balances()["fee:park"] == 5000
    assert told_by_file(world) == []
    assert world.do(cards[1], "inspect")["applications"]["park"]["state"] == "not_opened"


def test_the_payment_of_a_pass_that_was_not_begun_to_be_written_is_free_again(world: World) -> None:
    """The card left before the first write: it has nothing, and everybody knows."""
    cards = [world.issue(FMCOS, number) for number in (1, 2)]
    paid = {"method": "mobile", "reference": "wx-free"}
    cards[0].plan = FaultPlan(tear_before_command=12)
    with pytest.raises(CardGone):
        world.do(cards[0], "open", DESK, application="park", product="1", payment=paid)
    world.do(cards[1], "open", DESK, application="park", product="1", payment=paid)
    assert -world.balances()["fee:park"] == 5000


def told_by_file(world: World) -> list[tuple[str, str]]:
    """What a reconciliation of the channel finds."""
    scope = Scope(world.now.astimezone(LOCAL).date(), channel="mobile")
    run = reconcile(world.store, RULES, scope, world.now, by=world.bookkeeper())
    with world.store.read() as uow:
        return [(row.code, str(row.state)) for row in uow.differences.of_run(run.run_id)]
