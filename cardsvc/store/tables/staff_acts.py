"""Table of what administrators did: the audit trail of everything that is not money and not a card."""

from sqlalchemy import JSON, Column, ForeignKeyConstraint, Index, PrimaryKeyConstraint, String, Table

from cardsvc.store.tables.base import UtcDateTime, metadata

staff_act = Table(
    "staff_act",
    metadata,
    Column("act_id", String(36)),
    Column("done_at", UtcDateTime, nullable=False),
    Column("staff_id", String(32)),
    Column("act", String(32), nullable=False),
    Column("subject", String(96), nullable=False),
    Column("changes", JSON, nullable=False),
    PrimaryKeyConstraint("act_id", name="pk_staff_act"),
    ForeignKeyConstraint(["staff_id"], ["staff.staff_id"], name="fk_staff_act_staff"),
)
Index("ix_staff_act_subject", staff_act.c.subject, staff_act.c.done_at)
Index("ix_staff_act_done_at", staff_act.c.done_at)
