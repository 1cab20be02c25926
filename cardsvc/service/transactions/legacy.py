"""Taking over an old bus card: its balance becomes an order that waits for the citizen card, once and only once.

taken   committed before the mark leaves the service: which card it goes to, and how much. No money has moved.
moved   the old card was read back marked and empty; in the same transaction the order is paid from what the old cards' operator
        owes. fetch writes it to the citizen card as any order, exactly once.

A card that leaves in between stays taken: put on again it is marked again, for the same citizen card and no other. The order's
payment is the old card's UID, and a payment makes one order only: the database sees to that as well.
"""

import datetime as dt
import uuid
from typing import Any

from pydantic import Field

from cardsvc.card.profile import LegacyCard
from cardsvc.errors import CardError
from cardsvc.iso7816.exchange import Procedure
from cardsvc.ledger import postings
from cardsvc.ledger.states import OrderState
from cardsvc.procedures.classic import ClassicSight, mark_classic, read_classic
from cardsvc.service.operations.kinds import Context, Effect, OperationKind, Params, Phase
from cardsvc.service.operations.known_card import issued_card
from cardsvc.service.people.died import refuse_dead_holder
from cardsvc.service.purse.orders import MOVED_CHANNEL
from cardsvc.store import UnitOfWork
from cardsvc.store.records import LegacyCardRow, TopUpOrder
from cardsvc.store.states import LegacyCardState

OPERATOR = "bus"


class MigrateParams(Params):
    """Parameters of taking over the old card on the reader: the citizen card that gets its balance."""

    card_no: str = Field(pattern="^[0-9]{16}$")


def _layout(context: Context) -> LegacyCard:
    if context.profile.legacy is None:
        raise CardError("legacy_card_expected")
    return context.profile.legacy


def _read(context: Context, _uow: UnitOfWork) -> Procedure[ClassicSight]:
    return read_classic(_layout(context), context.keystore.legacy_key("read", context.versions))


def _take(context: Context, uow: UnitOfWork, sight: ClassicSight, now: dt.datetime) -> Effect:
    """Decide, and commit to it, before the old card is touched."""
    card_no, uid = context.params["card_no"], sight.uid.hex().upper()
    uow.cards.lock(card_no)
    issued_card(uow, card_no)
    known = uow.legacy_cards.get(uid)
    if known is None:
        refuse_dead_holder(uow, card_no)
        uow.legacy_cards.add(_taken(context, sight, uid, now))
    elif known.state == LegacyCardState.MOVED or known.card_no != card_no:
        raise CardError("legacy_card_moved", card_no=known.card_no)
    elif sight.mark is None and known.balance != _whole(context, sight):
        uow.legacy_cards.change(known, balance=_whole(context, sight))
    return Effect(facts={"uid": uid}, card_no=card_no)


def _taken(context: Context, sight: ClassicSight, uid: str, now: dt.datetime) -> LegacyCardRow:
    if sight.mark is not None:
        raise CardError("legacy_card_moved", card_no=sight.mark.card_no)
    return LegacyCardRow(
        uid=uid,
        card_no=context.params["card_no"],
        operation_id=context.operation.operation_id,
        product=sight.product,
        balance=_whole(context, sight),
        state=LegacyCardState.TAKEN,
        taken_at=now,
    )


def _whole(context: Context, sight: ClassicSight) -> int:
    """The balance, if both copies on the card agree on one that can be moved."""
    if sight.balance is None or not sight.agree or not 0 <= sight.balance <= context.profile.purse.max_balance:
        raise CardError("legacy_card_damaged")
    if sight.balance == 0:
        raise CardError("legacy_card_empty")
    return sight.balance


def _mark(context: Context, _uow: UnitOfWork) -> Procedure[None]:
    return mark_classic(_layout(context), context.keystore.legacy_key("write", context.versions), context.card_no)


def _moved(context: Context, uow: UnitOfWork, _value: None, now: dt.datetime) -> Effect:
    """The old card is marked and empty: its money waits for the new one."""
    row = uow.legacy_cards.get(context.facts["uid"])
    if row is None or row.state != LegacyCardState.TAKEN:
        raise CardError("legacy_card_moved", card_no=context.card_no)
    order = uow.orders.add(_order(row, now))
    source = postings.clearing_account(MOVED_CHANNEL, OPERATOR)
    uow.ledger.post(order.card_no, postings.order_paid(order.card_no, source, order.amount), order.order_id, now)
    uow.legacy_cards.change(row, state=LegacyCardState.MOVED, order_id=order.order_id, moved_at=now)
    return Effect(done=_result(row, order))


def _order(row: LegacyCardRow, now: dt.datetime) -> TopUpOrder:
    return TopUpOrder(
        card_no=row.card_no,
        order_id=str(uuid.uuid5(uuid.NAMESPACE_OID, f"legacy card {row.uid}")),
        channel=MOVED_CHANNEL,
        product="citizen",
        area="purse",
        first_month=None,
        last_month=None,
        amount=row.balance,
        payment_method="transfer",
        payment_reference=f"legacy-{row.uid}",
        state=OrderState.PAID,
        paid_at=now,
    )


def _result(row: LegacyCardRow, order: TopUpOrder) -> dict[str, Any]:
    return {
        "card_no": order.card_no,
        "uid": row.uid,
        "product": row.product,
        "amount": order.amount,
        "order_id": order.order_id,
        "state": str(LegacyCardState.MOVED),
    }


MIGRATE = OperationKind(
    "migrate",
    MigrateParams,
    (Phase("read", _read, _take), Phase("mark", _mark, _moved)),
    roles=frozenset({"desk"}),
)
