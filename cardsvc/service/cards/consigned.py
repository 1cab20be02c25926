"""What becomes of a card that list and bag disagree about: found here or there, explained, taken over, or given up.

A card that is given up is void and on the hot list, and whoever waits for it waits for another one; only a card that has no
money and no application can be given up so, any other is reported lost by its holder and replaced.
"""

import datetime as dt
from collections.abc import Callable

from cardsvc.errors import RequestError
from cardsvc.ledger.states import advance
from cardsvc.service.cards.consignments import count_in
from cardsvc.service.cards.wrong_card import card_was_wrong, refuse_used
from cardsvc.service.cash.shifts import TELLERS
from cardsvc.service.loss.hotlist import list_card
from cardsvc.service.operations.known_card import card_in_hand, refuse_live
from cardsvc.service.operations.rule_book import RuleBook
from cardsvc.service.staff.accounts import require_role
from cardsvc.service.staff.acts import Act, note_act
from cardsvc.store import Store, UnitOfWork
from cardsvc.store.handout_states import CONSIGNED_ALLOWED, ConsignedState
from cardsvc.store.records import ConsignedCard, Staff

MAX_NOTE = 100
LOST_CODE = "card_lost_on_its_way"
LOST_WHY = "送卡途中丢失 (lost on its way)"


def found_here(store: Store, rules: RuleBook, consignment_id: str, card_no: str, *, by: Staff, now: dt.datetime) -> str:
    """A missing card turned up at this person's outlet: where it is collected it arrived, anywhere else it is sent again. Gives
    what ``count_in`` gives, and raises as it does, and RequestError ``consigned_card_moved_on``."""
    with store.read() as uow:
        _in_state(uow.consigned_cards.get(consignment_id, card_no), ConsignedState.MISSING)
    return count_in(store, rules, card_no, by=by, now=now)


def take_over(store: Store, consignment_id: str, card_no: str, *, by: Staff, now: dt.datetime) -> ConsignedCard:
    """Somebody of either outlet sees to it from now on. Raises RequestError ``not_permitted``, ``consignment_unknown``,
    ``consignment_other_outlet``, ``consigned_card_moved_on``."""

    def decide(uow: UnitOfWork, row: ConsignedCard) -> ConsignedCard:
        note_act(uow, by, Act.CARD_OWNER, card_no, {"consignment": consignment_id}, now)
        return uow.consigned_cards.change(row, owner=by.staff_id)

    return _decided(store, (consignment_id, card_no), (ConsignedState.MISSING, ConsignedState.SURPLUS), decide, by)


def explain_surplus(
    store: Store, consignment_id: str, card_no: str, note: str, *, by: Staff, now: dt.datetime
) -> ConsignedCard:
    """Why a card was in a bag on whose list it was not. Raises as ``take_over``, and RequestError ``reason_missing``."""
    why = _note(note)

    def decide(uow: UnitOfWork, row: ConsignedCard) -> ConsignedCard:
        note_act(uow, by, Act.CARD_EXPLAIN, card_no, {"consignment": consignment_id, "reason": why}, now)
        state = advance(CONSIGNED_ALLOWED, ConsignedState(row.state), ConsignedState.EXPLAINED)
        return uow.consigned_cards.change(row, state=state, note=why)

    return _decided(store, (consignment_id, card_no), (ConsignedState.SURPLUS,), decide, by)


def give_up_missing(
    store: Store, consignment_id: str, card_no: str, note: str, *, by: Staff, now: dt.datetime
) -> ConsignedCard:
    """A supervisor gives a missing card up: nobody can use it, and another one is made. Its chip is nowhere, so it does not
    count among the void ones that are destroyed before it turns up (``count_in``).

    Raises as ``take_over``, and RequestError ``reason_missing``, ``face_card_used``, ``hotlist_no_change``;
    CardError ``card_not_issued``.
    """
    require_role(by, "supervisor")
    why = _note(note)

    def decide(uow: UnitOfWork, row: ConsignedCard) -> ConsignedCard:
        uow.cards.lock(card_no)
        card = card_in_hand(uow, card_no)
        refuse_live(uow, card_no, now)
        refuse_used(uow, card_no)
        list_card(uow, card_no, LOST_WHY, by.staff_id, now)
        uow.cards.change(card, state="void")
        card_was_wrong(uow, card, LOST_WHY, LOST_CODE, now)
        note_act(uow, by, Act.CARD_GIVE_UP, card_no, {"consignment": consignment_id, "reason": why}, now)
        state = advance(CONSIGNED_ALLOWED, ConsignedState(row.state), ConsignedState.LOST)
        return uow.consigned_cards.change(row, state=state, note=why)

    return _decided(store, (consignment_id, card_no), (ConsignedState.MISSING,), decide, by)


def _decided(
    store: Store,
    which: tuple[str, str],
    states: tuple[ConsignedState, ...],
    decide: Callable[[UnitOfWork, ConsignedCard], ConsignedCard],
    by: Staff,
) -> ConsignedCard:
    """Decide about a card (``which``: consignment, card) that is in one of these states, for one of the two outlets."""
    require_role(by, *TELLERS)

    def work(uow: UnitOfWork) -> ConsignedCard:
        known = uow.consignments.for_update(which[0])
        if known is None:
            raise RequestError("consignment_unknown", consignment=which[0][:24])
        if by.outlet_id not in (known.from_outlet, known.to_outlet):
            raise RequestError("consignment_other_outlet", outlet=known.to_outlet)
        return decide(uow, _in_state(uow.consigned_cards.for_update(*which), *states))

    return store.transact(work)


def _in_state(row: ConsignedCard | None, *states: ConsignedState) -> ConsignedCard:
    if row is None or row.state not in states:
        raise RequestError("consigned_card_moved_on", card_no=row.card_no if row else "")
    return row


def _note(text: str) -> str:
    if not 1 <= len(text.strip()) <= MAX_NOTE:
        raise RequestError("reason_missing", length=MAX_NOTE)
    return text.strip()
