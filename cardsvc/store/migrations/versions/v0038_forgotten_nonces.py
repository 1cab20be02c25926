"""Up to when nonces were forgotten: what a service must know whose clock jumped back"""

import sqlalchemy as sa
from alembic import op

revision = "0038"
down_revision = "0037"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the change. What was forgotten before this version is older than all that is remembered."""
    op.create_table(
        "forgotten_nonces",
        sa.Column("id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("seen_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("id = 1", name="ck_forgotten_nonces_one_row"),
        sa.PrimaryKeyConstraint("id", name="pk_forgotten_nonces"),
    )
    op.execute("INSERT INTO forgotten_nonces (id, seen_at) SELECT 1, min(seen_at) FROM nonce HAVING min(seen_at) IS NOT NULL")
