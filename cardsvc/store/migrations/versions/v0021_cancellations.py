"""Cancelled cards"""

import sqlalchemy as sa
from alembic import op

from cardsvc.store.triggers import create_statements

revision = "0021"
down_revision = "0020"
branch_labels = None
depends_on = None

TABLES = ("cancellation",)


def upgrade() -> None:
    """Make the change."""
    op.create_table(
        "cancellation",
        sa.Column("card_no", sa.String(length=16), nullable=False),
        sa.Column("reason", sa.String(length=16), nullable=False),
        sa.Column("papers", sa.String(length=200), nullable=False),
        sa.Column("cancelled_by", sa.String(length=32), nullable=False),
        sa.Column("cancelled_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("reason IN ('returned', 'moved_away', 'death')", name="ck_cancellation_reason"),
        sa.ForeignKeyConstraint(["cancelled_by"], ["staff.staff_id"], name="fk_cancellation_staff"),
        sa.ForeignKeyConstraint(["card_no"], ["card.card_no"], name="fk_cancellation_card"),
        sa.PrimaryKeyConstraint("card_no", name="pk_cancellation"),
    )
    for statement in create_statements(op.get_bind().dialect.name, *TABLES):
        op.execute(statement)
