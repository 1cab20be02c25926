"""What may be asked of people, cards and their applications."""

from collections.abc import Collection
from functools import cache

from sqlalchemy import Select, bindparam, exists, func, select

from cardsvc.store import tables
from cardsvc.store.records import (
    Card,
    CardApplication,
    Citizen,
)
from cardsvc.store.rows import Rows


class Citizens(Rows[Citizen]):
    """People."""

    table, record = tables.citizen, Citizen

    def by_id_number(self, id_type: str, id_number: str) -> Citizen | None:
        """The person with this document."""
        return self.first_is(id_type=id_type, id_number=id_number)

    def by_id_numbers(self, id_type: str, id_numbers: Collection[str]) -> dict[str, Citizen]:
        """People by their documents' numbers."""
        columns = self.table.c
        return {row.id_number: row for row in self.where_in(columns.id_number, id_numbers, columns.id_type == id_type)}

    def by_ids(self, citizen_ids: Collection[str]) -> dict[str, Citizen]:
        """People by their own ids."""
        return {row.citizen_id: row for row in self.where_in(self.table.c.citizen_id, citizen_ids)}

    def delete_if_unused(self, citizen_id: str) -> bool:
        """Delete a person of whom nothing else is kept; whether they went."""
        key = self.table.c.citizen_id
        others = [
            exists(select(column).where(column == key))
            for table in tables.metadata.tables.values()
            for column in table.columns
            if column.references(key)
        ]
        done = self._connection.execute(self.table.delete().where(key == citizen_id, *(~other for other in others)))
        return bool(done.rowcount)


class Cards(Rows[Card]):
    """Cards."""

    table, record = tables.card, Card

    def lock(self, card_no: str) -> None:
        """Hold this card's row until the transaction ends: whoever touches its money waits here. SQLite has one writer at a
        time anyway and is not asked: each step of each operation comes by here.
        """
        if self._connection.dialect.name != "sqlite":
            self._connection.execute(_locking_one(), {"number": card_no})

    def lock_many(self, card_nos: Collection[str]) -> dict[str, Card]:
        """Hold the rows of many cards, in the order of their numbers; returns those that there are."""
        column = self.table.c.card_no
        for part in self.parts(card_nos):
            self._connection.execute(select(column).where(column.in_(part)).order_by(column).with_for_update())
        return self.by_numbers(card_nos)

    def by_numbers(self, card_nos: Collection[str]) -> dict[str, Card]:
        """Cards by their numbers."""
        return {row.card_no: row for row in self.where_in(self.table.c.card_no, card_nos)}

    def by_chip(self, chip_serial: str, profile: str) -> Card | None:
        """The card that was begun on this chip."""
        return self.first_is(chip_serial=chip_serial, profile=profile)

    def of_citizen(self, citizen_id: str) -> list[Card]:
        """All cards of a person, newest first."""
        return self.where_is(citizen_id=citizen_id, newest="created_at")

    def of_citizens(self, citizen_ids: Collection[str], *states: str) -> list[Card]:
        """The cards of many people that are in one of these states."""
        return self.where_in(self.table.c.citizen_id, citizen_ids, self.table.c.state.in_(states))

    def highest_number(self, prefix: str) -> str | None:
        """The highest card number that begins so."""
        column = self.table.c.card_no
        query = select(func.max(column)).where(column >= prefix, column < prefix + "~")
        highest: str | None = self._connection.execute(query).scalar()
        return highest


@cache
def _locking_one() -> Select[tuple[str]]:
    number = tables.card.c.card_no
    return select(number).where(number == bindparam("number")).with_for_update()


class CardApplications(Rows[CardApplication]):
    """Applications of cards."""

    table, record = tables.card_application, CardApplication

    def of_card(self, card_no: str) -> list[CardApplication]:
        """The applications that were ever opened on a card."""
        return self.where_is(card_no=card_no)

    def put(self, row: CardApplication) -> None:
        """Insert or replace."""
        old = self.get(row.card_no, row.application)
        if old is None:
            self.add(row)
            return
        keep = ("state", "product", "valid_from", "valid_to", "operation_id", "changed_at")
        self.change(old, **{name: getattr(row, name) for name in keep})
