"""A card that turns out wrong before anybody got it: whoever waits for it waits for another one, and its face goes with it."""

import datetime as dt

from cardsvc.errors import RequestError
from cardsvc.ledger.states import advance
from cardsvc.service.cards.cancelling import money_left
from cardsvc.service.cards.faces import face_goes_with_card
from cardsvc.service.messages import notices
from cardsvc.service.purse.open_money import open_facts
from cardsvc.store import UnitOfWork
from cardsvc.store.records import Card
from cardsvc.store.states import (
    BULK_ALLOWED,
    BULK_LINE_ALLOWED,
    CARD_REQUEST_ALLOWED,
    BulkLineState,
    BulkState,
    CardRequestState,
)


def refuse_used(uow: UnitOfWork, card_no: str) -> None:
    """A card with money, loads, orders or applications is replaced or cancelled like any other. Raises RequestError
    ``face_card_used``."""
    waiting = uow.orders.waiting(card_no) or uow.application_fees.waiting_on(card_no)
    open_money = waiting or any(open_facts(uow, card_no).values())
    if money_left(uow, card_no) or open_money or uow.deposits.held_on(card_no) or uow.applications.of_card(card_no):
        raise RequestError("face_card_used", card_no=card_no)


def card_was_wrong(uow: UnitOfWork, card: Card, why: str, code: str, now: dt.datetime) -> None:
    """The card is void before anybody got it. ``why``: in words, for its face; ``code``: of the catalog, for its bulk line.

    Its application waits for another card, and its promise stays. So does its line of a batch; a batch that was done is
    paused, for the next run to make that card. A replacement waits by itself (Replacements.open_of).
    """
    face_goes_with_card(uow, card.card_no, why, now)
    notices.drop_card(uow, card.card_no, now)
    known = uow.card_requests.open_of(card.citizen_id)
    if known is not None and known.state == CardRequestState.MADE and known.card_no == card.card_no:
        state = advance(CARD_REQUEST_ALLOWED, CardRequestState.MADE, CardRequestState.APPLIED)
        uow.card_requests.change(known, state=state, card_no=None, made_at=None)
    _line_waits_again(uow, card.card_no, code, now)


def _line_waits_again(uow: UnitOfWork, card_no: str, code: str, now: dt.datetime) -> None:
    found = uow.bulk_lines.made_with(card_no)
    batch = uow.bulk_batches.for_update(found.batch_id) if found else None
    if found is None or batch is None:
        return
    state = advance(BULK_LINE_ALLOWED, BulkLineState(found.state), BulkLineState.VOIDED)
    uow.bulk_lines.change(found, state=state, spoiled=found.spoiled + 1, bin="bad", error=code, changed_at=now)
    if batch.state == BulkState.DONE:
        uow.bulk_batches.change(batch, state=advance(BULK_ALLOWED, BulkState.DONE, BulkState.PAUSED), ended_at=None)
