"""Table of fees of opened applications: what was taken, for what, how it was paid, and whether the card has it."""

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

from cardsvc.ledger.states import FeeState
from cardsvc.store.tables.base import UtcDateTime, in_chart, metadata, one_of

application_fee = Table(
    "application_fee",
    metadata,
    Column("card_no", String(16)),
    Column("fee_id", String(36)),
    Column("operation_id", String(36), nullable=False),
    Column("application", String(16), nullable=False),
    Column("product", String(8), nullable=False),
    Column("amount", BigInteger, nullable=False),
    Column("state", String(16), nullable=False),
    Column("rule", String(64), nullable=False),
    Column("payment_method", String(16), nullable=False),
    Column("payment_reference", String(64)),
    Column("source_account", String(96), nullable=False),
    Column("taken_at", UtcDateTime, nullable=False),
    Column("record", String(64)),
    Column("record_before", String(64)),
    Column("settled_by", String(64)),
    Column("ended_at", UtcDateTime),
    PrimaryKeyConstraint("card_no", "fee_id", name="pk_application_fee"),
    ForeignKeyConstraint(["card_no"], ["card.card_no"], name="fk_application_fee_card"),
    UniqueConstraint("operation_id", name="uq_application_fee_operation"),
    UniqueConstraint("payment_method", "payment_reference", name="uq_application_fee_payment"),
    CheckConstraint(one_of("state", FeeState), name="ck_application_fee_state"),
    CheckConstraint("record IS NOT NULL OR state = 'confirmed'", name="ck_application_fee_record"),
    CheckConstraint("amount > 0", name="ck_application_fee_amount"),
    CheckConstraint(in_chart("source_account"), name="ck_application_fee_source"),
)
