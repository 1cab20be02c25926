"""Looking back: do the ledger and the record of staff changes hold? What happened to a card: time_line.py."""

import dataclasses
from typing import Any

from cardsvc.ledger.chain import Break, Line, breaks
from cardsvc.ledger.seal import STAFF
from cardsvc.service.books.seals import against_seals, broken_seals
from cardsvc.service.staff.trail import trail_breaks
from cardsvc.store import Store, UnitOfWork
from cardsvc.store.records import Transfer
from cardsvc.store.repositories.agreement import Unlike

SEALS = "seal"
"""The name that breaks of the day seals go by, where others have the name of their chain."""


def verify_ledger(store: Store, known_root: str | None = None) -> dict[str, Any]:
    """Check every chain, of money and of staff changes, the day seals, the total, and that lines and rows about money agree
    (store/repositories/agreement.py). ``breaks`` names each place that does not hold; of a row that was not booked there is no
    chain and number.

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
        unlike = [_unlike(one) for one in uow.agreement.unlike()]
    return {"lines": lines, "seals": seals, "total": total, "staff_changes": changes, "breaks": found + places + unlike}


def _unlike(one: Unlike) -> dict[str, Any]:
    what = "unbooked" if one.chain is None else "without_row"
    about = {"kind": one.kind, "reference": one.reference, "account": one.account or None, "amount": one.amount}
    return {"chain": one.chain, "number": one.number, "what": what, **about}


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
