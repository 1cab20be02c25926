"""Complaints: a case number, a day by which there is an answer, and at every moment one person who looks after it."""

import datetime as dt
from typing import Any

from cardsvc.errors import OperationError, RequestError
from cardsvc.keystore import KeyStore
from cardsvc.rules import RuleSet
from cardsvc.rules.hall import complaint_due
from cardsvc.service.operations.rule_book import local_day
from cardsvc.service.staff.accounts import require_role
from cardsvc.store import Store, UnitOfWork
from cardsvc.store.records import Complaint, ComplaintStep, Staff
from cardsvc.store.states import COMPLAINT_ALLOWED, ComplaintStage

LABEL = "complaint contact "
DESK = ("clerk", "cashier", "supervisor")


def receive(
    store: Store,
    rules: RuleSet,
    keystore: KeyStore,
    channel: str,
    text: str,
    *,
    by: Staff,
    now: dt.datetime,
    contact: str | None = None,
) -> Complaint:
    """Take a complaint; whoever takes it looks after it until it is given to somebody else. The same words taken twice by the
    same person on a day are one complaint: the form was sent again.

    Raises RequestError ``complaint_text``, ``not_permitted``; RuleError ``rule_no_complaint``.
    """
    require_role(by, *DESK)
    day = local_day(now)
    due = complaint_due(rules, channel, day)
    if not 0 < len(text) <= 1000 or len(contact or "") > 100:
        raise RequestError("complaint_text")

    said = (channel, text, by.staff_id)

    def work(uow: UnitOfWork) -> Complaint:
        uow.outlets.lock(by.outlet_id)
        prefix = f"T{day:%y%m%d}-"
        again = (one for one in uow.complaints.of_day(prefix) if (one.channel, one.text, one.received_by) == said)
        known = next(again, None)
        if known is not None:
            return known
        case_no = f"{prefix}{len(uow.complaints.of_day(prefix)) + 1:03d}"
        sealed = keystore.seal(contact.encode(), LABEL + case_no) if contact else None
        case = uow.complaints.add(Complaint(case_no, by.outlet_id, channel, text, due, by.staff_id, now, sealed))
        uow.complaint_steps.add(ComplaintStep(case_no, 1, "received", by.staff_id, text, by.staff_id, now))
        return case

    return store.transact(work)


def assign(store: Store, case_no: str, owner: str, reason: str, *, by: Staff, now: dt.datetime) -> ComplaintStep:
    """Give a complaint to somebody. Raises RequestError ``complaint_unknown``, ``staff_unknown``; OperationError
    ``complaint_answered``."""
    return _step(store, case_no, "assigned", reason, by=by, now=now, owner=owner)


def add_note(store: Store, case_no: str, text: str, *, by: Staff, now: dt.datetime) -> ComplaintStep:
    """Keep what was found out. Raises as ``assign`` does."""
    return _step(store, case_no, "noted", text, by=by, now=now)


def answer(store: Store, case_no: str, text: str, *, by: Staff, now: dt.datetime) -> ComplaintStep:
    """What the person was told; the case is over. Raises as ``assign`` does, and ``not_permitted``."""
    require_role(by, "supervisor")
    return _step(store, case_no, "answered", text, by=by, now=now)


def _step(
    store: Store, case_no: str, step: str, text: str, *, by: Staff, now: dt.datetime, owner: str | None = None
) -> ComplaintStep:
    require_role(by, *DESK)
    if not 0 < len(text) <= 1000:
        raise RequestError("complaint_text")

    def work(uow: UnitOfWork) -> ComplaintStep:
        case = uow.complaints.for_update(case_no)
        if case is None:
            raise RequestError("complaint_unknown", case=case_no[:40])
        steps = uow.complaint_steps.of_case(case_no)
        last = steps[-1]
        if (last.step, last.text, last.by, owner or last.owner) == (step, text, by.staff_id, last.owner):
            return last  # the form was sent again
        if not COMPLAINT_ALLOWED[ComplaintStage(last.step)]:
            raise OperationError("complaint_answered", case=case_no)
        if owner is not None and uow.staff.get(owner) is None:
            raise RequestError("staff_unknown", staff=owner)
        who = owner or last.owner
        return uow.complaint_steps.add(ComplaintStep(case_no, len(steps) + 1, step, who, text, by.staff_id, now))

    return store.transact(work)


def complaints_view(store: Store, *, now: dt.datetime, only_open: bool = True) -> list[dict[str, Any]]:
    """Complaints, the most urgent first, with who looks after each."""
    with store.read() as uow:
        cases = [(case, uow.complaint_steps.of_case(case.case_no)) for case in uow.complaints.all()]
    found = [_view(case, steps, local_day(now)) for case, steps in cases]
    shown = [case for case in found if not (only_open and case["answered"])]
    return sorted(shown, key=lambda case: (case["answered"], case["due_on"], case["case_no"]))


def complaint_view(store: Store, keystore: KeyStore, case_no: str, *, by: Staff, now: dt.datetime) -> dict[str, Any]:
    """One complaint. ``contact``, how to reach the person, is read by whoever looks after it and by the outlet's supervisors.

    Raises RequestError ``complaint_unknown``.
    """
    with store.read() as uow:
        case = uow.complaints.get(case_no)
        if case is None:
            raise RequestError("complaint_unknown", case=case_no[:40])
        found = _view(case, uow.complaint_steps.of_case(case_no), local_day(now))
    trusted = by.staff_id == found["owner"] or (by.role == "supervisor" and by.outlet_id == case.outlet_id)
    sealed = case.contact if trusted else None
    return {**found, "contact": keystore.unseal(sealed, LABEL + case_no).decode() if sealed else None}


def _view(case: Complaint, steps: list[ComplaintStep], day: dt.date) -> dict[str, Any]:
    answered = steps[-1].step == "answered"
    ended = local_day(steps[-1].at) if answered else day
    return {
        "case_no": case.case_no,
        "outlet_id": case.outlet_id,
        "channel": case.channel,
        "text": case.text,
        "due_on": case.due_on.isoformat(),
        "owner": steps[-1].owner,
        "answered": answered,
        "late": ended > case.due_on,
        "steps": [
            {"step": s.step, "owner": s.owner, "text": s.text, "by": s.by, "at": s.at.isoformat(timespec="seconds")}
            for s in steps
        ],
    }
