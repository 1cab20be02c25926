"""Looking back: do the ledger and the record of staff changes hold, and what happened to a card."""

import dataclasses
from typing import Any

from cardsvc.errors import CardError
from cardsvc.ledger.chain import Break, Line, breaks
from cardsvc.ledger.seal import STAFF
from cardsvc.service.books.seals import against_seals, broken_seals
from cardsvc.service.staff.trail import trail_breaks
from cardsvc.store import Store, UnitOfWork
from cardsvc.store.records import Transfer

SEALS = "seal"
"""The name that breaks of the day seals go by, where others have the name of their chain."""


def verify_ledger(store: Store, known_root: str | None = None) -> dict[str, Any]:
    """Check every chain, of money and of staff changes, the day seals and the total. ``breaks`` names each place that does not
    hold.

    ``known_root``: the root on a printed day sheet, 64 hex digits; it must be among the seals.
    """
    found: list[dict[str, Any]] = []
    lines = 0
    with store.read() as uow:
        found += _places(SEALS, broken_seals(uow, known_root))
        sealed_chains = set(uow.sealed_heads.chains())
        of_staff = {chain for chain in sealed_chains if chain.startswith(STAFF)}
        for chain in sorted({*uow.ledger.chains(), *sealed_chains} - of_staff):
            transfers = uow.ledger.of_chain(chain)
            lines += len(transfers)
            sealed = against_seals(transfers, uow.sealed_heads.of_chain(chain))
            found += _places(chain, breaks(map(_line, transfers)) + sealed)
        changes, places = _staff_breaks(uow, {chain.removeprefix(STAFF) for chain in of_staff})
        seals = len(uow.day_seals.all())
        total = sum(uow.ledger.balances().values())
    return {"lines": lines, "seals": seals, "total": total, "staff_changes": changes, "breaks": found + places}


def _staff_breaks(uow: UnitOfWork, sealed: set[str]) -> tuple[int, list[dict[str, Any]]]:
    """How many changes of staff are kept, and where their chains do not hold. ``sealed``: who was there at a day-end."""
    people = {person.staff_id: person for person in uow.staff.all()}
    found = [{"chain": STAFF + gone, "number": 1, "what": "missing"} for gone in sorted(sealed - set(people))]
    lines = 0
    for staff_id, person in sorted(people.items()):
        rows, broken = trail_breaks(uow, person)
        lines += len(rows)
        found += _places(STAFF + staff_id, broken + against_seals(rows, uow.sealed_heads.of_chain(STAFF + staff_id)))
    return lines, found


def _places(chain: str, found: list[Break]) -> list[dict[str, Any]]:
    """Breaks as they are shown, each once."""
    return [{"chain": chain, "number": number, "what": what} for number, what in sorted(set(found))]


def _line(transfer: Transfer) -> Line:
    *content, previous_hash, own_hash = dataclasses.astuple(transfer)
    return Line(tuple(content), transfer.number, previous_hash, own_hash)


def why(store: Store, card_no: str) -> list[dict[str, Any]]:
    """One time line of a card, oldest first: operations, evidence and what decided by it, ledger, loss reports, people."""
    with store.read() as uow:
        card = uow.cards.get(card_no)
        if card is None:
            raise CardError("card_unknown", card_no=card_no)
        entries: list[dict[str, Any]] = [
            {"at": card.created_at, "what": "card", "text": f"personalising began, chip {card.chip_serial}"}
        ]
        entries += _operations(uow, card_no) + _evidence(uow, card_no) + _transfers(uow, card_no) + _losses(uow, card_no)
    return [{**entry, "at": entry["at"].isoformat()} for entry in sorted(entries, key=lambda entry: entry["at"])]


def _operations(uow: UnitOfWork, card_no: str) -> list[dict[str, Any]]:
    return [
        {
            "at": row.started_at,
            "what": "operation",
            "text": f"{row.kind} by {row.actor_kind} {row.actor_id}: {row.state}" + _reason(row.problem, row.facts),
            "id": row.operation_id,
        }
        for row in uow.operations.of_card(card_no)
    ]


def _reason(problem: dict[str, Any] | None, facts: dict[str, Any]) -> str:
    reason = (problem or {}).get("code") or facts.get("broken_off")
    return f" ({reason})" if reason else ""


def _losses(uow: UnitOfWork, card_no: str) -> list[dict[str, Any]]:
    """Loss reports: made, what they came to on the chip, ended."""
    entries = []
    for row in uow.loss_reports.of_card(card_no):
        moments = [(row.reported_at, f"{row.kind} report by {row.reported_by}")]
        if row.chip_at is not None:
            found = ", ".join(f"{name} {state}" for name, state in sorted((row.chip or {}).items()))
            moments.append((row.chip_at, f"the lost card turned up: {found}"))
        if row.ended_at is not None:
            moments.append((row.ended_at, f"report {row.ended} by {row.ended_by}"))
        entries += [{"at": at, "what": "loss", "text": text, "id": row.report_id} for at, text in moments]
    return entries


def _evidence(uow: UnitOfWork, card_no: str) -> list[dict[str, Any]]:
    return [
        {
            "at": row.recorded_at,
            "what": "evidence",
            "text": f"rule {row.rule}; balance {row.evidence.get('balance')}, counter {row.evidence.get('counter')}",
            "id": row.subject_id,
        }
        for row in uow.evidence.of_card(card_no)
    ]


def _transfers(uow: UnitOfWork, card_no: str) -> list[dict[str, Any]]:
    return [
        {
            "at": row.booked_at,
            "what": "ledger",
            "text": f"{row.number}. {row.kind} {row.amount}: {row.debit_account} -> {row.credit_account}",
            "id": row.reference,
        }
        for row in uow.ledger.of_chain(card_no)
    ]
