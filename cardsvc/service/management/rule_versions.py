"""How a new version of the rule set comes in: proposed by one person, approved by another, in force from a day to come.

The first comes with the service and is kept in the database when there is none.
"""

import datetime as dt
import hashlib
from collections.abc import Mapping
from typing import Any

from cardsvc.errors import RequestError, RuleError
from cardsvc.rules import RuleSet, checked_rule_set, difference, parse_rule_set
from cardsvc.service.operations.rule_book import local_day
from cardsvc.service.staff.approvals import ApprovalKind, Kinds, propose
from cardsvc.store import Store, UnitOfWork
from cardsvc.store.records import Approval, RuleVersion, Staff
from cardsvc.text import Text

ALWAYS = dt.date(1900, 1, 1)
"""The first version is in force from here."""
WHO = frozenset({"supervisor", "administrator"})


def sha256_of(text: str) -> str:
    """What two people compare to be sure that they mean the same text."""
    return hashlib.sha256(text.encode()).hexdigest()


def keep_first(store: Store, text: str, now: dt.datetime) -> None:
    """Keep the rule set that came with the service, where the database holds none. Raises RuleError ``rules_invalid``."""
    row = RuleVersion(parse_rule_set(text).version, text, sha256_of(text), ALWAYS, now)

    def work(uow: UnitOfWork) -> None:
        if uow.rule_versions.in_force(dt.date.max) is None:
            uow.rule_versions.add(row)

    with store.read() as uow:
        if uow.rule_versions.in_force(dt.date.max) is not None:
            return
    store.transact(work)


def rules_now(store: Store, text: str, now: dt.datetime) -> RuleSet:
    """The rule set in force; ``text`` is kept as the first where the database holds none. Raises as ``keep_first`` does."""
    keep_first(store, text, now)
    return parse_rule_set(text_of(store, None, now))


def propose_rules(
    store: Store, kinds: Kinds, text: str, effective_from: dt.date, reason: str, *, by: Staff, now: dt.datetime
) -> Approval:
    """Propose a rule set. Raises RuleError ``rules_invalid``; RequestError ``rules_date_past``,
    ``rules_version_taken``, ``rules_date_taken``, and what ``approvals.propose`` raises."""
    version = checked_rule_set(text).version
    _refuse_begun(effective_from, now)
    payload = {"effective_from": effective_from.isoformat(), "sha256": sha256_of(text), "text": text}
    return propose(store, kinds, RULE_SET.name, version, payload, reason, by=by, now=now)


def _refuse_begun(effective_from: dt.date, now: dt.datetime) -> None:
    """Rules never change for a day that has begun: what was allowed then stays allowed."""
    if effective_from <= local_day(now):
        raise RequestError("rules_date_past", day=effective_from)


def _check(uow: UnitOfWork, subject: str, payload: Mapping[str, Any]) -> None:
    """Raises RequestError ``rules_version_taken`` or ``rules_date_taken``, RuleError ``rules_invalid``."""
    text, day = str(payload["text"]), dt.date.fromisoformat(payload["effective_from"])
    if parse_rule_set(text).version != subject or sha256_of(text) != payload["sha256"]:
        raise RuleError("rules_invalid", reason="the text is not the one that was proposed")
    if uow.rule_versions.get(subject) is not None:
        raise RequestError("rules_version_taken", version=subject)
    other = uow.rule_versions.effective_on(day)
    if other is not None:
        raise RequestError("rules_date_taken", day=day, version=other.version)


def _carry_out(uow: UnitOfWork, approval: Approval, now: dt.datetime) -> dict[str, Any]:
    day = dt.date.fromisoformat(approval.payload["effective_from"])
    _refuse_begun(day, now)
    row = RuleVersion(
        version=approval.subject,
        text=approval.payload["text"],
        sha256=approval.payload["sha256"],
        effective_from=day,
        created_at=now,
        proposed_by=approval.proposed_by,
        approved_by=approval.decided_by,
        approval_id=approval.approval_id,
    )
    uow.rule_versions.add(row)
    return {"version": row.version, "effective_from": day.isoformat(), "sha256": row.sha256}


RULE_SET = ApprovalKind("rule_set", WHO, WHO, _check, _carry_out, of_city=True)


def versions_view(store: Store, now: dt.datetime) -> list[dict[str, Any]]:
    """Every version, the last to begin first; ``in_force`` marks today's."""
    with store.read() as uow:
        today = uow.rule_versions.in_force(local_day(now))
        rows = uow.rule_versions.all()
    return [
        {
            "version": row.version,
            "effective_from": row.effective_from.isoformat(),
            "in_force": row.version == today,
            "sha256": row.sha256,
            "proposed_by": row.proposed_by,
            "approved_by": row.approved_by,
            "approval_id": row.approval_id,
        }
        for row in rows
    ]


def text_of(store: Store, version: str | None, now: dt.datetime) -> str:
    """The text of a version, by default of the one in force. Raises RuleError ``rules_version_unknown``."""
    with store.read() as uow:
        wanted = version or uow.rule_versions.in_force(local_day(now)) or ""
        row = uow.rule_versions.get(wanted)
    if row is None:
        raise RuleError("rules_version_unknown", version=wanted or "-")
    return row.text


def versions_difference(store: Store, old: str, new: str, now: dt.datetime) -> list[dict[str, Any]]:
    """The changes from one version to another: table, rule and its source, what became of it, and its fields before and after.
    Raises RuleError ``rules_version_unknown``."""
    before, after = (parse_rule_set(text_of(store, version, now)) for version in (old, new))
    return [
        {
            "what": change.what,
            "table": change.table,
            "rule": change.rule,
            "source": Text(*next(rule.source for rule in (after.rule(change.rule), before.rule(change.rule)) if rule)),
            "fields": [(name, *values) for name, values in change.fields.items()],
        }
        for change in difference(before, after)
    ]
