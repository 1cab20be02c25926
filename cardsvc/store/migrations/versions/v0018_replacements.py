"""Replacements of cards"""

import sqlalchemy as sa
from alembic import op

from cardsvc.store.triggers import create_statements

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None

TABLES = ("replacement",)


def upgrade() -> None:
    """Make the change."""
    op.create_table(
        "replacement",
        sa.Column("old_card_no", sa.String(length=16), nullable=False),
        sa.Column("citizen_id", sa.String(length=36), nullable=False),
        sa.Column("outlet_id", sa.String(length=32), nullable=False),
        sa.Column("reason", sa.String(length=16), nullable=False),
        sa.Column("fee", sa.BigInteger(), nullable=False),
        sa.Column("rules", sa.JSON(), nullable=False),
        sa.Column("payment_method", sa.String(length=16), nullable=True),
        sa.Column("payment_reference", sa.String(length=64), nullable=True),
        sa.Column("source_account", sa.String(length=96), nullable=True),
        sa.Column("asked_by", sa.String(length=32), nullable=False),
        sa.Column("asked_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("new_card_no", sa.String(length=16), nullable=True),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("reason IN ('fault', 'damaged', 'changed', 'lost')", name="ck_replacement_reason"),
        sa.CheckConstraint(
            "source_account IS NULL OR source_account LIKE 'purse:%' OR source_account LIKE 'suspense:%' OR source_account LIKE 'order:%' OR source_account LIKE 'held:%' OR source_account LIKE 'deposit:%' OR source_account LIKE 'clearing:%' OR source_account LIKE 'drawer:%' OR source_account LIKE 'vault:%' OR source_account LIKE 'merchant:%' OR source_account LIKE 'gift:%' OR source_account LIKE 'fee:%' OR source_account LIKE 'difference:%' OR source_account LIKE 'payout:%'",
            name="ck_replacement_chart",
        ),
        sa.CheckConstraint("(fee > 0) = (payment_method IS NOT NULL)", name="ck_replacement_paid"),
        sa.CheckConstraint("(fee > 0) = (source_account IS NOT NULL)", name="ck_replacement_source"),
        sa.CheckConstraint("(new_card_no IS NULL) = (made_at IS NULL)", name="ck_replacement_made"),
        sa.CheckConstraint("fee >= 0", name="ck_replacement_fee"),
        sa.ForeignKeyConstraint(["asked_by"], ["staff.staff_id"], name="fk_replacement_staff"),
        sa.ForeignKeyConstraint(["citizen_id"], ["citizen.citizen_id"], name="fk_replacement_citizen"),
        sa.ForeignKeyConstraint(["new_card_no"], ["card.card_no"], name="fk_replacement_new"),
        sa.ForeignKeyConstraint(["old_card_no"], ["card.card_no"], name="fk_replacement_old"),
        sa.PrimaryKeyConstraint("old_card_no", name="pk_replacement"),
        sa.UniqueConstraint("new_card_no", name="uq_replacement_new"),
        sa.UniqueConstraint("payment_method", "payment_reference", name="uq_replacement_payment"),
    )
    op.create_index("ix_replacement_citizen", "replacement", ["citizen_id", "asked_at"], unique=False)
    op.create_index("ix_replacement_outlet", "replacement", ["outlet_id", "asked_at"], unique=False)
    for statement in create_statements(op.get_bind().dialect.name, *TABLES):
        op.execute(statement)
