"""A proposal about a suspect that its card settled since lapses: nobody decided it. And of an old card's purse the books give
what a suspect kept back in a part of its own; the id of a part says what it is of, so its key keeps each from coming twice"""

import sqlalchemy as sa
from alembic import op

from cardsvc.store.triggers import create_statements

revision = "0055"
down_revision = "0053"
branch_labels = None
depends_on = None

STATES = "'proposed', 'approved', 'rejected', 'withdrawn'"


def _approval() -> sa.Table:
    """The table as it was: SQLite must build it anew to change a CHECK, and forgets those that it is not told."""
    return sa.Table(
        "approval",
        sa.MetaData(),
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
        sa.CheckConstraint(f"state IN ({STATES})", name="ck_approval_state"),
        sa.CheckConstraint("(state = 'proposed') = (decided_by IS NULL)", name="ck_approval_decided"),
        sa.CheckConstraint("state NOT IN ('approved', 'rejected') OR decided_by <> proposed_by", name="ck_approval_two_people"),
        sa.ForeignKeyConstraint(["proposed_by"], ["staff.staff_id"], name="fk_approval_proposer"),
        sa.ForeignKeyConstraint(["decided_by"], ["staff.staff_id"], name="fk_approval_decider"),
        sa.PrimaryKeyConstraint("approval_id", name="pk_approval"),
        sa.Index("ix_approval_state", "state", "proposed_at"),
    )


def upgrade() -> None:
    """Make the change."""
    dialect = op.get_bind().dialect.name
    if dialect == "postgresql":
        op.execute("DROP TRIGGER approval_states ON approval")
        op.execute("DROP FUNCTION approval_states()")
    with op.batch_alter_table("approval", copy_from=_approval()) as batch:
        for name in ("ck_approval_state", "ck_approval_decided"):
            batch.drop_constraint(name, type_="check")
        batch.create_check_constraint("ck_approval_state", f"state IN ({STATES}, 'lapsed')")
        batch.create_check_constraint("ck_approval_decided", "(state IN ('proposed', 'lapsed')) = (decided_by IS NULL)")
    op.drop_index("uq_takeover_part_books", table_name="takeover_part")
    for statement in create_statements(dialect, "approval"):
        op.execute(statement)
