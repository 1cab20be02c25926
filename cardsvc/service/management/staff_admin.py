"""What an administrator does with staff: hire, move to another post, suspend, reset a password, note skills.

Whatever changes about a person ends their sign-ins on the desk page and closes their desk: nothing goes on under the old post.
Nobody does any of this to themselves, so an administrator always remains. Each change is kept with who made it and from where
(``where``: desk or command line; staff/trail.py), in the same transaction.
"""

import datetime as dt
import secrets
from collections.abc import Callable, Collection

from cardsvc.errors import RequestError
from cardsvc.service.cash.staff_shifts import freeze_drawer
from cardsvc.service.desk.sessions import end_all
from cardsvc.service.hall.desks import vacate
from cardsvc.service.staff.accounts import (
    ROLE_NAMES,
    SERVICE,
    SKILL_NAMES,
    NewStaff,
    add_staff,
    outlet_in,
    password_hash,
    require_administrator,
    require_role,
)
from cardsvc.service.staff.acts import Act, note_act
from cardsvc.service.staff.passkeys import remove_all
from cardsvc.service.staff.trail import PROGRAM, note
from cardsvc.store import Store, UnitOfWork
from cardsvc.store.records import Outlet, Staff, StaffSkill

LETTERS = "abcdefghjkmnpqrstuvwxyz23456789"
"""Of a password that is read aloud or from paper: nothing that looks like something else."""
GROUPS, GROUP = 3, 4


def open_outlet(store: Store, outlet_id: str, name: str, *, by: Staff | None, now: dt.datetime) -> Outlet:
    """Add an outlet, and note who did. ``by`` None: while the service has no staff yet.

    Raises RequestError ``not_permitted``, ``staff_field_wrong``, ``outlet_exists``.
    """

    def work(uow: UnitOfWork) -> Outlet:
        require_administrator(uow, by)
        note_act(uow, by, Act.OUTLET_ADD, f"outlet:{outlet_id[:32]}", {"name": [None, name[:64]]}, now)
        return outlet_in(uow, outlet_id, name, now)

    return store.transact(work)


def hire(store: Store, new: NewStaff, *, by: Staff, now: dt.datetime, where: str = PROGRAM) -> str:
    """Add a person with a one-time password, which is returned and kept nowhere. Nobody could replace a service account's:
    it stays. Raises what ``add_staff`` raises."""
    password = _made()
    add_staff(store, new, password, now, by=by, once=new.role != SERVICE, where=where)
    return password


def reset_password(
    store: Store, staff_id: str, *, by: Staff, now: dt.datetime, where: str = PROGRAM, keep_passkeys: bool = False
) -> str:
    """Give a person a one-time password, which is returned and kept nowhere; a locked account opens again. Their passkeys sign
    in without any password, so they go too, unless the administrator says that they are still in the right hands.

    Raises RequestError ``not_permitted``, ``not_oneself``, ``staff_unknown``.
    """
    password = _made()
    hashed = password_hash(password)

    def work(uow: UnitOfWork, person: Staff) -> None:
        once = person.role != SERVICE
        changed = uow.staff.change(person, password_hash=hashed, password_once=once, failed_attempts=0, locked_until=None)
        end_all(uow, staff_id, now)
        if not keep_passkeys:
            remove_all(uow, changed, now, by=by.staff_id, where=where)
        note(uow, changed, "password_once" if once else "password", by=by.staff_id, where=where, now=now)

    _about(store, staff_id, work, by=by)
    return password


def set_staff_state(store: Store, staff_id: str, state: str, *, by: Staff, now: dt.datetime, where: str = PROGRAM) -> None:
    """Suspend a person or let them in again. In this state before, nothing happens. A suspended teller's drawer stands still
    until a supervisor has counted it.

    Raises RequestError ``not_permitted``, ``not_oneself``, ``staff_unknown``.
    """

    def work(uow: UnitOfWork, person: Staff) -> None:
        if person.state != state:
            changed = uow.staff.change(person, state=state)
            _leaves(uow, person, now)
            note(uow, changed, "state", person.state, state, by=by.staff_id, where=where, now=now)
        if state == "suspended":
            freeze_drawer(uow, person)

    _about(store, staff_id, work, by=by)


def change_post(
    store: Store, staff_id: str, role: str, outlet_id: str | None, *, by: Staff, now: dt.datetime, where: str = PROGRAM
) -> None:
    """Another role, or another outlet (None: the same). At this post before, nothing happens. A person becomes no service
    account, nor the other way round: what was done under an id is one or the other's.

    Raises RequestError ``not_permitted``, ``not_oneself``, ``staff_unknown``, ``staff_field_wrong``, ``outlet_unknown``,
    ``service_account_stays``.
    """
    if role not in ROLE_NAMES:
        raise RequestError("staff_field_wrong", field="role")

    def work(uow: UnitOfWork, person: Staff) -> None:
        if SERVICE in {person.role, role} and person.role != role:
            raise RequestError("service_account_stays", staff=staff_id)
        outlet = outlet_id or person.outlet_id
        if uow.outlets.get(outlet) is None:
            raise RequestError("outlet_unknown", outlet=outlet[:32])
        if (person.role, person.outlet_id) != (role, outlet):
            _leaves(uow, person, now)
            changed = uow.staff.change(person, role=role, outlet_id=outlet)
            if person.role != role:
                note(uow, changed, "role", person.role, role, by=by.staff_id, where=where, now=now)
            if person.outlet_id != outlet:
                note(uow, changed, "outlet", person.outlet_id, outlet, by=by.staff_id, where=where, now=now)

    _about(store, staff_id, work, by=by)


def set_skills(
    store: Store, staff_id: str, skills: Collection[str], *, by: Staff, now: dt.datetime, where: str = PROGRAM
) -> None:
    """What a person can do beyond the ordinary: these and no others.

    Raises RequestError ``not_permitted``, ``staff_unknown``, ``staff_field_wrong``.
    """
    if not set(skills) <= set(SKILL_NAMES):
        raise RequestError("staff_field_wrong", field="skill")

    def work(uow: UnitOfWork, person: Staff) -> None:
        known = set(uow.staff_skills.of(staff_id))
        if known == set(skills):
            return
        uow.staff_skills.forget(staff_id, known - set(skills))
        for skill in sorted(set(skills) - known):
            uow.staff_skills.add(StaffSkill(staff_id, skill, by.staff_id, now))
        was, became = (" ".join(sorted(names)) for names in (known, set(skills)))
        note(uow, person, "skills", was, became, by=by.staff_id, where=where, now=now)

    _about(store, staff_id, work, by=by, oneself=True)


def skills_of(store: Store, staff_id: str) -> list[str]:
    """What a person can do beyond the ordinary."""
    with store.read() as uow:
        return uow.staff_skills.of(staff_id)


def _about(
    store: Store, staff_id: str, work: Callable[[UnitOfWork, Staff], object], *, by: Staff, oneself: bool = False
) -> None:
    """Do something with a person, whose row is locked."""
    require_role(by, "administrator")
    if by.staff_id == staff_id and not oneself:
        raise RequestError("not_oneself")

    def locked(uow: UnitOfWork) -> None:
        person = uow.staff.for_update(staff_id)
        if person is None:
            raise RequestError("staff_unknown", staff=staff_id[:32])
        work(uow, person)

    store.transact(locked)


def _leaves(uow: UnitOfWork, person: Staff, now: dt.datetime) -> None:
    end_all(uow, person.staff_id, now)
    vacate(uow, person, now)


def _made() -> str:
    return "-".join("".join(secrets.choice(LETTERS) for _ in range(GROUP)) for _ in range(GROUPS))
