"""What may be asked of terminals, their keys and their nonces."""

import datetime as dt

from sqlalchemy import Connection, func, select

from cardsvc.store import tables
from cardsvc.store.records import Terminal, TerminalKey
from cardsvc.store.rows import Rows, insert_or


class Terminals(Rows[Terminal]):
    """Terminals."""

    table, record = tables.terminal, Terminal

    def all(self) -> list[Terminal]:
        """Every terminal, newest first."""
        return self.where(newest="created_at")

    def by_number(self, terminal_no: str) -> Terminal | None:
        """The terminal of this PBOC number, 12 hex digits."""
        return self.first_is(terminal_no=terminal_no)

    def of_outlet(self, outlet_id: str) -> list[Terminal]:
        """The terminals that stand in an outlet, newest first."""
        return self.where_is(outlet_id=outlet_id, newest="created_at")


class TerminalKeys(Rows[TerminalKey]):
    """Keys of terminals."""

    table, record = tables.terminal_key, TerminalKey

    def of_terminal(self, terminal_id: str) -> list[TerminalKey]:
        """All keys of a terminal, newest first."""
        return self.where_is(terminal_id=terminal_id, newest="not_before")


class Nonces:
    """Nonces of signed requests that were seen: a request is taken once."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def take(self, terminal_id: str, key_id: str, nonce: str, now: dt.datetime) -> bool:
        """Remember a nonce that came with a signature by this key; False when it was seen before."""
        table = tables.nonce
        seen = select(table.c.nonce).where(table.c.terminal_id == terminal_id, table.c.nonce == nonce)
        if self._connection.execute(seen).first():
            return False
        self._connection.execute(table.insert().values(terminal_id=terminal_id, key_id=key_id, nonce=nonce, seen_at=now))
        return True

    def newest_but(self, terminal_id: str, skipped: int, since: dt.datetime, until: dt.datetime) -> dt.datetime | None:
        """When the newest nonce of a terminal was seen but for so many, between two moments; None when there were no more."""
        columns = tables.nonce.c
        lately = columns.terminal_id == terminal_id, columns.seen_at > since, columns.seen_at <= until
        query = select(columns.seen_at).where(*lately).order_by(columns.seen_at.desc()).offset(skipped).limit(1)
        seen: dt.datetime | None = self._connection.execute(query).scalar()
        return seen

    def forgotten(self, terminal_id: str, key_id: str) -> dt.datetime | None:
        """When the newest nonce that was ever forgotten of a key had been seen; None when none was."""
        columns = tables.forgotten_nonces.c
        query = select(columns.seen_at).where(columns.terminal_id == terminal_id, columns.key_id == key_id)
        seen: dt.datetime | None = self._connection.execute(query).scalar()
        return seen

    def forgotten_after(self, now: dt.datetime) -> dict[str, dt.datetime]:
        """Until when the active keys of terminals wait, by terminal: a clock that was ahead of this forgot their nonces."""
        columns, key = tables.forgotten_nonces.c, tables.terminal_key.c
        active = (key.terminal_id == columns.terminal_id) & (key.key_id == columns.key_id) & (key.state == "active")
        query = select(columns.terminal_id, columns.seen_at).join(tables.terminal_key, active)
        rows = self._connection.execute(query.where(columns.seen_at > now).order_by(columns.terminal_id))
        return {row.terminal_id: row.seen_at for row in rows}

    def last_seen(self) -> dict[str, dt.datetime]:
        """When each terminal signed a request last, as far back as nonces are remembered."""
        columns = tables.nonce.c
        query = select(columns.terminal_id, func.max(columns.seen_at).label("seen_at")).group_by(columns.terminal_id)
        return {row.terminal_id: row.seen_at for row in self._connection.execute(query)}

    def prune(self, before: dt.datetime) -> None:
        """Forget nonces whose requests would be refused for their age anyway, and keep up to when that was, key by key."""
        columns = tables.nonce.c
        told = columns.terminal_id, columns.key_id, columns.seen_at
        gone = tables.nonce.delete().where(columns.seen_at < before).returning(*told)
        newest: dict[tuple[str, str], dt.datetime] = {}
        for terminal_id, key_id, seen_at in self._connection.execute(gone):
            newest[terminal_id, key_id] = max(seen_at, newest.get((terminal_id, key_id), seen_at))
        insert, kept = insert_or(self._connection, tables.forgotten_nonces), tables.forgotten_nonces.c
        late, keys = insert.excluded.seen_at, ["terminal_id", "key_id"]
        for (terminal_id, key_id), seen_at in sorted(newest.items()):  # in one order: no two workers wait for each other
            row = insert.values(terminal_id=terminal_id, key_id=key_id, seen_at=seen_at)
            row = row.on_conflict_do_update(index_elements=keys, set_={"seen_at": late}, where=kept.seen_at < late)
            self._connection.execute(row)
