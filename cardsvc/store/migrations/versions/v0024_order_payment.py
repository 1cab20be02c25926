"""Orders by their payment"""

from alembic import op

revision = "0024"
down_revision = "0023"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the change."""
    op.create_index("ix_topup_order_by_payment", "topup_order", ["payment_method", "payment_reference"], unique=False)
