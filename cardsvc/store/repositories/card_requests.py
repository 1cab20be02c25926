"""What may be asked of applications for a card."""

import datetime as dt
from collections.abc import Collection
from typing import NamedTuple

from sqlalchemy import func, select

from cardsvc.store import tables
from cardsvc.store.records import CardRequest
from cardsvc.store.rows import Rows
from cardsvc.store.states import CardRequestState


class NotMade(NamedTuple):
    """What an application waits for, as there may be many."""

    case_no: str
    citizen_id: str
    state: str
    pre: bool


class CardRequests(Rows[CardRequest]):
    """Applications for a card."""

    table, record = tables.card_request, CardRequest

    def open_of(self, citizen_id: str) -> CardRequest | None:
        """The application of a person that is not over."""
        columns = self.table.c
        states = (CardRequestState.HELD, CardRequestState.APPLIED, CardRequestState.MADE)
        found = self.where(columns.citizen_id == citizen_id, columns.state.in_(states), limit=1)
        return found[0] if found else None

    def by_card(self, card_no: str) -> CardRequest | None:
        """The application that a card was made for."""
        return self.first_is(card_no=card_no)

    def with_phone(self, citizen_id: str) -> CardRequest | None:
        """The newest application of a person that was not withdrawn and in which they, or their parent, left a phone."""
        columns = self.table.c
        theirs = columns.citizen_id == citizen_id, columns.phone.is_not(None), columns.came.in_(("holder", "parent"))
        query = select(self.table).where(*theirs, columns.state != CardRequestState.CANCELLED)
        found = self._records(query.order_by(columns.applied_at.desc(), columns.case_no.desc()).limit(1))
        return found[0] if found else None

    def at(self, outlets: Collection[str], state: CardRequestState, limit: int) -> list[CardRequest]:
        """Those of some outlets in a state, the first promised first, else the first taken."""
        columns = self.table.c
        query = select(self.table).where(columns.outlet_id.in_(outlets), columns.state == state)
        query = query.order_by(columns.promised_at, columns.applied_at, columns.case_no).limit(limit)
        return self._records(query)

    def withdrawn_before(self, moment: dt.datetime, limit: int) -> list[CardRequest]:
        """Those that were withdrawn until then, the first first."""
        columns = self.table.c
        query = select(self.table).where(columns.state == CardRequestState.CANCELLED, columns.cancelled_at <= moment)
        query = query.order_by(columns.cancelled_at, columns.case_no).limit(limit).with_for_update()
        return [CardRequest(**row) for row in self._connection.execute(query).mappings()]

    def delete(self, case_no: str) -> None:
        """Delete one that was withdrawn."""
        self.delete_in(self.table.c.case_no, [case_no])

    def not_made(self) -> list[NotMade]:
        """Those whose card is not made, by case number."""
        columns = self.table.c
        query = select(columns.case_no, columns.citizen_id, columns.state, columns.pre)
        query = query.where(columns.state.in_((CardRequestState.HELD, CardRequestState.APPLIED))).order_by(columns.case_no)
        return [NotMade(*row) for row in self._connection.execute(query)]

    def made_since(self, outlet_id: str, moment: dt.datetime) -> list[dt.datetime]:
        """When the cards of an outlet were made since a moment, first first."""
        columns = self.table.c
        query = select(columns.made_at).where(columns.outlet_id == outlet_id, columns.made_at >= moment)
        return [row.made_at for row in self._connection.execute(query.order_by(columns.made_at))]

    def highest_case(self, prefix: str) -> str | None:
        """The highest case number that begins like this."""
        query = select(func.max(self.table.c.case_no)).where(self.table.c.case_no.like(f"{prefix}%"))
        found: str | None = self._connection.execute(query).scalar()
        return found
