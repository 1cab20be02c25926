"""Terminals: place, operator, limits, keys that rotate; the hot list and who has which version of it"""

import sqlalchemy as sa
from alembic import op

from cardsvc.store.triggers import create_statements

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the change. The key of each terminal becomes its first in the new table."""
    for name, length in (("type", 32), ("place", 64), ("operator", 64)):
        op.add_column("terminal", sa.Column(name, sa.String(length=length), nullable=False, server_default=""))
    op.add_column("terminal", sa.Column("outlet_id", sa.String(length=32), nullable=True))
    op.add_column("terminal", sa.Column("certificate", sa.String(length=64), nullable=True))
    op.add_column("terminal", sa.Column("operations", sa.JSON(none_as_null=True), nullable=True))
    op.add_column("terminal", sa.Column("largest_load", sa.BigInteger(), nullable=True))
    op.add_column("terminal", sa.Column("daily_loads", sa.Integer(), nullable=True))
    op.add_column("terminal", sa.Column("daily_amount", sa.BigInteger(), nullable=True))
    op.add_column("terminal", sa.Column("signed_on", sa.DateTime(timezone=True), nullable=True))
    op.create_table(
        "terminal_key",
        sa.Column("terminal_id", sa.String(length=64), nullable=False),
        sa.Column("key_id", sa.String(length=32), nullable=False),
        sa.Column("algorithm", sa.String(length=16), nullable=False),
        sa.Column("public_key", sa.String(length=64), nullable=True),
        sa.Column("sealed_secret", sa.String(length=256), nullable=True),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("not_before", sa.DateTime(timezone=True), nullable=False),
        sa.Column("not_after", sa.DateTime(timezone=True), nullable=True),
        sa.Column("registered_by", sa.String(length=96), nullable=False),
        sa.PrimaryKeyConstraint("terminal_id", "key_id", name="pk_terminal_key"),
        sa.ForeignKeyConstraint(["terminal_id"], ["terminal.terminal_id"], name="fk_terminal_key_terminal"),
        sa.CheckConstraint("algorithm IN ('ed25519', 'hmac-sha256')", name="ck_terminal_key_algorithm"),
        sa.CheckConstraint("state IN ('active', 'retiring', 'retired')", name="ck_terminal_key_state"),
        sa.CheckConstraint(
            "(algorithm = 'ed25519' AND public_key IS NOT NULL AND sealed_secret IS NULL)"
            " OR (algorithm = 'hmac-sha256' AND public_key IS NULL AND sealed_secret IS NOT NULL)",
            name="ck_terminal_key_material",
        ),
        sa.CheckConstraint("state <> 'retiring' OR not_after IS NOT NULL", name="ck_terminal_key_retiring"),
    )
    op.execute(
        "INSERT INTO terminal_key (terminal_id, key_id, algorithm, public_key, state, not_before, registered_by) "
        "SELECT terminal_id, '1', 'ed25519', public_key, 'active', created_at, 'registration' FROM terminal"
    )
    op.drop_column("terminal", "public_key")
    op.create_table(
        "hotlist_entry",
        sa.Column("version", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("card_no", sa.String(length=16), nullable=False),
        sa.Column("action", sa.String(length=8), nullable=False),
        sa.Column("reason", sa.String(length=200), nullable=False),
        sa.Column("changed_by", sa.String(length=96), nullable=False),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("version", name="pk_hotlist_entry"),
        sa.CheckConstraint("action IN ('add', 'remove')", name="ck_hotlist_action"),
        sa.CheckConstraint("version > 0", name="ck_hotlist_version"),
    )
    op.create_index("ix_hotlist_card", "hotlist_entry", ["card_no", "version"], unique=False)
    op.create_table(
        "hotlist_ack",
        sa.Column("terminal_id", sa.String(length=64), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("acknowledged_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("terminal_id", name="pk_hotlist_ack"),
        sa.ForeignKeyConstraint(["terminal_id"], ["terminal.terminal_id"], name="fk_hotlist_ack_terminal"),
    )
    op.create_index("ix_load_actor", "load", ["actor_kind", "actor_id", "authorised_at"], unique=False)
    for statement in create_statements(op.get_bind().dialect.name, "hotlist_entry"):
        op.execute(statement)
