"""What may be asked of loads, purchases, evidence and the ledger."""

import datetime as dt
from collections.abc import Collection, Sequence

from sqlalchemy import and_, func, or_, select, text, tuple_

from cardsvc.ledger import chain
from cardsvc.ledger.postings import Posting
from cardsvc.ledger.states import LoadState, PurchaseKind, PurchaseState
from cardsvc.store import tables
from cardsvc.store.records import (
    Evidence,
    Load,
    Purchase,
    Transfer,
)
from cardsvc.store.repositories.batches import Transaction
from cardsvc.store.rows import Rows


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
        return self.first_is(card_no=card_no, operation_id=operation_id)

    def of_card(self, card_no: str, limit: int = 100) -> list[Load]:
        """Loads of a card, newest first."""
        return self.where_is(card_no=card_no, limit=limit, newest="authorised_at")

    def paid_by(self, method: str, reference: str) -> list[Load]:
        """Loads that this payment paid and that are, or may be, on a card."""
        columns = self.table.c
        paid = columns.payment_method == method, columns.payment_reference == reference
        return self.where(*paid, columns.state.in_(tables.LIVE_LOADS))

    def taken_by(self, actor_kind: str, actor_id: str, since: dt.datetime) -> tuple[int, int]:
        """How many loads a party has made since a moment, and what was paid for them, without refused and refunded ones."""
        columns = self.table.c
        query = select(func.count(), func.sum(columns.amount - columns.gift)).where(
            columns.actor_kind == actor_kind,
            columns.actor_id == actor_id,
            columns.authorised_at >= since,
            columns.state.in_(tables.LIVE_LOADS),
        )
        count, paid = self._connection.execute(query).one()
        return count, int(paid or 0)

    def at_counter(self, card_no: str, application: str, purse: str, online_counter: int) -> list[Load]:
        """Loads that were promised to this purse at this counter."""
        columns = self.table.c
        here = columns.card_no == card_no, columns.application == application, columns.purse == purse
        return self.where(*here, columns.online_counter == online_counter, columns.state != LoadState.REFUSED)

    def from_counter(self, card_no: str, application: str, purse: str, online_counter: int) -> list[Load]:
        """Loads that were promised to this purse at this counter or a later one."""
        columns = self.table.c
        here = columns.card_no == card_no, columns.application == application, columns.purse == purse
        return self.where(*here, columns.online_counter >= online_counter, columns.state != LoadState.REFUSED)

    def refunded_on(self, card_no: str, application: str, purse: str, amount: int) -> list[Load]:
        """Loads of this purse and amount that were paid back, newest first."""
        where = (("application", application), ("purse", purse), ("amount", amount), ("state", LoadState.REFUNDED))
        columns = self.table.c
        return self.where(
            columns.card_no == card_no, *(columns[name] == value for name, value in where), newest="authorised_at"
        )

    def open_by_drawer(self) -> dict[str, int]:
        """What was paid for loads whose fate only the card knows, in fen, by the drawer's account that took it."""
        columns = self.table.c
        open_cash = text(tables.OPEN_CASH_LOADS)  # said as the partial index says it, or it is not used
        query = select(columns.source_account, func.sum(columns.amount - columns.gift)).where(open_cash)
        paid = self._connection.execute(query.group_by(columns.source_account))
        return {account: int(amount) for account, amount in paid}

    def suspects(self) -> list[Load]:
        """Every load that only its card can settle, oldest first."""
        return sorted(self.where_is(state=LoadState.SUSPECT), key=lambda row: row.authorised_at)

    def between(self, since: dt.datetime, until: dt.datetime) -> list[Load]:
        """Loads for which money was taken from a moment to before another."""
        columns = self.table.c
        return self.where(columns.authorised_at >= since, columns.authorised_at < until, columns.state != LoadState.REFUSED)

    def of_cards(self, card_nos: Collection[str], since: dt.datetime) -> list[Load]:
        """Loads of these cards since a moment, and those that are still open."""
        columns = self.table.c
        open_ = columns.state.in_((LoadState.AUTHORISED, LoadState.SUSPECT))
        return self.where_in(columns.card_no, card_nos, or_(open_, columns.authorised_at >= since))

    def by_payment(self, method: str, references: Collection[str]) -> dict[str, Load]:
        """The load of each payment; of several, the one that is not refunded."""
        columns = self.table.c
        found = self.where_in(columns.payment_reference, references, columns.payment_method == method)
        found.sort(key=lambda row: (row.state in tables.LIVE_LOADS, row.authorised_at))
        return {row.payment_reference: row for row in found if row.payment_reference}

    def of_operations(self, operation_ids: Collection[str]) -> dict[str, Load]:
        """The load of each of these operations."""
        return {row.operation_id: row for row in self.where_in(self.table.c.operation_id, operation_ids)}

    def by_ids(self, load_ids: Collection[str]) -> dict[str, Load]:
        """Loads by their ids."""
        return {row.load_id: row for row in self.where_in(self.table.c.load_id, load_ids)}

    def for_month(self, card_no: str, product: str, month: dt.date) -> list[Load]:
        """Loads for the period that begins with this month, which are, or may be, on the card."""
        columns = self.table.c
        states = (LoadState.AUTHORISED, LoadState.SUSPECT, LoadState.CONFIRMED)
        mine = columns.card_no == card_no, columns.product == product, columns.first_month == month
        return self.where(*mine, columns.state.in_(states))

    def since(self, card_no: str, moment: dt.datetime) -> list[Load]:
        """Loads since a moment that are, or may be, on the card: for the rule of how many a day."""
        columns = self.table.c
        return self.where(columns.card_no == card_no, columns.authorised_at >= moment, columns.state.in_(tables.LIVE_LOADS))


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
        return self.first_is(card_no=card_no, operation_id=operation_id)

    def of_card(self, card_no: str, limit: int = 100) -> list[Purchase]:
        """Purchases of a card, newest first."""
        return self.where_is(card_no=card_no, limit=limit, newest="authorised_at")

    def suspects(self) -> list[Purchase]:
        """Every purchase that only its card can settle, oldest first."""
        return sorted(self.where_is(state=PurchaseState.SUSPECT), key=lambda row: row.authorised_at)

    def unloads_at(self, card_no: str, application: str, purse: str, counter: int) -> list[Purchase]:
        """Unloads that were promised to this purse at this online counter."""
        kind = PurchaseKind.UNLOAD
        return self.where_is(card_no=card_no, application=application, purse=purse, counter=counter, kind=kind)

    def unloads_from(self, card_no: str, application: str, purse: str, counter: int) -> list[Purchase]:
        """Unloads that were promised to this purse at this online counter or a later one."""
        columns, kind = self.table.c, PurchaseKind.UNLOAD
        here = columns.card_no == card_no, columns.application == application, columns.purse == purse
        return self.where(*here, columns.counter >= counter, columns.kind == kind)

    def at_counters(self, keys: Collection[tuple[str, str, str, int]]) -> list[Purchase]:
        """Purchases at these cards, applications, purses and offline counters."""
        columns = self.table.c
        key = tuple_(columns.card_no, columns.application, columns.purse, columns.counter)
        return self.where_in(key, keys, columns.kind == PurchaseKind.PURCHASE)

    def made(self, card_nos: Collection[str]) -> set[Transaction]:
        """Purchases of these cards, as a file would tell them."""
        columns = self.table.c
        what = columns.card_no, columns.application, columns.purse, columns.amount
        who = columns.terminal_no, columns.terminal_transaction, columns.host_date_time
        query = select(*what, *who).where(columns.kind == PurchaseKind.PURCHASE)
        parts = (self._connection.execute(query.where(columns.card_no.in_(part))) for part in self.parts(card_nos))
        return {(a, b, c, d, e, f, g) for rows in parts for a, b, c, d, e, f, g in rows}

    def of_cards(self, card_nos: Collection[str], *states: str) -> list[Purchase]:
        """Purchases of these cards in these states."""
        return self.where_in(self.table.c.card_no, card_nos, self.table.c.state.in_(states))


