"""Table of payments that a card is being opened for: whose they are until the card was read back and the fee is booked."""

from sqlalchemy import BigInteger, CheckConstraint, Column, ForeignKeyConstraint, Index, PrimaryKeyConstraint, String, Table

from cardsvc.store.tables.base import UtcDateTime, metadata

payment_claim = Table(
    "payment_claim",
    metadata,
    Column("payment_method", String(16)),
    Column("payment_reference", String(64)),
    Column("card_no", String(16), nullable=False),
    Column("application", String(16), nullable=False),
    Column("operation_id", String(36), nullable=False),
    Column("amount", BigInteger, nullable=False),
    Column("claimed_at", UtcDateTime, nullable=False),
    PrimaryKeyConstraint("payment_method", "payment_reference", name="pk_payment_claim"),
    ForeignKeyConstraint(["card_no"], ["card.card_no"], name="fk_payment_claim_card"),
    CheckConstraint("amount > 0", name="ck_payment_claim_amount"),
)

Index("ix_payment_claim_card", payment_claim.c.card_no)
