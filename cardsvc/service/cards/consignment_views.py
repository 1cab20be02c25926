"""What an outlet sees of the cards that it sends and is sent: what is to be packed, what is on its way, what is amiss."""

import datetime as dt
from itertools import groupby
from typing import Any

from cardsvc.errors import RequestError
from cardsvc.service.cards.consignments import MOST_CARDS
from cardsvc.service.cards.handing_out import handout_view
from cardsvc.service.operations.known_card import known_card
from cardsvc.service.operations.rule_book import local_day
from cardsvc.service.people.register import citizen_json
from cardsvc.store import Store, UnitOfWork
from cardsvc.store.handout_states import ConsignedState, ConsignmentState
from cardsvc.store.records import ConsignedCard, Consignment
from cardsvc.units import LOCAL

MOST = 500
NEWEST = 50
OWNED = (ConsignedState.MISSING, ConsignedState.SURPLUS)


def to_send(store: Store, outlet_id: str) -> list[dict[str, Any]]:
    """The cards that lie at an outlet and are collected at others: for each other outlet its ``outlet_id``, ``name``, and
    ``cards``, as ``handout_view`` gives them. One card more than a bag takes is looked at."""
    with store.read() as uow:
        names = _names(uow)
        rows = groupby(uow.handouts.to_send(outlet_id, MOST_CARDS + 1), lambda row: row.outlet_id or "")
        return [
            {"outlet_id": to, "name": names.get(to, to), "cards": [handout_view(uow, row.card_no) for row in cards]}
            for to, cards in rows
        ]


def consignments_at(store: Store, outlet_id: str | None, now: dt.datetime) -> list[dict[str, Any]]:
    """The consignments that an outlet sent or is sent, newest first, at all outlets for None; see ``consignment_of``, without
    their cards but with how many there are of each state (``counts``)."""
    with store.read() as uow:
        return [_bag(uow, row, now) for row in uow.consignments.latest(outlet_id, NEWEST)]


def consignment_of(store: Store, consignment_id: str, now: dt.datetime) -> dict[str, Any]:
    """One consignment, with its ``cards``: ``card_no``, ``holder``, ``state`` (``ConsignedState``), ``owner``, ``due_on``,
    ``late``, ``seen_by``, ``seen_at``, ``note``. Raises RequestError ``consignment_unknown``."""
    with store.read() as uow:
        row = uow.consignments.get(consignment_id)
        if row is None:
            raise RequestError("consignment_unknown", consignment=consignment_id[:24])
        return {**_bag(uow, row, now), "cards": [_card(uow, one, now) for one in uow.consigned_cards.of(consignment_id)]}


def cards_amiss(store: Store, outlet_id: str | None, now: dt.datetime) -> list[dict[str, Any]]:
    """The cards that are missing or too many in bags that an outlet sent or was sent, each with its ``consignment``; the most
    urgent first."""
    with store.read() as uow:
        names, found = _names(uow), []
        for row in uow.consigned_cards.owned(outlet_id, local_day(now), MOST):
            bag = uow.consignments.get(row.consignment_id)
            if bag is not None:
                way = {"from": names.get(bag.from_outlet), "to": names.get(bag.to_outlet)}
                found.append({**_card(uow, row, now), "consignment": row.consignment_id, **way})
        return found


def _names(uow: UnitOfWork) -> dict[str, str]:
    return {outlet.outlet_id: outlet.name for outlet in uow.outlets.all()}


def _bag(uow: UnitOfWork, row: Consignment, now: dt.datetime) -> dict[str, Any]:
    names, cards = _names(uow), uow.consigned_cards.of(row.consignment_id)
    on_its_way = row.state == ConsignmentState.SENT
    return {
        "consignment": row.consignment_id,
        "bag": row.bag,
        "state": row.state,
        "from_outlet": row.from_outlet,
        "from": names.get(row.from_outlet, row.from_outlet),
        "to_outlet": row.to_outlet,
        "to": names.get(row.to_outlet, row.to_outlet),
        "sent_by": row.sent_by,
        "sent_at": _local(row.sent_at),
        "due_on": row.due_on.isoformat() if row.due_on else None,
        "late": on_its_way and row.due_on is not None and row.due_on < local_day(now),
        "received_by": row.received_by,
        "received_at": _local(row.received_at) if row.received_at else None,
        "counts": {str(state): sum(one.state == state for one in cards) for state in ConsignedState},
        "listed": sum(one.state not in (ConsignedState.SURPLUS, ConsignedState.EXPLAINED) for one in cards),
    }


def _card(uow: UnitOfWork, row: ConsignedCard, now: dt.datetime) -> dict[str, Any]:
    holder = uow.citizens.get(known_card(uow, row.card_no).citizen_id)
    if holder is None:
        raise ValueError("a card's holder never goes away")
    open_ = row.state in OWNED
    return {
        "card_no": row.card_no,
        "holder": citizen_json(holder),
        "state": row.state,
        "owner": row.owner,
        "due_on": row.due_on.isoformat() if row.due_on else None,
        "late": open_ and row.due_on is not None and row.due_on < local_day(now),
        "seen_by": row.seen_by,
        "seen_at": _local(row.seen_at) if row.seen_at else None,
        "note": row.note,
    }


def _local(moment: dt.datetime) -> str:
    return moment.astimezone(LOCAL).isoformat(timespec="minutes")
