"""The hot list (黑名单): cards that nobody takes any more. Every change is a version; terminals fetch what is new since theirs.

A card is put on by one person, at once: a lost card does not wait. It is taken off by two. Either is a row that stays, so
that the list as it was at any version can be told. A snapshot is signed by the service, for terminals that pass it on.
"""

import datetime as dt
from collections.abc import Mapping
from typing import Any

from cardsvc.errors import CardError, RequestError
from cardsvc.keystore.protocol import KeyStore
from cardsvc.service.messages.library import tell_library
from cardsvc.service.operations.kinds import Context
from cardsvc.service.operations.known_card import known_card
from cardsvc.service.staff.accounts import require_role
from cardsvc.service.staff.approvals import MAX_TEXT, ApprovalKind
from cardsvc.store import Store, UnitOfWork
from cardsvc.store.records import Approval, HotListEntry, LossReport, Staff
from cardsvc.wire import hot_list_text

LOOKS_AND_BLOCKS = frozenset({"inspect", "block", "diagnose"})
"""What may be done to a listed card: look at it, and make sure that it is of no use to anybody."""

OLD_CARD_REASON = "旧卡换新 (replaced)"


def add_to_hot_list(store: Store, card_no: str, reason: str, *, by: Staff, now: dt.datetime) -> HotListEntry:
    """Put a card on the list. Raises RequestError ``not_permitted``, ``reason_missing``, ``hotlist_no_change``,
    CardError ``card_unknown``."""
    require_role(by, "clerk", "cashier", "supervisor")
    if not 1 <= len(reason.strip()) <= MAX_TEXT:
        raise RequestError("reason_missing", length=MAX_TEXT)
    return store.transact(lambda uow: list_card(uow, card_no, reason.strip(), by.staff_id, now))


def list_card(uow: UnitOfWork, card_no: str, reason: str, changed_by: str, now: dt.datetime) -> HotListEntry:
    """Put a card on the list within another transaction (a loss report, a replacement). Raises RequestError."""
    known_card(uow, card_no)
    if uow.hotlist.is_listed(card_no):
        raise RequestError("hotlist_no_change", card_no=card_no)
    return uow.hotlist.change_card(card_no, "add", reason, changed_by, now)


def list_old_card(uow: UnitOfWork, card_no: str, changed_by: str, now: dt.datetime) -> None:
    """An old card whose money goes to a new one: readers that are offline must not take it either."""
    if not uow.hotlist.is_listed(card_no):
        uow.hotlist.change_card(card_no, "add", OLD_CARD_REASON, changed_by, now)


def is_wanted(uow: UnitOfWork, card_no: str) -> bool:
    """Whether a card is on the list for what happened to it (lost, cancelled), not only because a new card took its place."""
    listed = uow.hotlist.listing_of(card_no)
    return listed is not None and listed.reason != OLD_CARD_REASON


def _check_release(uow: UnitOfWork, subject: str, _payload: Mapping[str, Any]) -> None:
    if not uow.hotlist.is_listed(subject):
        raise RequestError("hotlist_no_change", card_no=subject)
    if uow.old_cards.get(subject) is not None:
        raise RequestError("hotlist_old_card", card_no=subject)


def _release(uow: UnitOfWork, approval: Approval, now: dt.datetime) -> dict[str, Any]:
    people = f"{approval.proposed_by}, approval {approval.approval_id}"
    entry = uow.hotlist.change_card(approval.subject, "remove", approval.reason, people, now)
    report = uow.loss_reports.open_of(approval.subject)
    if report is not None:
        tell_library(uow, approval.subject, "found", now)
        uow.loss_reports.change(report, ended="released", ended_by=people, ended_at=now)
    return {"card_no": entry.card_no, "version": entry.version}


RELEASE_FROM_HOT_LIST = ApprovalKind(
    "release_from_hot_list",
    proposers=frozenset({"clerk", "cashier", "supervisor"}),
    approvers=frozenset({"supervisor"}),
    check=_check_release,
    carry_out=_release,
)


