"""What there is of blank cards at an outlet, and whether it lasts the day."""

import datetime as dt
from collections.abc import Iterable, Mapping
from typing import Any

from cardsvc.errors import RequestError
from cardsvc.rules.desk import stock_rule
from cardsvc.service.books.reports import day_bounds
from cardsvc.service.operations.rule_book import RuleBook, local_day
from cardsvc.service.stock.blanks import store_place, void_place
from cardsvc.store import Store, UnitOfWork
from cardsvc.store.records import BlankBatch, BlankCount, BlankMovement
from cardsvc.store.repositories.stock import Held

MOVES_SHOWN = 50
LOOK_BACK = 3
"""Calendar days looked at for each day that has to be learned from: closed days make no cards."""


def stock_view(store: Store, book: RuleBook, outlet_id: str, now: dt.datetime) -> dict[str, Any]:
    """The stock of an outlet.

    ``store``, ``desks``, ``void``: what is where, by batch; ``short``: places from which more was taken than brought;
    ``left``: blanks that can be used; ``used_today``; ``usual``: cards on a day, None while there are no earlier days;
    ``waiting``: applications whose card is to be made; ``needed``: blanks that today still asks for; ``lasts``: whether there
    are as many; ``days``: how long it lasts; ``batches``, ``moves``, ``counts``. Raises RequestError ``outlet_unknown``.
    """
    with store.snapshot() as uow:
        if uow.outlets.get(outlet_id) is None:
            raise RequestError("outlet_unknown", outlet=outlet_id[:32])
        batches = {batch.batch_id: batch for batch in uow.blank_batches.all()}
        held = _of_outlet(uow, outlet_id, uow.blank_movements.balances())
        waiting = next(row.open for row in uow.figures.promised(outlet_id, now) if row.what == "card")
        used, usual = _used(uow, book, outlet_id, now)
        moves = uow.blank_movements.newest(outlet_id, MOVES_SHOWN)
        counts = [(row, uow.blank_counts.settled(row)) for row in uow.blank_counts.newest(outlet_id, MOVES_SHOWN)]
    left = sum(max(0, row.number) for row in held if not row.place.startswith("void:"))
    needed = max(waiting, round(usual or 0) - used, 0)
    return {
        "outlet_id": outlet_id,
        "store": _rows(batches, (row for row in held if row.place == store_place(outlet_id))),
        "desks": _rows(batches, (row for row in held if row.place.startswith("desk:") and row.number > 0)),
        "void": _rows(batches, (row for row in held if row.place == void_place(outlet_id))),
        "short": _rows(batches, (row for row in held if row.number < 0)),
        "left": left,
        "used_today": used,
        "usual": usual,
        "waiting": waiting,
        "needed": needed,
        "lasts": left >= needed,
        "days": round(left / usual, 1) if usual else None,
        "batches": [_batch(batch) for batch in batches.values()],
        "moves": [_move(row) for row in moves],
        "counts": [_count(row, settled=settled) for row, settled in counts],
    }


def _of_outlet(uow: UnitOfWork, outlet_id: str, rows: Iterable[Held]) -> list[Held]:
    own = {store_place(outlet_id), void_place(outlet_id)}
    return [row for row in rows if row.place in own or (row.place.startswith("desk:") and _at(uow, row.place) == outlet_id)]


def _at(uow: UnitOfWork, desk: str) -> str | None:
    """The outlet of a desk: the workstation's, or whose keeper handed blanks there last."""
    terminal = uow.terminals.get(desk.removeprefix("desk:terminal:")) if desk.startswith("desk:terminal:") else None
    handed = None if terminal else uow.blank_movements.last_to(desk) or uow.blank_movements.last_from(desk)
    return terminal.outlet_id if terminal else handed.outlet_id if handed else None


def _used(uow: UnitOfWork, book: RuleBook, outlet_id: str, now: dt.datetime) -> tuple[int, float | None]:
    """Blanks used today, and on an earlier day with cards made, on the average."""
    today = local_day(now)
    rule = stock_rule(book.in_force(uow, today), today)
    days: list[int] = []
    for back in range(1, 1 + LOOK_BACK * (rule.learned_days if rule else 0)):
        number = uow.blank_movements.used(outlet_id, *day_bounds(today - dt.timedelta(days=back)))
        days += [number] if number else []
        if rule and len(days) == rule.learned_days:
            break
    return uow.blank_movements.used(outlet_id, *day_bounds(today)), sum(days) / len(days) if days else None


def _rows(batches: Mapping[str, BlankBatch], held: Iterable[Held]) -> list[dict[str, Any]]:
    return [
        {
            "place": row.place.removeprefix("desk:") if row.place.startswith("desk:") else row.place.partition(":")[0],
            "batch_id": row.batch_id,
            "family": batches[row.batch_id].family,
            "number": row.number,
        }
        for row in held
    ]


def _batch(batch: BlankBatch) -> dict[str, Any]:
    return {
        "batch_id": batch.batch_id,
        "family": batch.family,
        "supplier": batch.supplier,
        "count": batch.count,
        "serials": f"{batch.first_serial}-{batch.last_serial}",
        "transport_version": batch.transport_version,
        "outlet_id": batch.outlet_id,
        "received_by": batch.received_by,
        "received_at": batch.received_at.isoformat(),
    }


def _move(row: BlankMovement) -> dict[str, Any]:
    return {
        "at": row.at.isoformat(),
        "kind": row.kind,
        "batch_id": row.batch_id,
        "count": row.count,
        "from": row.from_place,
        "to": row.to_place,
        "by": row.by,
        "receiver": row.receiver,
        "card_no": row.card_no,
        "reason": row.reason,
        "approval_id": row.approval_id,
    }


def _count(row: BlankCount, *, settled: bool) -> dict[str, Any]:
    return {
        "count_id": row.count_id,
        "at": row.at.isoformat(),
        "batch_id": row.batch_id,
        "place": row.place,
        "expected": row.expected,
        "counted": row.counted,
        "by": row.by,
        "open": row.counted != row.expected and not settled,
    }
