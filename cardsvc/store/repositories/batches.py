"""What may be asked of operators' and channels' files, and of what cards showed. Everything for many cards at once."""

import datetime as dt
from collections.abc import Collection, Iterable
from typing import NamedTuple

from sqlalchemy import and_, func, select, tuple_

from cardsvc.store import tables
from cardsvc.store.records import CardSighting, FileBatch, PurseCounter, SpendingRecord, StatementRecord
from cardsvc.store.rows import Rows

PurseKey = tuple[str, str, str]
"""Card number, application, purse."""
CounterKey = tuple[str, str, str, int]
"""The same, and an offline counter."""
Transaction = tuple[str, str, str, int, str, str, str]
"""Card number, application, purse, amount, terminal, its number, date and time: what the TAC of a purchase covers."""


class Ride(NamedTuple):
    """A booked spending record, as far as a balance needs it: there are many."""

    card_no: str
    application: str
    purse: str
    offline_counter: int
    amount: int
    host_date_time: str


class FileBatches(Rows[FileBatch]):
    """Imported files."""

    table, record = tables.file_batch, FileBatch

    def by_content(self, kind: str, party: str, sha256: str) -> FileBatch | None:
        """The batch that this file made before."""
        return self.first_is(kind=kind, party=party, sha256=sha256)

    def recent(self, limit: int = 100) -> list[FileBatch]:
        """Batches, newest first."""
        return self.where(limit=limit, newest="imported_at")

    def imported_between(self, since: dt.datetime, until: dt.datetime) -> list[FileBatch]:
        """Batches that came in from a moment to before another."""
        return self.where(self.table.c.imported_at >= since, self.table.c.imported_at < until)


class SpendingRecords(Rows[SpendingRecord]):
    """Lines of operators' files."""

    table, record = tables.spending_record, SpendingRecord

    def taken_at(self, keys: Collection[CounterKey]) -> dict[CounterKey, SpendingRecord]:
        """The records that took these counters, booked or matched."""
        columns = self.table.c
        key = tuple_(columns.card_no, columns.application, columns.purse, columns.offline_counter)
        found = self.where_in(key, keys, columns.state.in_(("booked", "matched")))
        return {(row.card_no, row.application, row.purse, row.offline_counter): row for row in found}

    def told(self, transactions: Collection[Transaction]) -> set[Transaction]:
        """Which of these purchases are booked or matched, under whatever counter."""
        columns = self.table.c
        key = tuple_(columns.card_no, columns.terminal_no, columns.terminal_transaction)
        wanted = {(card_no, terminal, number) for card_no, _, _, _, terminal, number, _ in transactions}
        found = self.where_in(key, wanted, columns.state.in_(("booked", "matched")))
        return {
            (r.card_no, r.application, r.purse, r.amount, r.terminal_no, r.terminal_transaction, r.host_date_time)
            for r in found
        }

    def of_card(self, card_no: str, *states: str) -> list[SpendingRecord]:
        """The records of a card that ended in these states."""
        return self.where(self.table.c.card_no == card_no, self.table.c.state.in_(states))

    def of_batch(self, batch_id: str, *states: str) -> list[SpendingRecord]:
        """The records of a batch that ended in these states, by line."""
        found = self.where(self.table.c.batch_id == batch_id, self.table.c.state.in_(states))
        return sorted(found, key=lambda row: row.line)

    def late_of(self, batch_id: str, before: str) -> list[SpendingRecord]:
        """The records of a batch that took a counter and are from before a moment of local time, by line."""
        columns = self.table.c
        taken = columns.state.in_(("booked", "matched"))
        found = self.where(columns.batch_id == batch_id, taken, columns.host_date_time < before)
        return sorted(found, key=lambda row: row.line)

    def cards_of(self, batch_ids: Collection[str]) -> set[str]:
        """The cards that these batches have records of."""
        query = select(self.table.c.card_no).distinct()
        found = (self._connection.execute(query.where(self.table.c.batch_id == batch_id)) for batch_id in batch_ids)
        return {card_no for rows in found for (card_no,) in rows}

    def counters_of(self, card_no: str, application: str, purse: str) -> list[int]:
        """The offline counters, before their increment, that operators' files accounted for in one purse."""
        columns = self.table.c
        of_purse = (columns.card_no == card_no, columns.application == application, columns.purse == purse)
        query = select(columns.offline_counter).where(*of_purse, columns.state.in_(("booked", "matched")))
        return list(self._connection.execute(query).scalars())

    def rides_since(self, card_nos: Collection[str], host_date_time: str) -> list[Ride]:
        """What these cards spent since a moment of local time, as it was booked from files."""
        columns = self.table.c
        fields = (columns[name] for name in Ride._fields)
        query = select(*fields).where(columns.host_date_time >= host_date_time, columns.state == "booked")
        parts = (self._connection.execute(query.where(columns.card_no.in_(part))) for part in self.parts(card_nos))
        return [Ride(*row) for rows in parts for row in rows]


