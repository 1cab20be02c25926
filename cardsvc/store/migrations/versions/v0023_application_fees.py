"""Fees of applications"""

import sqlalchemy as sa
from alembic import op

from cardsvc.store.triggers import append_only

revision = "0023"
down_revision = "0022"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the change."""
    op.create_table(
        "application_fee",
        sa.Column("card_no", sa.String(length=16), nullable=False),
        sa.Column("operation_id", sa.String(length=36), nullable=False),
        sa.Column("application", sa.String(length=16), nullable=False),
        sa.Column("product", sa.String(length=8), nullable=False),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        sa.Column("rule", sa.String(length=64), nullable=False),
        sa.Column("payment_method", sa.String(length=16), nullable=False),
        sa.Column("payment_reference", sa.String(length=64), nullable=True),
        sa.Column("source_account", sa.String(length=96), nullable=False),
        sa.Column("taken_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "source_account LIKE 'purse:%' OR source_account LIKE 'suspense:%' OR source_account LIKE 'order:%' OR source_account LIKE 'held:%' OR source_account LIKE 'deposit:%' OR source_account LIKE 'clearing:%' OR source_account LIKE 'drawer:%' OR source_account LIKE 'vault:%' OR source_account LIKE 'merchant:%' OR source_account LIKE 'gift:%' OR source_account LIKE 'fee:%' OR source_account LIKE 'difference:%' OR source_account LIKE 'payout:%'",
            name="ck_application_fee_source",
        ),
        sa.CheckConstraint("amount > 0", name="ck_application_fee_amount"),
        sa.ForeignKeyConstraint(["card_no"], ["card.card_no"], name="fk_application_fee_card"),
        sa.PrimaryKeyConstraint("card_no", "operation_id", name="pk_application_fee"),
        sa.UniqueConstraint("payment_method", "payment_reference", name="uq_application_fee_payment"),
    )
    for statement in append_only(op.get_bind().dialect.name, "application_fee"):
        op.execute(statement)
