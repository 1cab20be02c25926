"""Teller shifts, day seals and month-ends; transfers are found by the day they were booked on"""

import sqlalchemy as sa
from alembic import op

from cardsvc.store.triggers import create_statements

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

AT_WORK = sa.text("state IN ('open', 'closing')")


def upgrade() -> None:
    """Make the change."""
    op.create_index("ix_transfer_booked_at", "transfer", ["booked_at"])
    for side in ("debit", "credit"):
        where = sa.text(f"{side}_account LIKE 'vault:%'")
        op.create_index(
            f"ix_transfer_vault_{side}", "transfer", [f"{side}_account"], sqlite_where=where, postgresql_where=where
        )
    op.create_table(
        "shift",
        sa.Column("shift_id", sa.String(length=36), nullable=False),
        sa.Column("outlet_id", sa.String(length=32), nullable=False),
        sa.Column("staff_id", sa.String(length=32), nullable=False),
        sa.Column("actor_kind", sa.String(length=16), nullable=False),
        sa.Column("actor_id", sa.String(length=64), nullable=False),
        sa.Column("state", sa.String(length=24), nullable=False),
        sa.Column("opening_count", sa.JSON(), nullable=False),
        sa.Column("opening_float", sa.BigInteger(), nullable=False),
        sa.Column("opened_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("closing_count", sa.JSON(none_as_null=True), nullable=True),
        sa.Column("counted", sa.BigInteger(), nullable=True),
        sa.Column("expected", sa.BigInteger(), nullable=True),
        sa.Column("approval_id", sa.String(length=36), nullable=True),
        sa.Column("closed_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("state IN ('open', 'closing', 'difference_pending', 'closed')", name="ck_shift_state"),
        sa.CheckConstraint("opening_float >= 0 AND (counted IS NULL OR counted >= 0)", name="ck_shift_amounts"),
        sa.CheckConstraint("(state = 'closed') = (closed_at IS NOT NULL)", name="ck_shift_closed"),
        sa.CheckConstraint("state NOT IN ('difference_pending', 'closed') OR counted IS NOT NULL", name="ck_shift_counted"),
        sa.CheckConstraint("state <> 'closed' OR counted = expected OR approval_id IS NOT NULL", name="ck_shift_difference"),
        sa.ForeignKeyConstraint(["outlet_id"], ["outlet.outlet_id"], name="fk_shift_outlet"),
        sa.ForeignKeyConstraint(["staff_id"], ["staff.staff_id"], name="fk_shift_staff"),
        sa.ForeignKeyConstraint(["approval_id"], ["approval.approval_id"], name="fk_shift_approval"),
        sa.PrimaryKeyConstraint("shift_id", name="pk_shift"),
    )
    for name, columns in (("uq_shift_teller", ["staff_id"]), ("uq_shift_workstation", ["actor_kind", "actor_id"])):
        op.create_index(name, "shift", columns, unique=True, sqlite_where=AT_WORK, postgresql_where=AT_WORK)
    op.create_table(
        "day_seal",
        sa.Column("number", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("outlet_id", sa.String(length=32), nullable=False),
        sa.Column("business_day", sa.Date(), nullable=False),
        sa.Column("sealed_by", sa.String(length=32), nullable=False),
        sa.Column("sealed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("previous_root", sa.String(length=64), nullable=False),
        sa.Column("root", sa.String(length=64), nullable=False),
        sa.ForeignKeyConstraint(["outlet_id"], ["outlet.outlet_id"], name="fk_day_seal_outlet"),
        sa.ForeignKeyConstraint(["sealed_by"], ["staff.staff_id"], name="fk_day_seal_staff"),
        sa.PrimaryKeyConstraint("number", name="pk_day_seal"),
        sa.UniqueConstraint("outlet_id", "business_day", name="uq_day_seal_day"),
    )
    op.create_table(
        "sealed_head",
        sa.Column("chain", sa.String(length=64), nullable=False),
        sa.Column("seal_number", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("hash", sa.String(length=64), nullable=False),
        sa.ForeignKeyConstraint(["seal_number"], ["day_seal.number"], name="fk_sealed_head_seal"),
        sa.PrimaryKeyConstraint("chain", "seal_number", name="pk_sealed_head"),
    )
    op.create_index("ix_sealed_head_seal", "sealed_head", ["seal_number"])
    op.create_table(
        "month_end",
        sa.Column("outlet_id", sa.String(length=32), nullable=False),
        sa.Column("month", sa.Date(), nullable=False),
        sa.Column("ended_by", sa.String(length=32), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["outlet_id"], ["outlet.outlet_id"], name="fk_month_end_outlet"),
        sa.ForeignKeyConstraint(["ended_by"], ["staff.staff_id"], name="fk_month_end_staff"),
        sa.PrimaryKeyConstraint("outlet_id", "month", name="pk_month_end"),
    )
    for statement in create_statements(op.get_bind().dialect.name, "shift", "day_seal", "sealed_head", "month_end"):
        op.execute(statement)
