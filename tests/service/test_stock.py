"""Blank cards: every one is somewhere, each is used once, void ones are destroyed by two people, and nothing is edited."""

import contextlib
import datetime as dt
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pypdfium2
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cardsvc.errors import CardsvcError, StoreError
from cardsvc.keystore.keys import TRANSPORT
from cardsvc.readers.carry import CarriedOut
from cardsvc.service.approval_kinds import APPROVALS
from cardsvc.service.bulk.run import BulkRun
from cardsvc.service.staff.approvals import approve
from cardsvc.service.stock.blanks import count_place, hand_to_desk, send_to_outlet, spoil_blanks, take_back
from cardsvc.service.stock.decisions import printed_protocol, propose_destruction, propose_difference, protocol
from cardsvc.service.stock.use import give_card_up
from cardsvc.store.records import Staff
from cardsvc.vcard import FaultPlan
from tests.databases import copy
from tests.examples import examples
from tests.service.blanks import Stock, blank, open_stock, serial
from tests.service.bulk_people import Fed, Stack, loaded
from tests.service.test_staff import refused
from tests.world import World


@pytest.fixture(scope="module")
def furnished(tmp_path_factory: pytest.TempPathFactory, cluster: None) -> tuple[Path, dict[str, Staff]]:
    """A stock with one batch, made once."""
    path = tmp_path_factory.mktemp("stock") / "template.db"
    world = World(path)
    made = open_stock(world)
    made.deliver()
    world.close()
    return path, made.people


@pytest.fixture
def stock(furnished: tuple[Path, dict[str, Staff]], tmp_path: Path) -> Iterator[Stock]:
    copy(furnished[0], tmp_path / "city.db")
    made = Stock(World(tmp_path / "city.db"), dict(furnished[1]))
    yield made
    made.world.close()


def agree(stock: Stock, approval_id: str) -> None:
    """A second person agrees."""
    approve(stock.world.store, APPROVALS, approval_id, by=stock.people["auditor"], now=stock.world.now)


def begun(stock: Stock, number: int) -> str:
    """A card that was pulled while it was made: its number."""
    card = blank(number)
    card.plan = FaultPlan(tear_after_command=40)
    with pytest.raises(CardsvcError):
        stock.make(number, card=card)
    return stock.world.card_no_of(card)


def test_a_delivery_is_received_once_and_checked(stock: Stock) -> None:
    """Family, serials, key version and role; the same again is the same batch."""
    stock.deliver()
    assert stock.holds() == {"store:hall": 10, "supplier": -10}
    wrong: list[tuple[str, dict[str, Any]]] = [
        ("stock_batch_exists", {"count": 9}),
        ("stock_serials_taken", {"batch_id": "FM-2", "first": 10}),
        ("key_missing", {"batch_id": "FM-3", "first": 100, "version": 7}),
        ("stock_serials_wrong", {"batch_id": "FM-4", "first": 100, "last_serial": serial(99)}),
        ("stock_serials_wrong", {"batch_id": "FM-5", "first": 100, "first_serial": "00", "last_serial": "FF"}),
        ("stock_family_unknown", {"batch_id": "FM-6", "first": 100, "family": "t-union"}),
        ("params_invalid", {"batch_id": "FM 7", "first": 100}),
    ]
    for code, given_ in wrong:
        with refused(code):
            stock.deliver(**given_)
    stock.people["stock_keeper"] = stock.people["clerk"]
    with refused("not_permitted"):
        stock.deliver("FM-8", first=300)


