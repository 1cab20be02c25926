"""Tables of workstations: what their agents see in the readers, and the operations that staff began there."""

from sqlalchemy import JSON, Column, ForeignKeyConstraint, Index, PrimaryKeyConstraint, String, Table

from cardsvc.store.tables.base import UtcDateTime, metadata

workstation = Table(
    "workstation",
    metadata,
    Column("terminal_id", String(64)),
    Column("session", String(36), nullable=False),
    Column("readers", JSON, nullable=False),
    Column("seen_at", UtcDateTime, nullable=False),
    Column("face_queue", String(127)),
    Column("face_reader", String(128)),
    PrimaryKeyConstraint("terminal_id", name="pk_workstation"),
    ForeignKeyConstraint(["terminal_id"], ["terminal.terminal_id"], name="fk_workstation_terminal"),
)

relayed_operation = Table(
    "relayed_operation",
    metadata,
    Column("operation_id", String(36)),
    Column("terminal_id", String(64), nullable=False),
    Column("staff_id", String(32), nullable=False),
    Column("reader", String(128), nullable=False),
    Column("contact", String(36), nullable=False),
    Column("asked_at", UtcDateTime, nullable=False),
    PrimaryKeyConstraint("operation_id", name="pk_relayed_operation"),
    ForeignKeyConstraint(["operation_id"], ["operation.operation_id"], name="fk_relayed_operation"),
    ForeignKeyConstraint(["terminal_id"], ["terminal.terminal_id"], name="fk_relayed_operation_terminal"),
    ForeignKeyConstraint(["staff_id"], ["staff.staff_id"], name="fk_relayed_operation_staff"),
)
Index("ix_relayed_operation_terminal", relayed_operation.c.terminal_id, relayed_operation.c.asked_at)
