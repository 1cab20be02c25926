"""What two people decide about blank cards: void ones are destroyed, with a protocol (废卡销毁记录); counts correct the books.

The proposer has counted the void cards piece by piece; who agrees sees the same numbers. Whatever moved in between undoes it:
then it is counted and proposed anew.
"""

import datetime as dt
import uuid
from collections.abc import Mapping
from typing import Any

from cardsvc.errors import RequestError
from cardsvc.printing.sheet import Grid, Sheet, as_pdf
from cardsvc.service.staff.approvals import ApprovalKind, Kinds, propose
from cardsvc.service.stock.blanks import DESTROYED, KEEPERS, MISSING, locked, void_place
from cardsvc.store import Store, UnitOfWork
from cardsvc.store.records import Approval, BlankCount, BlankMovement, Staff
from cardsvc.text import Language, Text
from cardsvc.units import LOCAL

APPROVERS = frozenset({"supervisor", "auditor"})


def propose_destruction(
    store: Store, kinds: Kinds, counts: Mapping[str, int], reason: str, *, by: Staff, now: dt.datetime
) -> Approval:
    """Ask to destroy all void cards of one's outlet. ``counts``: by batch, as counted.

    Raises RequestError ``not_permitted``, ``reason_missing``, ``approval_open``, ``stock_void_differs``.
    """
    return propose(store, kinds, DESTROY.name, by.outlet_id, {"counts": dict(counts)}, reason, by=by, now=now)


def _check_destroy(uow: UnitOfWork, subject: str, payload: Mapping[str, Any]) -> None:
    counts = payload.get("counts")
    kept = {row.batch_id: row.number for row in uow.blank_movements.balances() if row.place == void_place(subject)}
    if not kept or counts != kept:
        raise RequestError("stock_void_differs", kept=_listed(kept))


def _listed(counts: Mapping[str, int]) -> str:
    return ", ".join(f"{batch} {number}" for batch, number in sorted(counts.items())) or "0"


def _destroy(uow: UnitOfWork, approval: Approval, now: dt.datetime) -> dict[str, Any]:
    batches = [locked(uow, batch_id) for batch_id in sorted(approval.payload["counts"])]
    _check_destroy(uow, approval.subject, approval.payload)
    for batch in batches:
        _decided(uow, approval, "destroyed", batch.batch_id, approval.payload["counts"][batch.batch_id], now)
    return {"destroyed": sum(approval.payload["counts"].values())}


def _decided(uow: UnitOfWork, approval: Approval, kind: str, batch_id: str, number: int, now: dt.datetime) -> None:
    """A movement that two people decided."""
    count = uow.blank_counts.get(approval.subject) if kind == "counted" else None
    outlet_id = count.outlet_id if count else approval.subject
    here = count.place if count else void_place(outlet_id)
    way = (here, DESTROYED) if kind == "destroyed" else (here, MISSING) if number < 0 else (MISSING, here)
    moved = BlankMovement(
        movement_id=str(uuid.uuid4()),
        batch_id=batch_id,
        kind=kind,
        from_place=way[0],
        to_place=way[1],
        count=abs(number),
        outlet_id=outlet_id,
        by=approval.proposed_by,
        at=now,
        receiver=approval.decided_by,
        reason=approval.reason,
        approval_id=approval.approval_id,
    )
    uow.blank_movements.add(moved)


DESTROY = ApprovalKind("stock_destroy", frozenset(KEEPERS), APPROVERS, _check_destroy, _destroy)


def propose_difference(store: Store, kinds: Kinds, count_id: str, reason: str, *, by: Staff, now: dt.datetime) -> Approval:
    """Ask to put the books right by a count. Raises RequestError ``not_permitted``, ``reason_missing``, ``approval_open``,
    ``stock_count_settled``, ``stock_count_contradicted``."""
    return propose(store, kinds, DIFFERENCE.name, count_id, {}, reason, by=by, now=now)


def _check_difference(uow: UnitOfWork, subject: str, _payload: Mapping[str, Any]) -> None:
    """Only the last count of a place says what is there, only once, and not when more left since than it says was there."""
    count = uow.blank_counts.get(subject)
    if count is None or count.counted == count.expected or uow.blank_counts.settled(count):
        raise RequestError("stock_count_settled")
    brought = uow.blank_movements.held(count.place, count.batch_id) - count.expected
    if count.counted + brought < 0:
        raise RequestError("stock_count_contradicted", counted=count.counted, taken=-brought)