def test_blanks_go_to_a_desk_by_name_and_back_and_to_another_outlet(stock: Stock) -> None:
    """Nobody hands out more than there is, to nobody, or to somebody else's desk."""
    store, keeper, now = stock.world.store, stock.keeper, stock.world.now
    stock.hand(6)
    take_back(store, "FM-1", 2, "terminal:ws-1", by=keeper, now=now)
    send_to_outlet(store, "FM-1", 3, "west", by=keeper, now=now)
    assert stock.holds() == {"desk:terminal:ws-1": 4, "store:hall": 3, "store:west": 3, "supplier": -10}
    assert stock.view()["moves"][0]["kind"] in ("sent", "returned", "handed")
    for code, way in {
        "stock_short": ("FM-1", 4, "terminal:ws-1", "clerk"),
        "stock_count_wrong": ("FM-1", 0, "terminal:ws-1", "clerk"),
        "stock_batch_unknown": ("FM-9", 1, "terminal:ws-1", "clerk"),
        "stock_desk_unknown": ("FM-1", 1, "terminal:ws-9", "clerk"),
        "stock_receiver_wrong": ("FM-1", 1, "terminal:ws-1", "stock_keeper"),
    }.items():
        with refused(code):
            hand_to_desk(store, *way, by=keeper, now=now)
    with refused("not_permitted"):
        hand_to_desk(store, "FM-1", 1, "terminal:ws-1", "clerk", by=stock.people["clerk"], now=now)


def test_each_card_takes_its_blank_from_the_desk_once(stock: Stock) -> None:
    """Also when it was pulled and comes back; chips of no batch and an empty desk are told."""
    stock.hand(2)
    stock.proven(1)
    torn = blank(2)
    torn.plan = FaultPlan(tear_after_command=40)
    with pytest.raises(CardsvcError):
        stock.make(2, card=torn)
    assert stock.make(2, card=torn)["resumed"]
    assert stock.holds() == {"made": 2, "store:hall": 8, "supplier": -10}
    assert stock.make(3)["stock"] == {"batch": "FM-1", "warning": "stock_desk_empty", "first_article": False}
    assert stock.make(50)["stock"] == {"batch": None, "warning": "stock_serial_unknown"}
    assert stock.holds() == {"desk:terminal:ws-1": -1, "made": 3, "store:hall": 8, "supplier": -10}
    (short,) = stock.view()["short"]
    assert (short["place"], short["number"]) == ("terminal:ws-1", -1)


@pytest.mark.parametrize(("number", "code"), [(4, "stock_desk_empty"), (51, "stock_serial_unknown")])
def test_where_the_rule_refuses_nothing_is_begun(stock: Stock, number: int, code: str) -> None:
    """The card stays blank, the person has none, the stock is as it was."""
    stock.rule(unknown="refuse", empty="refuse")
    with pytest.raises(CarriedOut) as ended:
        stock.make(number)
    assert ended.value.reply.problem
    assert ended.value.reply.problem["code"] == code
    assert stock.holds() == {"store:hall": 10, "supplier": -10}
    with stock.world.store.read() as uow:
        assert not uow.cards.of_citizen(stock.world.citizen(number))


def test_a_batch_is_opened_with_the_transport_key_it_was_delivered_with(stock: Stock) -> None:
    """The key store rolled on; chips of the older batch still take their key."""
    stock.hand(2)
    stock.world.use_keys(stock.world.keys.rolled(TRANSPORT, bytes(range(8))))
    assert stock.make(1)["stock"] == {"batch": "FM-1", "first_article": True}


