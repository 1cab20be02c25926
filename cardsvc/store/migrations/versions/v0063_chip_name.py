"""The name on the chip of people whose name the chip cannot hold; nobody had one before, such people got no card"""

import sqlalchemy as sa
from alembic import op

revision = "0063"
down_revision = "0059"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the change."""
    op.add_column("citizen", sa.Column("chip_name", sa.String(length=30), nullable=True))
