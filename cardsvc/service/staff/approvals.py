"""Decisions that need two people: one proposes and says why, another agrees, and only then it is done.

Carrying it out and noting the agreement are one transaction. What it does may have become impossible in between: then the
error undoes both, and the proposal still waits. A kind of decision is an ``ApprovalKind``; approval_kinds.py lists them all.
"""

import datetime as dt
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from cardsvc.errors import OperationError, RequestError
from cardsvc.service.staff.accounts import require_role
from cardsvc.store import Store, UnitOfWork
from cardsvc.store.records import Approval, Staff
from cardsvc.store.states import APPROVAL_ALLOWED, ApprovalState
from cardsvc.text import Text

STATE_NAMES: Mapping[str, Text] = {
    "proposed": Text("等复核", "waits"),
    "approved": Text("已同意", "agreed"),
    "rejected": Text("已拒绝", "refused"),
    "withdrawn": Text("已收回", "taken back"),
    "lapsed": Text("已失效：此前已经结清", "lapsed: settled before it was decided"),
}
MAX_TEXT = 200
OF_NO_OUTLET = ("auditor", "administrator")
"""They look after the whole city."""
Check = Callable[[UnitOfWork, str, Mapping[str, Any]], None]
CarryOut = Callable[[UnitOfWork, Approval, dt.datetime], dict[str, Any]]


@dataclass(frozen=True, slots=True)
class ApprovalKind:
    """A kind of decision. ``check`` raises when it makes no sense now; ``carry_out`` does it and returns what was done.
    ``of_city``: it is about the whole city, and no outlet's own."""

    name: str
    proposers: frozenset[str]
    approvers: frozenset[str]
    check: Check
    carry_out: CarryOut
    of_city: bool = False


Kinds = Mapping[str, ApprovalKind]


def propose(
    store: Store,
    kinds: Kinds,
    kind: str,
    subject: str,
    payload: dict[str, Any],
    reason: str,
    *,
    by: Staff,
    now: dt.datetime,
) -> Approval:
    """Ask for a decision about ``subject`` (a card, a load, a rule set...). One open proposal for one thing of a kind.

    Raises RequestError: ``approval_kind_unknown``, ``not_permitted``, ``reason_missing``, ``approval_open``, or what
    the kind's own check finds.
    """
    known = _kind(kinds, kind)
    return store.transact(lambda uow: propose_within(uow, known, subject, payload, reason, by=by, now=now))


def propose_within(
    uow: UnitOfWork, kind: ApprovalKind, subject: str, payload: dict[str, Any], reason: str, *, by: Staff, now: dt.datetime
) -> Approval:
    """The same within another transaction, which keeps what the decision is about."""
    require_role(by, *sorted(kind.proposers))
    _reason(reason)
    uow.hold(f"approval {kind.name} {subject}")
    if uow.approvals.open_on(kind.name, subject):
        raise RequestError("approval_open", subject=subject)
    kind.check(uow, subject, payload)
    approval_id, state = str(uuid.uuid4()), ApprovalState.PROPOSED
    return uow.approvals.add(Approval(approval_id, kind.name, subject, payload, reason.strip(), state, by.staff_id, now))


def approve(store: Store, kinds: Kinds, approval_id: str, remark: str = "", *, by: Staff, now: dt.datetime) -> Approval:
    """Agree, and do it. Raises OperationError ``approval_decided``, RequestError ``approval_own``, ``not_permitted``,
    ``approval_elsewhere``, or what stands against it now: then nothing was done and the proposal still waits."""

    def work(uow: UnitOfWork) -> Approval:
        approval = _open(uow, approval_id)
        known = _kind(kinds, approval.kind)
        _second_person(uow, approval, known, by)
        known.check(uow, approval.subject, approval.payload)
        result = known.carry_out(uow, replace(approval, decided_by=by.staff_id), now)
        return _decided(uow, approval, ApprovalState.APPROVED, by, now, remark, result)

    return store.transact(work)


def reject(store: Store, kinds: Kinds, approval_id: str, remark: str, *, by: Staff, now: dt.datetime) -> Approval:
    """Refuse, saying why. Raises as ``approve`` does, and RequestError ``reason_missing``."""
    _reason(remark)

    def work(uow: UnitOfWork) -> Approval:
        approval = _open(uow, approval_id)
        _second_person(uow, approval, _kind(kinds, approval.kind), by)
        return _decided(uow, approval, ApprovalState.REJECTED, by, now, remark)

    return store.transact(work)


def withdraw(store: Store, approval_id: str, *, by: Staff, now: dt.datetime) -> Approval:
    """Take one's own proposal back. Raises OperationError ``approval_decided``, RequestError ``approval_not_own``."""

    def work(uow: UnitOfWork) -> Approval:
        approval = _open(uow, approval_id)
        if approval.proposed_by != by.staff_id:
            raise RequestError("approval_not_own")
        return _decided(uow, approval, ApprovalState.WITHDRAWN, by, now)

    return store.transact(work)


