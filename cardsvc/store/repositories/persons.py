"""What may be asked of changes of people's data, and of deaths."""

from cardsvc.store import tables
from cardsvc.store.records import CitizenChange, Death
from cardsvc.store.rows import Rows


class CitizenChanges(Rows[CitizenChange]):
    """Changes of people's data."""

    table, record = tables.citizen_change, CitizenChange

    def of_citizen(self, citizen_id: str) -> list[CitizenChange]:
        """The changes of a person, newest first."""
        return self.where_is(citizen_id=citizen_id, newest="asked_at")


class Deaths(Rows[Death]):
    """Deaths that were reported."""

    table, record = tables.death, Death

    def of_citizen(self, citizen_id: str) -> list[Death]:
        """What was reported of a person, newest first."""
        return self.where_is(citizen_id=citizen_id, newest="asked_at")

    def confirmed_of(self, citizen_id: str) -> Death | None:
        """The death of a person, once two people have confirmed it."""
        found = self.where(self.table.c.citizen_id == citizen_id, self.table.c.confirmed_at.is_not(None))
        return found[0] if found else None
