"""Desks and readers: fares, fees, promises, who must come, photos, loss reports, by date."""

import datetime as dt
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from cardsvc.errors import RuleError
from cardsvc.printing.photo import Measured, measure
from cardsvc.rules import load_rule_set
from cardsvc.rules.desk import (
    Visitor,
    card_product,
    card_ready,
    check_person,
    check_photo,
    fare,
    fee,
    loss_lapses,
    open_hours,
    replacement_fee,
)

RULES = load_rule_set()
DAY = dt.date(2026, 11, 24)


def day(text: str) -> dt.date:
    """A date."""
    return dt.date.fromisoformat(text)


def refused(code: str, ask: Any) -> None:
    """It is refused with this code, in both languages, with rule, version and source."""
    with pytest.raises(RuleError) as told:
        ask()
    assert told.value.code == code
    assert {"rule", "version", "source"} <= told.value.details.keys()
    assert "?" not in told.value.message("zh") + told.value.message("en")


@pytest.mark.parametrize(
    ("product", "service", "on", "full", "paid"),
    [
        ("A", "bus", "2010-06-01", 200, 100),
        ("B", "bus", "2010-06-01", 200, 50),
        ("C", "bus", "2010-06-01", 200, 182),
        ("D", "bus", "2010-06-01", 100, 91),
        ("T", "bus", "2010-06-01", 300, 150),
        ("citizen", "bus", "2010-06-01", 1, 0),
        ("citizen", "metro", "2014-06-01", 400, 364),
        ("D", "parking", "2009-04-01", 500, 450),
        ("parking", "parking", "2010-03-31", 500, 450),
        ("parking", "parking", "2010-04-01", 500, 500),
        ("citizen", "parking", "2019-09-16", 500, 400),
    ],
)
def test_what_is_paid_of_a_full_price(product: str, service: str, on: str, full: int, paid: int) -> None:
    """By product, service and day."""
    amount, rule_id = fare(RULES, product, service, full, day(on))
    assert amount == paid
    assert RULES.rule(rule_id) is not None


def test_what_takes_no_card_of_a_product() -> None:
    """C cards do not pay parking; nothing before its first day."""
    refused("rule_not_taken", lambda: fare(RULES, "C", "parking", 500, day("2009-06-01")))
    refused("rule_not_taken", lambda: fare(RULES, "parking", "parking", 500, day("2009-03-31")))


@pytest.mark.parametrize(
    ("reason", "issued", "on", "amount"),
    [
        ("lost", "2010-01-01", "2016-12-31", 2000),
        ("damaged", "2010-01-01", "2017-01-01", 3000),
        ("damaged", "2024-01-01", "2026-11-24", 1500),
        ("fault", "2024-01-01", "2026-11-24", 0),
        ("fault", "2020-02-29", "2025-02-28", 0),
        ("fault", "2020-02-29", "2025-03-01", 1500),
    ],
)
def test_what_a_new_card_costs(reason: str, issued: str, on: str, amount: int) -> None:
    """A natural fault in warranty is free."""
    assert replacement_fee(RULES, "citizen", reason, day(issued), day(on))[0] == amount
    assert fee(RULES, "issue", day("2009-06-01")) == (2500, "fee-issue")
    refused("rule_no_fee", lambda: fee(RULES, "dance", DAY))


@pytest.mark.parametrize(
    ("outlet", "applied", "ready"),
    [
        ("hall", "2026-11-24T15:59", "2026-11-24T16:59"),
        ("hall", "2026-11-24T15:59:59", "2026-11-24T16:59:59"),
        ("hall", "2026-11-24T16:00", "2026-11-25T08:00"),
        ("hall", "2026-11-25T17:00", "2026-11-26T07:30"),
        ("hall", "2026-12-31T16:30", "2027-01-01T08:00"),
        ("outlet", "2026-11-24T09:00", "2026-11-27T16:30"),
        ("outlet", "2026-11-26T09:00", "2026-12-01T16:30"),
    ],
)
def test_when_a_card_is_promised(outlet: str, applied: str, ready: str) -> None:
    """Within the hour before 16:00, else when the hall opens next; elsewhere on the third open day."""
    assert card_ready(RULES, outlet, dt.datetime.fromisoformat(applied))[0] == dt.datetime.fromisoformat(ready)


