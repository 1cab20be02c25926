"""Readers' days"""

import sqlalchemy as sa
from alembic import op

revision = "0029"
down_revision = "0028"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the change."""
    op.create_table(
        "reader_day",
        sa.Column("place", sa.String(length=64), nullable=False),
        sa.Column("reader", sa.String(length=128), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("uses", sa.Integer(), nullable=False),
        sa.Column("failed", sa.Integer(), nullable=False),
        sa.Column("timeouts", sa.Integer(), nullable=False),
        sa.Column("pulled", sa.Integer(), nullable=False),
        sa.Column("resets", sa.Integer(), nullable=False),
        sa.Column("commands", sa.BigInteger(), nullable=False),
        sa.Column("milliseconds", sa.BigInteger(), nullable=False),
        sa.Column("slowest", sa.Integer(), nullable=False),
        sa.Column("recent", sa.JSON(), nullable=False),
        sa.Column("seen_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "uses > 0 AND failed >= 0 AND pulled >= 0 AND failed + pulled <= uses AND timeouts >= 0 AND timeouts <= failed",
            name="ck_reader_day_uses",
        ),
        sa.CheckConstraint(
            "resets >= 0 AND commands >= 0 AND slowest >= 0 AND milliseconds >= slowest", name="ck_reader_day_measured"
        ),
        sa.PrimaryKeyConstraint("place", "reader", "day", name="pk_reader_day"),
    )
    op.create_index("ix_reader_day_day", "reader_day", ["day"], unique=False)
