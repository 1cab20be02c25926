"""Table of orders: loads that were paid online and wait for the card."""

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
    UniqueConstraint,
    text,
)

from cardsvc.ledger.states import OrderState
from cardsvc.store.tables.base import UtcDateTime, metadata, one_of

topup_order = Table(
    "topup_order",
    metadata,
    Column("card_no", String(16)),
    Column("order_id", String(36)),
    Column("channel", String(64), nullable=False),
    Column("product", String(8), nullable=False),
    Column("area", String(8), nullable=False),
    Column("first_month", Date),
    Column("last_month", Date),
    Column("amount", BigInteger, nullable=False),
    Column("payment_method", String(16), nullable=False),
    Column("payment_reference", String(64), nullable=False),
    Column("state", String(16), nullable=False),
    Column("paid_at", UtcDateTime, nullable=False),
    Column("load_id", String(36)),
    Column("ended_at", UtcDateTime),
    PrimaryKeyConstraint("card_no", "order_id", name="pk_topup_order"),
    UniqueConstraint("order_id", name="uq_topup_order_id"),
    UniqueConstraint("channel", "payment_method", "payment_reference", name="uq_topup_order_payment"),
    ForeignKeyConstraint(["card_no"], ["card.card_no"], name="fk_topup_order_card"),
    CheckConstraint(one_of("state", OrderState), name="ck_topup_order_state"),
    CheckConstraint("amount > 0", name="ck_topup_order_amount"),
    CheckConstraint("(state = 'written') = (load_id IS NOT NULL)", name="ck_topup_order_written"),
    CheckConstraint("(state = 'paid') = (ended_at IS NULL)", name="ck_topup_order_ended"),
)
Index(
    "ix_topup_order_waiting",
    topup_order.c.last_month,
    sqlite_where=text("state = 'paid'"),
    postgresql_where=text("state = 'paid'"),
)
Index("ix_topup_order_by_payment", topup_order.c.payment_method, topup_order.c.payment_reference)
"""Every top-up that is not paid in cash asks whether its payment paid an order before, at whichever channel."""
