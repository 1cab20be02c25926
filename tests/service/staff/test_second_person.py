"""Who is the second person: somebody of the outlet where it was proposed, as long as there is somebody."""

import datetime as dt

import pytest

from cardsvc.rules import rule_text
from cardsvc.service.approval_kinds import APPROVALS
from cardsvc.service.management.rule_versions import propose_rules
from cardsvc.service.management.staff_admin import set_staff_state
from cardsvc.service.staff.accounts import NewStaff, add_outlet, add_staff
from cardsvc.service.staff.approvals import approvals_for, approve, propose, reject, waiting_for
from cardsvc.store.records import Approval, Staff
from tests.day.outlet import PASSWORD, Hall, open_hall, refused
from tests.world import World


@pytest.fixture
def hall(world: World) -> Hall:
    """The hall, and another outlet with a teller and its only supervisor."""
    made, store = open_hall(world), world.store
    add_outlet(store, "west", "城西网点", world.now)
    for name, role in (("wes", "cashier"), ("wendy", "supervisor")):
        made.people[name] = add_staff(store, NewStaff(name, name, role, "west"), PASSWORD, world.now, by=made["admin"])
    return made


def proposed(hall: Hall, by: str, slip: str = "slip-2") -> Approval:
    """An entry of the bank's, by somebody."""
    payload = {"debit": "vault:hall", "credit": "clearing:bank:hall", "amount": 100, "corrects": slip}
    return propose(hall.world.store, APPROVALS, "correction", slip, payload, "送款单 8", by=hall[by], now=hall.world.now)


def seen(hall: Hall, who: str) -> list[tuple[str, bool]]:
    """What the page of decisions shows to somebody, and whether they decide it."""
    return [(one["proposed_by"], one["decides"]) for one in approvals_for(hall.world.store, APPROVALS, hall[who])]


def test_a_supervisor_decides_what_was_proposed_at_their_outlet(hall: Hall) -> None:
    """Another outlet's is neither theirs to agree to nor to refuse, and they are not told of it; an auditor has no outlet."""
    store, now = hall.world.store, hall.world.now
    one = proposed(hall, "teller")
    assert (seen(hall, "boss"), seen(hall, "wendy"), seen(hall, "wes")) == ([("teller", True)], [], [])
    assert (seen(hall, "other"), seen(hall, "auditor")) == ([("teller", False)], [("teller", True)])
    assert [waiting_for(store, APPROVALS, hall[who]) for who in ("boss", "wendy", "auditor")] == [1, 0, 1]
    for decide in (approve, reject):
        with refused("approval_elsewhere") as told:
            decide(store, APPROVALS, one.approval_id, "看过", by=hall["wendy"], now=now)
    assert told.value.details["outlet"] == "市民之家"
    assert approve(store, APPROVALS, one.approval_id, by=hall["boss"], now=now).decided_by == "boss"
    assert approve(store, APPROVALS, proposed(hall, "wes").approval_id, by=hall["auditor"], now=now).decided_by == "auditor"


def test_where_nobody_else_can_decide_another_outlets_supervisor_does(hall: Hall) -> None:
    """An outlet with one supervisor, who proposed it; somebody who is suspended decides nothing either."""
    store, now = hall.world.store, hall.world.now
    own = proposed(hall, "wendy")
    assert (seen(hall, "boss"), waiting_for(store, APPROVALS, hall["boss"])) == ([("wendy", True)], 1)
    assert approve(store, APPROVALS, own.approval_id, by=hall["boss"], now=now).decided_by == "boss"
    tellers = proposed(hall, "wes", "slip-3")
    with refused("approval_elsewhere"):
        approve(store, APPROVALS, tellers.approval_id, by=hall["boss"], now=now)
    suspend(hall, hall["wendy"])
    assert approve(store, APPROVALS, tellers.approval_id, by=hall["boss"], now=now).decided_by == "boss"


def suspend(hall: Hall, who: Staff) -> None:
    """Somebody does not work here any more."""
    set_staff_state(hall.world.store, who.staff_id, "suspended", by=hall["admin"], now=hall.world.now)


def test_rules_are_nobodys_own(hall: Hall) -> None:
    """They hold in the whole city: a supervisor of any outlet is the second person."""
    store, now = hall.world.store, hall.world.now
    text = rule_text(None).replace('version = "2026.1"', 'version = "2026.2"')
    day = now.date() + dt.timedelta(days=9)
    asked = propose_rules(store, APPROVALS, text, day, "试行", by=hall["boss"], now=now)
    assert seen(hall, "wendy") == [("boss", True)]
    assert approve(store, APPROVALS, asked.approval_id, by=hall["wendy"], now=now).decided_by == "wendy"
