"""Table of what citizens handed over in cash, where more than the amount was typed or the very sum: for receipt and till."""

from sqlalchemy import BigInteger, CheckConstraint, Column, ForeignKeyConstraint, Index, PrimaryKeyConstraint, String, Table

from cardsvc.store.tables.base import UtcDateTime, metadata

cash_given = Table(
    "cash_given",
    metadata,
    Column("card_no", String(16)),
    Column("number", String(36)),
    Column("amount", BigInteger, nullable=False),
    Column("given", BigInteger, nullable=False),
    Column("taken_at", UtcDateTime, nullable=False),
    Column("source_account", String(96)),
    PrimaryKeyConstraint("card_no", "number", name="pk_cash_given"),
    ForeignKeyConstraint(["card_no"], ["card.card_no"], name="fk_cash_given_card"),
    CheckConstraint("amount > 0 AND given >= amount", name="ck_cash_given_amount"),
)

Index("ix_cash_given_source", cash_given.c.source_account)
