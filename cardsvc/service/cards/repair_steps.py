"""From findings to what a repair will do on the card, step by step, and what it leaves to others.

A step is computed from the card and the books alone, never from an earlier repair: a repair that broke off is simply begun
again, and what is done already is no step any more.
"""

import datetime as dt
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from cardsvc.card.records import ApplicationRecord, ApplicationState
from cardsvc.diagnosis.plans import plans
from cardsvc.service.operations.rule_book import local_day
from cardsvc.service.purse.card_keys import application_of
from cardsvc.store import UnitOfWork
from cardsvc.store.records import Operation
from cardsvc.wire import OperationState

ISSUED_FILES = ("mf", "holder", "purse")
"""Applications whose files never change after issue."""
MASTER_KEY_LOCKED = "master_key_locked"
CARRIED_OUT = "carried_out"
"""A fact of a repair whose steps the card took, all of them."""
OF_HOLDER = ("holder", "purse")
OF_SERIALS = ("mf", "purse")
WHOLE_CARD: Mapping[str, tuple[str, ...]] = {"holder_differs": OF_HOLDER, "serials_differ": OF_SERIALS}
"""Findings without a subject, and the applications whose files they are about."""


@dataclass(frozen=True, slots=True)
class Step:
    """One step. ``plan``: its name in plans.toml; ``record``: the 32 bytes to be written or taken into the books, in hex;
    ``versions``: of the keys to be written, by name."""

    plan: str
    application: str
    record: str | None = None
    versions: Mapping[str, int] = field(default_factory=dict)

    @property
    def name(self) -> str:
        """What two people agree on."""
        return f"{self.plan}:{self.application}"

    @property
    def two_people(self) -> bool:
        """Whether a second person must have agreed."""
        return plans()[self.plan].two_people

    @property
    def document(self) -> bool:
        """Whether the holder's document must be on the desk."""
        return plans()[self.plan].document

    @property
    def with_master_key(self) -> bool:
        """Whether the card takes it only after an authentication with a master key, which a locked one refuses for ever."""
        return self.plan in ("rewrite_file", "roll_keys")

    def to_json(self) -> dict[str, Any]:
        """As a fact, and as it is shown."""
        return {
            "plan": self.plan,
            "application": self.application,
            "record": self.record,
            "versions": dict(self.versions),
            "name": self.name,
        }

    @classmethod
    def from_json(cls, fact: Mapping[str, Any]) -> "Step":
        """What ``to_json`` made."""
        return cls(fact["plan"], fact["application"], fact["record"], fact["versions"])


def steps_for(uow: UnitOfWork, card_no: str | None, report: Mapping[str, Any]) -> tuple[tuple[Step, ...], list[dict[str, Any]]]:
    """The steps on the card, each once and in the order of the findings, and the findings that no step cures."""
    if card_no is None:
        return (), [dict(finding) for finding in report["findings"]]
    steps: dict[str, Step] = {}
    left = []
    for finding in report["findings"]:
        rolls = finding["plan"] == "roll_keys"
        found = list(_rolls(report["evidence"]) if rolls else _steps(uow, card_no, finding))
        if report["evidence"].get("key.locked") and _met_today(uow, card_no, report):
            found = [step for step in found if not step.with_master_key]
        steps |= {step.name: step for step in found if step.name not in steps}
        left += [] if found else [dict(finding)]
    return tuple(steps.values()), left


def _met_today(uow: UnitOfWork, card_no: str, report: Mapping[str, Any]) -> bool:
    """Whether a locked master key was met on this very day. Later it is tried again: the right key costs a locked one nothing,
    and an answer that was garbled on its way shall not condemn the card."""
    met = uow.operations.ended_by(card_no, MASTER_KEY_LOCKED)
    return met is not None and local_day(met.started_at) == local_day(dt.datetime.fromisoformat(report["at"]))


def _steps(uow: UnitOfWork, card_no: str, finding: Mapping[str, Any]) -> Iterable[Step]:
    subject = finding["subject"] or ""
    application = subject.partition(".")[0]
    match finding["plan"]:
        case "rewrite_file":
            about = WHOLE_CARD.get(finding["code"], (application,))
            yield from (Step("rewrite_file", name) for name in about if name in ISSUED_FILES)
            if application and application not in ISSUED_FILES:
                yield from _record(uow, card_no, application)
        case "rewrite_application":
            yield from _record(uow, card_no, application)
        case "reopen":
            begun = _broken_opening(uow, card_no, application)
            if begun is not None and not begun.facts["terms"]["fee"]:
                yield Step("reopen", application, begun.facts["record"])
        case "unblock" | "reset_pin" as plan:
            yield Step(plan, application)


def _rolls(evidence: Mapping[str, Any]) -> Iterable[Step]:
    """One step for each application, from its keys as ``purse.load@2``: those that are behind, and those that are not right."""
    versions: dict[str, dict[str, int]] = {}
    for entry in (*evidence.get("key.behind", ()), *evidence.get("key.broken", ())):
        name, _, version = entry.partition("@")
        versions.setdefault(application_of(name), {})[name] = int(version)
    return [Step("roll_keys", application, versions=keys) for application, keys in versions.items()]


def _record(uow: UnitOfWork, card_no: str, application: str) -> Iterable[Step]:
    record = last_record(uow, card_no, application) or _as_made(uow, card_no, application)
    if record is not None:
        yield Step("rewrite_application", application, record)


def _as_made(uow: UnitOfWork, card_no: str, application: str) -> str | None:
    """The record that personalisation wrote, where no opening of this application was begun since."""
    if _broken_opening(uow, card_no, application) is not None:
        return None
    return ApplicationRecord(ApplicationState.NOT_OPENED).encode().hex()


def last_record(uow: UnitOfWork, card_no: str, application: str) -> str | None:
    """The record that was last written into this application by an operation that ended well, in hex; or by an opening that
    broke off and was found on the card later."""
    found = {fee.operation_id for fee in uow.application_fees.confirmed_on(card_no)}
    for operation in uow.operations.of_card(card_no, limit=None):
        written = operation.state == OperationState.DONE or operation.operation_id in found
        record = _written_into(operation, application) if written else None
        if record is not None:
            return record
    return None


def _written_into(operation: Operation, application: str) -> str | None:
    """What an operation wrote into this application: it names it, loaded a purse there, or wrote several at once."""
    several: Mapping[str, str] = operation.facts.get("records", {})
    target = operation.facts.get("target")
    named = operation.params.get("application") or (target["purse"][0] if target else None)
    record: str | None = operation.facts.get("record") if named == application else several.get(application)
    return record or None


def _broken_opening(uow: UnitOfWork, card_no: str, application: str) -> Operation | None:
    """The opening of this application that was given up after it had decided what to write."""
    for operation in uow.operations.of_card(card_no, limit=None):
        if operation.kind == "open" and operation.params["application"] == application and "record" in operation.facts:
            return None if operation.state == OperationState.DONE else operation
    return None
