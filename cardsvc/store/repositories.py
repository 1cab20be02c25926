"""What the service may ask the tables. Every question has a name; no caller builds a query."""

import datetime as dt

from sqlalchemy import Connection, func, select

from cardsvc.ledger import chain
from cardsvc.ledger.postings import Posting
from cardsvc.ledger.states import LoadState, PurchaseState
from cardsvc.store import tables
from cardsvc.store.records import (
    Card,
    CardApplication,
    Citizen,
    Evidence,
    Load,
    Operation,
    OperationStep,
    Purchase,
    Terminal,
    Transfer,
)
from cardsvc.store.rows import Rows
from cardsvc.wire import OperationState


class Citizens(Rows[Citizen]):
    """People."""

    table, record = tables.citizen, Citizen

    def by_id_number(self, id_type: str, id_number: str) -> Citizen | None:
        """The person with this document."""
        columns = self.table.c
        found = self.where(columns.id_type == id_type, columns.id_number == id_number)
        return found[0] if found else None


class Cards(Rows[Card]):
    """Cards."""

    table, record = tables.card, Card

    def lock(self, card_no: str) -> None:
        """Hold this card's row until the transaction ends: whoever touches its money waits here (SQLite locks as a whole)."""
        self._connection.execute(select(self.table.c.card_no).where(self.table.c.card_no == card_no).with_for_update())

    def by_chip(self, chip_serial: str, profile: str) -> Card | None:
        """The card that was begun on this chip."""
        found = self.where(self.table.c.chip_serial == chip_serial, self.table.c.profile == profile)
        return found[0] if found else None

    def of_citizen(self, citizen_id: str) -> list[Card]:
        """All cards of a person, newest first."""
        return self.where(self.table.c.citizen_id == citizen_id, newest="created_at")

    def highest_number(self, prefix: str) -> str | None:
        """The highest card number that begins so."""
        column = self.table.c.card_no
        query = select(func.max(column)).where(column >= prefix, column < prefix + "~")
        highest: str | None = self._connection.execute(query).scalar()
        return highest


class CardApplications(Rows[CardApplication]):
    """Applications of cards."""

    table, record = tables.card_application, CardApplication

    def of_card(self, card_no: str) -> list[CardApplication]:
        """The applications that were ever opened on a card."""
        return self.where(self.table.c.card_no == card_no)

    def put(self, row: CardApplication) -> None:
        """Insert or replace."""
        old = self.get(row.card_no, row.application)
        if old is None:
            self.add(row)
            return
        keep = ("state", "product", "valid_from", "valid_to", "operation_id", "changed_at")
        self.change(old, **{name: getattr(row, name) for name in keep})


class Operations(Rows[Operation]):
    """Operations."""

    table, record = tables.operation, Operation

    def for_update(self, operation_id: str) -> Operation | None:
        """The operation, locked against other workers until the transaction ends (SQLite locks as a whole)."""
        query = select(self.table).where(self.table.c.operation_id == operation_id).with_for_update()
        row = self._connection.execute(query).mappings().one_or_none()
        return Operation(**row) if row else None

    def by_idempotency_key(self, actor_kind: str, actor_id: str, key: str) -> Operation | None:
        """The operation that this party began with this key."""
        columns = self.table.c
        found = self.where(columns.actor_kind == actor_kind, columns.actor_id == actor_id, columns.idempotency_key == key)
        return found[0] if found else None

    def live_on(self, card_no: str) -> Operation | None:
        """The operation that waits for this card."""
        found = self.where(self.table.c.card_no == card_no, self.table.c.state == OperationState.CARD)
        return found[0] if found else None

    def lapsed(self, now: dt.datetime) -> list[Operation]:
        """Operations that wait for a card and whose time is over."""
        return self.where(self.table.c.state == OperationState.CARD, self.table.c.expires_at < now, limit=100)

    def of_card(self, card_no: str, limit: int = 100) -> list[Operation]:
        """The operations of a card, newest first."""
        return self.where(self.table.c.card_no == card_no, limit=limit, newest="started_at")


class OperationSteps(Rows[OperationStep]):
    """Answers of operations."""

    table, record = tables.operation_step, OperationStep

    def of_phase(self, operation_id: str, phase: int) -> list[OperationStep]:
        """The answers of one phase, in order."""
        columns = self.table.c
        found = self.where(columns.operation_id == operation_id, columns.phase == phase)
        return sorted(found, key=lambda row: row.step)


