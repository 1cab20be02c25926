"""Orders paid online, and the terminals of role channel that bring them"""

import sqlalchemy as sa
from alembic import op

from cardsvc.store.triggers import create_statements

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

WAITING = sa.text("state = 'paid'")


def _terminal() -> sa.Table:
    """The table as it was: SQLite must build it anew to change a CHECK, and forgets those that it is not told."""
    return sa.Table(
        "terminal",
        sa.MetaData(),
        sa.Column("terminal_id", sa.String(length=64), nullable=False),
        sa.Column("name", sa.String(length=64), nullable=False),
        sa.Column("terminal_no", sa.String(length=12), nullable=False),
        sa.Column("public_key", sa.String(length=64), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("role", sa.String(length=16), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("state IN ('enabled', 'suspended')", name="ck_terminal_state"),
        sa.CheckConstraint("role IN ('topup', 'desk')", name="ck_terminal_role"),
        sa.PrimaryKeyConstraint("terminal_id", name="pk_terminal"),
        sa.UniqueConstraint("terminal_no", name="uq_terminal_no"),
    )


def upgrade() -> None:
    """Make the change."""
    with op.batch_alter_table("terminal", copy_from=_terminal()) as batch:
        batch.drop_constraint("ck_terminal_role", type_="check")
        batch.create_check_constraint("ck_terminal_role", "role IN ('topup', 'desk', 'channel')")
    op.create_table(
        "topup_order",
        sa.Column("card_no", sa.String(length=16), nullable=False),
        sa.Column("order_id", sa.String(length=36), nullable=False),
        sa.Column("channel", sa.String(length=64), nullable=False),
        sa.Column("product", sa.String(length=8), nullable=False),
        sa.Column("area", sa.String(length=8), nullable=False),
        sa.Column("first_month", sa.Date(), nullable=True),
        sa.Column("last_month", sa.Date(), nullable=True),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        sa.Column("payment_method", sa.String(length=16), nullable=False),
        sa.Column("payment_reference", sa.String(length=64), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("paid_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("load_id", sa.String(length=36), nullable=True),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("state IN ('paid', 'written', 'returned')", name="ck_topup_order_state"),
        sa.CheckConstraint("amount > 0", name="ck_topup_order_amount"),
        sa.CheckConstraint("(state = 'written') = (load_id IS NOT NULL)", name="ck_topup_order_written"),
        sa.CheckConstraint("(state = 'paid') = (ended_at IS NULL)", name="ck_topup_order_ended"),
        sa.ForeignKeyConstraint(["card_no"], ["card.card_no"], name="fk_topup_order_card"),
        sa.PrimaryKeyConstraint("card_no", "order_id", name="pk_topup_order"),
        sa.UniqueConstraint("order_id", name="uq_topup_order_id"),
        sa.UniqueConstraint("channel", "payment_method", "payment_reference", name="uq_topup_order_payment"),
    )
    op.create_index("ix_topup_order_waiting", "topup_order", ["last_month"], sqlite_where=WAITING, postgresql_where=WAITING)
    for statement in create_statements(op.get_bind().dialect.name, "topup_order"):
        op.execute(statement)