def test_void_cards_are_counted_kept_apart_and_destroyed_by_two(stock: Stock) -> None:
    """Begun ones by their number, dead ones by the piece; the protocol names each, and only what is there is destroyed."""
    store, now, clerk = stock.world.store, stock.world.now, stock.people["clerk"]
    stock.hand(5)
    number = begun(stock, 1)
    stock.world.now = now = now + dt.timedelta(minutes=2)
    give_card_up(store, number, "写卡失败", by=clerk, now=now)
    with refused("stock_card_not_begun"):
        give_card_up(store, number, "写卡失败", by=clerk, now=now)
    spoil_blanks(store, "FM-1", 2, "terminal:ws-1", "读不出", by=clerk, now=now)
    assert stock.holds() == {"desk:terminal:ws-1": 2, "store:hall": 5, "supplier": -10, "void:hall": 3}
    with refused("stock_desk_unknown"):
        spoil_blanks(store, "FM-1", 1, "void", "读不出", by=clerk, now=now)

    def propose(counts: dict[str, int], by: Staff = stock.keeper) -> str:
        return propose_destruction(store, APPROVALS, counts, "月末销毁", by=by, now=now).approval_id

    with refused("stock_void_differs"):
        propose({"FM-1": 2})
    with refused("not_permitted"):
        propose({"FM-1": 3}, clerk)
    approval_id = propose({"FM-1": 3})
    with refused("approval_own"):
        approve(store, APPROVALS, approval_id, by=stock.keeper, now=now)
    agree(stock, approval_id)
    assert stock.holds() == {"desk:terminal:ws-1": 2, "destroyed": 3, "store:hall": 5, "supplier": -10}
    record = protocol(store, approval_id)
    assert (record["total"], sum(card["count"] for card in record["cards"])) == (3, 3)
    assert {(card["chip"], card["card_no"]) for card in record["cards"]} == {(serial(1), number), (None, None)}
    for language in ("zh", "en"):
        text = pypdfium2.PdfDocument(printed_protocol(record, language))[0].get_textpage().get_text_bounded()
        assert number in text
        assert ("废卡销毁记录" in text) == (language == "zh")
    with refused("stock_void_differs"):
        propose({})
    with refused("stock_protocol_unknown"):
        protocol(store, "no such one")


def test_a_count_is_kept_and_its_difference_put_right_once_by_two(stock: Stock) -> None:
    """The last count of a place holds; an older one, or one that agrees, puts nothing right."""
    store, keeper = stock.world.store, stock.keeper

    def count(counted: int) -> str:
        stock.world.now += dt.timedelta(minutes=1)
        return count_place(store, "FM-1", "store", counted, by=keeper, now=stock.world.now).count_id

    def propose(count_id: str) -> str:
        return propose_difference(store, APPROVALS, count_id, "短少一张", by=keeper, now=stock.world.now).approval_id

    with refused("stock_count_settled"):
        propose(count(10))
    older, newer = count(8), count(9)
    with refused("stock_count_settled"):
        propose(older)
    approval_id = propose(newer)
    assert stock.view()["counts"][0]["open"]
    agree(stock, approval_id)
    assert stock.holds() == {"missing": 1, "store:hall": 9, "supplier": -10}
    with refused("stock_count_settled"):
        propose(newer)
    assert not stock.view()["counts"][0]["open"]
    agree(stock, propose(count(10)))
    assert stock.holds() == {"store:hall": 10, "supplier": -10}


def test_a_count_that_later_movements_contradict_puts_nothing_right(stock: Stock) -> None:
    """Nobody takes two blanks out of a room that was empty: it is counted again."""
    store, keeper, now = stock.world.store, stock.keeper, stock.world.now
    count_id = count_place(store, "FM-1", "store", 1, by=keeper, now=now).count_id
    approval_id = propose_difference(store, APPROVALS, count_id, "短少", by=keeper, now=now).approval_id
    stock.hand(2)
    with refused("stock_count_contradicted"):
        agree(stock, approval_id)
    assert stock.holds() == {"desk:terminal:ws-1": 2, "store:hall": 8, "supplier": -10}


def test_figures_say_whether_the_blanks_last_the_day(stock: Stock) -> None:
    """By what earlier days took and by the applications that wait."""
    stock.hand(5)
    stock.proven(1)
    for number in (2, 3, 4):
        stock.make(number)
    assert (stock.view()["used_today"], stock.view()["usual"], stock.view()["lasts"]) == (4, None, True)
    stock.world.now += dt.timedelta(days=3)
    seen = stock.view()
    assert (seen["left"], seen["used_today"], seen["usual"], seen["needed"], seen["lasts"]) == (6, 0, 4, 4, True)
    assert seen["days"] == 1.5
    send_to_outlet(stock.world.store, "FM-1", 4, "west", by=stock.keeper, now=stock.world.now)
    assert (stock.view()["left"], stock.view()["lasts"]) == (2, False)


