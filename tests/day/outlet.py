"""An outlet with its people and a funded vault, for the tests of shifts, day-ends and reports."""

from dataclasses import dataclass
from typing import Any

import pytest

from cardsvc.errors import CardsvcError
from cardsvc.service.approval_kinds import APPROVALS
from cardsvc.service.cash.shifts import close_shift, open_shift
from cardsvc.service.staff.accounts import NewStaff, add_outlet, add_staff
from cardsvc.service.staff.approvals import approve, propose
from cardsvc.store.records import Shift, Staff
from tests.world import DESK, World

PASSWORD = "only for tests"
FLOAT = {"10000": 2, "1000": 10}
VAULT = 1_000_000


def refused(code: str) -> Any:
    """What is refused is refused with this code, and not done."""
    return pytest.raises(CardsvcError, match=f"^{code} ")


@dataclass
class Hall:
    """The outlet ``hall``: two tellers, two supervisors, and 10,000 yuan in the vault."""

    world: World
    people: dict[str, Staff]

    def __getitem__(self, staff_id: str) -> Staff:
        return self.people[staff_id]

    def agree(self, kind: str, subject: str, payload: dict[str, Any], by: str = "teller", second: str = "boss") -> Any:
        """One proposes, another approves."""
        store, now = self.world.store, self.world.now
        asked = propose(store, APPROVALS, kind, subject, payload, "送款单 7", by=self[by], now=now)
        return approve(store, APPROVALS, asked.approval_id, by=self[second], now=now)

    def open(self, teller: str = "teller", pieces: dict[str, int] | None = None, actor: Any = DESK) -> Shift:
        """A shift at a desk."""
        count = FLOAT if pieces is None else pieces
        return open_shift(self.world.store, (actor.kind, actor.id), count, by=self[teller], now=self.world.now)

    def close(self, shift: Shift, amount: int, teller: str = "teller") -> Shift:
        """Close it with this much in the drawer, counted in fen."""
        pieces = {"10000": amount // 10000, "1": amount % 10000}
        return close_shift(self.world.store, shift.shift_id, pieces, by=self[teller], now=self.world.now)

    def balance(self, account: str) -> int:
        """Debits minus credits of an account."""
        return self.world.balances().get(account, 0)


def open_hall(world: World) -> Hall:
    """The outlet with its people."""
    add_outlet(world.store, "hall", "市民之家", world.now)
    admin = add_staff(world.store, NewStaff("admin", "管理员", "administrator", "hall"), PASSWORD, world.now, by=None)
    roles = {"teller": "cashier", "other": "cashier", "boss": "supervisor", "second": "supervisor", "auditor": "auditor"}
    people = {
        name: add_staff(world.store, NewStaff(name, name, role, "hall"), PASSWORD, world.now, by=admin)
        for name, role in roles.items()
    }
    hall = Hall(world, {**people, "admin": admin})
    payload = {"debit": "vault:hall", "credit": "clearing:bank:hall", "amount": VAULT, "corrects": "slip-1"}
    hall.agree("correction", "slip-1", payload)
    return hall
