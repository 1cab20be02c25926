"""Tables of operations and their steps."""

from sqlalchemy import (
    JSON,
    Boolean,
    CheckConstraint,
    Column,
    ForeignKeyConstraint,
    Index,
    Integer,
    PrimaryKeyConstraint,
    String,
    Table,
    UniqueConstraint,
    text,
)

from cardsvc.store.tables.base import UtcDateTime, metadata, one_of
from cardsvc.wire import OperationState

operation = Table(
    "operation",
    metadata,
    Column("operation_id", String(36)),
    Column("kind", String(32), nullable=False),
    Column("params", JSON, nullable=False),
    Column("actor_kind", String(16), nullable=False),
    Column("actor_id", String(64), nullable=False),
    Column("idempotency_key", String(128), nullable=False),
    Column("fingerprint", String(64), nullable=False),
    Column("state", String(16), nullable=False),
    Column("phase", Integer, nullable=False),
    Column("step", Integer, nullable=False),
    Column("phase_step", Integer, nullable=False),
    Column("facts", JSON, nullable=False),
    Column("atr", String(66), nullable=False),
    Column("profile", String(64), nullable=False),
    Column("key_versions", JSON, nullable=False),
    Column("started_at", UtcDateTime, nullable=False),
    Column("expires_at", UtcDateTime, nullable=False),
    Column("card_no", String(16)),
    Column("result", JSON(none_as_null=True)),
    Column("problem", JSON(none_as_null=True)),
    Column("ended_at", UtcDateTime),
    PrimaryKeyConstraint("operation_id", name="pk_operation"),
    UniqueConstraint("actor_kind", "actor_id", "idempotency_key", name="uq_operation_idempotency"),
    CheckConstraint(one_of("state", OperationState), name="ck_operation_state"),
    CheckConstraint("(state = 'card') = (ended_at IS NULL)", name="ck_operation_ended"),
)


Index(
    "uq_operation_live",
    operation.c.card_no,
    unique=True,
    sqlite_where=text("state = 'card'"),
    postgresql_where=text("state = 'card'"),
)


operation_step = Table(
    "operation_step",
    metadata,
    Column("operation_id", String(36)),
    Column("step", Integer),
    Column("phase", Integer, nullable=False),
    Column("answers", JSON, nullable=False),
    Column("partial", Boolean, nullable=False),
    Column("answered_at", UtcDateTime, nullable=False),
    Column("commands", JSON(none_as_null=True)),
    Column("milliseconds", JSON(none_as_null=True)),
    PrimaryKeyConstraint("operation_id", "step", name="pk_operation_step"),
    ForeignKeyConstraint(["operation_id"], ["operation.operation_id"], name="fk_operation_step_operation"),
)
