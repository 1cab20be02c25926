"""Repair as an operation: look at everything, settle what is open, carry out the steps that the findings ask for, look again.

What needs two people is done only with their agreement (``CARD_REPAIR``), what needs the holder's document only when its number
was given and is the holder's; without it the result says what waits. What cannot be repaired on the card is left with its cure.
A card that is pulled in the middle is repaired by the next repair: each step looks first, and what stands already is not
written again.
"""

import datetime as dt
from collections.abc import Mapping
from functools import partial
from typing import Any

from pydantic import Field

from cardsvc.card.records import ApplicationRecord, ApplicationState
from cardsvc.diagnosis.plans import plans
from cardsvc.diagnosis.probes import Readings
from cardsvc.errors import CardError, RequestError
from cardsvc.iso7816.exchange import Procedure
from cardsvc.procedures.applications import unblock_application, write_application
from cardsvc.procedures.identify import CardState
from cardsvc.procedures.personalise import Personalisation
from cardsvc.procedures.pin import reset_pin
from cardsvc.procedures.rewrite import rewrite
from cardsvc.procedures.roll_keys import NewKeys, roll_keys
from cardsvc.service.cards.data import card_data
from cardsvc.service.cards.repair_steps import CARRIED_OUT, Step, steps_for
from cardsvc.service.cards.retiring import RETIRE_PLAN
from cardsvc.service.faults.diagnose import WHOSE, ReaderFacts, ask_first, ask_more, bind, conclude
from cardsvc.service.loss.hotlist import refuse_listed
from cardsvc.service.messages.library import APPLICATION as LIBRARY_APPLICATION
from cardsvc.service.messages.library import tell_opened
from cardsvc.service.operations.kinds import Context, Effect, OperationKind, Params, Phase
from cardsvc.service.operations.known_card import known_card
from cardsvc.service.purse.card_keys import CardKeys
from cardsvc.service.purse.open_money import anything_open, gather, settle_all
from cardsvc.service.purse.settle import UNDECIDED
from cardsvc.service.staff.approvals import ApprovalKind, Kinds, propose
from cardsvc.store import Store, UnitOfWork
from cardsvc.store.records import Approval, CardApplication, Staff
from cardsvc.store.states import ApprovalState
from cardsvc.units import LOCAL


class RepairParams(Params):
    """Parameters of a repair. ``person``: the ID number of the document on the desk."""

    reader: ReaderFacts = ReaderFacts()
    person: str | None = Field(default=None, pattern="^[0-9]{17}[0-9X]$")


def _settled(context: Context, uow: UnitOfWork, gathered: Any, now: dt.datetime) -> Effect:
    settled = settle_all(context, uow, gathered, now)
    judged = [{"written": None} for entry in settled if entry["rule"] == UNDECIDED and "fee_id" not in entry]
    return Effect(facts={"settled": settled, "judged": judged})


def _planned(context: Context, uow: UnitOfWork, readings: Readings, now: dt.datetime) -> Effect:
    """Which steps follow from the findings, and which of them may be done. A card that is not to be touched has none."""
    report = conclude(context, uow, readings, now)
    card_no = context.operation.card_no
    steps, left = steps_for(uow, card_no, report)
    if card_no is not None and any(finding["plan"].startswith(NOT_TO_BE_TOUCHED) for finding in report["findings"]):
        steps, left = (), list(report["findings"])
    agreed, compared = _agreed(uow, card_no, now), report["evidence"].get("person.differs") is False
    doing = [step for step in steps if (not step.two_people or step.name in agreed) and (compared or not step.document)]
    waiting = [step for step in steps if step not in doing]
    facts = {
        "steps": [step.to_json() for step in doing],
        "waiting": [_shown(step) for step in waiting],
        "before": [{"code": finding["code"], "subject": finding["subject"]} for finding in report["findings"]],
    }
    if not doing:
        return Effect(facts=facts, done=_result(context, facts, report, left))
    return Effect(facts=facts, failed=refuse_listed(context, uow, now))


NOT_TO_BE_TOUCHED = (RETIRE_PLAN, "none_")
"""Plans of cards that are evidence, or not ours, or not this person's: nothing is written onto them."""


def _agreed(uow: UnitOfWork, card_no: str | None, now: dt.datetime) -> frozenset[str]:
    """The steps that two people agreed on for this card today."""
    today = now.astimezone(LOCAL).date()
    good = [
        approval
        for approval in uow.approvals.of_subject(card_no or "")
        if (approval.kind, approval.state) == (CARD_REPAIR.name, ApprovalState.APPROVED)
        and approval.decided_at is not None
        and approval.decided_at.astimezone(LOCAL).date() == today
    ]
    return frozenset(step for approval in good for step in approval.payload["steps"])


def _shown(step: Step) -> dict[str, Any]:
    """A step as it is shown: no bytes of the card."""
    return {"name": step.name, "application": step.application, **plans()[step.plan].to_json()}


def _result(context: Context, facts: Mapping[str, Any], report: Mapping[str, Any], left: Any) -> dict[str, Any]:
    return {
        "card_no": context.operation.card_no,
        "healthy": report["healthy"],
        "settled": context.facts.get("settled", []),
        "steps": [_shown(Step.from_json(step)) for step in facts["steps"]],
        "waiting": facts["waiting"],
        "before": facts["before"],
        "findings": left,
    }


