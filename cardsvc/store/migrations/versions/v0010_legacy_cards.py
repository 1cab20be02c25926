"""Old cards that were taken over: one row an old card"""

import sqlalchemy as sa
from alembic import op

from cardsvc.store.triggers import create_statements

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the change."""
    op.create_table(
        "legacy_card",
        sa.Column("uid", sa.String(length=20), nullable=False),
        sa.Column("card_no", sa.String(length=16), nullable=False),
        sa.Column("operation_id", sa.String(length=36), nullable=False),
        sa.Column("product", sa.String(length=4), nullable=False),
        sa.Column("balance", sa.BigInteger(), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("taken_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("order_id", sa.String(length=36), nullable=True),
        sa.Column("moved_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("state IN ('taken', 'moved')", name="ck_legacy_card_state"),
        sa.CheckConstraint("balance > 0", name="ck_legacy_card_balance"),
        sa.CheckConstraint("(state = 'moved') = (order_id IS NOT NULL)", name="ck_legacy_card_order"),
        sa.CheckConstraint("(state = 'moved') = (moved_at IS NOT NULL)", name="ck_legacy_card_moved"),
        sa.ForeignKeyConstraint(["card_no"], ["card.card_no"], name="fk_legacy_card_card"),
        sa.PrimaryKeyConstraint("uid", name="pk_legacy_card"),
        sa.UniqueConstraint("order_id", name="uq_legacy_card_order"),
    )
    for statement in create_statements(op.get_bind().dialect.name, "legacy_card"):
        op.execute(statement)
