"""Change of a person's name or document data (姓名、证件变更): proof noted, agreed by a second person where the rules say so.

The record is corrected first, and the card follows it: its chip is written again by a repair, which finds the difference, or,
where the face shows the field or the family cannot, the card is replaced. Nothing changes while a job runs on a card of theirs.
"""

import datetime as dt
import uuid
from collections.abc import Mapping
from dataclasses import fields
from typing import Any

from pydantic import Field

from cardsvc.errors import RequestError
from cardsvc.rules.life import change_rules
from cardsvc.rules.life_rules import ChangeRule
from cardsvc.service.cash.shifts import TELLERS
from cardsvc.service.operations.kinds import Params
from cardsvc.service.operations.known_card import IN_HAND, refuse_live
from cardsvc.service.operations.rule_book import RuleBook, local_day
from cardsvc.service.people.died import refuse_dead
from cardsvc.service.people.register import RESIDENT_ID, CitizenData, Name, check_data
from cardsvc.service.staff.accounts import require_role
from cardsvc.service.staff.approvals import MAX_TEXT, ApprovalKind, propose_within
from cardsvc.store import Store, UnitOfWork
from cardsvc.store.records import Approval, Card, Citizen, CitizenChange, Staff
from cardsvc.wire import OperationState

REWRITE, REPLACE = "rewrite", "replace"
PERSONAL = ("name", "chip_name", "id_number", "sex", "ethnic_group", "birthplace", "birth_date")


class PersonChange(Params):
    """What changes for a person; fields that are left out stay. ``proof``: the papers that were shown."""

    citizen_id: str = Field(min_length=36, max_length=36)
    proof: str = Field(min_length=1, max_length=MAX_TEXT)
    name: Name | None = None
    chip_name: Name | None = None
    id_number: str | None = Field(default=None, pattern="^[0-9]{17}[0-9X]$")
    sex: int | None = Field(default=None, ge=0, le=9)
    ethnic_group: int | None = Field(default=None, ge=1, le=98)
    birthplace: str | None = Field(default=None, pattern="^[0-9]{6}$")
    birth_date: dt.date | None = Field(default=None, strict=False)


def change_person(store: Store, rules: RuleBook, change: PersonChange, *, by: Staff, now: dt.datetime) -> CitizenChange:
    """Correct a person's record, or ask a second person to agree to it. ``applied_at`` says which.

    Raises RequestError ``not_permitted``, ``citizen_unknown``, ``citizen_died``, ``change_nothing``, ``citizen_field_wrong``,
    ``citizen_number_taken``, ``approval_open``; OperationError ``card_busy``; RuleError ``rule_no_change``.
    """
    require_role(by, *TELLERS)

    def work(uow: UnitOfWork) -> CitizenChange:
        citizen = _alive(uow, change.citizen_id)
        before, after = _differences(citizen, change)
        _check_record(uow, citizen, after)
        needed = change_rules(rules.in_force(uow, local_day(now)), after, local_day(now))
        row = uow.citizen_changes.add(_row(citizen, before, after, change.proof, needed, by, now))
        if any(rule.two_people for rule in needed):
            payload = {"change_id": row.change_id}
            propose_within(uow, CITIZEN_CHANGE, citizen.citizen_id, payload, change.proof, by=by, now=now)
            return row
        return _apply(uow, row, by.staff_id, now)

    return store.transact(work)


def _alive(uow: UnitOfWork, citizen_id: str) -> Citizen:
    citizen = uow.citizens.for_update(citizen_id)
    if citizen is None:
        raise RequestError("citizen_unknown")
    refuse_dead(uow, citizen_id)
    return citizen


def _differences(citizen: Citizen, change: PersonChange) -> tuple[dict[str, Any], dict[str, Any]]:
    """The fields that change, as they are and as they will be: the name on the chip belongs to its name and goes with it.
    Raises RequestError ``change_nothing``."""
    wanted = {name: getattr(change, name) for name in PERSONAL if getattr(change, name) is not None}
    if wanted.get("name", citizen.name) != citizen.name:
        wanted["chip_name"] = change.chip_name
    after = {name: _kept(value) for name, value in wanted.items() if value != getattr(citizen, name)}
    if not after:
        raise RequestError("change_nothing")
    return {name: _kept(getattr(citizen, name)) for name in after}, after


def _kept(value: Any) -> Any:
    return value.isoformat() if isinstance(value, dt.date) else value


def _values(kept: Mapping[str, Any]) -> dict[str, Any]:
    """As the record has them."""
    return {name: dt.date.fromisoformat(value) if name == "birth_date" else value for name, value in kept.items()}


