"""Money areas: where a load was paid from, its gift, product and months; who a purchase is owed to; one load a payment"""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

LIVE = sa.text("state IN ('authorised', 'suspect', 'confirmed')")


def upgrade() -> None:
    """Make the change."""
    op.add_column("load", sa.Column("source_account", sa.String(length=96), nullable=False, server_default=""))
    op.add_column("load", sa.Column("gift", sa.BigInteger(), nullable=False, server_default="0"))
    op.add_column("load", sa.Column("product", sa.String(length=8), nullable=False, server_default="citizen"))
    op.add_column("load", sa.Column("area", sa.String(length=8), nullable=False, server_default="purse"))
    op.add_column("load", sa.Column("first_month", sa.Date(), nullable=True))
    op.add_column("load", sa.Column("last_month", sa.Date(), nullable=True))
    op.execute("UPDATE load SET source_account = 'clearing:' || actor_kind || ':' || actor_id")
    op.create_index(
        "uq_load_payment",
        "load",
        ["payment_method", "payment_reference"],
        unique=True,
        sqlite_where=LIVE,
        postgresql_where=LIVE,
    )
    op.add_column("purchase", sa.Column("payee_account", sa.String(length=96), nullable=False, server_default=""))
    op.execute("UPDATE purchase SET payee_account = 'merchant:' || merchant")