def lapse(uow: UnitOfWork, approval_id: str, settled_by: str, now: dt.datetime) -> bool:
    """Let an open proposal lapse, for what it is about was settled by this rule. Whether it was still open."""
    approval = uow.approvals.for_update(approval_id)
    if approval is None or approval.state != ApprovalState.PROPOSED:
        return False
    uow.approvals.change(approval, state=ApprovalState.LAPSED, decided_at=now, result={"settled_by": settled_by})
    return True


def _kind(kinds: Kinds, kind: str) -> ApprovalKind:
    if kind not in kinds:
        raise RequestError("approval_kind_unknown", kind=kind[:32])
    return kinds[kind]


def _open(uow: UnitOfWork, approval_id: str) -> Approval:
    approval = uow.approvals.for_update(approval_id)
    if approval is None:
        raise RequestError("approval_unknown")
    if not APPROVAL_ALLOWED[ApprovalState(approval.state)]:
        raise OperationError("approval_decided", state=STATE_NAMES[approval.state])
    return approval


def _second_person(uow: UnitOfWork, approval: Approval, known: ApprovalKind, by: Staff) -> None:
    if approval.proposed_by == by.staff_id:
        raise RequestError("approval_own")
    require_role(by, *sorted(known.approvers))
    elsewhere = _elsewhere(uow, approval, known, by)
    if elsewhere is not None:
        raise RequestError("approval_elsewhere", outlet=elsewhere)


def _elsewhere(uow: UnitOfWork, approval: Approval, known: ApprovalKind, by: Staff) -> str | None:
    """The name of the other outlet whose supervisors decide this. None: it is this person's to decide, for a supervisor decides
    what was proposed at their own outlet, and elsewhere only where nobody else is there to do it; other roles have no outlet.
    """
    proposer = uow.staff.get(approval.proposed_by)
    if known.of_city or by.role != "supervisor" or proposer is None or proposer.outlet_id == by.outlet_id:
        return None
    people = uow.staff.where_is(outlet_id=proposer.outlet_id, role="supervisor", state="active")
    if not any(person.staff_id != proposer.staff_id for person in people):
        return None
    return uow.outlets.get_one(proposer.outlet_id).name


def _reason(text: str) -> None:
    if not 1 <= len(text.strip()) <= MAX_TEXT:
        raise RequestError("reason_missing", length=MAX_TEXT)


def _decided(
    uow: UnitOfWork,
    approval: Approval,
    state: ApprovalState,
    by: Staff,
    now: dt.datetime,
    remark: str = "",
    result: dict[str, Any] | None = None,
) -> Approval:
    return uow.approvals.change(
        approval, state=state, decided_by=by.staff_id, decided_at=now, remark=remark[:MAX_TEXT] or None, result=result
    )


def approval_view(approval: Approval) -> dict[str, Any]:
    """A decision as it is shown."""
    return {
        "approval_id": approval.approval_id,
        "kind": approval.kind,
        "subject": approval.subject,
        "payload": approval.payload,
        "reason": approval.reason,
        "state": str(approval.state),
        "proposed_by": approval.proposed_by,
        "proposed_at": approval.proposed_at.isoformat(),
        "decided_by": approval.decided_by,
        "decided_at": approval.decided_at.isoformat() if approval.decided_at else None,
        "remark": approval.remark,
        "result": approval.result,
    }


def open_approvals(store: Store) -> list[dict[str, Any]]:
    """What waits for a second person, newest first."""
    with store.read() as uow:
        return [approval_view(approval) for approval in uow.approvals.open()]


def approvals_for(store: Store, kinds: Kinds, person: Staff) -> list[dict[str, Any]]:
    """The same as far as this person has to do with it: what they decide (``decides``), and what was proposed at their outlet;
    auditors and administrators see everything."""
    found = []
    with store.read() as uow:
        for one in uow.approvals.open():
            decides, proposer = _decides(uow, one, kinds, person), uow.staff.get(one.proposed_by)
            near = proposer is None or proposer.outlet_id == person.outlet_id or person.role in OF_NO_OUTLET
            if decides or near:
                found.append({**approval_view(one), "decides": decides})
    return found


def waiting_for(store: Store, kinds: Kinds, person: Staff) -> int:
    """How many proposals of others this person may decide."""
    if not any(person.role in kind.approvers for kind in kinds.values()):
        return 0
    with store.read() as uow:
        return sum(_decides(uow, one, kinds, person) for one in uow.approvals.open())


def _decides(uow: UnitOfWork, approval: Approval, kinds: Kinds, person: Staff) -> bool:
    known = _kind(kinds, approval.kind)
    if approval.proposed_by == person.staff_id or person.role not in known.approvers:
        return False
    return _elsewhere(uow, approval, known, person) is None
