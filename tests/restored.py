"""A database that is restored from a backup, and the two people who say what is lost."""

import datetime as dt
from collections.abc import Iterator
from contextlib import contextmanager

from cardsvc.service.approval_kinds import APPROVALS
from cardsvc.service.purse.restored import tell_restored
from cardsvc.service.staff.approvals import approve
from cardsvc.service.staff.trail import PROGRAM, note
from cardsvc.store.records import Outlet, Staff
from tests.databases import copy
from tests.world import World


@contextmanager
def lost(world: World) -> Iterator[None]:
    """What is done in here happens to the cards, and is then missing from the database: a backup of before is restored."""
    backup = world.path.with_name("backup.db")
    world.store.close()
    copy(world.path, backup)
    yield
    world.store.close()
    copy(backup, world.path)


def declare(world: World, minutes: int = 10) -> None:
    """Two people agree that the last ten minutes are missing."""
    since, until = world.now - dt.timedelta(minutes=minutes), world.now
    asked = tell_restored(world.store, since, until, "nightly.dump", "磁盘故障", by=person_of(world, "boss"), now=world.now)
    approve(world.store, APPROVALS, asked.approval_id, by=person_of(world, "auditor"), now=world.now)


def person_of(world: World, role: str) -> Staff:
    """Somebody of the house, hired at the first call."""
    roles = {"boss": "supervisor", "auditor": "auditor"}
    with world.store.begin() as uow:
        known = uow.staff.get(role)
        if known is None:
            if uow.outlets.get("hall") is None:
                uow.outlets.add(Outlet("hall", "市民之家", world.now))
            known = uow.staff.add(Staff(role, role, roles[role], "hall", "-", "active", 0, world.now))
            note(uow, known, "created", became=f"{roles[role]} hall", by=None, where=PROGRAM, now=world.now)
            uow.commit()
    return known
