"""Cards between outlets (送卡、收卡): what is made at one outlet and collected at another travels in a sealed bag with a list.

The sender packs what lies there for the other outlet; the receiver counts each card in, or all of the list at once. A card is
handed out, and its holder told, only once it arrived. What the list and the bag disagree about is owned by somebody until it
is settled: a missing card by who sent the bag, a surplus one by who opened it; anybody of either outlet may take it over.
"""

import datetime as dt
from collections.abc import Collection, Mapping
from typing import Any

from cardsvc.errors import RequestError, RuleError
from cardsvc.ledger.states import advance
from cardsvc.rules import RuleSet
from cardsvc.rules.desk import consignment_rule, open_day_after
from cardsvc.service.cards.telling import tell_ready
from cardsvc.service.cash.shifts import TELLERS
from cardsvc.service.loss.hotlist import refuse_hot
from cardsvc.service.operations.known_card import IN_HAND, card_in_hand, known_card
from cardsvc.service.operations.rule_book import RuleBook, local_day
from cardsvc.service.staff.accounts import require_role
from cardsvc.service.staff.acts import Act, note_act
from cardsvc.service.stock.finished import check_face
from cardsvc.service.stock.use import is_void_elsewhere, void_card
from cardsvc.store import Store, UnitOfWork
from cardsvc.store.handout_states import (
    CONSIGNED_ALLOWED,
    CONSIGNMENT_ALLOWED,
    HANDOUT_ALLOWED,
    ConsignedState,
    ConsignmentState,
    HandoutState,
)
from cardsvc.store.records import ConsignedCard, Consignment, Handout, Staff
from cardsvc.text import Text

MOST_CARDS = 500
MAX_BAG = 32
FOUND_VOID = "送卡途中放弃的卡找到了 (given up on its way, found)"
COUNTED: Mapping[str, Text] = {
    "arrived": Text("到了", "arrived"),
    "surplus": Text("多出：不在这张清单上，是在这里领的卡，已点收", "too many: on no list of this bag, but collected here"),
    "elsewhere": Text("不在这里领：放一边，从这里再送", "collected elsewhere: sent on from here"),
    "given_up": Text("先前已放弃、作废的卡：已记入废卡，收好待销毁", "given up before, and void: kept with the void ones"),
}
"""What a card turned out to be that was counted in."""


def send_cards(
    store: Store, rules: RuleBook, to_outlet: str, cards: Collection[str], bag: str, *, by: Staff, now: dt.datetime
) -> Consignment:
    """Cards that lie at this person's outlet leave in a bag (the number of its seal) for the one where they are collected.

    Raises RequestError ``not_permitted``, ``consignment_bag_wrong``, ``consignment_bag_used``, ``consignment_empty``,
    ``consignment_card_not_here``, ``face_not_looked_at``; CardError ``card_unknown``, ``card_not_issued``, ``card_hot_listed``.
    """
    require_role(by, *TELLERS)
    sealed = bag.strip()
    if not 1 <= len(sealed) <= MAX_BAG:
        raise RequestError("consignment_bag_wrong", length=MAX_BAG)
    if not 1 <= len(cards) <= MOST_CARDS:
        raise RequestError("consignment_empty", most=MOST_CARDS)

    def work(uow: UnitOfWork) -> Consignment:
        if uow.consignments.with_bag(sealed) is not None:
            raise RequestError("consignment_bag_used", bag=sealed)
        today = local_day(now)
        due = _due(rules.in_force(uow, today), to_outlet, today, searching=False)
        number = _next_number(uow, today)
        way = by.outlet_id, to_outlet
        sent = uow.consignments.add(Consignment(number, sealed, *way, ConsignmentState.SENT, by.staff_id, now, due))
        for card_no in sorted(set(cards)):
            _leaves(uow, card_no, way)
            uow.consigned_cards.add(ConsignedCard(number, card_no, ConsignedState.LISTED))
        note_act(uow, by, Act.CARDS_SEND, number, {"to": to_outlet, "bag": sealed, "cards": len(set(cards))}, now)
        return sent

    return store.transact(work)


