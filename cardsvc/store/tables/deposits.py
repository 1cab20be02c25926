"""Table of deposits."""

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Column,
    Date,
    ForeignKeyConstraint,
    Index,
    PrimaryKeyConstraint,
    String,
    Table,
    text,
)

from cardsvc.store.states import DepositState
from cardsvc.store.tables.base import UtcDateTime, in_chart, metadata, one_of

deposit = Table(
    "deposit",
    metadata,
    Column("deposit_id", String(36)),
    Column("card_no", String(16), nullable=False),
    Column("product", String(8), nullable=False),
    Column("amount", BigInteger, nullable=False),
    Column("state", String(16), nullable=False),
    Column("payment_method", String(16), nullable=False),
    Column("source_account", String(96), nullable=False),
    Column("rule", String(64), nullable=False),
    Column("taken_on", Date, nullable=False),
    Column("taken_at", UtcDateTime),
    Column("taken_by", String(32), nullable=False),
    Column("returned", BigInteger),
    Column("returned_by", String(32)),
    Column("returned_at", UtcDateTime),
    Column("payment_reference", String(64)),
    PrimaryKeyConstraint("deposit_id", name="pk_deposit"),
    ForeignKeyConstraint(["card_no"], ["card.card_no"], name="fk_deposit_card"),
    CheckConstraint("amount > 0", name="ck_deposit_amount"),
    CheckConstraint(one_of("state", DepositState), name="ck_deposit_state"),
    CheckConstraint("returned IS NULL OR (returned >= 0 AND returned <= amount)", name="ck_deposit_part"),
    CheckConstraint("(state = 'returned') = (returned IS NOT NULL)", name="ck_deposit_returned"),
    CheckConstraint(in_chart("source_account"), name="ck_deposit_source"),
)

HELD = text(f"state = '{DepositState.TAKEN}'")
Index("uq_deposit_payment", deposit.c.payment_method, deposit.c.payment_reference, unique=True)
Index("uq_deposit_held", deposit.c.card_no, unique=True, sqlite_where=HELD, postgresql_where=HELD)
"""A card has one deposit at a time; one that went back may be taken again."""
Index("ix_deposit_card", deposit.c.card_no)
