"""Cash that was handed over says which drawer it went into: change stands on the day sheet"""

from alembic import op

revision = "0044"
down_revision = "0043"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the change. Rows are append-only: those of before do not say it."""
    op.execute("ALTER TABLE cash_given ADD COLUMN source_account VARCHAR(96)")
    op.create_index("ix_cash_given_source", "cash_given", ["source_account"])
