"""What may be asked of operations and their steps."""

import datetime as dt
from collections.abc import Collection
from functools import cache

from sqlalchemy import Select, bindparam, select

from cardsvc.store import tables
from cardsvc.store.records import (
    Operation,
    OperationStep,
)
from cardsvc.store.rows import Rows
from cardsvc.wire import OperationState


class Operations(Rows[Operation]):
    """Operations."""

    table, record = tables.operation, Operation

    def by_idempotency_key(self, actor_kind: str, actor_id: str, key: str) -> Operation | None:
        """The operation that this party began with this key."""
        return self.first_is(actor_kind=actor_kind, actor_id=actor_id, idempotency_key=key)

    def by_ids(self, operation_ids: Collection[str]) -> dict[str, Operation]:
        """Operations by their ids."""
        return {row.operation_id: row for row in self.where_in(self.table.c.operation_id, operation_ids)}

    def by_keys(self, actor_kind: str, actor_id: str, keys: Collection[str]) -> dict[str, Operation]:
        """The operations that this party began with these keys."""
        columns = self.table.c
        found = self.where_in(columns.idempotency_key, keys, columns.actor_kind == actor_kind, columns.actor_id == actor_id)
        return {row.idempotency_key: row for row in found}

    def live_on(self, card_no: str) -> Operation | None:
        """The operation that waits for this card."""
        return self.first_is(card_no=card_no, state=OperationState.CARD)

    def lapsed(self, now: dt.datetime) -> list[Operation]:
        """Operations that wait for a card and whose time is over."""
        return self.where(self.table.c.state == OperationState.CARD, self.table.c.expires_at < now, limit=100)

    def live(self) -> list[Operation]:
        """Operations that wait for a card, also those whose time is over and that were not swept yet."""
        return self.where_is(state=OperationState.CARD)

    def that_issued(self, card_no: str) -> Operation | None:
        """The personalisation that finished this card."""
        done = self.where_is(card_no=card_no, kind="personalise", state=OperationState.DONE)
        return max(done, key=lambda row: row.started_at, default=None)

    def of_card(self, card_no: str, limit: int | None = 100) -> list[Operation]:
        """The operations of a card, newest first."""
        return self.where_is(card_no=card_no, limit=limit, newest="started_at")

    def failed(self, card_no: str, kind: str) -> list[Operation]:
        """The operations of this kind on this card that ended with a problem."""
        return self.where_is(card_no=card_no, kind=kind, state=OperationState.FAILED)

    def ended_by(self, card_no: str, code: str) -> Operation | None:
        """The newest operation of this card that ended with this problem."""
        columns = self.table.c
        found = self.where(
            columns.card_no == card_no, columns.problem["code"].as_string() == code, limit=1, newest="started_at"
        )
        return found[0] if found else None

    def begun_after(self, card_no: str, kind: str, moment: dt.datetime) -> list[Operation]:
        """The operations of this kind on this card that began after a moment, however far they came."""
        columns = self.table.c
        return self.where(columns.card_no == card_no, columns.kind == kind, columns.started_at > moment)


class OperationSteps(Rows[OperationStep]):
    """Answers of operations."""

    table, record = tables.operation_step, OperationStep

    def of_operation(self, operation_id: str) -> list[OperationStep]:
        """All answers of an operation, in order."""
        return sorted(self.where_is(operation_id=operation_id), key=lambda row: row.step)

    def answers_of_phase(self, operation_id: str, phase: int) -> dict[int, list[str]]:
        """The answers of one phase by their steps, in order. What else a step keeps is not read: each step of an operation asks
        for all before it.
        """
        found = self._connection.execute(_answers_of_phase(), {"operation": operation_id, "in_phase": phase})
        return {row.step: row.answers for row in found}


@cache
def _answers_of_phase() -> Select[tuple[int, list[str]]]:
    columns = tables.operation_step.c
    here = columns.operation_id == bindparam("operation"), columns.phase == bindparam("in_phase")
    return select(columns.step, columns.answers).where(*here).order_by(columns.step)