def _check_record(uow: UnitOfWork, citizen: Citizen, after: Mapping[str, Any]) -> None:
    """The record as a whole still makes sense, and its document is nobody else's."""
    now = {field.name: getattr(citizen, field.name) for field in fields(citizen) if field.name in PERSONAL}
    check_data(CitizenData.model_validate({**now, **_values(after)}))
    other = uow.citizens.by_id_number(RESIDENT_ID, after["id_number"]) if "id_number" in after else None
    if other is not None:
        raise RequestError("citizen_number_taken")


def _row(
    citizen: Citizen,
    before: dict[str, Any],
    after: dict[str, Any],
    proof: str,
    needed: tuple[ChangeRule, ...],
    by: Staff,
    now: dt.datetime,
) -> CitizenChange:
    on_card = REPLACE if any(rule.on_card == REPLACE for rule in needed) else REWRITE
    ids = [rule.id for rule in needed]
    return CitizenChange(str(uuid.uuid4()), citizen.citizen_id, before, after, proof, ids, on_card, by.staff_id, now)


def _apply(uow: UnitOfWork, row: CitizenChange, applied_by: str, now: dt.datetime) -> CitizenChange:
    """The record is what the papers say from here on."""
    citizen = _alive(uow, row.citizen_id)
    if {name: _kept(getattr(citizen, name)) for name in row.before} != row.before:
        raise RequestError("change_overtaken")
    _check_record(uow, citizen, row.after)
    for card in uow.cards.of_citizen(citizen.citizen_id):
        uow.cards.lock(card.card_no)
        refuse_live(uow, card.card_no, now)
    uow.citizens.change(citizen, **_values(row.after))
    return uow.citizen_changes.change(row, applied_by=applied_by, applied_at=now)


def _asked(uow: UnitOfWork, payload: Mapping[str, Any]) -> CitizenChange:
    row = uow.citizen_changes.for_update(str(payload.get("change_id"))) if set(payload) == {"change_id"} else None
    if row is None or row.applied_at is not None:
        raise RequestError("params_invalid", reason="change_id: no open change")
    return row


def _check(uow: UnitOfWork, _subject: str, payload: Mapping[str, Any]) -> None:
    _asked(uow, payload)


def _carry_out(uow: UnitOfWork, approval: Approval, now: dt.datetime) -> dict[str, Any]:
    row = _apply(uow, _asked(uow, approval.payload), approval.decided_by or "", now)
    return {"change_id": row.change_id, "fields": sorted(row.after), "on_card": row.on_card}


CITIZEN_CHANGE = ApprovalKind(
    "citizen_change",
    proposers=frozenset(TELLERS),
    approvers=frozenset({"supervisor"}),
    check=_check,
    carry_out=_carry_out,
)


def what_it_takes(store: Store, rules: RuleBook, now: dt.datetime) -> list[dict[str, Any]]:
    """The rules of the day, for the form: fields, papers to be shown, whether a second person agrees, what the card needs."""
    with store.read() as uow:
        in_force, day = rules.in_force(uow, local_day(now)), local_day(now)
    kept = {"id", "fields", "papers", "two_people", "on_card"}
    return [rule.model_dump(include=kept) for rule in in_force.change if rule.holds(day)]


def changes_of(store: Store, citizen_id: str) -> list[dict[str, Any]]:
    """The changes of a person, newest first, as the one who decides must see them: with the old and the new values.
    ``cards``: the cards in their hands that do not have a change in force yet."""
    with store.read() as uow:
        cards = [card for card in uow.cards.of_citizen(citizen_id) if card.state in IN_HAND]
        return [
            {
                "change_id": row.change_id,
                "before": row.before,
                "after": row.after,
                "proof": row.proof,
                "rules": row.rules,
                "on_card": row.on_card,
                "asked_by": row.asked_by,
                "asked_at": row.asked_at.isoformat(),
                "applied_by": row.applied_by,
                "applied_at": row.applied_at.isoformat() if row.applied_at else None,
                "cards": [card.card_no for card in cards if _still_to_follow(uow, card, row)],
            }
            for row in uow.citizen_changes.of_citizen(citizen_id)
        ]


def to_follow(uow: UnitOfWork, card: Card) -> str | None:
    """What is still to be done with a card because its holder's data changed: rewrite, replace, or nothing."""
    waiting = {row.on_card for row in uow.citizen_changes.of_citizen(card.citizen_id) if _still_to_follow(uow, card, row)}
    return REPLACE if REPLACE in waiting else REWRITE if waiting else None


def _still_to_follow(uow: UnitOfWork, card: Card, row: CitizenChange) -> bool:
    """Whether this card was made before the change and its holder's file was not written again since."""
    if row.applied_at is None or card.issued_at is None or card.issued_at > row.applied_at:
        return False
    if row.on_card == REPLACE:
        return True
    return not any(
        operation.kind == "repair" and operation.state == OperationState.DONE and operation.started_at > row.applied_at
        for operation in uow.operations.of_card(card.card_no, limit=None)
        if any(step["name"] == "rewrite_file:holder" for step in operation.facts.get("steps", ()))
    )
