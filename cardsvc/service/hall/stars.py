"""Service star (服务之星): figures of each person of an outlet in a quarter. No figure leads back to a citizen."""

import datetime as dt
from collections import Counter
from collections.abc import Sequence
from statistics import median
from typing import Any

from cardsvc.errors import RequestError
from cardsvc.service.staff.accounts import require_role
from cardsvc.store import Store
from cardsvc.store.records import Appraisal, AppraisalCase, Staff, Ticket
from cardsvc.units import LOCAL

READERS = ("supervisor", "auditor", "administrator")


def quarter(text: str) -> tuple[dt.datetime, dt.datetime]:
    """Beginning and end of a quarter ``2026Q4``, local. Raises RequestError ``quarter_wrong``."""
    year, _, number = text.partition("Q")
    if not (year.isdigit() and len(year) == 4 and number in ("1", "2", "3", "4")):
        raise RequestError("quarter_wrong", quarter=text[:20])
    first = int(number) * 3 - 2
    start = dt.datetime(int(year), first, 1, tzinfo=LOCAL)
    end = dt.datetime(int(year) + (first == 10), (first + 2) % 12 + 1, 1, tzinfo=LOCAL)
    return start, end


def service_stars(store: Store, outlet_id: str, of_quarter: str, *, by: Staff) -> list[dict[str, Any]]:
    """The people of an outlet with their figures, the best first: by mean appraisal, then by people served. ``jobs``: done at
    workstations; ``drawers_wrong``: shifts whose count differed from the books.

    Raises RequestError ``quarter_wrong``, ``not_permitted``.
    """
    require_role(by, *READERS)
    start, end = quarter(of_quarter)
    with store.read() as uow:
        people = [person for person in uow.staff.all() if person.outlet_id == outlet_id]
        ids = [person.staff_id for person in people]
        tickets, cases = uow.tickets.served_by(ids, start, end), uow.appraisal_cases.within(ids, start, end)
        given = {row.case_no: row for row in uow.appraisals.of_cases([case.case_no for case in cases])}
        jobs, wrong = (
            uow.figures.done_by(ids, start, end),
            Counter(row.staff_id for row in uow.shifts.counted_wrong(ids, start, end)),
        )
    rows = [
        {**_row(person, tickets, cases, given), "jobs": jobs.get(person.staff_id, 0), "drawers_wrong": wrong[person.staff_id]}
        for person in people
    ]
    served = [row for row in rows if row["served"] or row["appraised"] or row["jobs"] or row["drawers_wrong"]]
    return sorted(served, key=lambda row: (-(row["mean_level"] or 0), -row["served"], row["staff_id"]))


def _row(
    person: Staff, tickets: Sequence[Ticket], cases: Sequence[AppraisalCase], given: dict[str, Appraisal]
) -> dict[str, Any]:
    own = [t for t in tickets if t.staff_id == person.staff_id]
    minutes = [(t.ended_at - t.served_at).total_seconds() / 60 for t in own if t.ended_at and t.served_at]
    mine = [case for case in cases if case.staff_id == person.staff_id]
    levels = [given[case.case_no].level for case in mine if case.case_no in given]
    bad = sum(1 for case in mine if case.case_no in given and given[case.case_no].call_back_due is not None)
    return {
        "staff_id": person.staff_id,
        "name": person.name,
        "served": len(own),
        "median_minutes": round(median(minutes), 1) if minutes else None,
        "cases": len(mine),
        "appraised": len(levels),
        "mean_level": round(sum(levels) / len(levels), 2) if levels else None,
        "bad": bad,
    }