class Loads(Rows[Load]):
    """Top-ups."""

    table, record = tables.load, Load

    def open_on(self, card_no: str) -> list[Load]:
        """Loads whose fate only the card knows, oldest first."""
        state = self.table.c.state
        found = self.where(self.table.c.card_no == card_no, state.in_((LoadState.AUTHORISED, LoadState.SUSPECT)))
        return sorted(found, key=lambda row: row.authorised_at)

    def of_operation(self, card_no: str, operation_id: str) -> Load | None:
        """The load that an operation made."""
        found = self.where(self.table.c.card_no == card_no, self.table.c.operation_id == operation_id)
        return found[0] if found else None

    def of_card(self, card_no: str, limit: int = 100) -> list[Load]:
        """Loads of a card, newest first."""
        return self.where(self.table.c.card_no == card_no, limit=limit, newest="authorised_at")

    def since(self, card_no: str, moment: dt.datetime) -> list[Load]:
        """Loads since a moment that are, or may be, on the card: for the rule of how many a day."""
        columns = self.table.c
        states = (LoadState.AUTHORISED, LoadState.SUSPECT, LoadState.CONFIRMED)
        return self.where(columns.card_no == card_no, columns.authorised_at >= moment, columns.state.in_(states))


class Purchases(Rows[Purchase]):
    """Purchases."""

    table, record = tables.purchase, Purchase

    def open_on(self, card_no: str) -> list[Purchase]:
        """Purchases whose fate only the card knows, oldest first."""
        states = (PurchaseState.AUTHORISED, PurchaseState.SUSPECT)
        found = self.where(self.table.c.card_no == card_no, self.table.c.state.in_(states))
        return sorted(found, key=lambda row: row.authorised_at)

    def of_operation(self, card_no: str, operation_id: str) -> Purchase | None:
        """The purchase that an operation made."""
        found = self.where(self.table.c.card_no == card_no, self.table.c.operation_id == operation_id)
        return found[0] if found else None

    def of_card(self, card_no: str, limit: int = 100) -> list[Purchase]:
        """Purchases of a card, newest first."""
        return self.where(self.table.c.card_no == card_no, limit=limit, newest="authorised_at")


class EvidenceRows(Rows[Evidence]):
    """Evidence."""

    table, record = tables.evidence, Evidence

    def of_card(self, card_no: str) -> list[Evidence]:
        """All evidence about a card."""
        return self.where(self.table.c.card_no == card_no)

    def of_subject(self, card_no: str, subject_id: str) -> list[Evidence]:
        """All evidence about a load or purchase, in order."""
        found = self.where(self.table.c.card_no == card_no, self.table.c.subject_id == subject_id)
        return sorted(found, key=lambda row: row.number)


class Ledger(Rows[Transfer]):
    """The ledger: transfers, and what they add up to."""

    table, record = tables.transfer, Transfer

    def post(self, chain_id: str, posting: Posting, reference: str, now: dt.datetime) -> Transfer:
        """Book one transfer. The database refuses the same event for the same reference a second time."""
        last = self.where(self.table.c.chain == chain_id, newest="number", limit=1)
        number, previous = (last[0].number + 1, last[0].hash) if last else (1, chain.FIRST)
        ids = posting.debit, posting.credit
        content = (chain_id, number, posting.kind, *ids, posting.amount, reference, now)
        return self.add(Transfer(*content, previous, chain.link(previous, content)))

    def chains(self) -> list[str]:
        """Every chain that has transfers."""
        return list(self._connection.execute(select(self.table.c.chain).distinct().order_by(self.table.c.chain)).scalars())

    def of_chain(self, chain_id: str) -> list[Transfer]:
        """The transfers of a card or another chain, in order."""
        return sorted(self.where(self.table.c.chain == chain_id), key=lambda row: row.number)

    def balances(self, chain_id: str | None = None) -> dict[str, int]:
        """Debits minus credits of every account, of one chain's transfers or of all. They add up to zero."""
        totals: dict[str, int] = {}
        for column, sign in ((self.table.c.debit_account, 1), (self.table.c.credit_account, -1)):
            query = select(column, func.sum(self.table.c.amount)).group_by(column)
            if chain_id is not None:
                query = query.where(self.table.c.chain == chain_id)
            for account_id, amount in self._connection.execute(query):
                totals[account_id] = totals.get(account_id, 0) + sign * int(amount)
        return dict(sorted(totals.items()))


class Terminals(Rows[Terminal]):
    """Terminals."""

    table, record = tables.terminal, Terminal

    def all(self) -> list[Terminal]:
        """Every terminal, newest first."""
        return self.where(newest="created_at")


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

    def prune(self, before: dt.datetime) -> None:
        """Forget nonces whose requests would be refused for their age anyway."""
        self._connection.execute(tables.nonce.delete().where(tables.nonce.c.seen_at < before))
