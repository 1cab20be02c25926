"""Staff: who works with the service, and signing in. Passwords are kept as argon2id hashes only."""

import datetime as dt
import re
from collections.abc import Mapping
from functools import cache
from typing import Any, NamedTuple

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from cardsvc.errors import RequestError
from cardsvc.service.staff.trail import PROGRAM, note
from cardsvc.store import Store, UnitOfWork
from cardsvc.store.records import Outlet, Staff
from cardsvc.text import Text

SERVICE = "service"
"""The role of what runs by itself, from a timer: it works with files and lists, and stands at no desk and decides nothing."""
ROLE_NAMES: Mapping[str, Text] = {
    "clerk": Text("窗口人员", "clerk"),
    "cashier": Text("收银员", "cashier"),
    "supervisor": Text("主管", "supervisor"),
    "stock_keeper": Text("库管员", "stock keeper"),
    "auditor": Text("审计员", "auditor"),
    "administrator": Text("管理员", "administrator"),
    SERVICE: Text("自动任务账号", "service account"),
}
STATE_NAMES: Mapping[str, Text] = {"active": Text("在用", "in use"), "suspended": Text("停用", "suspended")}
SKILL_NAMES: Mapping[str, Text] = {
    "sign_language": Text("手语", "sign language"),
    "english": Text("英语", "English"),
    "dialect": Text("方言", "the local dialect"),
}
"""What somebody can do beyond the ordinary; the rules of the green channel name some of them."""
MIN_PASSWORD = 10
MAX_ATTEMPTS = 5
LOCKED_FOR = dt.timedelta(minutes=15)
HASHER = PasswordHasher()
"""argon2id with the library's costs (RFC 9106, its low-memory profile)."""


def add_outlet(store: Store, outlet_id: str, name: str, now: dt.datetime) -> Outlet:
    """Add an outlet. Raises RequestError ``staff_field_wrong`` or ``outlet_exists``."""
    return store.transact(lambda uow: outlet_in(uow, outlet_id, name, now))


def outlet_in(uow: UnitOfWork, outlet_id: str, name: str, now: dt.datetime) -> Outlet:
    """``add_outlet`` within another transaction."""
    _check(("outlet_id", outlet_id, r"[A-Za-z0-9._-]{1,32}"), ("name", name, r"[^\x00-\x1f]{1,64}"))
    if uow.outlets.get(outlet_id) is not None:
        raise RequestError("outlet_exists", outlet=outlet_id)
    return uow.outlets.add(Outlet(outlet_id, name, now))


def has_staff(store: Store) -> bool:
    """Whether anybody can sign in; until then the service is being set up."""
    with store.read() as uow:
        return uow.staff.any()


class NewStaff(NamedTuple):
    """A person who is to work here."""

    staff_id: str
    name: str
    role: str
    outlet_id: str


def add_staff(
    store: Store,
    new: NewStaff,
    password: str,
    now: dt.datetime,
    *,
    by: Staff | None,
    once: bool = False,
    where: str = PROGRAM,
) -> Staff:
    """Add a person. ``by`` must be an administrator; only the very first person is added by nobody. ``once``: the person must
    choose another password at the first sign-in; ``where``: desk or command line, for the record.

    Raises RequestError: ``staff_field_wrong``, ``staff_exists``, ``outlet_unknown``, ``password_weak``, ``not_permitted``.
    """
    _check(("staff_id", new.staff_id, r"[A-Za-z0-9._-]{1,32}"), ("name", new.name, r"[^\x00-\x1f]{1,64}"))
    _check(("role", new.role, "|".join(ROLE_NAMES)))
    person = Staff(*new, password_hash(password), "active", 0, now, password_once=once)

    def work(uow: UnitOfWork) -> Staff:
        require_administrator(uow, by)
        if by is None and new.role != "administrator":
            raise RequestError("staff_first_administrator")
        if uow.outlets.get(new.outlet_id) is None:
            raise RequestError("outlet_unknown", outlet=new.outlet_id)
        if uow.staff.get(new.staff_id) is not None:
            raise RequestError("staff_exists", staff=new.staff_id)
        uow.staff.add(person)
        note(uow, person, "created", became=f"{new.role} {new.outlet_id}", by=by.staff_id if by else None, where=where, now=now)
        return person

    return store.transact(work)


