"""Appraisals (评价): one for a case, opened by the business system, given by the person who was served, changed by nobody.

A bad one carries a reason, and somebody calls back within the days of the rule. How to reach the person is sealed by the key
store: it is read by whoever calls back and by nobody else.
"""

import datetime as dt
from typing import Any, NamedTuple

from cardsvc.errors import OperationError, RequestError
from cardsvc.keystore import KeyStore
from cardsvc.rules import RuleSet
from cardsvc.rules.hall import appraisal_rule, check_appraisal
from cardsvc.service.operations.rule_book import local_day
from cardsvc.service.staff.accounts import require_role
from cardsvc.store import Store, UnitOfWork
from cardsvc.store.records import Appraisal, AppraisalCase, CallBack, Staff

LABEL = "appraisal contact "


def open_case(
    uow: UnitOfWork, rules: RuleSet, case_no: str, job: str, *, desk: str, by: Staff, now: dt.datetime
) -> AppraisalCase:
    """Open an appraisal on the second screen of a desk. The same case again changes nothing."""
    known = uow.appraisal_cases.get(case_no)
    if known is not None:
        return known
    lapses = now + dt.timedelta(minutes=appraisal_rule(rules, local_day(now)).open_minutes)
    return uow.appraisal_cases.add(AppraisalCase(case_no, by.outlet_id, desk, by.staff_id, job, now, lapses))


def case_at_desk(uow: UnitOfWork, outlet_id: str, desk: str, now: dt.datetime) -> AppraisalCase | None:
    """What the second screen of a desk shows: its newest case, while it can be appraised."""
    case = uow.appraisal_cases.last_at(outlet_id, desk)
    if case is None or case.lapses_at <= now or uow.appraisals.get(case.case_no) is not None:
        return None
    return case


class Opinion(NamedTuple):
    """What a person says: a level, the reason of a bad one, and, where they like, a remark and how to reach them."""

    level: int
    reason: str | None = None
    remark: str | None = None
    contact: str | None = None


def appraise(store: Store, rules: RuleSet, keystore: KeyStore, case_no: str, said: Opinion, now: dt.datetime) -> Appraisal:
    """What the person says. Once: a second one is refused, the same or another. Anonymous without a ``contact``.

    Raises RequestError ``appraisal_unknown``, ``appraisal_text``; OperationError ``appraisal_given``, ``appraisal_lapsed``;
    RuleError ``rule_appraisal_level``, ``rule_appraisal_reason``.
    """
    due = check_appraisal(rules, said.level, said.reason, local_day(now))
    if len(said.remark or "") > 200 or len(said.contact or "") > 100:
        raise RequestError("appraisal_text")
    sealed = keystore.seal(said.contact.encode(), LABEL + case_no) if said.contact else None

    def work(uow: UnitOfWork) -> Appraisal:
        case = uow.appraisal_cases.for_update(case_no)
        if case is None:
            raise RequestError("appraisal_unknown")
        if uow.appraisals.get(case_no) is not None:
            raise OperationError("appraisal_given")
        if case.lapses_at <= now:
            raise OperationError("appraisal_lapsed")
        reason = said.reason if due is not None else None
        return uow.appraisals.add(Appraisal(case_no, said.level, now, reason, said.remark or None, sealed, due))

    return store.transact(work)


def call_back(store: Store, case_no: str, note: str, *, by: Staff, now: dt.datetime) -> CallBack:
    """Somebody called back about a bad appraisal: never whoever it is about. Noted in the same words before, nothing happens.

    Raises RequestError ``appraisal_unknown``, ``appraisal_text``, ``not_permitted``, ``not_oneself``;
    OperationError ``appraisal_settled``.
    """
    require_role(by, "supervisor")
    if not 0 < len(note) <= 400:
        raise RequestError("appraisal_text")

    def work(uow: UnitOfWork) -> CallBack:
        case, given = uow.appraisal_cases.get(case_no), uow.appraisals.for_update(case_no)
        if case is None or given is None or given.call_back_due is None:
            raise RequestError("appraisal_unknown")
        if case.staff_id == by.staff_id:
            raise RequestError("not_oneself")
        known = uow.call_backs.get(case_no)
        if known is not None and (known.staff_id, known.note) == (by.staff_id, note):
            return known
        if known is not None:
            raise OperationError("appraisal_settled")
        return uow.call_backs.add(CallBack(case_no, by.staff_id, note, now))

    return store.transact(work)


def to_call_back(store: Store, keystore: KeyStore, *, by: Staff, now: dt.datetime) -> list[dict[str, Any]]:
    """Bad appraisals that wait for a call, the most urgent first, with how to reach the person. Raises ``not_permitted``."""
    require_role(by, "supervisor")
    with store.read() as uow:
        waiting = sorted(uow.appraisals.to_call_back(), key=lambda given: (given.call_back_due or dt.date.max, given.given_at))
        cases = {given.case_no: uow.appraisal_cases.get(given.case_no) for given in waiting}
    return [
        {
            "case_no": given.case_no,
            "outlet_id": case.outlet_id,
            "staff_id": case.staff_id,
            "job": case.job,
            "level": given.level,
            "reason": given.reason,
            "remark": given.remark,
            "contact": keystore.unseal(given.contact, LABEL + given.case_no).decode() if given.contact else None,
            "given_at": given.given_at.isoformat(timespec="seconds"),
            "due_on": given.call_back_due.isoformat() if given.call_back_due else None,
            "late": given.call_back_due is not None and local_day(now) > given.call_back_due,
        }
        for given in waiting
        if (case := cases[given.case_no]) is not None and case.outlet_id == by.outlet_id
    ]