def test_nothing_in_the_stock_can_be_changed(stock: Stock) -> None:
    """Not by any program that writes to the database."""
    with pytest.raises(StoreError), stock.world.store.begin() as uow:
        uow.blank_batches.change(uow.blank_batches.all()[0], count=11)
    with pytest.raises(StoreError), stock.world.store.begin() as uow:
        uow.blank_movements.change(uow.blank_movements.newest("hall", 1)[0], count=11)


DEEDS = st.lists(
    st.tuples(
        st.sampled_from(["hand", "back", "send", "spoil", "count", "destroy", "make", "give up", "right"]), st.integers(0, 12)
    ),
    max_size=14,
)


def do(stock: Stock, deed: str, number: int) -> None:
    """One thing that people do, allowed or not."""
    store, keeper, now = stock.world.store, stock.keeper, stock.world.now
    if deed == "hand":
        stock.hand(number)
    elif deed == "back":
        take_back(store, "FM-1", number, "terminal:ws-1", by=keeper, now=now)
    elif deed == "send":
        send_to_outlet(store, "FM-1", number, "west", by=keeper, now=now)
    elif deed == "spoil":
        spoil_blanks(store, "FM-1", number, "terminal:ws-1", "x", by=keeper, now=now)
    elif deed == "count":
        count_place(store, "FM-1", ("store", "void")[number % 2], number, by=keeper, now=now)
    elif deed == "right":
        count = stock.view()["counts"][0]["count_id"]
        agree(stock, propose_difference(store, APPROVALS, count, "x", by=keeper, now=now).approval_id)
    elif deed == "destroy":
        kept = {"FM-1": stock.holds().get("void:hall", 0)}
        agree(stock, propose_destruction(store, APPROVALS, kept, "x", by=keeper, now=now).approval_id)
    elif deed == "make":
        card = blank(1 + number % 10)
        card.plan = FaultPlan(tear_after_command=40 if number % 2 else None)
        stock.make(1 + number % 10, card=card)
    else:
        give_card_up(store, f"31000101{1 + number:08d}", "x", by=keeper, now=now)


@given(deeds=DEEDS)
@examples(12)
def test_whatever_people_do_every_blank_is_in_one_place(
    furnished: tuple[Path, dict[str, Staff]], tmp_path: Path, deeds: list[tuple[str, int]]
) -> None:
    """No place but a desk from which more was used goes below zero; made and void ones are the cards of the books."""
    copy(furnished[0], tmp_path / "city.db")
    with contextlib.closing(World(tmp_path / "city.db")) as world:
        stock = Stock(world, dict(furnished[1]))
        for deed, number in deeds:
            world.now += dt.timedelta(minutes=2)
            with contextlib.suppress(CardsvcError, CarriedOut, IndexError):
                do(stock, deed, number)
        held = stock.holds()
        assert sum(held.values()) == 0
        assert all(n >= 0 for place, n in held.items() if place.startswith(("store:", "void:")) or place == "made"), held
        with world.store.read() as uow:
            states = [card.state for card in uow.cards.where()]
            used = [row for row in uow.blank_movements.where() if row.kind == "used"]
        assert len({row.chip_serial for row in used}) == len(used) == len(states)
        assert held.get("made", 0) == len(states) - states.count("void")


def test_bulk_takes_its_blanks_from_this_machines_stock(stock: Stock) -> None:
    """A card that is spoiled there is void, and kept apart."""
    batch = loaded(stock.world, stock.people["clerk"], 2)
    stock.hand(4, desk="local:bulk")
    bad = blank(1)
    bad.plan = FaultPlan(worn_from_eeprom_byte=3000)
    fed = Fed(stock.world.engine, Stack([bad, blank(2), blank(3)]))
    BulkRun(stock.world.engine, batch, [fed], lambda _: None).go(by=stock.people["clerk"])
    assert stock.holds() == {"desk:local:bulk": 1, "made": 2, "store:hall": 6, "supplier": -10, "void:hall": 1}
