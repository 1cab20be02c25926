"""What may be asked of the hot list."""

import datetime as dt

from sqlalchemy import func, or_, select

from cardsvc.store import tables
from cardsvc.store.records import HotListAck, HotListEntry
from cardsvc.store.rows import Rows
from cardsvc.store.states import RESTORED, ApprovalState

LOST_VERSIONS = 1_000_000
"""More than were ever made in the time that a backup is old."""


class HotList(Rows[HotListEntry]):
    """The hot list as the sequence of its changes: a card stands as its latest change says."""

    table, record = tables.hotlist_entry, HotListEntry

    def version(self) -> int:
        """The newest version; 0 before the first change."""
        return self._connection.execute(select(func.max(self.table.c.version))).scalar() or 0

    def latest_of(self, card_no: str) -> HotListEntry | None:
        """The latest change about a card."""
        return self.first_is(card_no=card_no, newest="version")

    def listing_of(self, card_no: str) -> HotListEntry | None:
        """The change that put a card on the list, while it stands there."""
        latest = self.latest_of(card_no)
        return latest if latest is not None and latest.action == "add" else None

    def is_listed(self, card_no: str) -> bool:
        """Whether a card is on the list now."""
        return self.listing_of(card_no) is not None

    def of_card(self, card_no: str) -> list[HotListEntry]:
        """Every change about a card, newest first."""
        return self.where_is(card_no=card_no, newest="version")

    def since(self, version: int) -> list[HotListEntry]:
        """The latest change of each card that changed after a version, oldest first."""
        columns = self.table.c
        latest = select(func.max(columns.version)).where(columns.version > version).group_by(columns.card_no)
        return sorted(self.where(columns.version.in_(latest)), key=lambda entry: entry.version)

    def change_card(self, card_no: str, action: str, reason: str, changed_by: str, now: dt.datetime) -> HotListEntry:
        """The next version. Two at once: the later of them runs again.

        The versions that a restored backup lost are with terminals, with other contents: they are never given again.
        """
        version = self.version() + (LOST_VERSIONS if self._restored_since_last() else 1)
        return self.add(HotListEntry(version, card_no, action, reason, changed_by, now))

    def _restored_since_last(self) -> bool:
        """Whether two people said since the last change that the database was restored."""
        columns, last = tables.approval.c, select(func.max(self.table.c.changed_at)).scalar_subquery()
        query = select(columns.approval_id).where(columns.kind == RESTORED, columns.state == ApprovalState.APPROVED)
        return (
            self._connection.execute(query.where(or_(last.is_(None), columns.decided_at > last)).limit(1)).first() is not None
        )


class HotListAcks(Rows[HotListAck]):
    """Who has which version."""

    table, record = tables.hotlist_ack, HotListAck

    def put(self, terminal_id: str, version: int, now: dt.datetime) -> None:
        """Note what a terminal has, whatever it had before."""
        known = self.get(terminal_id)
        if known is None:
            self.add(HotListAck(terminal_id, version, now))
        else:
            self.change(known, version=version, acknowledged_at=now)

    def all(self) -> list[HotListAck]:
        """What every terminal has."""
        return self.where()
