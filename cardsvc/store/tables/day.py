"""Tables of teller shifts, day seals and month-ends."""

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
    UniqueConstraint,
    text,
)

from cardsvc.ledger.states import ShiftState
from cardsvc.store.tables.base import UtcDateTime, metadata, one_of

AT_WORK = (ShiftState.OPEN, ShiftState.CLOSING)

shift = Table(
    "shift",
    metadata,
    Column("shift_id", String(36)),
    Column("outlet_id", String(32), nullable=False),
    Column("staff_id", String(32), nullable=False),
    Column("actor_kind", String(16), nullable=False),
    Column("actor_id", String(64), nullable=False),
    Column("state", String(24), nullable=False),
    Column("opening_count", JSON, nullable=False),
    Column("opening_float", BigInteger, nullable=False),
    Column("opened_at", UtcDateTime, nullable=False),
    Column("closing_count", JSON(none_as_null=True)),
    Column("counted", BigInteger),
    Column("expected", BigInteger),
    Column("approval_id", String(36)),
    Column("closed_at", UtcDateTime),
    Column(
        "counted_by",
        String(32),
        CheckConstraint("state <> 'closed' OR counted_by = staff_id OR approval_id IS NOT NULL", name="ck_shift_counted_by"),
    ),
    PrimaryKeyConstraint("shift_id", name="pk_shift"),
    ForeignKeyConstraint(["outlet_id"], ["outlet.outlet_id"], name="fk_shift_outlet"),
    ForeignKeyConstraint(["staff_id"], ["staff.staff_id"], name="fk_shift_staff"),
    ForeignKeyConstraint(["approval_id"], ["approval.approval_id"], name="fk_shift_approval"),
    CheckConstraint(one_of("state", ShiftState), name="ck_shift_state"),
    CheckConstraint("opening_float >= 0 AND (counted IS NULL OR counted >= 0)", name="ck_shift_amounts"),
    CheckConstraint("(state = 'closed') = (closed_at IS NOT NULL)", name="ck_shift_closed"),
    CheckConstraint("state NOT IN ('difference_pending', 'closed') OR counted IS NOT NULL", name="ck_shift_counted"),
    CheckConstraint("state <> 'closed' OR counted = expected OR approval_id IS NOT NULL", name="ck_shift_difference"),
)
for _name, _columns in (
    ("uq_shift_teller", (shift.c.staff_id,)),
    ("uq_shift_workstation", (shift.c.actor_kind, shift.c.actor_id)),
):
    Index(
        _name,
        *_columns,
        unique=True,
        sqlite_where=text(one_of("state", AT_WORK)),
        postgresql_where=text(one_of("state", AT_WORK)),
    )
"""One shift at a time for a teller, and at a workstation."""

day_seal = Table(
    "day_seal",
    metadata,
    Column("number", Integer, autoincrement=False),
    Column("outlet_id", String(32), nullable=False),
    Column("business_day", Date, nullable=False),
    Column("sealed_by", String(32), nullable=False),
    Column("sealed_at", UtcDateTime, nullable=False),
    Column("previous_root", String(64), nullable=False),
    Column("root", String(64), nullable=False),
    PrimaryKeyConstraint("number", name="pk_day_seal"),
    UniqueConstraint("outlet_id", "business_day", name="uq_day_seal_day"),
    ForeignKeyConstraint(["outlet_id"], ["outlet.outlet_id"], name="fk_day_seal_outlet"),
    ForeignKeyConstraint(["sealed_by"], ["staff.staff_id"], name="fk_day_seal_staff"),
)

sealed_head = Table(
    "sealed_head",
    metadata,
    Column("chain", String(64)),
    Column("seal_number", Integer, autoincrement=False),
    Column("number", Integer, nullable=False),
    Column("hash", String(64), nullable=False),
    PrimaryKeyConstraint("chain", "seal_number", name="pk_sealed_head"),
    ForeignKeyConstraint(["seal_number"], ["day_seal.number"], name="fk_sealed_head_seal"),
)
Index("ix_sealed_head_seal", sealed_head.c.seal_number)

month_end = Table(
    "month_end",
    metadata,
    Column("outlet_id", String(32)),
    Column("month", Date),
    Column("ended_by", String(32), nullable=False),
    Column("ended_at", UtcDateTime, nullable=False),
    PrimaryKeyConstraint("outlet_id", "month", name="pk_month_end"),
    ForeignKeyConstraint(["outlet_id"], ["outlet.outlet_id"], name="fk_month_end_outlet"),
    ForeignKeyConstraint(["ended_by"], ["staff.staff_id"], name="fk_month_end_staff"),
)
