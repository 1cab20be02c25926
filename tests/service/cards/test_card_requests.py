"""An application for a card: checked, promised, made, handed out; and everything that is refused on the way."""

import datetime as dt
import io
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from cardsvc.errors import CardsvcError
from cardsvc.printing.photo import sample_photo
from cardsvc.service.cards.faces import face_of
from cardsvc.service.cards.handing_out import Collector, hand_out
from cardsvc.service.cards.requests import (
    CardApplication,
    apply_for,
    board,
    cancel_request,
    photo_of,
    request_of,
)
from cardsvc.store.records import CardRequest, Staff
from cardsvc.units import id_number_check_digit
from cardsvc.vcard import VirtualCard
from tests.service.purse.test_areas import local
from tests.service.staff.test_staff import people, refused
from tests.world import FAMILIES, World

__all__ = ["people"]


PHOTO = sample_photo()


def as_png(photo: bytes) -> bytes:
    """The same picture in another format."""
    kept = io.BytesIO()
    Image.open(io.BytesIO(photo)).save(kept, "PNG")
    return kept.getvalue()


def number(body: str) -> str:
    """An ID number with its check digit."""
    return body + id_number_check_digit(body)


PARENT = {"comer_name": "测试父", "comer_id_number": number("33010019700230001")}


def application(citizen_id: str, **given: Any) -> CardApplication:
    """An application of somebody who came in person and agreed."""
    return CardApplication.model_validate({"citizen_id": citizen_id, "consent": True, **given})


def take(world: World, by: Staff, citizen_id: str, photo: bytes = PHOTO, **given: Any) -> CardRequest:
    """Take an application now."""
    return apply_for(world.store, world.engine.rules, application(citizen_id, **given), photo, by=by, now=world.now)


def child(world: World, born: dt.date) -> str:
    """A person who is young."""
    from cardsvc.service.people.register import CitizenData, register_citizen

    body = f"330100{born.year}0230" + "777"
    data = CitizenData(name="测试童", id_number=number(body), sex=1, ethnic_group=1, birthplace="330100", birth_date=born)
    return register_citizen(world.store, data, world.now).citizen_id


@pytest.mark.parametrize("family", FAMILIES)
def test_from_application_to_the_holders_hand(world: World, people: dict[str, Staff], family: str) -> None:
    """Promised in an hour, made by personalising, printed, given to its holder; once."""
    clerk, citizen = people["clerk"], world.citizen()
    taken = take(world, clerk, citizen)
    assert (taken.case_no, taken.state) == ("SL20261124-00001", "applied")
    assert taken.promised_at - world.now == dt.timedelta(hours=1)
    assert "ready-hall" in taken.rules
    card = VirtualCard.blank(family, seed=1)
    card_no = world.do(card, "personalise", citizen_id=citizen)["card_no"]
    assert [one["card_no"] for one in board(world.store, world.engine.rules, "hall", world.now).to_hand] == [card_no]
    assert face_of(world.store, card_no).startswith(b"%PDF")
    assert photo_of(world.store, taken.case_no) == PHOTO
    rules = world.engine.rules
    given = hand_out(world.store, rules, card_no, Collector(compared=True), by=clerk, now=world.now)
    assert (given["case_no"], given["collector"], given["handed_by"]) == (taken.case_no, "holder", "clerk")
    assert request_of(world.store, taken.case_no)["state"] == "handed"
    with refused("handout_not_waiting"):
        hand_out(world.store, rules, card_no, Collector(compared=True), by=clerk, now=world.now)
    with refused("citizen_has_card"):
        take(world, clerk, citizen)


def test_who_comes_is_checked(world: World, people: dict[str, Staff]) -> None:
    """A child with a parent; an agent with both originals; nobody without consent; collecting is in person."""
    clerk = people["clerk"]
    young = child(world, dt.date(2015, 3, 1))
    with refused("rule_parent_needed"):
        take(world, clerk, young)
    with refused("comer_unknown"):
        take(world, clerk, young, came="parent")
    with refused("comer_unknown"):
        take(world, clerk, young, came="parent", comer_name="测试父", comer_id_number="330100197002300019")
    assert take(world, clerk, young, came="parent", **PARENT).came == "parent"
    grown = world.citizen()
    with refused("rule_agent_papers"):
        take(world, clerk, grown, came="agent", **PARENT)
    with refused("consent_missing"):
        take(world, clerk, grown, consent=False)
    with refused("comer_unknown"):
        take(world, clerk, grown, **PARENT)
    taken = take(world, clerk, grown, came="agent", agent_papers=True, **PARENT)
    shown = request_of(world.store, taken.case_no)
    assert PARENT["comer_id_number"] not in str(shown)
    card_no = world.do(VirtualCard.blank(FAMILIES[0], seed=1), "personalise", citizen_id=grown)["card_no"]
    agent = Collector(came="agent", agent_papers=True, compared=True, **PARENT)
    with refused("rule_in_person"):
        hand_out(world.store, world.engine.rules, card_no, agent, by=clerk, now=world.now)
    with refused("not_permitted"):
        take(world, people["auditor"], world.citizen(2))


@pytest.mark.parametrize(
    ("photo", "code"),
    [
        (b"", "photo_unreadable"),
        (b"no picture at all", "photo_unreadable"),
        (PHOTO[:3000], "photo_unreadable"),
        (sample_photo(400, 441), "rule_photo"),
        (as_png(PHOTO), "rule_photo"),
        (PHOTO + bytes(60_000), "rule_photo"),
    ],
    ids=["empty", "text", "broken", "wide", "png", "large"],
)
def test_a_photo_that_will_not_do_is_refused_before_anything_is_kept(
    world: World, people: dict[str, Staff], photo: bytes, code: str
) -> None:
    """With its reason; the person can apply at once with a good one."""
    citizen = world.citizen()
    with refused(code):
        take(world, people["clerk"], citizen, photo)
    assert board(world.store, world.engine.rules, "hall", world.now).to_make == ()
    assert take(world, people["clerk"], citizen).state == "applied"


