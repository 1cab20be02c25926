"""Where a form led that was sent from the desk page: sent again because its answer was lost, it leads there again"""

import sqlalchemy as sa
from alembic import op

revision = "0048"
down_revision = "0047"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the change."""
    op.create_table(
        "form_answer",
        sa.Column("session_id", sa.String(64), nullable=False),
        sa.Column("key", sa.String(64), nullable=False),
        sa.Column("location", sa.String(200), nullable=False),
        sa.Column("answered_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("session_id", "key", name="pk_form_answer"),
        sa.ForeignKeyConstraint(["session_id"], ["desk_session.session_id"], name="fk_form_answer_session"),
    )
    op.create_index("ix_form_answer_answered", "form_answer", ["answered_at"])
