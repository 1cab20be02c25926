"""Service accounts: what runs by itself has a role of its own, no person's; and what was handed over in cash"""

import sqlalchemy as sa
from alembic import op

from cardsvc.store.triggers import create_statements

revision = "0039"
down_revision = "0038"
branch_labels = None
depends_on = None


def _staff() -> sa.Table:
    """The table as it was: SQLite must build it anew to change a CHECK, and forgets those that it is not told."""
    return sa.Table(
        "staff",
        sa.MetaData(),
        sa.Column("staff_id", sa.String(length=32), nullable=False),
        sa.Column("name", sa.String(length=64), nullable=False),
        sa.Column("role", sa.String(length=16), nullable=False),
        sa.Column("outlet_id", sa.String(length=32), nullable=False),
        sa.Column("password_hash", sa.String(length=128), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("failed_attempts", sa.Integer(), nullable=False),
        sa.Column("locked_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("password_once", sa.Boolean(), nullable=False, server_default=sa.false()),
        sa.CheckConstraint(
            "role IN ('clerk', 'cashier', 'supervisor', 'stock_keeper', 'auditor', 'administrator')", name="ck_staff_role"
        ),
        sa.CheckConstraint("state IN ('active', 'suspended')", name="ck_staff_state"),
        sa.ForeignKeyConstraint(["outlet_id"], ["outlet.outlet_id"], name="fk_staff_outlet"),
        sa.PrimaryKeyConstraint("staff_id", name="pk_staff"),
    )


def upgrade() -> None:
    """Make the change."""
    roles = "'clerk', 'cashier', 'supervisor', 'stock_keeper', 'auditor', 'administrator', 'service'"
    with op.batch_alter_table("staff", copy_from=_staff()) as batch:
        batch.drop_constraint("ck_staff_role", type_="check")
        batch.create_check_constraint("ck_staff_role", f"role IN ({roles})")
    op.create_table(
        "cash_given",
        sa.Column("card_no", sa.String(length=16), nullable=False),
        sa.Column("number", sa.String(length=36), nullable=False),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        sa.Column("given", sa.BigInteger(), nullable=False),
        sa.Column("taken_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("amount > 0 AND given >= amount", name="ck_cash_given_amount"),
        sa.ForeignKeyConstraint(["card_no"], ["card.card_no"], name="fk_cash_given_card"),
        sa.PrimaryKeyConstraint("card_no", "number", name="pk_cash_given"),
    )
    for statement in create_statements(op.get_bind().dialect.name, "cash_given"):
        op.execute(statement)
