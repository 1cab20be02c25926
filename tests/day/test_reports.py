"""The day sheet says what the ledger says, whichever way it is cut."""

import csv
import datetime as dt
import io
import json
import re
from collections import Counter
from collections.abc import Iterator
from typing import Any

import pypdfium2
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cardsvc.errors import CardsvcError
from cardsvc.ledger.postings import Posting
from cardsvc.service.approval_kinds import APPROVALS
from cardsvc.service.books.day_end import end_day
from cardsvc.service.books.reports import BY, KINDS, day_bounds, day_sheet
from cardsvc.service.books.sheet_print import printed_sheet
from cardsvc.service.cash.shifts import explain_difference
from cardsvc.service.staff.approvals import approve
from cardsvc.service.words.accounts import POSTINGS
from cardsvc.vcard import FaultPlan
from tests.day.outlet import Hall, open_hall, refused
from tests.examples import examples
from tests.world import DESK, FAMILIES, KIOSK, World

DAYS = [dt.date(2026, 11, day) for day in (24, 25)]
SECOND = type(DESK)("desk", "desk-2", bytes.fromhex("310000000002"), "desk")


def busy(world: World) -> Hall:
    """Two days: two tellers at two desks, a kiosk, cash and not, a purchase, a torn load paid back, a short drawer."""
    hall = open_hall(world)
    cards = [world.issue(FAMILIES[0], number) for number in (1, 2, 3)]
    for number in range(2):
        shifts = hall.open(), hall.open("other", actor=SECOND)
        world.topup(cards[0], 5000, DESK)
        world.topup(cards[1], 10000, SECOND)
        world.do(cards[2], "topup", DESK, amount=6000, payment={"method": "mobile", "reference": f"m-{number}"})
        world.now += dt.timedelta(hours=1)
        hall.close(shifts[0], 35000)
        if hall.close(shifts[1], 39000, "other").state != "closed":
            asked = explain_difference(world.store, APPROVALS, shifts[1].shift_id, "少找", by=hall["other"], now=world.now)
            approve(world.store, APPROVALS, asked.approval_id, by=hall["boss"], now=world.now)
        world.do(cards[0], "purchase", KIOSK, amount=200, merchant="bus")
        end_day(world.store, "hall", world.now.date(), by=hall["boss"], now=world.now)
        world.now += dt.timedelta(hours=23)
    world.now += dt.timedelta(days=1)
    cards[0].plan = FaultPlan(tear_before_command=7)
    with pytest.raises(CardsvcError):
        world.topup(cards[0], 7000)
    world.do(cards[0], "inspect")
    return hall


@pytest.fixture(scope="module")
def city(tmp_path_factory: pytest.TempPathFactory, cluster: None) -> Iterator[Hall]:
    """The busy city, which these tests only read."""
    hall = busy(World(tmp_path_factory.mktemp("busy") / "city.db"))
    yield hall
    hall.world.close()


def booked(hall: Hall, day: dt.date) -> dict[str, tuple[int, int]]:
    """Number and amount by kind of what was booked on a day, line by line from the chains."""
    start, end = day_bounds(day)
    numbers, amounts = Counter[str](), Counter[str]()
    with hall.world.store.read() as uow:
        for chain in uow.ledger.chains():
            for line in uow.ledger.of_chain(chain):
                if start <= line.booked_at < end:
                    numbers[line.kind] += 1
                    amounts[line.kind] += line.amount
    return {kind: (numbers[kind], amounts[kind]) for kind in numbers}


def totals(sheet: dict[str, Any]) -> dict[str, tuple[int, int]]:
    """Number and amount by kind of a sheet's totals."""
    return {row["kind"]: (row["number"], row["amount"]) for row in sheet["totals"]}


def summed(sheet: dict[str, Any]) -> dict[str, tuple[int, int]]:
    """Number and amount by kind of a sheet's rows."""
    found: dict[str, tuple[int, int]] = {}
    for row in sheet["rows"]:
        number, amount = found.get(row["kind"], (0, 0))
        found[row["kind"]] = (number + row["number"], amount + row["amount"])
    return found


@pytest.mark.parametrize("by", BY)
@pytest.mark.parametrize("day", [*DAYS, dt.date(2026, 11, 27), dt.date(2020, 1, 1)])
def test_the_sums_are_the_ledgers(city: Hall, by: str, day: dt.date) -> None:
    """Rows and totals, every way of looking, on busy days and on one without business."""
    sheet = day_sheet(city.world.store, day, by)
    assert totals(sheet) == summed(sheet) == booked(city, day)
    assert set(totals(sheet)) <= set(KINDS)
    assert set(POSTINGS) <= set(KINDS), "whatever is booked has its name on paper"
    shown = printed_sheet(day_sheet(city.world.store, day, "product"), "csv", "zh").decode()
    assert not re.search(r"[a-z]+_[a-z]+|[a-zA-Z]+/[a-z]+", shown), "a code was shown to a person"


def rows(hall: Hall, by: str, kind: str, outlet: str | None = None, day: dt.date = DAYS[0]) -> set[tuple[str, str, int]]:
    """Group, method and amount of one kind."""
    sheet = day_sheet(hall.world.store, day, by, outlet)
    return {(row["group"], row["method"], row["amount"]) for row in sheet["rows"] if row["kind"] == kind}