def _leaves(uow: UnitOfWork, card_no: str, way: tuple[str, str]) -> None:
    """The card, finished and in use, leaves one outlet for the one where it is collected."""
    known_card(uow, card_no)
    uow.cards.lock(card_no)
    card_in_hand(uow, card_no)
    refuse_hot(uow, card_no)
    check_face(uow, card_no)
    row = uow.handouts.for_update(card_no)
    if row is None or row.state != HandoutState.TO_SEND or (row.lies_at, row.outlet_id) != way:
        raise RequestError("consignment_card_not_here", card_no=card_no)
    _travels(uow, row, HandoutState.SENT, lies_at=None)


def _travels(uow: UnitOfWork, row: Handout, to: HandoutState, **about: Any) -> None:
    uow.handouts.change(row, state=advance(HANDOUT_ALLOWED, HandoutState(row.state), to), **about)


def _due(rules: RuleSet, outlet_id: str, day: dt.date, *, searching: bool) -> dt.date | None:
    """By when cards arrive, or a missing one is found or given up; None where no rule says so."""
    rule = consignment_rule(rules, day)
    if rule is None:
        return None
    try:
        return open_day_after(rules, outlet_id, day, rule.search_days if searching else rule.arrives_days)
    except RuleError:
        return None


def _next_number(uow: UnitOfWork, day: dt.date) -> str:
    """SK (送卡), the day, a running number: two desks that take the same one meet in the database, and one goes again."""
    prefix = f"SK{day:%Y%m%d}-"
    highest = uow.consignments.highest(prefix)
    return f"{prefix}{int(highest[-4:]) + 1 if highest else 1:04d}"


def count_in(
    store: Store, rules: RuleBook, card_no: str, *, by: Staff, now: dt.datetime, consignment_id: str | None = None
) -> str:
    """A card lies before somebody of an outlet: it arrived. ``consignment_id``: of the bag that it was in, if any. Gives
    ``arrived``; ``surplus`` where it is on no list of this bag, but is collected here; ``elsewhere`` where it is collected at
    another outlet, and is sent there from here; ``given_up`` where it was given up on its way: it is kept with the void ones
    here. Counted again, it is the same.

    Raises RequestError ``not_permitted``, ``consignment_unknown``, ``consignment_other_outlet``, ``handout_not_waiting``;
    CardError ``card_unknown``, ``card_not_issued``.
    """
    require_role(by, *TELLERS)

    def work(uow: UnitOfWork) -> str:
        bag = received_here(uow, consignment_id, by) if consignment_id else None
        uow.cards.lock(known_card(uow, card_no).card_no)
        if uow.consigned_cards.given_up(card_no) is not None:
            return _kept_void(uow, card_no, by, now)
        card_in_hand(uow, card_no)
        return _counted(uow, rules, card_no, bag, by, now)

    return store.transact(work)


def _kept_void(uow: UnitOfWork, card_no: str, by: Staff, now: dt.datetime) -> str:
    """A card that was given up turned up: it counts here among the void ones that are destroyed."""
    card = known_card(uow, card_no)
    if is_void_elsewhere(uow, card):
        void_card(uow, card, now, by=by.staff_id, reason=FOUND_VOID, outlet_id=by.outlet_id)
        note_act(uow, by, Act.CARD_FOUND, card_no, {"outlet_id": by.outlet_id}, now)
    return "given_up"


def _counted(uow: UnitOfWork, rules: RuleBook, card_no: str, bag: Consignment | None, by: Staff, now: dt.datetime) -> str:
    row = uow.handouts.for_update(card_no)
    if row is None or row.handed_at is not None:
        raise RequestError("handout_not_waiting", card_no=card_no)
    here = row.outlet_id in (by.outlet_id, None)
    listed = uow.consigned_cards.travelling(card_no)
    if listed is not None:
        _seen(uow, listed, ConsignedState.ARRIVED if here else ConsignedState.ELSEWHERE, by, now)
    if here and row.state != HandoutState.READY:
        _travels(uow, row, HandoutState.READY, lies_at=None, ready_at=now)
        tell_ready(uow, card_no, now)
    elif not here and (row.state, row.lies_at) != (HandoutState.TO_SEND, by.outlet_id):
        _lies_here(uow, row, by)
    own = bag is not None and uow.consigned_cards.get(bag.consignment_id, card_no) is not None
    if bag is not None and not own:
        due = _due(rules.in_force(uow, local_day(now)), by.outlet_id, local_day(now), searching=True)
        surplus = ConsignedCard(bag.consignment_id, card_no, ConsignedState.SURPLUS, by.staff_id, due, by.staff_id, now)
        uow.consigned_cards.add(surplus)
    if bag is None:
        note_act(uow, by, Act.CARD_ARRIVE, card_no, {"outlet_id": by.outlet_id}, now)
    if not here:
        return "elsewhere"
    return "surplus" if bag is not None and not own else "arrived"


