"""Loss reports"""

import sqlalchemy as sa
from alembic import op

from cardsvc.store.triggers import create_statements

revision = "0019"
down_revision = "0018"
branch_labels = None
depends_on = None

TABLES = ("loss_report",)


def upgrade() -> None:
    """Make the change."""
    op.create_table(
        "loss_report",
        sa.Column("report_id", sa.String(length=36), nullable=False),
        sa.Column("card_no", sa.String(length=16), nullable=False),
        sa.Column("kind", sa.String(length=8), nullable=False),
        sa.Column("rule", sa.String(length=64), nullable=False),
        sa.Column("reported_by", sa.String(length=32), nullable=False),
        sa.Column("reported_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("lapses_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("ended", sa.String(length=16), nullable=True),
        sa.Column("ended_by", sa.String(length=96), nullable=True),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("ended IS NULL OR ended IN ('lapsed', 'confirmed', 'released')", name="ck_loss_report_end"),
        sa.CheckConstraint("kind IN ('phone', 'formal')", name="ck_loss_report_kind"),
        sa.CheckConstraint("(ended IS NULL) = (ended_at IS NULL)", name="ck_loss_report_ended"),
        sa.ForeignKeyConstraint(["card_no"], ["card.card_no"], name="fk_loss_report_card"),
        sa.ForeignKeyConstraint(["reported_by"], ["staff.staff_id"], name="fk_loss_report_staff"),
        sa.PrimaryKeyConstraint("report_id", name="pk_loss_report"),
    )
    op.create_index("ix_loss_report_card", "loss_report", ["card_no", "reported_at"], unique=False)
    op.create_index(
        "uq_loss_report_open",
        "loss_report",
        ["card_no"],
        unique=True,
        sqlite_where=sa.text("ended IS NULL"),
        postgresql_where=sa.text("ended IS NULL"),
    )
    for statement in create_statements(op.get_bind().dialect.name, *TABLES):
        op.execute(statement)
