"""Flight recorder: the commands of each step, secrets masked, and how long the card took for each"""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the change."""
    op.add_column("operation_step", sa.Column("commands", sa.JSON(none_as_null=True), nullable=True))
    op.add_column("operation_step", sa.Column("milliseconds", sa.JSON(none_as_null=True), nullable=True))
