"""A month ticket whose sale breaks off while the month that is over is taken off its purse."""

import datetime as dt
import uuid
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from cardsvc.errors import CardGone
from cardsvc.service.desk.work_place import job_of
from cardsvc.service.desk.workstations import begin
from cardsvc.service.staff.accounts import NewStaff, add_outlet, add_staff
from cardsvc.service.terminals.registry import register_terminal
from cardsvc.signature import public_hex
from cardsvc.vcard import FaultPlan
from tests.desk.busy import CASH, Counter
from tests.world import FAMILIES, World


@pytest.mark.parametrize("family", FAMILIES)
def test_the_load_is_what_is_told_and_not_the_room_that_was_made_for_it(tmp_path: Path, family: str) -> None:
    """The old month went, and the card's next contact settled that as done; the load that was paid for never began."""
    world = World(tmp_path / "city.db")
    add_outlet(world.store, "hall", "hall", world.now)
    admin = add_staff(world.store, NewStaff("admin", "管理员", "administrator", "hall"), "only for tests", world.now, by=None)
    clerk = add_staff(world.store, NewStaff("clerk", "演示员", "clerk", "hall"), "only for tests", world.now, by=admin)
    key = public_hex(Ed25519PrivateKey.generate())
    register_terminal(world.store, "ws-1", "", "310000000011", key, "workstation", world.now, outlet_id="hall")
    card, month = world.issue(family), {"amount": 5000, "payment": CASH, "product": "T", "area": "month"}
    world.do(card, "open", application="bus", product="T")
    world.do(card, "topup", **month)
    world.now += dt.timedelta(days=62)  # two months on: the purse of the first one is the one that is loaded
    counter, contact = Counter(world, "ws-1", clerk), str(uuid.uuid4())
    counter.sees(card, contact)
    begun = begin(world.engine, "ws-1", contact, "topup", month, by=clerk, idempotency_key=str(uuid.uuid4()))
    card.plan = FaultPlan(tear_after_write=1)
    with pytest.raises(CardGone):
        counter.finish(card, begun)
    counter.sees(None, contact)
    assert [entry["state"] for entry in world.do(card, "inspect")["settled"]] == ["confirmed"]
    problem = job_of(world.engine, "ws-1", begun.id, by=clerk).problem or {}
    assert (problem["code"], problem["outcome"]) == ("operation_abandoned", "unknown")
    world.close()
