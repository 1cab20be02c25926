"""Sign-ins on the desk page"""

import sqlalchemy as sa
from alembic import op

from cardsvc.store.triggers import create_statements

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None

TABLES = ("desk_session",)


def upgrade() -> None:
    """Make the change."""
    op.create_table(
        "desk_session",
        sa.Column("session_id", sa.String(length=64), nullable=False),
        sa.Column("staff_id", sa.String(length=32), nullable=False),
        sa.Column("csrf", sa.String(length=64), nullable=False),
        sa.Column("workstation", sa.String(length=64), nullable=True),
        sa.Column("browser", sa.String(length=128), nullable=False),
        sa.Column("locked", sa.Boolean(), nullable=False),
        sa.Column("opened_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("seen_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("seen_at >= opened_at", name="ck_desk_session_seen"),
        sa.ForeignKeyConstraint(["staff_id"], ["staff.staff_id"], name="fk_desk_session_staff"),
        sa.ForeignKeyConstraint(["workstation"], ["terminal.terminal_id"], name="fk_desk_session_workstation"),
        sa.PrimaryKeyConstraint("session_id", name="pk_desk_session"),
    )
    op.create_index("ix_desk_session_staff", "desk_session", ["staff_id", "opened_at"], unique=False)
    for statement in create_statements(op.get_bind().dialect.name, *TABLES):
        op.execute(statement)