class EvidenceRows(Rows[Evidence]):
    """Evidence."""

    table, record = tables.evidence, Evidence

    def of_card(self, card_no: str) -> list[Evidence]:
        """All evidence about a card."""
        return self.where_is(card_no=card_no)

    def of_subject(self, card_no: str, subject_id: str) -> list[Evidence]:
        """All evidence about a load or purchase, in order."""
        found = self.where_is(card_no=card_no, subject_id=subject_id)
        return sorted(found, key=lambda row: row.number)


class Ledger(Rows[Transfer]):
    """The ledger: transfers, and what they add up to."""

    table, record = tables.transfer, Transfer

    def post(self, chain_id: str, posting: Posting, reference: str, now: dt.datetime) -> Transfer:
        """Book one transfer. The database refuses the same event for the same reference a second time."""
        last = self.where_is(chain=chain_id, newest="number", limit=1)
        number, previous = (last[0].number + 1, last[0].hash) if last else (1, chain.FIRST)
        ids = posting.debit, posting.credit
        content = (chain_id, number, posting.kind, *ids, posting.amount, reference, now)
        return self.add(Transfer(*content, previous, chain.link(previous, content)))

    def post_many(self, entries: Sequence[tuple[str, Posting, str]], now: dt.datetime) -> None:
        """Book many transfers (chain, posting, reference), each chain in the order given, with a few statements."""
        heads = self.heads({chain_id for chain_id, _, _ in entries})
        made: list[Transfer] = []
        for chain_id, posting, reference in entries:
            number, previous = heads.get(chain_id, (0, chain.FIRST))
            content = (chain_id, number + 1, posting.kind, posting.debit, posting.credit, posting.amount, reference, now)
            made.append(Transfer(*content, previous, chain.link(previous, content)))
            heads[chain_id] = number + 1, made[-1].hash
        self.add_many(made)

    def last_booked(self, chain_id: str) -> dt.datetime | None:
        """When the last line of a chain was booked."""
        last = self.where_is(chain=chain_id, newest="number", limit=1)
        return last[0].booked_at if last else None

    def heads(self, chain_ids: Collection[str]) -> dict[str, tuple[int, str]]:
        """Number and hash of the last line of each of these chains that has one."""
        columns = self.table.c
        found: dict[str, tuple[int, str]] = {}
        for part in self.parts(chain_ids):
            last = select(columns.chain, func.max(columns.number).label("number")).where(columns.chain.in_(part))
            head = last.group_by(columns.chain).subquery()
            same = and_(columns.chain == head.c.chain, columns.number == head.c.number)
            query = select(columns.chain, columns.number, columns.hash).join(head, same)
            found.update({chain_id: (number, hash_) for chain_id, number, hash_ in self._connection.execute(query)})
        return found

    def purses_of(self, card_nos: Collection[str]) -> dict[str, int]:
        """What the books owe in each purse of these cards, by account, in fen."""
        columns = self.table.c
        totals: dict[str, int] = {}
        for part in self.parts(card_nos):
            for column, sign in ((columns.debit_account, -1), (columns.credit_account, 1)):
                query = select(column, func.sum(columns.amount)).where(columns.chain.in_(part), column.like("purse:%"))
                for account, amount in self._connection.execute(query.group_by(column)):
                    totals[account] = totals.get(account, 0) + sign * int(amount)
        return totals

    def lines(self) -> int:
        """How many transfers there are."""
        return self._connection.execute(select(func.count()).select_from(self.table)).scalar_one()

    def chains(self) -> list[str]:
        """Every chain that has transfers."""
        return list(self._connection.execute(select(self.table.c.chain).distinct().order_by(self.table.c.chain)).scalars())

    def of_chain(self, chain_id: str) -> list[Transfer]:
        """The transfers of a card or another chain, in order."""
        return sorted(self.where_is(chain=chain_id), key=lambda row: row.number)

    def balance_of(self, account: str, before: dt.datetime | None = None) -> int:
        """Debits minus credits of one account, by what was booked ever, or before a moment. Of cash ever: clocks go back."""
        total = 0
        for side, sign in (("debit_account", 1), ("credit_account", -1)):
            column = self.table.c[side]
            query = select(func.coalesce(func.sum(self.table.c.amount), 0)).where(column == account)
            place = account.partition(":")[0]
            if place in tables.CASH_PLACES:  # said as the partial index says it, or it is not used
                query = query.where(text(f"{side} LIKE '{place}:%'"))
            if before is not None:
                query = query.where(self.table.c.booked_at < before)
            total += sign * int(self._connection.execute(query).scalar_one())
        return total

    def names(self, account: str) -> bool:
        """Whether anything was ever booked on an account."""
        sides = (self.table.c.debit_account, self.table.c.credit_account)
        return any(self._connection.execute(select(1).where(side == account).limit(1)).first() for side in sides)

    def of_account(self, account: str, start: dt.datetime, end: dt.datetime) -> list[Transfer]:
        """What was booked on an account from a moment until before another, in the order of booking."""
        columns = self.table.c
        touched = or_(columns.debit_account == account, columns.credit_account == account)
        found = self.where(touched, columns.booked_at >= start, columns.booked_at < end)
        return sorted(found, key=lambda row: (row.booked_at, row.chain, row.number))

    def balances(self, chain_id: str | None = None, before: dt.datetime | None = None) -> dict[str, int]:
        """Debits minus credits of every account, of one chain's transfers or of all, booked before a moment or ever.

        They add up to zero.
        """
        totals: dict[str, int] = {}
        for column, sign in ((self.table.c.debit_account, 1), (self.table.c.credit_account, -1)):
            query = select(column, func.sum(self.table.c.amount)).group_by(column)
            if chain_id is not None:
                query = query.where(self.table.c.chain == chain_id)
            if before is not None:
                query = query.where(self.table.c.booked_at < before)
            for account_id, amount in self._connection.execute(query):
                totals[account_id] = totals.get(account_id, 0) + sign * int(amount)
        return dict(sorted(totals.items()))
