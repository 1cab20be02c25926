"""Making as one job: it stops when card after card comes to nothing, and the first card of a batch at a desk is checked."""

import datetime as dt
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from cardsvc.errors import CardsvcError
from cardsvc.readers.carry import CarriedOut
from cardsvc.service.cards.cancelling import cancel_card
from cardsvc.service.cards.requests import request_of
from cardsvc.service.operations.kinds import Actor
from cardsvc.service.stock.making import release
from cardsvc.vcard import FaultPlan, VirtualCard
from tests.databases import copy
from tests.service.bulk.bulk_people import Stack, loaded
from tests.service.bulk.test_bulk import bins, run
from tests.service.cards.test_card_requests import take
from tests.service.staff.test_staff import refused
from tests.service.stock.blanks import DESK_1, Stock, blank, open_stock
from tests.world import World

DESK_2 = replace(DESK_1, id="ws-2", terminal_no=bytes.fromhex("310000000012"))


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory, cluster: None) -> tuple[Path, Stock]:
    """Ten blanks of a batch at the first desk, ten at the second: made once."""
    path = tmp_path_factory.mktemp("making") / "template.db"
    made = open_stock(World(path))
    made.deliver(count=40)
    made.hand(10)
    made.hand(10, desk="terminal:ws-2")
    made.hand(10, desk="local:bulk")
    made.world.close()
    return path, made


@pytest.fixture
def stock(template: tuple[Path, Stock], tmp_path: Path) -> Iterator[Stock]:
    copy(template[0], tmp_path / "city.db")
    made = Stock(World(tmp_path / "city.db"), template[1].people)
    yield made
    made.world.close()


def pulled(stock: Stock, number: int) -> VirtualCard:
    """A card that was begun and pulled."""
    card = blank(number)
    card.plan = FaultPlan(tear_after_command=40)
    with pytest.raises(CardsvcError):
        stock.make(number, card=card)
    return card


def stopped(stock: Stock, number: int, code: str, actor: Actor = DESK_1) -> None:
    """The next card is refused, and nothing is begun."""
    before = stock.holds()
    with pytest.raises(CarriedOut) as ended:
        stock.make(number, actor)
    assert (ended.value.reply.problem or {})["code"] == code
    assert stock.holds() == before


def let_go_on(stock: Stock, **what: str) -> None:
    release(stock.world.store, "查过读卡器", by=stock.keeper, now=stock.world.now, **what)


def later(stock: Stock) -> None:
    stock.world.now += dt.timedelta(minutes=2)


def test_three_cards_that_come_to_nothing_stop_the_desk_and_the_batch(stock: Stock) -> None:
    """A begun one may always be finished, and then the desk goes on; else a keeper lets it go on and says why."""
    torn = [pulled(stock, number) for number in (1, 2, 3)]
    later(stock)
    stopped(stock, 4, "making_stopped_desk")
    stopped(stock, 4, "making_stopped_batch", DESK_2)
    assert stock.make(2, card=torn[1])["resumed"]
    assert stock.check(torn[1])["right"]
    stock.make(4)
    for number in (5, 6, 7):
        pulled(stock, number)
        later(stock)
    with refused("not_permitted"):
        release(stock.world.store, "x", desk="terminal:ws-1", by=stock.people["clerk"], now=stock.world.now)
    with refused("params_invalid"):
        release(stock.world.store, "x", by=stock.keeper, now=stock.world.now)
    let_go_on(stock, desk="terminal:ws-1")
    stopped(stock, 8, "making_stopped_batch")
    let_go_on(stock, batch_id="FM-1")
    later(stock)
    assert stock.make(8)["stock"]["first_article"]


def test_the_first_card_of_a_batch_at_a_desk_is_checked_before_the_second(stock: Stock) -> None:
    """At each desk; a second batch there has its own. A card that is checked again says nothing new."""
    first = blank(1)
    assert stock.make(1, card=first)["stock"]["first_article"]
    stopped(stock, 2, "first_article_due")
    assert stock.make(3, DESK_2)["stock"]["first_article"]
    assert stock.check(first) == {"card_no": stock.world.card_no_of(first), "right": True, "reasons": [], "void": False}
    assert not stock.make(2)["stock"]["first_article"]
    stopped(stock, 4, "first_article_due", DESK_2)
    stock.deliver("FM-2", first=60)
    assert stock.make(60)["stock"] == {"batch": "FM-2", "warning": "stock_desk_empty", "first_article": True}


