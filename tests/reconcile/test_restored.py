"""Files of a time that is missing from restored books."""

import datetime as dt

from cardsvc.service.approval_kinds import APPROVALS
from cardsvc.service.purse.restored import tell_restored
from cardsvc.service.reconcile.run import difference_view
from cardsvc.service.staff.approvals import approve
from cardsvc.store.records import Staff
from tests.reconcile.test_reconcile import mobile, people, run, statement, take_in, tick
from tests.restored import lost
from tests.world import FAMILIES, World

__all__ = ["people"]


def test_files_of_a_time_that_restored_books_lack_send_nothing_back(world: World, people: dict[str, Staff]) -> None:
    """A payment that the books do not have may be on its card: no entry is proposed. Booked from the card, the load is the line
    of its terminal's journal."""
    card = world.issue(FAMILIES[0])
    with lost(world):
        tick(world)
        mobile(world, card, "M-1")
    asked = tell_restored(
        world.store, world.now - dt.timedelta(days=1), world.now, "nightly", "磁盘故障", by=people["li"], now=world.now
    )
    approve(world.store, APPROVALS, asked.approval_id, by=people["wang"], now=world.now)
    take_in(world, "channel", "mobile", statement("channel", ("M-1", 5000, "")))
    take_in(world, "terminal", "kiosk-7", statement("terminal", ("lost-key", 5000, "written")))
    found = run(world)
    assert sorted((row.code, row.subject, row.entry) for row in found) == [
        ("reference_unknown", "kiosk-7:lost-key", None),
        ("reference_unknown", "mobile:M-1", None),
    ]
    assert "缺失" in difference_view(next(row for row in found if row.subject == "mobile:M-1"))["details_text"]["zh"]
    world.do(card, "catch_up")
    tick(world)
    assert [row.subject for row in run(world)] == ["mobile:M-1"]
