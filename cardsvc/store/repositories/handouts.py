"""What may be asked of made cards on their way to their holders."""

import datetime as dt

from sqlalchemy import or_, select

from cardsvc.store import tables
from cardsvc.store.records import Handout
from cardsvc.store.rows import Rows


class Handouts(Rows[Handout]):
    """Made cards that wait for their holders, or were given."""

    table, record = tables.handout, Handout

    def waiting(self, outlet_id: str | None, limit: int, *, made_before: dt.datetime | None = None) -> list[Handout]:
        """Cards in use that nobody took yet, the first made first: at an outlet, with those that no outlet made; at all
        outlets for None."""
        columns, card = self.table.c, tables.card.c
        query = select(self.table).join(tables.card, card.card_no == columns.card_no)
        query = query.where(columns.handed_at.is_(None), card.state.in_(("issued", "blocked")))
        if outlet_id is not None:
            query = query.where(or_(columns.outlet_id == outlet_id, columns.outlet_id.is_(None)))
        if made_before is not None:
            query = query.where(columns.made_at < made_before)
        query = query.order_by(columns.made_at, columns.card_no).limit(limit)
        return [Handout(**row) for row in self._connection.execute(query).mappings()]
