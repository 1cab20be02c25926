"""Versions of the rule set, each in force from a day on"""

import sqlalchemy as sa
from alembic import op

from cardsvc.store.triggers import create_statements

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the change."""
    op.create_table(
        "rule_version",
        sa.Column("version", sa.String(length=64), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("effective_from", sa.Date(), nullable=False),
        sa.Column("proposed_by", sa.String(length=32), nullable=True),
        sa.Column("approved_by", sa.String(length=32), nullable=True),
        sa.Column("approval_id", sa.String(length=36), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("(proposed_by IS NULL) = (approved_by IS NULL)", name="ck_rule_version_decided"),
        sa.CheckConstraint("approved_by <> proposed_by", name="ck_rule_version_two_people"),
        sa.ForeignKeyConstraint(["approval_id"], ["approval.approval_id"], name="fk_rule_version_approval"),
        sa.PrimaryKeyConstraint("version", name="pk_rule_version"),
        sa.UniqueConstraint("effective_from", name="uq_rule_version_effective_from"),
    )
    for statement in create_statements(op.get_bind().dialect.name, "rule_version"):
        op.execute(statement)