def end_if_lapsed(uow: UnitOfWork, card_no: str, now: dt.datetime) -> LossReport | None:
    """A phone report whose days are over ends, and its card leaves the list, unless it is replaced."""
    report = uow.loss_reports.open_of(card_no)
    if report is None or report.lapses_at is None or report.lapses_at > now:
        return None
    if uow.hotlist.is_listed(card_no) and uow.old_cards.get(card_no) is None:
        tell_library(uow, card_no, "found", now)
        uow.hotlist.change_card(card_no, "remove", "挂失失效 (report lapsed)", report.rule, now)
    return uow.loss_reports.change(report, ended="lapsed", ended_by=report.rule, ended_at=now)


def refuse_listed(context: Context, uow: UnitOfWork, now: dt.datetime) -> CardError | None:
    """Why a card is refused at contact, once what was open is settled; None when it is not on the list."""
    end_if_lapsed(uow, context.card_no, now)
    listed = uow.hotlist.listing_of(context.card_no)
    if listed is None or context.operation.kind in LOOKS_AND_BLOCKS:
        return None
    if context.operation.kind == "transfer_out" and uow.old_cards.get(context.card_no) is not None:
        return None  # it was taken in, and may still give its money itself
    return CardError("card_hot_listed", version=listed.version)


def refuse_hot(uow: UnitOfWork, card_no: str) -> None:
    """Raise CardError ``card_hot_listed`` for a card that is on the list."""
    listed = uow.hotlist.listing_of(card_no)
    if listed is not None:
        raise CardError("card_hot_listed", version=listed.version)


def snapshot(store: Store, keystore: KeyStore, since: int) -> dict[str, Any]:
    """What changed after a version, or the whole list (``since`` 0, or a version that this service never had).

    A full list holds only cards that are on it; an increment also those that left.
    """
    with store.read() as uow:
        version = uow.hotlist.version()
        full = not 0 < since <= version or uow.hotlist.get(since) is None  # a restored backup left numbers out
        entries = uow.hotlist.since(0 if full else since)
    lines = [(e.card_no, e.action, e.version) for e in entries if not full or e.action == "add"]
    kind, base = ("full", 0) if full else ("increment", since)
    return {
        "kind": kind,
        "since": base,
        "version": version,
        "entries": [{"card_no": card_no, "action": action, "version": number} for card_no, action, number in lines],
        "signature": keystore.sign(hot_list_text(kind, base, version, lines)).hex(),
        "public_key": keystore.signing_public_key().hex(),
    }


def acknowledge(store: Store, terminal_id: str, version: int, now: dt.datetime) -> dict[str, Any]:
    """A terminal says which version it has. Raises RequestError ``hotlist_version_unknown`` for one that is yet to come."""

    def work(uow: UnitOfWork) -> int:
        newest = uow.hotlist.version()
        if version > newest:
            raise RequestError("hotlist_version_unknown", version=newest)
        uow.hotlist_acks.put(terminal_id, version, now)
        return newest

    return {"version": version, "newest": store.transact(work)}


def who_has_which(store: Store) -> dict[str, Any]:
    """The newest version, and for every terminal the version that it has (0: never told) and how many it is behind."""
    with store.read() as uow:
        newest, acks = uow.hotlist.version(), {ack.terminal_id: ack for ack in uow.hotlist_acks.all()}
        terminals = sorted(terminal.terminal_id for terminal in uow.terminals.all())
    return {
        "version": newest,
        "terminals": [
            {
                "terminal_id": terminal_id,
                "version": acks[terminal_id].version if terminal_id in acks else 0,
                "behind": newest - (acks[terminal_id].version if terminal_id in acks else 0),
                "acknowledged_at": acks[terminal_id].acknowledged_at.isoformat() if terminal_id in acks else None,
            }
            for terminal_id in terminals
        ],
    }


def history(store: Store, card_no: str) -> list[dict[str, Any]]:
    """Every change about a card, newest first."""
    with store.read() as uow:
        return [_view(entry) for entry in uow.hotlist.of_card(card_no)]


def listing(store: Store, card_no: str) -> dict[str, Any] | None:
    """The change that put a card on the list, as ``history`` gives it, while it stands there."""
    with store.read() as uow:
        listed = uow.hotlist.listing_of(card_no)
    return _view(listed) if listed else None


def _view(entry: HotListEntry) -> dict[str, Any]:
    return {
        "version": entry.version,
        "card_no": entry.card_no,
        "action": entry.action,
        "reason": entry.reason,
        "changed_by": entry.changed_by,
        "changed_at": entry.changed_at.isoformat(),
    }
