"""A deposit has a number of its own: for its receipt, and so that one that went back may be taken again"""

import uuid

import sqlalchemy as sa
from alembic import op

from cardsvc.store.tables import in_chart
from cardsvc.store.triggers import create_statements

revision = "0047"
down_revision = "0046"
branch_labels = None
depends_on = None

HELD = sa.text("state = 'taken'")


def _deposit() -> sa.Table:
    """The table as it is once its new columns are there: SQLite must build it anew to change its key."""
    return sa.Table(
        "deposit",
        sa.MetaData(),
        sa.Column("card_no", sa.String(length=16), nullable=False),
        sa.Column("product", sa.String(length=8), nullable=False),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("payment_method", sa.String(length=16), nullable=False),
        sa.Column("source_account", sa.String(length=96), nullable=False),
        sa.Column("rule", sa.String(length=64), nullable=False),
        sa.Column("taken_on", sa.Date(), nullable=False),
        sa.Column("taken_by", sa.String(length=32), nullable=False),
        sa.Column("returned", sa.BigInteger(), nullable=True),
        sa.Column("returned_by", sa.String(length=32), nullable=True),
        sa.Column("returned_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("payment_reference", sa.String(length=64), nullable=True),
        sa.Column("deposit_id", sa.String(length=36), nullable=True),
        sa.Column("taken_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("amount > 0", name="ck_deposit_amount"),
        sa.CheckConstraint("state IN ('taken', 'returned')", name="ck_deposit_state"),
        sa.CheckConstraint("returned IS NULL OR (returned >= 0 AND returned <= amount)", name="ck_deposit_part"),
        sa.CheckConstraint("(state = 'returned') = (returned IS NOT NULL)", name="ck_deposit_returned"),
        sa.CheckConstraint(in_chart("source_account"), name="ck_deposit_source"),
        sa.ForeignKeyConstraint(["card_no"], ["card.card_no"], name="fk_deposit_card"),
        sa.PrimaryKeyConstraint("card_no", name="pk_deposit"),
        sa.Index("uq_deposit_payment", "payment_method", "payment_reference", unique=True),
    )


def upgrade() -> None:
    """Make the change."""
    connection = op.get_bind()
    op.add_column("deposit", sa.Column("deposit_id", sa.String(length=36), nullable=True))
    op.add_column("deposit", sa.Column("taken_at", sa.DateTime(timezone=True), nullable=True))
    deposit = _deposit()
    for (card_no,) in connection.execute(sa.select(deposit.c.card_no)).all():
        named = deposit.update().where(deposit.c.card_no == card_no).values(deposit_id=str(uuid.uuid4()))
        connection.execute(named)
    with op.batch_alter_table("deposit", copy_from=deposit) as batch:
        batch.drop_constraint("pk_deposit", type_="primary")
        batch.alter_column("deposit_id", existing_type=sa.String(length=36), nullable=False)
        batch.create_primary_key("pk_deposit", ["deposit_id"])
    op.create_index("uq_deposit_held", "deposit", ["card_no"], unique=True, sqlite_where=HELD, postgresql_where=HELD)
    op.create_index("ix_deposit_card", "deposit", ["card_no"])
    if connection.dialect.name == "sqlite":
        for statement in create_statements("sqlite", "deposit"):
            op.execute(statement)
