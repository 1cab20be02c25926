"""Table of fees of opened applications: what was taken, for what, and how it was paid."""

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Column,
    ForeignKeyConstraint,
    PrimaryKeyConstraint,
    String,
    Table,
    UniqueConstraint,
)

from cardsvc.store.tables.base import UtcDateTime, in_chart, metadata

application_fee = Table(
    "application_fee",
    metadata,
    Column("card_no", String(16)),
    Column("operation_id", String(36)),
    Column("application", String(16), nullable=False),
    Column("product", String(8), nullable=False),
    Column("amount", BigInteger, nullable=False),
    Column("rule", String(64), nullable=False),
    Column("payment_method", String(16), nullable=False),
    Column("payment_reference", String(64)),
    Column("source_account", String(96), nullable=False),
    Column("taken_at", UtcDateTime, nullable=False),
    PrimaryKeyConstraint("card_no", "operation_id", name="pk_application_fee"),
    ForeignKeyConstraint(["card_no"], ["card.card_no"], name="fk_application_fee_card"),
    UniqueConstraint("payment_method", "payment_reference", name="uq_application_fee_payment"),
    CheckConstraint("amount > 0", name="ck_application_fee_amount"),
    CheckConstraint(in_chart("source_account"), name="ck_application_fee_source"),
)
