"""Money taken off a purse by unload: its kind, and a counter that is the online one then"""

from alembic import op

revision = "0026"
down_revision = "0025"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the change. Written out, for alembic would rebuild the table on SQLite and lose its triggers."""
    op.execute("ALTER TABLE purchase RENAME COLUMN offline_counter TO counter")
    op.execute(
        "ALTER TABLE purchase ADD COLUMN kind VARCHAR(8) DEFAULT 'purchase' NOT NULL "
        "CONSTRAINT ck_purchase_kind CHECK (kind IN ('purchase', 'unload'))"
    )
