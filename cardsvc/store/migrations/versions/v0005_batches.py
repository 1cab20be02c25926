"""Operators' and channels' files, offline counters, what cards showed, reconciliation runs and differences"""

import sqlalchemy as sa
from alembic import op

from cardsvc.store.triggers import create_statements

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

MADE = (
    "file_batch",
    "spending_record",
    "statement_record",
    "card_sighting",
    "reconciliation_run",
    "difference",
)


def upgrade() -> None:
    """Make the change."""
    op.create_table(
        "card_sighting",
        sa.Column("card_no", sa.String(length=16), nullable=False),
        sa.Column("operation_id", sa.String(length=36), nullable=False),
        sa.Column("phase", sa.Integer(), nullable=False),
        sa.Column("application", sa.String(length=16), nullable=False),
        sa.Column("purse", sa.String(length=2), nullable=False),
        sa.Column("balance", sa.BigInteger(), nullable=False),
        sa.Column("online_counter", sa.Integer(), nullable=True),
        sa.Column("offline_counter", sa.Integer(), nullable=True),
        sa.Column("seen_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("card_no", "operation_id", "phase", name="pk_card_sighting"),
    )
    op.create_index("ix_card_sighting_seen", "card_sighting", ["seen_at"], unique=False)
    op.create_table(
        "file_batch",
        sa.Column("batch_id", sa.String(length=36), nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("party", sa.String(length=64), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("file_name", sa.String(length=100), nullable=False),
        sa.Column("records", sa.Integer(), nullable=False),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        sa.Column("applied", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("counts", sa.JSON(), nullable=False),
        sa.Column("imported_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("kind IN ('spending', 'channel', 'terminal')", name="ck_file_batch_kind"),
        sa.CheckConstraint("state IN ('loading', 'applied')", name="ck_file_batch_state"),
        sa.CheckConstraint("applied BETWEEN 0 AND records", name="ck_file_batch_applied"),
        sa.PrimaryKeyConstraint("batch_id", name="pk_file_batch"),
        sa.UniqueConstraint("kind", "party", "sha256", name="uq_file_batch_content"),
    )
    op.create_index("ix_file_batch_imported", "file_batch", ["imported_at"], unique=False)
    op.create_table(
        "purse_counter",
        sa.Column("card_no", sa.String(length=16), nullable=False),
        sa.Column("application", sa.String(length=16), nullable=False),
        sa.Column("purse", sa.String(length=2), nullable=False),
        sa.Column("complete_to", sa.Integer(), nullable=False),
        sa.Column("ahead", sa.JSON(), nullable=False),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("card_no", "application", "purse", name="pk_purse_counter"),
    )
    op.create_table(
        "reconciliation_run",
        sa.Column("run_id", sa.String(length=36), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("channel", sa.String(length=64), nullable=True),
        sa.Column("terminal", sa.String(length=64), nullable=True),
        sa.Column("rule_version", sa.String(length=64), nullable=False),
        sa.Column("counts", sa.JSON(), nullable=False),
        sa.Column("ran_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("run_id", name="pk_reconciliation_run"),
    )
    op.create_index("ix_reconciliation_run_day", "reconciliation_run", ["day"], unique=False)
    op.create_table(
        "spending_record",
        sa.Column("card_no", sa.String(length=16), nullable=False),
        sa.Column("batch_id", sa.String(length=36), nullable=False),
        sa.Column("line", sa.Integer(), nullable=False),
        sa.Column("operator", sa.String(length=32), nullable=False),
        sa.Column("terminal_no", sa.String(length=12), nullable=False),
        sa.Column("terminal_transaction", sa.String(length=8), nullable=False),
        sa.Column("application", sa.String(length=16), nullable=False),
        sa.Column("purse", sa.String(length=2), nullable=False),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        sa.Column("offline_counter", sa.Integer(), nullable=False),
        sa.Column("transaction_type", sa.String(length=2), nullable=False),
        sa.Column("host_date_time", sa.String(length=14), nullable=False),
        sa.Column("tac", sa.String(length=8), nullable=False),
        sa.Column("balance_after", sa.BigInteger(), nullable=True),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("reason", sa.String(length=32), nullable=True),
        sa.Column("reference", sa.String(length=36), nullable=True),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "state IN ('booked', 'matched', 'duplicate', 'rejected', 'conflict')", name="ck_spending_record_state"
        ),
        sa.CheckConstraint("amount > 0", name="ck_spending_record_amount"),
        sa.ForeignKeyConstraint(["batch_id"], ["file_batch.batch_id"], name="fk_spending_record_batch"),
        sa.PrimaryKeyConstraint("card_no", "batch_id", "line", name="pk_spending_record"),
    )
    op.create_index("ix_spending_record_batch", "spending_record", ["batch_id", "state"], unique=False)
    op.create_index(
        "uq_spending_record_counter",
        "spending_record",
        ["card_no", "application", "purse", "offline_counter"],
        unique=True,
        sqlite_where=sa.text("state IN ('booked', 'matched')"),
        postgresql_where=sa.text("state IN ('booked', 'matched')"),
    )
    op.create_table(
        "statement_record",
        sa.Column("party", sa.String(length=64), nullable=False),
        sa.Column("batch_id", sa.String(length=36), nullable=False),
        sa.Column("line", sa.Integer(), nullable=False),
        sa.Column("reference", sa.String(length=128), nullable=False),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        sa.Column("fee", sa.BigInteger(), nullable=False),
        sa.Column("result", sa.String(length=16), nullable=False),
        sa.Column("occurred_at", sa.String(length=14), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("state IN ('taken', 'duplicate', 'conflict')", name="ck_statement_record_state"),
        sa.ForeignKeyConstraint(["batch_id"], ["file_batch.batch_id"], name="fk_statement_record_batch"),
        sa.PrimaryKeyConstraint("party", "batch_id", "line", name="pk_statement_record"),
    )
    op.create_index("ix_statement_record_occurred", "statement_record", ["party", "occurred_at"], unique=False)
    op.create_index(
        "uq_statement_record_reference",
        "statement_record",
        ["party", "reference"],
        unique=True,
        sqlite_where=sa.text("state = 'taken'"),
        postgresql_where=sa.text("state = 'taken'"),
    )
    op.create_table(
        "difference",
        sa.Column("run_id", sa.String(length=36), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("event_key", sa.String(length=64), nullable=False),
        sa.Column("code", sa.String(length=32), nullable=False),
        sa.Column("subject", sa.String(length=128), nullable=False),
        sa.Column("card_no", sa.String(length=16), nullable=True),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        sa.Column("details", sa.JSON(), nullable=False),
        sa.Column("entry", sa.JSON(none_as_null=True), nullable=True),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("explanation", sa.String(length=200), nullable=True),
        sa.Column("owner", sa.String(length=32), nullable=True),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("state IN ('open', 'explained', 'corrected')", name="ck_difference_state"),
        sa.ForeignKeyConstraint(["owner"], ["staff.staff_id"], name="fk_difference_owner"),
        sa.ForeignKeyConstraint(["run_id"], ["reconciliation_run.run_id"], name="fk_difference_run"),
        sa.PrimaryKeyConstraint("run_id", "number", name="pk_difference"),
    )
    op.create_index("ix_difference_event", "difference", ["event_key", "state"], unique=False)
    op.create_index("ix_load_authorised", "load", ["authorised_at"], unique=False)
    for statement in create_statements(op.get_bind().dialect.name, *MADE):
        op.execute(statement)
