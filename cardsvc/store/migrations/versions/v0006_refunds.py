"""Refunds, and bicycles that are out"""

import sqlalchemy as sa
from alembic import op

from cardsvc.store.triggers import create_statements

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

HELD = sa.text("state = 'held'")


def upgrade() -> None:
    """Make the change."""
    op.create_table(
        "refund",
        sa.Column("card_no", sa.String(length=16), nullable=False),
        sa.Column("purchase_id", sa.String(length=36), nullable=False),
        sa.Column("product", sa.String(length=8), nullable=False),
        sa.Column("area", sa.String(length=8), nullable=False),
        sa.Column("balance", sa.BigInteger(), nullable=False),
        sa.Column("returned", sa.BigInteger(), nullable=False),
        sa.Column("fee", sa.BigInteger(), nullable=False),
        sa.Column("forfeited", sa.BigInteger(), nullable=False),
        sa.Column("gift", sa.BigInteger(), nullable=False),
        sa.Column("payouts", sa.JSON(), nullable=False),
        sa.Column("rules", sa.JSON(), nullable=False),
        sa.Column("rule_version", sa.String(length=64), nullable=False),
        sa.Column("planned_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("balance = returned + fee + forfeited + gift", name="ck_refund_adds_up"),
        sa.CheckConstraint("returned >= 0 AND fee >= 0 AND forfeited >= 0 AND gift >= 0", name="ck_refund_parts"),
        sa.ForeignKeyConstraint(
            ["card_no", "purchase_id"], ["purchase.card_no", "purchase.purchase_id"], name="fk_refund_purchase"
        ),
        sa.PrimaryKeyConstraint("card_no", "purchase_id", name="pk_refund"),
    )
    op.create_table(
        "bicycle_hold",
        sa.Column("card_no", sa.String(length=16), nullable=False),
        sa.Column("hold_id", sa.String(length=36), nullable=False),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("source", sa.String(length=64), nullable=False),
        sa.Column("held_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("released_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("amount > 0", name="ck_bicycle_hold_amount"),
        sa.CheckConstraint("state IN ('held', 'released')", name="ck_bicycle_hold_state"),
        sa.CheckConstraint("(state = 'released') = (released_at IS NOT NULL)", name="ck_bicycle_hold_released"),
        sa.ForeignKeyConstraint(["card_no"], ["card.card_no"], name="fk_bicycle_hold_card"),
        sa.PrimaryKeyConstraint("card_no", "hold_id", name="pk_bicycle_hold"),
    )
    op.create_index("uq_bicycle_hold_live", "bicycle_hold", ["card_no"], unique=True, sqlite_where=HELD, postgresql_where=HELD)
    for statement in create_statements(op.get_bind().dialect.name, "refund", "bicycle_hold"):
        op.execute(statement)
