"""Bureaus: windows of others that may ask whose a card is, and nothing else"""

import sqlalchemy as sa
from alembic import op

revision = "0059"
down_revision = "0056"
branch_labels = None
depends_on = None

ROLES = "'topup', 'desk', 'channel', 'workstation', 'office'"


def _terminal() -> sa.Table:
    """The table as it was: SQLite must build it anew to change a CHECK, and forgets those that it is not told."""
    return sa.Table(
        "terminal",
        sa.MetaData(),
        sa.Column("terminal_id", sa.String(length=64), nullable=False),
        sa.Column("name", sa.String(length=64), nullable=False),
        sa.Column("terminal_no", sa.String(length=12), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("role", sa.String(length=16), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("type", sa.String(length=32), nullable=False, server_default=""),
        sa.Column("place", sa.String(length=64), nullable=False, server_default=""),
        sa.Column("operator", sa.String(length=64), nullable=False, server_default=""),
        sa.Column("outlet_id", sa.String(length=32), nullable=True),
        sa.Column("certificate", sa.String(length=64), nullable=True),
        sa.Column("operations", sa.JSON(none_as_null=True), nullable=True),
        sa.Column("largest_load", sa.BigInteger(), nullable=True),
        sa.Column("daily_loads", sa.Integer(), nullable=True),
        sa.Column("daily_amount", sa.BigInteger(), nullable=True),
        sa.Column("signed_on", sa.DateTime(timezone=True), nullable=True),
        sa.Column("requests_per_minute", sa.Integer(), nullable=True),
        sa.CheckConstraint("state IN ('enabled', 'suspended')", name="ck_terminal_state"),
        sa.CheckConstraint(f"role IN ({ROLES})", name="ck_terminal_role"),
        sa.PrimaryKeyConstraint("terminal_id", name="pk_terminal"),
        sa.UniqueConstraint("terminal_no", name="uq_terminal_no"),
    )


def upgrade() -> None:
    """Make the change."""
    with op.batch_alter_table("terminal", copy_from=_terminal()) as batch:
        batch.drop_constraint("ck_terminal_role", type_="check")
        batch.create_check_constraint("ck_terminal_role", f"role IN ({ROLES}, 'bureau')")