@given(
    st.datetimes(dt.datetime.fromisoformat("2010-01-01"), dt.datetime.fromisoformat("2040-01-01")),
    st.sampled_from(["hall", "outlet"]),
)
def test_a_promise_is_later_and_on_an_open_day(applied: dt.datetime, outlet: str) -> None:
    """For every moment, also in leap years and over New Year."""
    ready = card_ready(RULES, outlet, applied)[0]
    assert applied < ready <= applied + dt.timedelta(days=6)
    assert open_hours(RULES, outlet, ready.date())


def test_who_must_come() -> None:
    """By the holder's age on the day; agents with both papers; some jobs in person."""
    young, child, grown = Visitor(day("2010-11-25")), Visitor(day("2015-01-01")), Visitor(day("1990-01-01"))
    refused("rule_parent_needed", lambda: check_person(RULES, "apply", young, day("2026-11-24")))
    assert check_person(RULES, "apply", young, day("2026-11-25")) == ("person-apply",)
    refused("rule_consent_needed", lambda: check_person(RULES, "apply", replace(child, parent=True), DAY))
    assert check_person(RULES, "apply", replace(child, parent=True, consent=True), DAY)
    refused("rule_agent_papers", lambda: check_person(RULES, "apply", replace(grown, agent=True), DAY))
    assert check_person(RULES, "apply", replace(grown, agent=True, agent_papers=True), DAY)
    refused("rule_in_person", lambda: check_person(RULES, "collect", replace(grown, agent=True, agent_papers=True), DAY))
    refused("rule_no_person", lambda: check_person(RULES, "dance", grown, DAY))


@pytest.mark.parametrize(
    "wrong", [{"width": 357}, {"height": 442}, {"size": 5119}, {"size": 51201}, {"format": "PNG"}, {"size": -1}]
)
def test_photos(wrong: Any) -> None:
    """358 by 441, JPG, 5 to 50 KB, both included."""
    for size in (5120, 51200):
        assert check_photo(RULES, Measured(358, 441, size, "JPEG", 80), DAY) == "photo"
    refused("rule_photo", lambda: check_photo(RULES, Measured(358, 441, 9000, "JPEG", 80)._replace(**wrong), DAY))


def portrait(behind: str | tuple[int, int, int], folder: Path) -> bytes:
    """A head and shoulders before this background, as a camera's JPEG."""
    picture = Image.new("RGB", (358, 441), behind)
    face = Image.effect_noise((170, 230), 40).convert("RGB")
    picture.paste(face, (94, 80))
    picture.paste((30, 40, 90), (20, 320, 338, 441))
    picture.save(folder / "photo.jpg", "JPEG", quality=92)
    return (folder / "photo.jpg").read_bytes()


@pytest.mark.parametrize("behind", ["white", (244, 241, 236), (215, 218, 222)])
def test_a_photo_on_white(behind: Any, tmp_path: Path) -> None:
    """Paper, a painted wall, a wall in a hall's light: hair and shoulders stand before it and are no background."""
    assert check_photo(RULES, measure(portrait(behind, tmp_path)), DAY) == "photo"


@pytest.mark.parametrize("behind", ["red", (67, 142, 219), (140, 140, 140), "black", (250, 250, 120)])
def test_a_photo_on_another_ground(behind: Any, tmp_path: Path) -> None:
    """The blue and the red of other papers, grey, yellow: told as that, not as a wrong size."""
    refused("rule_photo_background", lambda: check_photo(RULES, measure(portrait(behind, tmp_path)), DAY))


def test_loss_reports() -> None:
    """A phone report lapses after 15 days, a formal one does not; a bearer card has none."""
    at = dt.datetime.fromisoformat("2026-11-24T09:30")
    assert loss_lapses(RULES, "citizen", "phone", at) == (dt.datetime.fromisoformat("2026-12-09T09:30"), "loss-phone")
    assert loss_lapses(RULES, "citizen", "formal", at) == (None, "loss-formal")
    refused("rule_not_reportable", lambda: loss_lapses(RULES, "tong", "phone", at))
    refused("rule_not_reportable", lambda: loss_lapses(RULES, "citizen", "rumour", at))


def test_card_products() -> None:
    """Generation and algorithm belong to the card's product and day of issue."""
    known = card_product(RULES, "citizen", DAY)
    assert (known.generation, known.algorithm, known.named) == (2, "3DES", True)
    refused("rule_product_unknown", lambda: card_product(RULES, "E", DAY))
