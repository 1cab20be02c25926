"""Outlets, staff, decisions of two people, and owners of suspects"""

import sqlalchemy as sa
from alembic import op

from cardsvc.store.triggers import create_statements

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the change."""
    op.create_table(
        "outlet",
        sa.Column("outlet_id", sa.String(length=32), nullable=False),
        sa.Column("name", sa.String(length=64), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("outlet_id", name="pk_outlet"),
    )
    op.create_table(
        "staff",
        sa.Column("staff_id", sa.String(length=32), nullable=False),
        sa.Column("name", sa.String(length=64), nullable=False),
        sa.Column("role", sa.String(length=16), nullable=False),
        sa.Column("outlet_id", sa.String(length=32), nullable=False),
        sa.Column("password_hash", sa.String(length=128), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("failed_attempts", sa.Integer(), nullable=False),
        sa.Column("locked_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "role IN ('clerk', 'cashier', 'supervisor', 'stock_keeper', 'auditor', 'administrator')", name="ck_staff_role"
        ),
        sa.CheckConstraint("state IN ('active', 'suspended')", name="ck_staff_state"),
        sa.ForeignKeyConstraint(["outlet_id"], ["outlet.outlet_id"], name="fk_staff_outlet"),
        sa.PrimaryKeyConstraint("staff_id", name="pk_staff"),
    )
    op.create_table(
        "approval",
        sa.Column("approval_id", sa.String(length=36), nullable=False),
        sa.Column("kind", sa.String(length=32), nullable=False),
        sa.Column("subject", sa.String(length=64), nullable=False),
        sa.Column("payload", sa.JSON(), nullable=False),
        sa.Column("reason", sa.String(length=200), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("proposed_by", sa.String(length=32), nullable=False),
        sa.Column("proposed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("decided_by", sa.String(length=32), nullable=True),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("remark", sa.String(length=200), nullable=True),
        sa.Column("result", sa.JSON(none_as_null=True), nullable=True),
        sa.CheckConstraint("state IN ('proposed', 'approved', 'rejected', 'withdrawn')", name="ck_approval_state"),
        sa.CheckConstraint("(state = 'proposed') = (decided_by IS NULL)", name="ck_approval_decided"),
        sa.CheckConstraint("state NOT IN ('approved', 'rejected') OR decided_by <> proposed_by", name="ck_approval_two_people"),
        sa.ForeignKeyConstraint(["decided_by"], ["staff.staff_id"], name="fk_approval_decider"),
        sa.ForeignKeyConstraint(["proposed_by"], ["staff.staff_id"], name="fk_approval_proposer"),
        sa.PrimaryKeyConstraint("approval_id", name="pk_approval"),
    )
    op.create_index("ix_approval_state", "approval", ["state", "proposed_at"], unique=False)
    op.create_table(
        "suspect_case",
        sa.Column("card_no", sa.String(length=16), nullable=False),
        sa.Column("subject_id", sa.String(length=36), nullable=False),
        sa.Column("owner", sa.String(length=32), nullable=False),
        sa.Column("note", sa.String(length=200), nullable=False),
        sa.Column("taken_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["owner"], ["staff.staff_id"], name="fk_suspect_case_owner"),
        sa.PrimaryKeyConstraint("card_no", "subject_id", name="pk_suspect_case"),
    )
    for statement in create_statements(op.get_bind().dialect.name, "approval"):
        op.execute(statement)
