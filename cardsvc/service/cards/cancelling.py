"""Cancelling a card (注销): its holder gives it back, has moved away, or has died; nobody gets a new card for it.

Money goes first: what is on the card is refunded by the card itself (refund.py), a deposit goes back, a card that cannot be
read is held until its day. What was paid online and never written goes back to the payer here. It is on the hot list then.
"""

import datetime as dt
from typing import Any

from cardsvc.errors import CardError, RequestError
from cardsvc.ledger.states import advance
from cardsvc.service.cards.faces import face_goes_with_card
from cardsvc.service.cash.shifts import TELLERS
from cardsvc.service.loss.hotlist import refuse_hot
from cardsvc.service.messages import notices
from cardsvc.service.messages.library import tell_library
from cardsvc.service.operations.known_card import card_in_hand, refuse_live
from cardsvc.service.people.died import require_death
from cardsvc.service.purse.open_money import open_facts
from cardsvc.service.purse.orders import return_waiting
from cardsvc.service.purse.payments import BY_ORDER
from cardsvc.service.purse.ways import booked_purses, still_owed
from cardsvc.service.staff.accounts import require_role
from cardsvc.service.stock.use import void_card
from cardsvc.service.transactions.refund import refuse_bicycle
from cardsvc.store import Store, UnitOfWork
from cardsvc.store.records import Cancellation, Card, Staff
from cardsvc.store.states import CARD_REQUEST_ALLOWED, CardRequestState
from cardsvc.text import Text
from cardsvc.units import format_yuan

REASONS = {
    "returned": Text("本人退卡", "Given back by its holder"),
    "moved_away": Text("迁出本市", "Moved away"),
    "death": Text("持卡人去世", "Its holder has died"),
}
MAX_PAPERS = 200
DEATH = "death"
NOT_COLLECTED = "卡领取前已注销 (cancelled before it was collected)"


def cancel_card(store: Store, card_no: str, reason: str, papers: str, *, by: Staff, now: dt.datetime) -> Cancellation:
    """End a card for good; the desk keeps it, among the void ones.

    ``papers``: what was shown (ID card; for a death the certificate and the heir's ID card).

    Raises RequestError ``not_permitted``, ``cancel_reason_wrong``, ``reason_missing``, ``cancel_money_left``,
    ``cancel_deposit_held``, ``death_not_noted``; OperationError ``card_busy``; CardError ``card_unknown``,
    ``card_not_issued``, ``card_hot_listed``, ``card_suspects_open``; RuleError ``bicycle_guarantee_held``.
    """
    require_role(by, *TELLERS)
    if reason not in REASONS:
        raise RequestError("cancel_reason_wrong", reason=reason[:16])
    if not 1 <= len(papers.strip()) <= MAX_PAPERS:
        raise RequestError("reason_missing", length=MAX_PAPERS)

    def work(uow: UnitOfWork) -> Cancellation:
        card = _checked(uow, card_no, now)
        if reason == DEATH:
            require_death(uow, card.citizen_id)
        return_waiting(uow, card_no, now)
        tell_library(uow, card_no, "cancelled", now)
        void_card(uow, card, now, by=by.staff_id, reason=f"注销 ({reason})", outlet_id=by.outlet_id)
        uow.hotlist.change_card(card_no, "add", f"注销 ({reason})", by.staff_id, now)
        notices.drop_card(uow, card_no, now)
        face_goes_with_card(uow, card_no, f"注销 ({reason})", now)
        end_request(uow, card, by.staff_id, now)
        return uow.cancellations.add(Cancellation(card_no, reason, papers.strip(), by.staff_id, now))

    return store.transact(work)


def end_request(uow: UnitOfWork, card: Card, by: str, now: dt.datetime) -> None:
    """Nobody collects this card any more: its application is over, and the person may apply again."""
    known = uow.card_requests.open_of(card.citizen_id)
    if known is not None and known.card_no == card.card_no:
        notices.drop(uow, known.case_no, now)
        state = advance(CARD_REQUEST_ALLOWED, CardRequestState(known.state), CardRequestState.CANCELLED)
        ended: dict[str, Any] = {"cancelled_by": by, "cancelled_at": now, "why": NOT_COLLECTED}
        uow.card_requests.change(known, state=state, card_no=None, made_at=None, **ended)


def _checked(uow: UnitOfWork, card_no: str, now: dt.datetime) -> Card:
    """The card, locked: ours, in its holder's hands, quiet, and empty."""
    uow.cards.lock(card_no)
    card = card_in_hand(uow, card_no)
    refuse_hot(uow, card_no)
    refuse_live(uow, card_no, now)
    if any(open_facts(uow, card_no).values()):
        raise CardError("card_suspects_open", card_no=card_no)
    if any(uow.loads.paid_by(BY_ORDER, order.order_id) for order in uow.orders.waiting(card_no)):
        raise CardError("card_suspects_open", card_no=card_no)
    refuse_bicycle(uow, card_no)
    left = money_left(uow, card_no) + sum(fee.amount for fee in uow.application_fees.waiting_on(card_no))
    if left:
        raise RequestError("cancel_money_left", card_no=card_no, amount=format_yuan(left))
    deposit = uow.deposits.held_on(card_no)
    if deposit is not None:
        raise RequestError("cancel_deposit_held", card_no=card_no, amount=format_yuan(deposit.amount))
    return card


def money_left(uow: UnitOfWork, card_no: str) -> int:
    """What the holder still has on the card's purses by the books, in fen."""
    return sum(still_owed(uow, card_no, ref, booked) for ref, booked in booked_purses(uow, card_no))


def cancellation_of(store: Store, card_no: str) -> dict[str, Any] | None:
    """How a card was cancelled; None for one that was not."""
    with store.read() as uow:
        row = uow.cancellations.get(card_no)
    if row is None:
        return None
    return {"reason": row.reason, "papers": row.papers, "by": row.cancelled_by, "at": row.cancelled_at.isoformat()}
