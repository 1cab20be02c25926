"""Deposits keep the payment that paid them; drawers, payments that went back and spending told twice are found by an index"""

import sqlalchemy as sa
from alembic import op

revision = "0042"
down_revision = "0041"
branch_labels = None
depends_on = None

OPEN = "state IN ('authorised', 'suspect')"
INDEXES = (
    ("ix_transfer_drawer_debit", "transfer", "debit_account", "debit_account LIKE 'drawer:%'"),
    ("ix_transfer_drawer_credit", "transfer", "credit_account", "credit_account LIKE 'drawer:%'"),
    ("ix_load_open_cash", "load", "source_account", f"source_account LIKE 'drawer:%' AND {OPEN}"),
    ("ix_purchase_open", "purchase", "card_no", OPEN),
    ("ix_difference_corrected", "difference", "subject", "state = 'corrected'"),
)


def upgrade() -> None:
    """Make the change. Of the deposits of before nobody knows the payment: their column stays empty."""
    op.execute("ALTER TABLE deposit ADD COLUMN payment_reference VARCHAR(64)")
    op.create_index("uq_deposit_payment", "deposit", ["payment_method", "payment_reference"], unique=True)
    transaction = ["card_no", "terminal_no", "terminal_transaction"]
    op.create_index("ix_spending_record_transaction", "spending_record", transaction)
    for name, table, column, which in INDEXES:
        where = sa.text(which)
        op.create_index(name, table, [column], sqlite_where=where, postgresql_where=where)
