"""Old cards whose money is taken over"""

import sqlalchemy as sa
from alembic import op

from cardsvc.store.triggers import create_statements

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None

BY_BOOKS = sa.text("purchase_id IS NULL")


def upgrade() -> None:
    """Make the change."""
    op.create_table(
        "takeover",
        sa.Column("card_no", sa.String(length=16), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("reason", sa.String(length=32), nullable=False),
        sa.Column("rule", sa.String(length=64), nullable=True),
        sa.Column("held_on", sa.Date(), nullable=False),
        sa.Column("due", sa.Date(), nullable=True),
        sa.Column("held_by", sa.String(length=64), nullable=False),
        sa.Column("began_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("state IN ('waiting', 'reading', 'moved')", name="ck_takeover_state"),
        sa.CheckConstraint("state <> 'waiting' OR due IS NOT NULL", name="ck_takeover_due"),
        sa.CheckConstraint("(state = 'moved') = (ended_at IS NOT NULL)", name="ck_takeover_ended"),
        sa.ForeignKeyConstraint(["card_no"], ["card.card_no"], name="fk_takeover_card"),
        sa.PrimaryKeyConstraint("card_no", name="pk_takeover"),
    )
    op.create_table(
        "takeover_part",
        sa.Column("card_no", sa.String(length=16), nullable=False),
        sa.Column("part_id", sa.String(length=36), nullable=False),
        sa.Column("application", sa.String(length=16), nullable=False),
        sa.Column("purse", sa.String(length=2), nullable=False),
        sa.Column("product", sa.String(length=8), nullable=False),
        sa.Column("area", sa.String(length=8), nullable=False),
        sa.Column("first_month", sa.Date(), nullable=True),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        sa.Column("ways", sa.JSON(), nullable=False),
        sa.Column("purchase_id", sa.String(length=36), nullable=True),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("amount > 0", name="ck_takeover_part_amount"),
        sa.ForeignKeyConstraint(["card_no"], ["takeover.card_no"], name="fk_takeover_part_takeover"),
        sa.PrimaryKeyConstraint("card_no", "part_id", name="pk_takeover_part"),
    )
    op.create_index(
        "uq_takeover_part_books",
        "takeover_part",
        ["card_no", "application", "purse"],
        unique=True,
        sqlite_where=BY_BOOKS,
        postgresql_where=BY_BOOKS,
    )
    for statement in create_statements(op.get_bind().dialect.name, "takeover", "takeover_part"):
        op.execute(statement)
