"""What may be asked of made cards on their way to their holders, and of the bags in which they travel."""

import datetime as dt

from sqlalchemy import Select, func, or_, select

from cardsvc.store import tables
from cardsvc.store.handout_states import ConsignedState, ConsignmentState, HandoutState
from cardsvc.store.records import ConsignedCard, Consignment, Handout
from cardsvc.store.rows import Rows

IN_USE = ("issued", "blocked")
TRAVELLING = (HandoutState.TO_SEND, HandoutState.SENT, HandoutState.MISSING)
OWNED = (ConsignedState.MISSING, ConsignedState.SURPLUS)
IN_NO_HAND = (ConsignedState.LISTED, ConsignedState.MISSING)


class Handouts(Rows[Handout]):
    """Made cards that wait for their holders, or were given."""

    table, record = tables.handout, Handout

    def waiting(self, outlet_id: str | None, limit: int) -> list[Handout]:
        """Cards in use that lie where they are collected and that nobody took yet, the first ready first: at an outlet, with
        those that no outlet made; at all outlets for None."""
        columns = self.table.c
        query = self._in_use().where(columns.handed_at.is_(None), columns.state == HandoutState.READY)
        if outlet_id is not None:
            query = query.where(or_(columns.outlet_id == outlet_id, columns.outlet_id.is_(None)))
        return self._records(query.order_by(columns.ready_at, columns.card_no).limit(limit))

    def expected(self, outlet_id: str, limit: int) -> list[Handout]:
        """Cards in use that are collected at an outlet and are not there yet, the first made first."""
        columns = self.table.c
        here = columns.outlet_id == outlet_id, columns.handed_at.is_(None), columns.state.in_(TRAVELLING)
        return self._records(self._in_use().where(*here).order_by(columns.made_at, columns.card_no).limit(limit))

    def to_send(self, outlet_id: str, limit: int) -> list[Handout]:
        """Cards in use that an outlet has to send, by where they go, the first made first."""
        columns = self.table.c
        order = columns.outlet_id, columns.made_at, columns.card_no
        return self._records(self._in_use().where(columns.lies_at == outlet_id).order_by(*order).limit(limit))

    def _in_use(self) -> Select[tuple[object, ...]]:
        card = tables.card.c
        return select(self.table).join(tables.card, card.card_no == self.table.c.card_no).where(card.state.in_(IN_USE))


class Consignments(Rows[Consignment]):
    """Bags of cards from one outlet to another."""

    table, record = tables.consignment, Consignment

    def latest(self, outlet_id: str | None, limit: int) -> list[Consignment]:
        """Those that an outlet sent or is sent, newest first; of all outlets for None."""
        columns = self.table.c
        query = select(self.table).order_by(columns.sent_at.desc(), columns.consignment_id.desc()).limit(limit)
        if outlet_id is not None:
            query = query.where(or_(columns.from_outlet == outlet_id, columns.to_outlet == outlet_id))
        return self._records(query)

    def with_bag(self, bag: str) -> Consignment | None:
        """The consignment that is on its way in this bag."""
        return self.first_is(bag=bag, state=ConsignmentState.SENT)

    def highest(self, prefix: str) -> str | None:
        """The highest number that begins like this."""
        column = self.table.c.consignment_id
        found: str | None = self._connection.execute(select(func.max(column)).where(column.like(f"{prefix}%"))).scalar()
        return found


class ConsignedCards(Rows[ConsignedCard]):
    """Cards of consignments."""

    table, record = tables.consigned_card, ConsignedCard

    def of(self, consignment_id: str) -> list[ConsignedCard]:
        """The cards of a consignment, by number."""
        columns = self.table.c
        query = select(self.table).where(columns.consignment_id == consignment_id).order_by(columns.card_no)
        return self._records(query)

    def travelling(self, card_no: str) -> ConsignedCard | None:
        """Where a card is listed and was not seen, or missed."""
        return self.first_is(card_no=card_no, state=IN_NO_HAND)

    def given_up(self, card_no: str) -> ConsignedCard | None:
        """Where a card was missed and given up."""
        return self.first_is(card_no=card_no, state=ConsignedState.LOST)

    def owned(self, outlet_id: str | None, today: dt.date, limit: int) -> list[ConsignedCard]:
        """Cards that are missing or too many, of bags that an outlet sent or was sent, the most overdue first."""
        columns, bag = self.table.c, tables.consignment.c
        query = select(self.table).join(tables.consignment, bag.consignment_id == columns.consignment_id)
        query = query.where(columns.state.in_(OWNED))
        if outlet_id is not None:
            query = query.where(or_(bag.from_outlet == outlet_id, bag.to_outlet == outlet_id))
        order = func.coalesce(columns.due_on, today), columns.consignment_id, columns.card_no
        return self._records(query.order_by(*order).limit(limit))