def test_everybody_has_what_they_took(city: Hall) -> None:
    """A teller also what was not paid in cash; the desk it was taken at; its outlet; its product."""
    taken = {("teller", "cash", 5000), ("teller", "mobile", 6000), ("other", "cash", 10000)}
    assert rows(city, "teller", "load_authorised") == taken
    desks = {("desk:desk-1", "cash", 5000), ("desk:desk-1", "mobile", 6000), ("desk:desk-2", "cash", 10000)}
    assert rows(city, "terminal", "load_authorised") == desks
    assert rows(city, "outlet", "load_authorised") == {("hall", "cash", 15000), ("hall", "mobile", 6000)}
    assert rows(city, "product", "load_confirmed") == {("citizen/purse", "cash", 15000), ("citizen/purse", "mobile", 6000)}
    assert rows(city, "terminal", "purchase_confirmed") == {("terminal:kiosk-7", "", 200)}
    assert rows(city, "terminal", "load_refunded", day=dt.date(2026, 11, 27)) == {("terminal:kiosk-7", "cash", 7000)}


def test_a_sheet_of_one_outlet_leaves_others_out(city: Hall) -> None:
    """The kiosk stands in none; an outlet that is not there is refused."""
    assert rows(city, "terminal", "purchase_confirmed", "hall") == set()
    assert rows(city, "teller", "load_authorised", "hall") == rows(city, "teller", "load_authorised")
    with refused("outlet_unknown"):
        day_sheet(city.world.store, DAYS[0], "teller", "moon")


def test_drawers_come_out(city: Hall) -> None:
    """Float and cash in less cash out is what is expected; nothing is left; differences are shown."""
    sheet = day_sheet(city.world.store, DAYS[0], "teller", "hall")
    drawers = {drawer["staff_id"]: drawer for drawer in sheet["drawers"]}
    for drawer in drawers.values():
        assert drawer["opening_float"] + drawer["cash_in"] - drawer["cash_out"] == drawer["expected"]
        assert (drawer["left"], drawer["state"]) == (0, "closed")
    assert (drawers["teller"]["cash_in"], drawers["teller"]["difference"]) == (5000, 0)
    assert (drawers["other"]["cash_in"], drawers["other"]["difference"]) == (10000, -1000)
    assert sheet["seal"]["number"] == 1


@examples(25)
@given(
    st.lists(
        st.tuples(
            st.sampled_from(["a", "3100010100000001", "shift:x", "terminal:kiosk-7"]),
            st.sampled_from([*KINDS, "something_new"]),
            st.integers(1, 10**9),
            st.integers(-90_000, 90_000),
        ),
        max_size=12,
    )
)
def test_whatever_is_booked_is_on_the_sheet_of_its_day(hall: Hall, lines: list[tuple[str, str, int, int]]) -> None:
    """Any kind in any chain at any second around midnight, once, on one day."""
    midnight = day_bounds(DAYS[1])[0]
    with hall.world.store.begin() as uow:
        for number, (chain, kind, amount, seconds) in enumerate(lines):
            posting = Posting(kind, "vault:hall", "drawer:x", amount)
            when = midnight + dt.timedelta(seconds=seconds)
            uow.ledger.post(chain, posting, f"{number}-{len(uow.ledger.of_chain(chain))}", when)
        uow.commit()
    for day in DAYS:
        assert totals(day_sheet(hall.world.store, day, "teller")) == booked(hall, day)


def test_a_spreadsheet_reads_the_csv(city: Hall) -> None:
    """With a byte order mark; the amounts are those of the sheet."""
    sheet = day_sheet(city.world.store, DAYS[0], "teller", "hall")
    data = printed_sheet(sheet, "csv", "zh")
    assert data.startswith(b"\xef\xbb\xbf")
    lines = list(csv.reader(io.StringIO(data.decode("utf-8-sig"))))
    assert ["other", "充值收款", "现金", "1", "100.00"] in lines
    assert ["短款", "1", "10.00"] in lines
    assert json.loads(printed_sheet(sheet, "json", "en"))["rows"] == sheet["rows"]


@pytest.mark.parametrize("name", ["=1+1", "+1", "-1", "@x", "\t=1", "\n=1", "＝1+1", "＋1", "－1", "＠x"])
def test_no_name_becomes_a_formula(city: Hall, name: str) -> None:
    """Whoever chose it."""
    sheet = day_sheet(city.world.store, DAYS[0], "teller", "hall")
    sheet["rows"][0]["group"] = sheet["drawers"][0]["staff_id"] = name
    cells = [cell for row in csv.reader(io.StringIO(printed_sheet(sheet, "csv", "zh").decode("utf-8-sig"))) for cell in row]
    assert "'" + name in cells
    assert not any(cell.startswith(("=", "+", "@", "\t")) for cell in cells)


def test_the_pdf_prints(city: Hall) -> None:
    """Chinese, numbered pages of A4, the root of the seal, lines to sign on; many rows take more pages."""
    sheet = day_sheet(city.world.store, DAYS[0], "teller", "hall")
    sheet["rows"] *= 30
    document = pypdfium2.PdfDocument(io.BytesIO(printed_sheet(sheet, "pdf", "zh")))
    texts = [page.get_textpage().get_text_range() for page in document]
    sizes = {tuple(round(side / 72 * 25.4) for side in page.get_size()) for page in document}
    document.close()
    assert len(texts) > 1
    assert sizes == {(210, 297)}
    assert all(f"{number} / {len(texts)}" in text for number, text in enumerate(texts, start=1))
    assert "日报表" in texts[0]
    assert sheet["seal"]["root"] in "".join(texts).replace("\r\n", "")
    assert all(name in texts[-1] for name in ("制表", "复核", "主管"))