def test_a_wrong_first_card_stops_the_batch_at_this_desk_until_it_is_released(stock: Stock) -> None:
    """The register was changed behind its back: what the card says is not what the books say. It is void before anybody gets
    it, and its person waits for another."""
    case = take(stock.world, stock.people["clerk"], stock.world.citizen()).case_no
    first = blank(1)
    stock.make(1, card=first)
    with stock.world.store.begin() as uow:
        uow.citizens.change(uow.citizens.where()[0], name="测试二")
        uow.commit()
    told = stock.check(first)
    assert (told["right"], told["reasons"], told["void"]) == (False, ["holder_differs"], True)
    assert stock.holds()["void:hall"] == 1, "kept apart until it is destroyed"
    assert request_of(stock.world.store, case)["state"] == "applied"
    stopped(stock, 2, "first_article_wrong")
    later(stock)
    let_go_on(stock, desk="terminal:ws-1")
    later(stock)
    assert stock.make(2)["stock"]["first_article"]


def test_a_cancelled_card_is_kept_with_the_void_ones(stock: Stock) -> None:
    """The desk keeps it: it is counted and destroyed like any other void card."""
    made = stock.make(1)
    cancel_card(stock.world.store, made["card_no"], "returned", "身份证", by=stock.people["clerk"], now=stock.world.now)
    assert (stock.holds()["void:hall"], stock.holds().get("made", 0)) == (1, 0)


def test_a_rule_may_do_without_first_articles(stock: Stock) -> None:
    """Then nothing is owed."""
    stock.rule(first_article=False)
    assert not stock.make(1)["stock"]["first_article"]
    assert not stock.make(2)["stock"]["first_article"]


def test_bulk_stops_where_the_stock_says_so_and_nobody_loses_a_turn(stock: Stock) -> None:
    """The blank on the reader stays blank; after the release the batch is made to its end."""
    batch = loaded(stock.world, stock.people["clerk"], 5)
    bad = [blank(number) for number in (11, 12, 13)]
    for card in bad:
        card.plan = FaultPlan(worn_from_eeprom_byte=3000)
    reason, events = run(stock.world, stock.people["clerk"], batch, Stack([*bad, blank(14)]), stop_after=9)
    assert (reason, bins(events)[-1]) == ("making_stopped_desk", ("stock", "making_stopped_desk"))
    later(stock)
    let_go_on(stock, desk="local:bulk")
    let_go_on(stock, batch_id="FM-1")
    later(stock)
    reason, events = run(stock.world, stock.people["clerk"], batch, Stack([blank(number) for number in range(14, 20)]))
    assert (reason, bins(events)) == ("done", [("good", None)] * 5)
    assert stock.holds()["void:hall"] == 3


def test_bulk_checks_the_first_card_of_every_batch_it_is_fed_and_one_that_left_when_it_comes_back(stock: Stock) -> None:
    """Until then blanks of that batch stay blank, and the run goes on."""
    stock.deliver("FM-2", first=60)
    stock.hand(4, "FM-2", "local:bulk")
    batch = loaded(stock.world, stock.people["clerk"], 5)
    measured, hasty = blank(11), blank(60)
    _, events = run(stock.world, stock.people["clerk"], batch, Stack([measured]))
    assert [event["right"] for event in events if event["event"] == "first_article"] == [True]
    hasty.plan = FaultPlan(tear_after_command=measured.commands - 2)
    reason, events = run(stock.world, stock.people["clerk"], batch, Stack([blank(12), hasty, blank(61)]))
    assert (reason, bins(events)) == ("no_more_cards", [("good", None), ("good", None), ("stock", "first_article_due")])
    assert [event["right"] for event in events if event["event"] == "first_article"] == [True, None]
    hasty.plan = FaultPlan()
    reason, events = run(stock.world, stock.people["clerk"], batch, Stack([hasty, blank(61), blank(62)]))
    assert (reason, bins(events)) == ("done", [("good", None)] * 3)
    assert [event["right"] for event in events if event["event"] == "first_article"] == [True]
