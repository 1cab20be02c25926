"""What may be asked of the owners of suspect loads and purchases."""

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

    def all(self) -> list[SuspectCase]:
        """Every case, also of what was settled since."""
        return self.where()