def _carry_out(context: Context, uow: UnitOfWork) -> Procedure[None]:
    card = uow.cards.get_one(context.card_no)
    keys = CardKeys(context.keystore, context.card_no, context.versions)
    job = Personalisation(context.profile, card_data(uow, card), keys, CardState.CITIZEN, resuming=True)
    return _all_steps(job, keys, [Step.from_json(step) for step in context.facts["steps"]])


def _all_steps(job: Personalisation, keys: CardKeys, steps: list[Step]) -> Procedure[None]:
    for step in steps:
        name = step.application

        def line_mac(challenge: bytes, text: bytes, name: str = name) -> bytes:
            return keys.line_mac(name, challenge, text)

        if step.plan == "rewrite_file":
            yield from rewrite(job, name)
        elif step.plan == "unblock":
            yield from unblock_application(job.profile, name, line_mac)
        elif step.plan == "roll_keys":
            fresh = keys.with_versions(step.versions)
            new = NewKeys(keys.changed_key_record, fresh.load_session, fresh.unload_session, fresh.proves_itself)
            yield from roll_keys(job, name, step.versions, new)
        elif step.plan == "reset_pin":
            yield from reset_pin(job.profile, name, partial(keys.pin_unblock, name))
        elif step.record is not None:
            yield from write_application(job.profile, name, bytes.fromhex(step.record), line_mac)


def _carried_out(context: Context, uow: UnitOfWork, _value: None, now: dt.datetime) -> Effect:
    """What the card has now is in the books too."""
    rolled: dict[str, int] = {}
    for step in (Step.from_json(fact) for fact in context.facts["steps"]):
        row = uow.applications.get(context.card_no, step.application)
        if step.plan == "unblock" and row is not None:
            uow.applications.change(row, state="open", changed_at=now, operation_id=context.operation.operation_id)
        if step.plan == "roll_keys":
            rolled |= step.versions
        if step.plan == "reopen" and step.record is not None:
            opened = _opened(context, step, now)
            uow.applications.put(opened)
            if opened.application == LIBRARY_APPLICATION:
                tell_opened(uow, opened, now)
    card = uow.cards.get(context.card_no)
    if card is not None and rolled:
        uow.cards.change(card, key_versions={**card.key_versions, **rolled})
    return Effect(facts={CARRIED_OUT: True})


def _opened(context: Context, step: Step, now: dt.datetime) -> CardApplication:
    record = ApplicationRecord.parse(bytes.fromhex(step.record or ""))
    if record is None or record.state is not ApplicationState.OPEN:
        raise CardError("read_back_differs", application=step.application)
    dates = record.valid_from, record.valid_to
    operation_id = context.operation.operation_id
    return CardApplication(context.card_no, step.application, "open", record.product, *dates, operation_id, now)


def planned(store: Store, report: Mapping[str, Any]) -> dict[str, Any]:
    """The dry run: from the report of a diagnosis, the steps that a repair would take on the card, and what it would leave."""
    with store.read() as uow:
        steps, left = steps_for(uow, report["card_no"], report)
    if any(finding["plan"].startswith(NOT_TO_BE_TOUCHED) for finding in report["findings"]):
        steps, left = (), list(report["findings"])
    return {"card_no": report["card_no"], "steps": [_shown(step) for step in steps], "findings": left}


def propose_repair(
    store: Store, kinds: Kinds, card_no: str, steps: list[str], reason: str, *, by: Staff, now: dt.datetime
) -> Approval:
    """Ask a second person to agree to steps of a repair. Raises as ``approvals.propose`` does."""
    return propose(store, kinds, CARD_REPAIR.name, card_no, {"steps": steps}, reason, by=by, now=now)


def _verified(context: Context, uow: UnitOfWork, readings: Readings, now: dt.datetime) -> Effect:
    """Everything was read again: what is left has its cure."""
    report = conclude(context, uow, readings, now)
    return Effect(done=_result(context, context.facts, report, report["findings"]))


def _check(uow: UnitOfWork, subject: str, payload: Mapping[str, Any]) -> None:
    steps = payload.get("steps")
    if set(payload) != {"steps"} or not isinstance(steps, list) or not steps or not all(isinstance(s, str) for s in steps):
        raise RequestError("params_invalid", reason="steps: a list of names")
    known_card(uow, subject)


def _note(_uow: UnitOfWork, approval: Approval, _now: dt.datetime) -> dict[str, Any]:
    """Nothing is done here: the repair itself asks for this decision, on the same day."""
    return {"steps": approval.payload["steps"]}


CARD_REPAIR = ApprovalKind(
    "card_repair",
    proposers=frozenset({"clerk", "supervisor"}),
    approvers=frozenset({"supervisor"}),
    check=_check,
    carry_out=_note,
)

REPAIR = OperationKind(
    "repair",
    RepairParams,
    (
        Phase("look", ask_first, bind),
        Phase("settle", gather, _settled, needed=anything_open),
        WHOSE,
        Phase("probe", ask_more, _planned),
        Phase("repair", _carry_out, _carried_out),
        Phase("look_again", ask_first, bind),
        Phase("probe_again", ask_more, _verified),
    ),
    roles=frozenset({"desk"}),
)
