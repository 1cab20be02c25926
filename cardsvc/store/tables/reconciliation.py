"""Tables of reconciliation runs and the differences they found."""

from sqlalchemy import (
    JSON,
    BigInteger,
    CheckConstraint,
    Column,
    Date,
    ForeignKeyConstraint,
    Index,
    Integer,
    PrimaryKeyConstraint,
    String,
    Table,
    text,
)

from cardsvc.store.states import DifferenceState
from cardsvc.store.tables.base import UtcDateTime, metadata, one_of

reconciliation_run = Table(
    "reconciliation_run",
    metadata,
    Column("run_id", String(36)),
    Column("day", Date, nullable=False),
    Column("channel", String(64)),
    Column("terminal", String(64)),
    Column("rule_version", String(64), nullable=False),
    Column("counts", JSON, nullable=False),
    Column("ran_at", UtcDateTime, nullable=False),
    PrimaryKeyConstraint("run_id", name="pk_reconciliation_run"),
)
Index("ix_reconciliation_run_day", reconciliation_run.c.day)

difference = Table(
    "difference",
    metadata,
    Column("run_id", String(36)),
    Column("number", Integer),
    Column("event_key", String(64), nullable=False),
    Column("code", String(32), nullable=False),
    Column("subject", String(128), nullable=False),
    Column("card_no", String(16)),
    Column("amount", BigInteger, nullable=False),
    Column("details", JSON, nullable=False),
    Column("entry", JSON(none_as_null=True)),
    Column("state", String(16), nullable=False),
    Column("explanation", String(200)),
    Column("owner", String(32)),
    Column("changed_at", UtcDateTime, nullable=False),
    PrimaryKeyConstraint("run_id", "number", name="pk_difference"),
    ForeignKeyConstraint(["run_id"], ["reconciliation_run.run_id"], name="fk_difference_run"),
    ForeignKeyConstraint(["owner"], ["staff.staff_id"], name="fk_difference_owner"),
    CheckConstraint(one_of("state", DifferenceState), name="ck_difference_state"),
)
Index("ix_difference_event", difference.c.event_key, difference.c.state)
_corrected = text(f"state = '{DifferenceState.CORRECTED}'")
Index("ix_difference_corrected", difference.c.subject, sqlite_where=_corrected, postgresql_where=_corrected)
"""Asked before a payment is taken that is not in cash: whether it was given back."""
