"""Sign-ins on the desk page: opened by password or passkey, locked when nobody touches the page, ended by hand or by the day.

The cookie holds a random token and the database its hash only. A locked sign-in keeps its workstation and whatever runs there:
the same person opens it again. Everything is in the database, so any worker answers any request.
"""

import datetime as dt
import hashlib
import hmac
import secrets
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from cardsvc.errors import RequestError
from cardsvc.service.desk.workstations import WORKSTATION
from cardsvc.service.staff.accounts import not_permitted, require_role, sign_in
from cardsvc.service.staff.trail import PROGRAM, note
from cardsvc.store import Store, UnitOfWork
from cardsvc.store.records import DeskSession, Staff

IDLE = dt.timedelta(minutes=10)
"""A page that nobody touched for so long is locked: citizens stand before it."""
LONGEST = dt.timedelta(hours=14)
NOTE_EVERY = dt.timedelta(seconds=20)
"""The last act is written at most so often."""


@dataclass(frozen=True, slots=True)
class SignedIn:
    """Who is at the page, and their sign-in."""

    session: DeskSession
    staff: Staff


def open_session(
    store: Store, staff_id: str, password: str, workstation: str | None, browser: str, now: dt.datetime
) -> tuple[str, DeskSession]:
    """Sign in by password. Gives the token for the cookie; a ``workstation`` that is not of this person's outlet is left out.

    Raises RequestError ``sign_in_wrong``, ``sign_in_locked``.
    """
    return open_for(store, sign_in(store, staff_id, password, now), workstation, browser, now)


def open_for(store: Store, person: Staff, workstation: str | None, browser: str, now: dt.datetime) -> tuple[str, DeskSession]:
    """Sign somebody in who was just recognised, by password or passkey. Gives what ``open_session`` gives."""
    token = secrets.token_urlsafe(32)

    def work(uow: UnitOfWork) -> DeskSession:
        place = workstation if workstation and _is_of(uow, workstation, person) else None
        row = DeskSession(_hashed(token), person.staff_id, secrets.token_urlsafe(24), place, browser[:128], False, now, now)
        return uow.desk_sessions.add(row)

    return token, store.transact(work)


def signed_in(store: Store, token: str | None, now: dt.datetime, *, act: bool, once: bool = False) -> SignedIn:
    """Whose page it is. ``act``: the person did something, which keeps the page open; a page that only follows does not.
    ``once``: a password that must be replaced is enough.

    Raises RequestError ``desk_session_ended``, ``desk_session_locked``, ``password_once``.
    """
    with store.read() as uow:
        session, staff = _found(uow, token)
    over = session.ended_at is not None or session.opened_at + LONGEST <= now
    if over or staff.state != "active":
        raise RequestError("desk_session_ended")
    if session.locked or session.seen_at + IDLE <= now:
        raise RequestError("desk_session_locked")
    if staff.password_once and not once:
        raise RequestError("password_once")
    if act and session.seen_at + NOTE_EVERY <= now:
        _change(store, session.session_id, seen_at=now)
    return SignedIn(session, staff)


def who_locked(store: Store, token: str | None) -> Staff:
    """Whose locked page it is. Raises RequestError ``desk_session_ended``."""
    with store.read() as uow:
        return _found(uow, token)[1]


def unlock(store: Store, token: str | None, password: str, now: dt.datetime) -> DeskSession:
    """Open a locked page with its person's password. Raises RequestError ``desk_session_ended``, ``sign_in_wrong``."""
    return _unlock(store, token, now, lambda staff: sign_in(store, staff.staff_id, password, now))


def unlock_for(store: Store, token: str | None, person: Staff, now: dt.datetime) -> DeskSession:
    """Open a locked page for somebody whose passkey was just shown.

    Raises RequestError ``desk_session_ended``, ``passkey_wrong`` for anybody but its person.
    """

    def check(staff: Staff) -> None:
        if staff.staff_id != person.staff_id:
            raise RequestError("passkey_wrong")

    return _unlock(store, token, now, check)


def _unlock(store: Store, token: str | None, now: dt.datetime, check: Callable[[Staff], object]) -> DeskSession:
    with store.read() as uow:
        session, staff = _found(uow, token)
    if session.ended_at is not None or session.opened_at + LONGEST <= now:
        raise RequestError("desk_session_ended")
    check(staff)
    return _change(store, session.session_id, seen_at=max(now, session.seen_at), locked=False)