@given(st.binary(max_size=200))
def test_no_file_breaks_the_measuring(tail: bytes) -> None:
    """Whatever is sent as a photo is measured or told to be none."""
    from cardsvc.printing.photo import measure

    for head in (b"", b"\xff\xd8\xff\xe0", PHOTO[:600], b"\x89PNG\r\n\x1a\n", b"GIF89a", b"BM", b"II*\x00", b"RIFF0000WEBP"):
        try:
            assert measure(head + tail).size == len(head + tail)
        except CardsvcError as error:
            assert error.code == "photo_unreadable"


def test_one_application_at_a_time_and_it_can_be_withdrawn(world: World, people: dict[str, Staff]) -> None:
    """A second one is told the first one's number; withdrawn, it leaves the board and another may follow."""
    clerk, citizen = people["clerk"], world.citizen()
    first = take(world, clerk, citizen)
    with pytest.raises(CardsvcError, match="card_request_open") as told:
        take(world, clerk, citizen)
    assert told.value.details["case_no"] == first.case_no
    cancel_request(world.store, first.case_no, "改天再来", by=clerk, now=world.now)
    second = take(world, clerk, citizen)
    assert second.case_no == "SL20261124-00002"
    assert [one["case_no"] for one in board(world.store, world.engine.rules, "hall", world.now).to_make] == [second.case_no]
    world.do(VirtualCard.blank(FAMILIES[0], seed=1), "personalise", citizen_id=citizen)
    with refused("card_request_made"):
        cancel_request(world.store, second.case_no, "不要了", by=clerk, now=world.now)
    with refused("card_request_unknown"):
        cancel_request(world.store, "SL20261124-09999", "x", by=clerk, now=world.now)


@pytest.mark.parametrize(
    ("applied", "promised"),
    [
        (local(2026, 11, 24, 15, 59), local(2026, 11, 24, 16, 59)),
        (local(2026, 11, 24, 6, 0), local(2026, 11, 24, 9, 0)),
        (local(2026, 11, 24, 16, 0), local(2026, 11, 25, 8, 0)),
    ],
)
def test_the_promise_is_the_rules(world: World, people: dict[str, Staff], applied: dt.datetime, promised: dt.datetime) -> None:
    """Before four in an hour, which begins when the hall opens; later on the next opening."""
    world.now = applied
    assert take(world, people["clerk"], world.citizen()).promised_at == promised


def test_who_will_be_late_is_shown_before_they_are(world: World, people: dict[str, Staff]) -> None:
    """The board knows today's pace: with twenty minutes a card the fourth is not ready in its hour."""
    clerk, begin = people["clerk"], world.now
    citizens = [world.citizen(n) for n in range(1, 8)]
    for citizen in citizens:
        take(world, clerk, citizen)
    assert not any(one["will_be_late"] for one in board(world.store, world.engine.rules, "hall", world.now).to_make)
    for place, citizen in enumerate(citizens[:3]):
        world.now = begin + dt.timedelta(minutes=20 * place)
        world.do(VirtualCard.blank(FAMILIES[0], seed=place + 1), "personalise", citizen_id=citizen)
    seen = board(world.store, world.engine.rules, "hall", world.now)
    assert seen.pace == 20
    assert [(one["minutes"], one["will_be_late"], one["late"]) for one in seen.to_make] == [
        (20, False, False),
        (20, True, False),
        (20, True, False),
        (20, True, False),
    ]
    later = board(world.store, world.engine.rules, "hall", begin + dt.timedelta(days=8))
    assert all(one["late"] for one in later.to_make)
    assert all(one["uncollected"] for one in later.to_hand)


def test_a_machine_that_never_starts_is_shown_before_the_promise_is_broken(world: World, people: dict[str, Staff]) -> None:
    """No card was made today, so there is no pace: the usual one says that the eighth of an hour is too late."""
    begin = world.now
    for number_of in range(1, 9):
        take(world, people["clerk"], world.citizen(number_of))
    assert [one["will_be_late"] for one in board(world.store, world.engine.rules, "hall", begin).to_make] == [False] * 7 + [
        True
    ]
    almost = board(world.store, world.engine.rules, "hall", begin + dt.timedelta(minutes=55))
    assert (almost.pace, {one["will_be_late"] for one in almost.to_make}, almost.to_make[0]["late"]) == (None, {True}, False)


def test_machines_that_end_together_have_a_pace(world: World, people: dict[str, Staff]) -> None:
    """Two machines, each ten minutes a card and both done at once: five minutes a card, not none."""
    clerk, begin = people["clerk"], world.now
    citizens = [world.citizen(n) for n in range(1, 25)]
    for citizen in citizens:
        take(world, clerk, citizen)
    for place, citizen in enumerate(citizens[:8]):
        world.now = begin + dt.timedelta(minutes=10 * (place // 2))
        world.do(VirtualCard.blank(FAMILIES[0], seed=place + 1), "personalise", citizen_id=citizen)
    seen = board(world.store, world.engine.rules, "hall", world.now)
    assert seen.pace is not None
    assert 3 <= seen.pace <= 5
    assert seen.to_make[-1]["will_be_late"]