class PurseCounters(Rows[PurseCounter]):
    """Which offline counters are accounted for."""

    table, record = tables.purse_counter, PurseCounter

    def of_cards(self, card_nos: Collection[str]) -> dict[PurseKey, PurseCounter]:
        """The counters of all purses of these cards."""
        found = self.where_in(self.table.c.card_no, card_nos)
        return {(row.card_no, row.application, row.purse): row for row in found}

    def replace(self, rows: Iterable[PurseCounter]) -> None:
        """Put these in the place of what is known about the same purses."""
        rows = list(rows)
        key = tuple_(self.table.c.card_no, self.table.c.application, self.table.c.purse)
        self.delete_in(key, [(row.card_no, row.application, row.purse) for row in rows])
        self.add_many(rows)


class StatementRecords(Rows[StatementRecord]):
    """Lines of channels' and terminals' files."""

    table, record = tables.statement_record, StatementRecord

    def taken(self, party: str, references: Collection[str]) -> dict[str, StatementRecord]:
        """What a party's files said first about these references."""
        columns = self.table.c
        found = self.where_in(columns.reference, references, columns.party == party, columns.state == "taken")
        return {row.reference: row for row in found}

    def parties_of(self, batch_kind: str, day: dt.date) -> set[str]:
        """Whose files of this kind have lines about a day of local time."""
        occurred, batch = self.table.c.occurred_at, tables.file_batch.c
        since, until = f"{day:%Y%m%d}", f"{day + dt.timedelta(days=1):%Y%m%d}"
        query = select(self.table.c.party).join(tables.file_batch).where(occurred >= since, occurred < until)
        return set(self._connection.execute(query.where(batch.kind == batch_kind).distinct()).scalars())

    def of_day(self, party: str, day: dt.date) -> list[StatementRecord]:
        """All lines about a day of local time, duplicates and conflicts as well."""
        occurred = self.table.c.occurred_at
        since, until = f"{day:%Y%m%d}", f"{day + dt.timedelta(days=1):%Y%m%d}"
        return self.where(self.table.c.party == party, occurred >= since, occurred < until)


class CardSightings(Rows[CardSighting]):
    """What cards showed."""

    table, record = tables.card_sighting, CardSighting

    def cards_between(self, since: dt.datetime, until: dt.datetime) -> set[str]:
        """The cards that were seen from a moment to before another."""
        seen = self.table.c.seen_at
        query = select(self.table.c.card_no).where(seen >= since, seen < until).distinct()
        return set(self._connection.execute(query).scalars())

    def latest(self, card_nos: Collection[str]) -> dict[PurseKey, CardSighting]:
        """The last look at each purse of these cards."""
        columns = self.table.c
        key = (columns.card_no, columns.application, columns.purse)
        found: dict[PurseKey, CardSighting] = {}
        for part in self.parts(card_nos):
            last = select(*key, func.max(columns.seen_at).label("seen_at")).where(columns.card_no.in_(part)).group_by(*key)
            last_look = last.subquery()
            same = [columns[name] == last_look.c[name] for name in ("card_no", "application", "purse", "seen_at")]
            for row in self._connection.execute(select(self.table).join(last_look, and_(*same))).mappings():
                sighting = CardSighting(**row)
                known = found.setdefault((sighting.card_no, sighting.application, sighting.purse), sighting)
                if sighting.phase > known.phase:
                    found[sighting.card_no, sighting.application, sighting.purse] = sighting
        return found

    def highest_offline(self, card_nos: Collection[str]) -> dict[PurseKey, int]:
        """The highest offline counter that each purse of these cards showed."""
        columns = self.table.c
        key = (columns.card_no, columns.application, columns.purse)
        highest: dict[PurseKey, int] = {}
        for part in self.parts(card_nos):
            query = select(*key, func.max(columns.offline_counter)).where(columns.card_no.in_(part)).group_by(*key)
            for card_no, application, purse, number in self._connection.execute(query):
                if number is not None:
                    highest[card_no, application, purse] = number
        return highest
