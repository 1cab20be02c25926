"""Money whose fate only its card knows is found without reading all that was ever loaded or paid"""

from alembic import op

revision = "0043"
down_revision = "0038"
branch_labels = None
depends_on = None

OPEN = "state IN ('authorised', 'suspect')"


def upgrade() -> None:
    """Make the change. Written out, for alembic has no partial index of both databases."""
    op.execute(f"CREATE INDEX ix_load_open ON load (card_no) WHERE {OPEN}")
    op.execute(f"CREATE INDEX ix_purchase_open ON purchase (card_no) WHERE {OPEN}")