def _put_right(uow: UnitOfWork, approval: Approval, now: dt.datetime) -> dict[str, Any]:
    count = _count(uow, approval.subject)
    locked(uow, count.batch_id)
    _check_difference(uow, approval.subject, {})
    _decided(uow, approval, "counted", count.batch_id, count.counted - count.expected, now)
    return {"batch": count.batch_id, "place": count.place, "difference": count.counted - count.expected}


def _count(uow: UnitOfWork, count_id: str) -> BlankCount:
    count = uow.blank_counts.get(count_id)
    if count is None:
        raise RequestError("stock_count_settled")
    return count


DIFFERENCE = ApprovalKind("stock_difference", frozenset(KEEPERS), APPROVERS, _check_difference, _put_right)


def protocol(store: Store, approval_id: str) -> dict[str, Any]:
    """The record of a destruction: how many of each batch, every card with its chip, who proposed and who agreed.

    Raises RequestError ``stock_protocol_unknown``.
    """
    with store.read() as uow:
        approval = uow.approvals.get(approval_id)
        moved = uow.blank_movements.of_approval(approval_id)
        if approval is None or approval.kind != DESTROY.name or not moved:
            raise RequestError("stock_protocol_unknown")
        cards = [card for one in moved for card in _cards_of(uow, one)]
        names = uow.staff.names({approval.proposed_by, approval.decided_by or ""})
        outlet = uow.outlets.get(approval.subject)
    return {
        "approval_id": approval_id,
        "outlet": outlet.name if outlet else approval.subject,
        "at": moved[0].at.isoformat(),
        "batches": [{"batch_id": one.batch_id, "count": one.count} for one in sorted(moved, key=lambda one: one.batch_id)],
        "total": sum(one.count for one in moved),
        "cards": cards,
        "reason": approval.reason,
        "proposed_by": f"{names[approval.proposed_by]} ({approval.proposed_by})",
        "agreed_by": f"{names[approval.decided_by or '']} ({approval.decided_by})",
    }


def _cards_of(uow: UnitOfWork, destroyed: BlankMovement) -> list[dict[str, Any]]:
    """What came to the void cards of a batch since they were destroyed last."""
    before = uow.blank_movements.last_destroyed(destroyed)
    came = uow.blank_movements.spoiled_into(destroyed.from_place, destroyed.batch_id, before, destroyed.at)
    return [
        {
            "batch_id": one.batch_id,
            "chip": one.chip_serial,
            "card_no": one.card_no,
            "count": one.count,
            "reason": one.reason,
            "at": one.at.isoformat(),
        }
        for one in came
    ]


def printed_protocol(record: Mapping[str, Any], language: Language) -> bytes:
    """The protocol as a PDF, with places for two signatures."""

    def say(zh: str, en: str) -> str:
        return Text(zh, en).into(language)

    at = dt.datetime.fromisoformat(record["at"]).astimezone(LOCAL)
    number, batch = say("张数", "Number"), say("批次", "Batch")
    cards = [
        (one["batch_id"], one["chip"] or "-", one["card_no"] or "-", one["reason"] or "-", str(one["count"]))
        for one in record["cards"]
    ]
    chips = (batch, say("芯片号", "Chip"), say("卡号", "Card"), say("原因", "Reason"), number)
    total = record["total"]
    sheet = Sheet(
        title=say("废卡销毁记录", "Protocol of destroyed cards"),
        lines=[
            say(f"网点 {record['outlet']}　时间 {at:%Y-%m-%d %H:%M}", f"Outlet {record['outlet']}, {at:%Y-%m-%d %H:%M}"),
            say(f"共销毁 {total} 张　编号 {record['approval_id']}", f"Destroyed: {total}; number {record['approval_id']}"),
            say(f"事由 {record['reason']}", f"Why: {record['reason']}"),
            say(
                f"提请 {record['proposed_by']}　复核 {record['agreed_by']}",
                f"Proposed by {record['proposed_by']}, agreed by {record['agreed_by']}",
            ),
        ],
        grids=[
            Grid(say("合计", "Totals"), (batch, number), [(b["batch_id"], str(b["count"])) for b in record["batches"]], 1),
            Grid(say("明细", "Cards"), chips, cards, 1),
        ],
        signatures=(say("销毁人", "Destroyed by"), say("监销人", "Witness"), say("日期", "Date")),
    )
    return as_pdf(sheet)