def lock(store: Store, session: DeskSession) -> None:
    """Lock a page by hand."""
    _change(store, session.session_id, locked=True)


def end(store: Store, session_id: str, now: dt.datetime, *, by: Staff, where: str = PROGRAM) -> None:
    """End a sign-in of one's own, on this page or elsewhere; an administrator ends anybody's, which is kept (staff/trail.py).

    Raises RequestError ``desk_session_ended``, ``not_permitted``.
    """

    def work(uow: UnitOfWork) -> None:
        row = uow.desk_sessions.get(session_id)
        person = uow.staff.for_update(row.staff_id) if row else None
        row = uow.desk_sessions.for_update(session_id)
        if row is None or person is None:
            raise RequestError("desk_session_ended")
        if by.staff_id != row.staff_id and by.role != "administrator":
            raise not_permitted(row.staff_id)
        if row.ended_at is None:
            uow.desk_sessions.change(row, ended_at=now)
            if by.staff_id != row.staff_id:
                note(uow, person, "session_ended", was=row.workstation or "", by=by.staff_id, where=where, now=now)

    store.transact(work)


def end_own(store: Store, token: str | None, now: dt.datetime) -> None:
    """End the sign-in of a token, whether locked or not; one that is over stays over."""

    def work(uow: UnitOfWork) -> None:
        row = uow.desk_sessions.for_update(_hashed(token)) if token else None
        if row is not None and row.ended_at is None:
            uow.desk_sessions.change(row, ended_at=now)

    store.transact(work)


def sit_at(store: Store, session: DeskSession, workstation: str, *, by: Staff) -> DeskSession:
    """Bind a page to a workstation of the person's outlet. Raises RequestError ``workstation_elsewhere``."""

    def work(uow: UnitOfWork) -> DeskSession:
        if not _is_of(uow, workstation, by):
            raise RequestError("workstation_elsewhere", workstation=workstation[:64])
        row = uow.desk_sessions.for_update(session.session_id)
        if row is None:
            raise RequestError("desk_session_ended")
        return uow.desk_sessions.change(row, workstation=workstation)

    return store.transact(work)


def end_all(uow: UnitOfWork, staff_id: str, now: dt.datetime) -> None:
    """End every sign-in of a person."""
    for row in uow.desk_sessions.open_of(staff_id):
        uow.desk_sessions.change(row, ended_at=now)


def sessions_of(store: Store, staff_id: str, *, by: Staff) -> list[dict[str, Any]]:
    """A person's sign-ins that are open, newest first: one's own, or anybody's for an administrator."""
    if by.staff_id != staff_id:
        require_role(by, "administrator")
    with store.read() as uow:
        rows = uow.desk_sessions.open_of(staff_id)
    return [
        {
            "session_id": row.session_id,
            "workstation": row.workstation,
            "browser": row.browser,
            "locked": row.locked,
            "opened_at": row.opened_at,
            "seen_at": row.seen_at,
        }
        for row in rows
    ]


def check_form(session: DeskSession, given: str) -> None:
    """A form that this page did not make is refused. Raises RequestError ``form_foreign``."""
    if not hmac.compare_digest(session.csrf.encode(), given.encode()):
        raise RequestError("form_foreign")


def _hashed(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()


def _found(uow: UnitOfWork, token: str | None) -> tuple[DeskSession, Staff]:
    session = uow.desk_sessions.get(_hashed(token)) if token else None
    staff = uow.staff.get(session.staff_id) if session else None
    if session is None or staff is None:
        raise RequestError("desk_session_ended")
    return session, staff


def _change(store: Store, session_id: str, **values: Any) -> DeskSession:
    def work(uow: UnitOfWork) -> DeskSession:
        row = uow.desk_sessions.for_update(session_id)
        if row is None:
            raise RequestError("desk_session_ended")
        return uow.desk_sessions.change(row, **values)

    return store.transact(work)


def _is_of(uow: UnitOfWork, workstation: str, person: Staff) -> bool:
    terminal = uow.terminals.get(workstation)
    return terminal is not None and (terminal.role, terminal.outlet_id) == (WORKSTATION, person.outlet_id)
