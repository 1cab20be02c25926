"""Day-end of an outlet: nothing may be left open, then everything booked is sealed. Month-end: all its days are ended.

What keeps a day from ending is listed as a whole, with who looks after it, so that people clear it in one go:

reason               what it is
suspect_unowned      a load, purchase or fee of the outlet whose fate nobody looks after
shift_unfinished     a shift that is open, being counted, or waits for a second person
operation_live       a job on a card that has not ended at one of the outlet's workstations
terminal_signed_on   a terminal of the outlet that is not signed off

A job whose time is over still counts until somebody has swept it (Engine.sweep): its load may be suspect.
"""

import datetime as dt
from collections.abc import Mapping
from typing import Any

from cardsvc.errors import OperationError, RequestError
from cardsvc.service.books.seals import seal_ledger
from cardsvc.service.loss.reports import end_lapsed
from cardsvc.service.purse.orders import return_expired
from cardsvc.service.purse.settle import subject_id_of
from cardsvc.service.staff.accounts import not_permitted, require_role
from cardsvc.store import Store, UnitOfWork
from cardsvc.store.records import ApplicationFee, DaySeal, Load, MonthEnd, Purchase, Staff
from cardsvc.text import Text
from cardsvc.units import LOCAL

REASONS: Mapping[str, Text] = {
    "suspect_unowned": Text("待核实交易无人认领", "suspect without an owner"),
    "shift_unfinished": Text("班次未交清", "shift not closed"),
    "operation_live": Text("业务正在办理", "job under way"),
    "terminal_signed_on": Text("终端未签退", "terminal signed on"),
}
"""What keeps a day from ending, in words."""
SHOWN = 10
"""Ended days that are shown."""


def blockers(store: Store, outlet_id: str) -> list[dict[str, Any]]:
    """What keeps the outlet's day from ending. Raises RequestError ``outlet_unknown``."""
    with store.read() as uow:
        if uow.outlets.get(outlet_id) is None:
            raise RequestError("outlet_unknown", outlet=outlet_id)
        return _blockers(uow, outlet_id)


def day_status(store: Store, outlet_id: str) -> dict[str, Any]:
    """What keeps the outlet's day from ending, and its last days that were ended, newest first.

    Raises RequestError ``outlet_unknown``.
    """
    found = blockers(store, outlet_id)
    with store.read() as uow:
        return {"blockers": found, "ended": [seal_view(seal) for seal in uow.day_seals.of_outlet(outlet_id, SHOWN)]}


def _blockers(uow: UnitOfWork, outlet_id: str) -> list[dict[str, Any]]:
    actors = actors_of(uow, outlet_id)
    return [*_suspects(uow, actors), *_shifts(uow, outlet_id), *_operations(uow, actors), *_terminals(uow, outlet_id)]


def actors_of(uow: UnitOfWork, outlet_id: str) -> set[tuple[str, str]]:
    """Kind and id of every workstation of an outlet: terminals that stand there, and where its tellers had a shift."""
    standing = {("terminal", terminal.terminal_id) for terminal in uow.terminals.all() if terminal.outlet_id == outlet_id}
    return standing | uow.shifts.workstations(outlet_id)


def _suspects(uow: UnitOfWork, actors: set[tuple[str, str]]) -> list[dict[str, Any]]:
    owned = {case.subject_id for case in uow.suspect_cases.all()}
    rows: list[Load | Purchase | ApplicationFee] = [
        *uow.loads.suspects(),
        *uow.purchases.suspects(),
        *uow.application_fees.suspects(),
    ]
    found = []
    for row in rows:
        identifier = subject_id_of(row)
        operation = uow.operations.get(row.operation_id)
        actor = (operation.actor_kind, operation.actor_id) if operation else None
        if identifier not in owned and actor in actors:
            found.append({"reason": "suspect_unowned", "id": identifier, "owner": None, "about": row.card_no})
    return found


def _shifts(uow: UnitOfWork, outlet_id: str) -> list[dict[str, Any]]:
    return [
        {"reason": "shift_unfinished", "id": shift.shift_id, "owner": shift.staff_id, "about": str(shift.state)}
        for shift in uow.shifts.unfinished(outlet_id)
    ]


def _operations(uow: UnitOfWork, actors: set[tuple[str, str]]) -> list[dict[str, Any]]:
    return [
        {"reason": "operation_live", "id": row.operation_id, "owner": row.actor_id, "about": row.kind}
        for row in uow.operations.live()
        if (row.actor_kind, row.actor_id) in actors
    ]


