"""People for the demo, the tests and the bench: all of them visibly synthetic."""

import datetime as dt
import secrets
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from cardsvc.store import Store
    from cardsvc.store.records import Staff


def synthetic_person(number: int) -> Any:
    """A person who is visibly synthetic: nobody was born on 30 February."""
    from cardsvc.service.people.register import CitizenData
    from cardsvc.units import id_number_check_digit

    body = f"3301001999023{number:04d}"
    return CitizenData(
        name="测试",
        id_number=body + id_number_check_digit(body),
        sex=1,
        ethnic_group=1,
        birthplace="330100",
        birth_date="1999-02-28",  # type: ignore[arg-type] # ISO text
    )


def staffed_outlet(store: "Store", outlet_id: str, roles: Mapping[str, str], now: dt.datetime) -> "dict[str, Staff]":
    """An outlet of an empty database with an administrator and people of these roles; nobody knows their passwords."""
    from cardsvc.service.staff.accounts import NewStaff, add_outlet, add_staff

    add_outlet(store, outlet_id, "市民之家", now)
    admin = add_staff(store, NewStaff("admin", "管理员", "administrator", outlet_id), secrets.token_hex(16), now, by=None)
    return {
        name: add_staff(store, NewStaff(name, name, role, outlet_id), secrets.token_hex(16), now, by=admin)
        for name, role in roles.items()
    }
