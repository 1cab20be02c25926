"""The state of the city as numbers, for those who watch the service by machine (Prometheus): what is open, who is away, what
today took. Of nobody in particular, and little enough work to be asked for every few seconds."""

import datetime as dt
from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from cardsvc.service.books.reports import day_bounds
from cardsvc.service.management.terminal_overview import terminals_overview
from cardsvc.service.operations.rule_book import local_day
from cardsvc.service.purse.suspects import suspects
from cardsvc.service.stock.blanks import store_place
from cardsvc.store import Store
from cardsvc.store.repositories.figures import DAY
from cardsvc.store.states import NoticeState


class Measure(NamedTuple):
    """One quantity now: its name with the unit in it, what it means, the label that tells its values apart, and these."""

    name: str
    help: str
    label: str
    values: Mapping[str, float]


def measures(store: Store, now: dt.datetime) -> list[Measure]:
    """Everything that is measured, in one order."""
    return [*_open_money(store, now), *_terminals(store, now), *_waiting(store), *_today(store, now)]


def _open_money(store: Store, now: dt.datetime) -> Iterator[Measure]:
    """What only a card can settle."""
    rows = suspects(store, now)
    kinds = ("load", "purchase", "fee")
    number = Counter(row["subject"] for row in rows)
    fen = {kind: sum(row["amount"] for row in rows if row["subject"] == kind) for kind in kinds}
    oldest = {kind: _age(rows, kind, now) for kind in kinds}
    yield Measure("suspects", "Loads, purchases and fees whose fate only the card knows", "subject", _all(kinds, number))
    yield Measure("suspects_fen", "Their amount in fen", "subject", fen)
    yield Measure("suspects_oldest_seconds", "Since when the oldest of them is open", "subject", oldest)


def _age(rows: list[dict[str, Any]], kind: str, now: dt.datetime) -> float:
    since = [dt.datetime.fromisoformat(row["since"]) for row in rows if row["subject"] == kind]
    return (now - min(since)).total_seconds() if since else 0


def _terminals(store: Store, now: dt.datetime) -> Iterator[Measure]:
    found = terminals_overview(store, now)
    active = [row for row in found["terminals"] if row["state"] == "active"]
    places = Counter("there" if row["online"] else "away" for row in active if row["online"] is not None)
    behind = Counter(row["role"] for row in active if row["behind"])
    roles = {row["role"] for row in active if row["behind"] is not None}
    yield Measure("workstations", "Workstations whose agent is there, or away", "agent", _all(("there", "away"), places))
    yield Measure("hot_list_version", "The newest version of the hot list", "", {"": found["version"]})
    yield Measure("terminals_behind", "Terminals with an older hot list than the newest", "role", _all(sorted(roles), behind))


def _waiting(store: Store) -> Iterator[Measure]:
    with store.read() as uow:
        live, approvals = len(uow.operations.live()), Counter(row.kind for row in uow.approvals.open())
        notices, held = uow.library_notices.counts(), uow.blank_movements.balances()
        outlets = [outlet.outlet_id for outlet in uow.outlets.all()]
        stocked = [outlet for outlet in outlets if uow.blank_movements.last_to(store_place(outlet))]
    blanks = {outlet: sum(row.number for row in held if row.place == store_place(outlet)) for outlet in stocked}
    waiting = _all((NoticeState.WAITING, NoticeState.FAILED), notices)
    yield Measure("operations_live", "Operations that wait for their card", "", {"": live})
    yield Measure("approvals_open", "Decisions that wait for a second person", "kind", approvals)
    yield Measure("library_notices", "Notices that the library has not taken", "state", waiting)
    yield Measure(
        "blank_cards",
        "Blank cards in the stock of an outlet that ever had some, without those at desks",
        "outlet",
        blanks,
    )


def _today(store: Store, now: dt.datetime) -> Iterator[Measure]:
    with store.read() as uow:
        rows = uow.figures.loads(*day_bounds(local_day(now)), None, DAY)
    ways = sorted({row.what for row in rows})
    yield Measure("topups_today", "Top-ups of today that are on their cards", "paid_by", _sum(ways, rows, "number"))
    yield Measure("topups_today_fen", "Their amount in fen", "paid_by", _sum(ways, rows, "amount"))


def _sum(ways: list[str], rows: list[Any], of: str) -> dict[str, float]:
    return {way: sum(getattr(row, of) for row in rows if row.what == way) for way in ways}


def _all(names: Any, counted: Mapping[str, float]) -> dict[str, float]:
    """A value for every name: what is not there is nothing, not unknown."""
    return {str(name): counted.get(name, 0) for name in names}
