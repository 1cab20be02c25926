"""Money that is open on a card: loads, purchases and fees whose fate only the card knows."""

from functools import cache
from typing import Any

from sqlalchemy import Connection, Select, String, bindparam, literal, select, union_all

from cardsvc.ledger.states import FeeState, LoadState, PurchaseState
from cardsvc.store import tables


class OpenMoney:
    """Asked for at every contact, so in one statement for all of it."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def on(self, card_no: str) -> list[tuple[str, str]]:
        """Kind (load, purchase, fee) and id of everything that is open on a card, oldest first."""
        return [(kind, identifier) for kind, identifier, _since in self._connection.execute(_open(), {"card_no": card_no})]


@cache
def _open() -> Select[Any]:
    load, purchase, fee = tables.load.c, tables.purchase.c, tables.application_fee.c
    mine = bindparam("card_no", type_=String)
    all_of_it = union_all(
        select(literal("load", String).label("kind"), load.load_id.label("id"), load.authorised_at.label("since")).where(
            load.card_no == mine, load.state.in_((LoadState.AUTHORISED, LoadState.SUSPECT))
        ),
        select(literal("purchase", String), purchase.purchase_id, purchase.authorised_at).where(
            purchase.card_no == mine, purchase.state.in_((PurchaseState.AUTHORISED, PurchaseState.SUSPECT))
        ),
        select(literal("fee", String), fee.fee_id, fee.taken_at).where(
            fee.card_no == mine, fee.state.in_((FeeState.AUTHORISED, FeeState.SUSPECT))
        ),
    ).subquery()
    return select(all_of_it).order_by(all_of_it.c.since)
