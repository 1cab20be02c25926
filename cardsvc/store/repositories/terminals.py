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

    def take(self, terminal_id: str, nonce: str, now: dt.datetime) -> bool:
        """Remember a nonce; False when it was seen before."""
        table = tables.nonce
        seen = select(table.c.nonce).where(table.c.terminal_id == terminal_id, table.c.nonce == nonce)
        if self._connection.execute(seen).first():
            return False
        self._connection.execute(table.insert().values(terminal_id=terminal_id, nonce=nonce, seen_at=now))
        return True

    def newest_but(self, terminal_id: str, skipped: int, since: dt.datetime, until: dt.datetime) -> dt.datetime | None:
        """When the newest nonce of a terminal was seen but for so many, between two moments; None when there were no more."""
        columns = tables.nonce.c
        lately = columns.terminal_id == terminal_id, columns.seen_at > since, columns.seen_at <= until
        query = select(columns.seen_at).where(*lately).order_by(columns.seen_at.desc()).offset(skipped).limit(1)
        seen: dt.datetime | None = self._connection.execute(query).scalar()
        return seen

    def forgotten(self) -> dt.datetime | None:
        """When the newest nonce that was ever forgotten had been seen; None when none was."""
        seen: dt.datetime | None = self._connection.execute(select(tables.forgotten_nonces.c.seen_at)).scalar()
        return seen

    def last_seen(self) -> dict[str, dt.datetime]:
        """When each terminal signed a request last, as far back as nonces are remembered."""
        columns = tables.nonce.c
        query = select(columns.terminal_id, func.max(columns.seen_at).label("seen_at")).group_by(columns.terminal_id)
        return {row.terminal_id: row.seen_at for row in self._connection.execute(query)}

    def prune(self, before: dt.datetime) -> None:
        """Forget nonces whose requests would be refused for their age anyway, and keep up to when that was."""
        columns = tables.nonce.c
        newest = self._connection.execute(select(func.max(columns.seen_at)).where(columns.seen_at < before)).scalar()
        if newest is None:
            return
        insert, kept = insert_or(self._connection, tables.forgotten_nonces), tables.forgotten_nonces.c
        late = insert.excluded.seen_at
        insert = insert.values(id=1, seen_at=newest)
        insert = insert.on_conflict_do_update(index_elements=["id"], set_={"seen_at": late}, where=kept.seen_at < late)
        self._connection.execute(insert)
        self._connection.execute(tables.nonce.delete().where(columns.seen_at <= newest))