def _lies_here(uow: UnitOfWork, row: Handout, by: Staff) -> None:
    """A card that is collected elsewhere turned up at this outlet, which has to send it."""
    if row.state == HandoutState.TO_SEND:
        uow.handouts.change(row, lies_at=by.outlet_id)
    elif row.state != HandoutState.READY:
        _travels(uow, row, HandoutState.TO_SEND, lies_at=by.outlet_id)


def _seen(uow: UnitOfWork, row: ConsignedCard, to: ConsignedState, by: Staff, now: dt.datetime, **about: Any) -> ConsignedCard:
    state = advance(CONSIGNED_ALLOWED, ConsignedState(row.state), to)
    return uow.consigned_cards.change(row, state=state, seen_by=by.staff_id, seen_at=now, **about)


def received_here(uow: UnitOfWork, consignment_id: str, by: Staff) -> Consignment:
    """A consignment that is sent to this person's outlet, locked. Raises RequestError ``consignment_unknown``,
    ``consignment_other_outlet``."""
    known = uow.consignments.for_update(consignment_id)
    if known is None:
        raise RequestError("consignment_unknown", consignment=consignment_id[:24])
    if known.to_outlet != by.outlet_id:
        raise RequestError("consignment_other_outlet", outlet=known.to_outlet)
    return known


def receive(store: Store, rules: RuleBook, consignment_id: str, *, all_there: bool, by: Staff, now: dt.datetime) -> Consignment:
    """The bag is counted. What is on its list and was not counted in arrived (``all_there``), or is missing: who sent the bag
    looks for it until its day.

    Raises RequestError ``not_permitted``, ``consignment_unknown``, ``consignment_other_outlet``, ``consignment_received``.
    """
    require_role(by, *TELLERS)

    def work(uow: UnitOfWork) -> Consignment:
        known = received_here(uow, consignment_id, by)
        if known.state != ConsignmentState.SENT:
            raise RequestError("consignment_received", consignment=consignment_id)
        today = local_day(now)
        due = _due(rules.in_force(uow, today), known.from_outlet, today, searching=True)
        for row in uow.consigned_cards.of(consignment_id):
            if row.state == ConsignedState.LISTED:
                _settled(uow, rules, row, (all_there, known.sent_by, due), by, now)
        counted = uow.consigned_cards.of(consignment_id)
        numbers = {what: sum(row.state == what for row in counted) for what in (ConsignedState.MISSING, ConsignedState.SURPLUS)}
        told = {"cards": len(counted), **{str(what): number for what, number in numbers.items()}}
        note_act(uow, by, Act.CARDS_RECEIVE, consignment_id, told, now)
        state = advance(CONSIGNMENT_ALLOWED, ConsignmentState(known.state), ConsignmentState.RECEIVED)
        return uow.consignments.change(known, state=state, received_by=by.staff_id, received_at=now)

    return store.transact(work)


def _settled(
    uow: UnitOfWork,
    rules: RuleBook,
    row: ConsignedCard,
    found: tuple[bool, str, dt.date | None],
    by: Staff,
    now: dt.datetime,
) -> None:
    """A card that was not counted one by one. ``found``: whether it is there, else who looks for it, until when."""
    there, owner, due = found
    uow.cards.lock(row.card_no)
    known = uow.handouts.for_update(row.card_no)
    in_use = known is not None and known.handed_at is None and known_card(uow, row.card_no).state in IN_HAND
    if there and in_use:
        _counted(uow, rules, row.card_no, uow.consignments.get(row.consignment_id), by, now)
    elif there or known is None:
        _seen(uow, row, ConsignedState.ARRIVED, by, now)
    else:
        _seen(uow, row, ConsignedState.MISSING, by, now, owner=owner, due_on=due)
        if known.state == HandoutState.SENT:
            _travels(uow, known, HandoutState.MISSING)
