"""Bulk issue"""

import sqlalchemy as sa
from alembic import op

from cardsvc.store.triggers import create_statements

revision = "0022"
down_revision = "0021"
branch_labels = None
depends_on = None

TABLES = ("bulk_batch", "bulk_line")


def upgrade() -> None:
    """Make the change."""
    op.create_table(
        "bulk_batch",
        sa.Column("batch_id", sa.String(length=36), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("file_name", sa.String(length=100), nullable=False),
        sa.Column("lines", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("loaded_by", sa.String(length=32), nullable=False),
        sa.Column("loaded_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("run_by", sa.String(length=32), nullable=True),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("state IN ('ready', 'running', 'paused', 'done')", name="ck_bulk_batch_state"),
        sa.CheckConstraint("(state = 'done') = (ended_at IS NOT NULL)", name="ck_bulk_batch_ended"),
        sa.ForeignKeyConstraint(["loaded_by"], ["staff.staff_id"], name="fk_bulk_batch_loader"),
        sa.ForeignKeyConstraint(["run_by"], ["staff.staff_id"], name="fk_bulk_batch_runner"),
        sa.PrimaryKeyConstraint("batch_id", name="pk_bulk_batch"),
        sa.UniqueConstraint("sha256", name="uq_bulk_batch_content"),
    )
    op.create_index("ix_bulk_batch_loaded", "bulk_batch", ["loaded_at"], unique=False)
    op.create_table(
        "bulk_line",
        sa.Column("batch_id", sa.String(length=36), nullable=False),
        sa.Column("line", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("citizen_id", sa.String(length=36), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("attempt", sa.Integer(), nullable=False),
        sa.Column("spoiled", sa.Integer(), nullable=False),
        sa.Column("card_no", sa.String(length=16), nullable=True),
        sa.Column("operation_id", sa.String(length=36), nullable=True),
        sa.Column("reader", sa.String(length=128), nullable=True),
        sa.Column("bin", sa.String(length=8), nullable=True),
        sa.Column("error", sa.String(length=64), nullable=True),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("state IN ('waiting', 'making', 'made', 'voided', 'failed')", name="ck_bulk_line_state"),
        sa.CheckConstraint("bin IS NULL OR bin IN ('good', 'bad')", name="ck_bulk_line_bin"),
        sa.CheckConstraint("attempt >= 0 AND spoiled >= 0", name="ck_bulk_line_counts"),
        sa.CheckConstraint("state <> 'made' OR (card_no IS NOT NULL AND bin = 'good')", name="ck_bulk_line_made"),
        sa.CheckConstraint("state NOT IN ('voided', 'failed') OR error IS NOT NULL", name="ck_bulk_line_explained"),
        sa.ForeignKeyConstraint(["batch_id"], ["bulk_batch.batch_id"], name="fk_bulk_line_batch"),
        sa.ForeignKeyConstraint(["citizen_id"], ["citizen.citizen_id"], name="fk_bulk_line_citizen"),
        sa.ForeignKeyConstraint(["card_no"], ["card.card_no"], name="fk_bulk_line_card"),
        sa.PrimaryKeyConstraint("batch_id", "line", name="pk_bulk_line"),
        sa.UniqueConstraint("batch_id", "citizen_id", name="uq_bulk_line_person"),
    )
    op.create_index("ix_bulk_line_state", "bulk_line", ["batch_id", "state", "line"], unique=False)
    op.create_index("ix_bulk_line_citizen", "bulk_line", ["citizen_id"], unique=False)
    for statement in create_statements(op.get_bind().dialect.name, *TABLES):
        op.execute(statement)
