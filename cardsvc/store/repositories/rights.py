"""What may be asked of the insurance offices' data, and of messages that go out."""

import datetime as dt
from collections.abc import Collection, Iterable

from sqlalchemy import func, select, tuple_

from cardsvc.store import tables
from cardsvc.store.records import InsuranceRight, Notice, RightsFile
from cardsvc.store.rows import Rows, insert_or
from cardsvc.store.states import NoticeState


class RightsFiles(Rows[RightsFile]):
    """Files of the offices."""

    table, record = tables.rights_file, RightsFile

    def latest(self, limit: int) -> list[RightsFile]:
        """The files that were imported last."""
        return self.where(newest="imported_at", limit=limit)


class InsuranceRights(Rows[InsuranceRight]):
    """The last that each office said of each person."""

    table, record = tables.insurance_right, InsuranceRight

    def take(self, rights: Iterable[InsuranceRight]) -> None:
        """Store what is newer than what is there: later changed or, changed at the same moment, of the greater digest.

        One statement decides and writes, so two files at once leave what either order leaves.
        """
        insert, kept = insert_or(self._connection, self.table), self.table.c
        values = {column.name: insert.excluded[column.name] for column in kept if not column.primary_key}
        newer = tuple_(insert.excluded.changed_at, insert.excluded.digest) > tuple_(kept.changed_at, kept.digest)
        upsert = insert.on_conflict_do_update(index_elements=["office", "id_number"], set_=values, where=newer)
        names = [column.name for column in kept]
        ordered = sorted(rights, key=lambda right: right.id_number)
        rows = [{name: getattr(right, name) for name in names} for right in ordered]
        if rows:
            self._connection.execute(upsert, rows)

    def said_by(self, office: str, sha256: str) -> int:
        """Of how many people a file is the last word."""
        query = select(func.count()).where(self.table.c.office == office, self.table.c.sha256 == sha256)
        return self._connection.execute(query).scalar() or 0

    def of_numbers(self, id_numbers: Collection[str]) -> dict[str, list[InsuranceRight]]:
        """What the offices say of these people, by ID number."""
        found: dict[str, list[InsuranceRight]] = {}
        for row in self.where_in(self.table.c.id_number, id_numbers):
            found.setdefault(row.id_number, []).append(row)
        return found


class Notices(Rows[Notice]):
    """Messages."""

    table, record = tables.notice, Notice

    def due(self, now: dt.datetime, limit: int) -> list[Notice]:
        """What is to be sent now, the longest due first."""
        columns = self.table.c
        query = select(self.table).where(columns.state == NoticeState.WAITING, columns.next_at <= now)
        return self._records(query.order_by(columns.next_at, columns.notice_id).limit(limit))

    def waiting_of(self, case_no: str) -> list[Notice]:
        """What is not sent yet of an application."""
        return self.where_is(case_no=case_no, state=NoticeState.WAITING)

    def waiting_of_card(self, card_no: str) -> list[Notice]:
        """What is not sent yet about a card."""
        return self.where_is(card_no=card_no, state=NoticeState.WAITING)

    def of_request(self, case_no: str) -> list[Notice]:
        """All messages of an application, newest first."""
        return self.where_is(case_no=case_no, newest="queued_at")

    def delete_of(self, case_no: str) -> None:
        """Delete the messages of an application."""
        self.delete_in(self.table.c.case_no, [case_no])

    def latest(self, limit: int) -> list[Notice]:
        """The newest ones."""
        return self.where(newest="queued_at", limit=limit)
