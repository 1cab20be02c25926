"""A payment belongs to the card that is being opened for it until the card was read back"""

import sqlalchemy as sa
from alembic import op

revision = "0051"
down_revision = "0048"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the change."""
    op.create_table(
        "payment_claim",
        sa.Column("payment_method", sa.String(length=16), nullable=False),
        sa.Column("payment_reference", sa.String(length=64), nullable=False),
        sa.Column("card_no", sa.String(length=16), nullable=False),
        sa.Column("application", sa.String(length=16), nullable=False),
        sa.Column("operation_id", sa.String(length=36), nullable=False),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        sa.Column("claimed_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("payment_method", "payment_reference", name="pk_payment_claim"),
        sa.ForeignKeyConstraint(["card_no"], ["card.card_no"], name="fk_payment_claim_card"),
        sa.CheckConstraint("amount > 0", name="ck_payment_claim_amount"),
    )
    op.create_index("ix_payment_claim_card", "payment_claim", ["card_no"])
