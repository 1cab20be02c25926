"""Screens of the hall are paired by somebody of the staff"""

import sqlalchemy as sa
from alembic import op

revision = "0064"
down_revision = "0063"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the change."""
    op.create_table(
        "hall_screen",
        sa.Column("screen_id", sa.String(length=64), nullable=False),
        sa.Column("code", sa.String(length=6), nullable=True),
        sa.Column("shown_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("seen_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("outlet_id", sa.String(length=32), nullable=True),
        sa.Column("purpose", sa.String(length=16), nullable=True),
        sa.Column("desk", sa.String(length=16), nullable=True),
        sa.Column("paired_by", sa.String(length=32), nullable=True),
        sa.Column("paired_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("ended_by", sa.String(length=32), nullable=True),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("screen_id", name="pk_hall_screen"),
        sa.UniqueConstraint("code", name="uq_hall_screen_code"),
        sa.ForeignKeyConstraint(["outlet_id"], ["outlet.outlet_id"], name="fk_hall_screen_outlet"),
        sa.ForeignKeyConstraint(["paired_by"], ["staff.staff_id"], name="fk_hall_screen_paired_by"),
        sa.ForeignKeyConstraint(["ended_by"], ["staff.staff_id"], name="fk_hall_screen_ended_by"),
        sa.CheckConstraint(
            "purpose IS NULL OR purpose IN ('display', 'tickets', 'tickets_paper', 'appraise')", name="ck_hall_screen_purpose"
        ),
        sa.CheckConstraint(
            "(paired_at IS NULL) = (code IS NOT NULL) AND (paired_at IS NULL) = (outlet_id IS NULL)"
            " AND (paired_at IS NULL) = (purpose IS NULL) AND (paired_at IS NULL) = (paired_by IS NULL)",
            name="ck_hall_screen_paired",
        ),
        sa.CheckConstraint("(desk IS NOT NULL) = (purpose IS NOT NULL AND purpose = 'appraise')", name="ck_hall_screen_desk"),
        sa.CheckConstraint("(ended_at IS NULL) = (ended_by IS NULL)", name="ck_hall_screen_ended"),
    )
    op.create_index("ix_hall_screen_outlet", "hall_screen", ["outlet_id"], unique=False)