def sign_in(store: Store, staff_id: str, password: str, now: dt.datetime, *, job: bool = False) -> Staff:
    """The person, if the password is right and the account is open. Counts wrong passwords; the count outlives the refusal.
    ``job``: for work that a timer may do; anywhere else a service account is nobody.

    Raises RequestError: ``sign_in_wrong``, ``sign_in_locked``, ``service_account``.
    """
    with store.read() as uow:
        known = uow.staff.get(staff_id)
    right = _matches(known.password_hash if known else _nobody(), password) and known is not None

    def work(uow: UnitOfWork) -> Staff | None:
        person = uow.staff.for_update(staff_id)
        if person is None or (person.locked_until is not None and person.locked_until > now):
            return person
        if right and person.state == "active":
            return uow.staff.change(person, failed_attempts=0, locked_until=None)
        attempts = person.failed_attempts + 1
        locked = now + LOCKED_FOR if attempts >= MAX_ATTEMPTS else None
        return uow.staff.change(person, failed_attempts=0 if locked else attempts, locked_until=locked)

    person = store.transact(work)
    if person is not None and person.locked_until is not None and person.locked_until > now:
        raise RequestError("sign_in_locked", until=person.locked_until.isoformat(timespec="minutes"))
    if person is None or not right or person.state != "active":
        raise RequestError("sign_in_wrong")
    if person.role == SERVICE and not job:
        raise RequestError("service_account", staff=staff_id)
    return person


def change_password(store: Store, staff_id: str, password: str, *, by: Staff, now: dt.datetime, where: str = PROGRAM) -> None:
    """Give a person another password: their own, or anybody's as administrator. Raises RequestError: ``password_weak``,
    ``password_same`` where one's own stays what it was, ``staff_unknown``, ``not_permitted``."""
    if by.staff_id != staff_id:
        require_role(by, "administrator")
    elif _matches(by.password_hash, password):
        raise RequestError("password_same")
    hashed = password_hash(password)

    def work(uow: UnitOfWork) -> None:
        person = uow.staff.for_update(staff_id)
        if person is None:
            raise RequestError("staff_unknown", staff=staff_id)
        changed = uow.staff.change(person, password_hash=hashed, password_once=False, failed_attempts=0, locked_until=None)
        note(uow, changed, "password", by=by.staff_id, where=where, now=now)

    store.transact(work)


def require_administrator(uow: UnitOfWork, by: Staff | None) -> None:
    """Only an administrator; nobody is asked (``by`` None) while a service is set up and has no staff.

    Raises RequestError ``not_permitted``.
    """
    if by is not None:
        require_role(by, "administrator")
    elif uow.staff.any():
        raise not_permitted("administrator")


def require_role(person: Staff, *roles: str) -> None:
    """Raise RequestError ``not_permitted`` unless the person has one of these roles."""
    if person.role not in roles:
        raise not_permitted(*roles)


def not_permitted(*roles: str, outlet: str = "") -> RequestError:
    """What somebody is told who may not do a thing: who may, by role or by a person's id, and of which outlet."""
    names = [ROLE_NAMES.get(role, Text(f" {role} ", role)) for role in roles]
    where = f" ({outlet})" if outlet else ""
    chinese, english = "、".join(name.zh for name in names), ", ".join(name.en for name in names)
    return RequestError("not_permitted", role_zh=chinese + where, role_en=english + where)


def _matches(kept: str, password: str) -> bool:
    try:
        return HASHER.verify(kept, password)
    except (VerificationError, InvalidHashError):
        return False


def password_hash(password: str) -> str:
    """What is kept of a password. Raises RequestError ``password_weak``."""
    if len(password) < MIN_PASSWORD:
        raise RequestError("password_weak", length=MIN_PASSWORD)
    return HASHER.hash(password)


def _check(*fields: tuple[str, str, str]) -> None:
    for field, value, pattern in fields:
        if not re.fullmatch(pattern, value):
            raise RequestError("staff_field_wrong", field=field)


def staff_view(store: Store) -> list[dict[str, Any]]:
    """Everybody, newest first, without anything secret."""
    with store.read() as uow:
        return [
            {"staff_id": p.staff_id, "name": p.name, "role": p.role, "outlet_id": p.outlet_id, "state": p.state}
            for p in uow.staff.all()
        ]


def outlets_view(store: Store) -> list[dict[str, Any]]:
    """Every outlet by its id, with its name."""
    with store.read() as uow:
        return sorted(({"outlet_id": o.outlet_id, "name": o.name} for o in uow.outlets.all()), key=lambda o: o["outlet_id"])


@cache
def _nobody() -> str:
    """Checked for a person who does not exist, so that the time of an answer tells nothing."""
    return HASHER.hash("nobody has this password")
