"""What administrators did, and when a terminal asked last"""

import sqlalchemy as sa
from alembic import op

from cardsvc.store.triggers import create_statements

revision = "0033"
down_revision = "0032"
branch_labels = None
depends_on = None

TABLES = ("staff_act",)


def upgrade() -> None:
    """Make the change."""
    op.create_table(
        "staff_act",
        sa.Column("act_id", sa.String(length=36), nullable=False),
        sa.Column("done_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("staff_id", sa.String(length=32), nullable=True),
        sa.Column("act", sa.String(length=32), nullable=False),
        sa.Column("subject", sa.String(length=96), nullable=False),
        sa.Column("changes", sa.JSON(), nullable=False),
        sa.ForeignKeyConstraint(["staff_id"], ["staff.staff_id"], name="fk_staff_act_staff"),
        sa.PrimaryKeyConstraint("act_id", name="pk_staff_act"),
    )
    op.create_index("ix_staff_act_subject", "staff_act", ["subject", "done_at"], unique=False)
    op.create_index("ix_staff_act_done_at", "staff_act", ["done_at"], unique=False)
    for statement in create_statements(op.get_bind().dialect.name, *TABLES):
        op.execute(statement)
    op.execute("ALTER TABLE terminal ADD COLUMN requests_per_minute INTEGER")
    op.create_index("ix_nonce_terminal_seen_at", "nonce", ["terminal_id", "seen_at"], unique=False)
