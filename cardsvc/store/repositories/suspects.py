"""What may be asked of the owners of suspect loads and purchases."""

from collections.abc import Collection

from cardsvc.store import tables
from cardsvc.store.records import SuspectCase
from cardsvc.store.rows import Rows


class SuspectCases(Rows[SuspectCase]):
    """Owners of suspects."""

    table, record = tables.suspect_case, SuspectCase

    def put(self, case: SuspectCase) -> None:
        """Insert, or hand over to another owner."""
        old = self.get(case.card_no, case.subject_id)
        if old is None:
            self.add(case)
        else:
            self.change(old, owner=case.owner, note=case.note, taken_at=case.taken_at)

    def of(self, subject_ids: Collection[str]) -> dict[str, SuspectCase]:
        """The owners of these loads and purchases, by their ids."""
        return {case.subject_id: case for case in self.where_in(self.table.c.subject_id, subject_ids)}

    def of_card(self, card_no: str) -> list[SuspectCase]:
        """The cases of a card, also of what was settled since."""
        return self.where(self.table.c.card_no == card_no)

    def all(self) -> list[SuspectCase]:
        """Every case, also of what was settled since."""
        return self.where()
