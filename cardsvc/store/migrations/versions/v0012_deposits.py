"""Deposits"""

import sqlalchemy as sa
from alembic import op

from cardsvc.store.tables import in_chart
from cardsvc.store.triggers import create_statements

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the change."""
    op.create_table(
        "deposit",
        sa.Column("card_no", sa.String(length=16), nullable=False),
        sa.Column("product", sa.String(length=8), nullable=False),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("payment_method", sa.String(length=16), nullable=False),
        sa.Column("source_account", sa.String(length=96), nullable=False),
        sa.Column("rule", sa.String(length=64), nullable=False),
        sa.Column("taken_on", sa.Date(), nullable=False),
        sa.Column("taken_by", sa.String(length=32), nullable=False),
        sa.Column("returned", sa.BigInteger(), nullable=True),
        sa.Column("returned_by", sa.String(length=32), nullable=True),
        sa.Column("returned_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("amount > 0", name="ck_deposit_amount"),
        sa.CheckConstraint("state IN ('taken', 'returned')", name="ck_deposit_state"),
        sa.CheckConstraint("returned IS NULL OR (returned >= 0 AND returned <= amount)", name="ck_deposit_part"),
        sa.CheckConstraint("(state = 'returned') = (returned IS NOT NULL)", name="ck_deposit_returned"),
        sa.CheckConstraint(in_chart("source_account"), name="ck_deposit_source"),
        sa.ForeignKeyConstraint(["card_no"], ["card.card_no"], name="fk_deposit_card"),
        sa.PrimaryKeyConstraint("card_no", name="pk_deposit"),
    )
    for statement in create_statements(op.get_bind().dialect.name, "deposit"):
        op.execute(statement)
