"""What may be asked of diagnoses."""

from cardsvc.store import tables
from cardsvc.store.records import Diagnosis
from cardsvc.store.rows import Rows


class Diagnoses(Rows[Diagnosis]):
    """Diagnoses."""

    table, record = tables.diagnosis, Diagnosis

    def of_card(self, card_no: str, limit: int = 20) -> list[Diagnosis]:
        """The diagnoses of a card, newest first."""
        return self.where_is(card_no=card_no, limit=limit, newest="diagnosed_at")