def _terminals(uow: UnitOfWork, outlet_id: str) -> list[dict[str, Any]]:
    return [
        {
            "reason": "terminal_signed_on",
            "id": row.terminal_id,
            "owner": row.operator or None,
            "about": row.signed_on.isoformat(),
        }
        for row in uow.terminals.all()
        if row.outlet_id == outlet_id and row.signed_on is not None
    ]


def end_day(store: Store, outlet_id: str, day: dt.date, *, by: Staff, now: dt.datetime) -> DaySeal:
    """End a business day of an outlet and seal the ledger; before that, orders whose month is over go back to their payers.

    Raises RequestError ``outlet_unknown``, ``not_permitted``, ``day_not_begun``; OperationError ``day_ended``, ``day_open``
    with everything that is still open.
    """
    require_role(by, "supervisor")
    if by.outlet_id != outlet_id:
        raise not_permitted("supervisor", outlet=outlet_id)
    if day > now.astimezone(LOCAL).date():
        raise RequestError("day_not_begun", day=day)

    def work(uow: UnitOfWork) -> DaySeal:
        uow.outlets.lock(outlet_id)
        _refuse_open(uow, outlet_id, day)
        return seal_ledger(uow, outlet_id, day, by, now)

    with store.read() as uow:
        _refuse_open(uow, outlet_id, day)  # a day that may not end sends nobody's money back
    return_expired(store, now, by=by)
    end_lapsed(store, now)
    return store.transact(work)


def _refuse_open(uow: UnitOfWork, outlet_id: str, day: dt.date) -> None:
    if uow.outlets.get(outlet_id) is None:
        raise RequestError("outlet_unknown", outlet=outlet_id)
    if uow.day_seals.of_day(outlet_id, day) is not None:  # one that was forgotten may be ended after later ones
        raise OperationError("day_ended")
    found = _blockers(uow, outlet_id)
    if found:
        told = [_told(blocker) for blocker in found]
        chinese, english = "；".join(one.zh for one in told), "; ".join(one.en for one in told)
        raise OperationError("day_open", reasons_zh=chinese, reasons_en=english)


def _told(blocker: dict[str, Any]) -> Text:
    about = " ".join(str(blocker[name]) for name in ("id", "owner") if blocker[name] is not None)
    why = REASONS[blocker["reason"]]
    return Text(f"{why.zh} {about}", f"{why.en} {about}")


def end_month(store: Store, outlet_id: str, month: dt.date, *, by: Staff, now: dt.datetime) -> MonthEnd:
    """End a month of an outlet; ``month`` is its first day. It must be over, and each day with a shift must be ended.

    Raises RequestError ``outlet_unknown``, ``not_permitted``, ``month_not_over``; OperationError ``month_ended``,
    ``month_open`` with the days that are missing.
    """
    require_role(by, "supervisor")
    if by.outlet_id != outlet_id:
        raise not_permitted("supervisor", outlet=outlet_id)
    following = (month.replace(day=1) + dt.timedelta(days=32)).replace(day=1)
    if month.day != 1 or now.astimezone(LOCAL).date() < following:
        raise RequestError("month_not_over", month=f"{month:%Y-%m}")

    def work(uow: UnitOfWork) -> MonthEnd:
        if uow.outlets.lock(outlet_id) is None:
            raise RequestError("outlet_unknown", outlet=outlet_id)
        if uow.month_ends.get(outlet_id, month) is not None:
            raise OperationError("month_ended")
        worked = {shift.opened_at.astimezone(LOCAL).date() for shift in uow.shifts.of_outlet(outlet_id)}
        ended = {seal.business_day for seal in uow.day_seals.of_outlet(outlet_id)}
        missing = sorted(day for day in worked - ended if month <= day < following)
        if missing or not any(month <= day < following for day in ended):
            raise OperationError("month_open", days=", ".join(map(str, missing)) or f"{month:%Y-%m}")
        return uow.month_ends.add(MonthEnd(outlet_id, month, by.staff_id, now))

    return store.transact(work)


def seal_view(seal: DaySeal) -> dict[str, Any]:
    """A day seal as it is shown."""
    return {
        "number": seal.number,
        "outlet_id": seal.outlet_id,
        "day": seal.business_day.isoformat(),
        "sealed_by": seal.sealed_by,
        "sealed_at": seal.sealed_at.isoformat(),
        "root": seal.root,
    }
