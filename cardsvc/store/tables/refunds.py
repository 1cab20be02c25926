"""Tables of refunds, and of bicycles that are out on a card."""

from sqlalchemy import (
    JSON,
    BigInteger,
    CheckConstraint,
    Column,
    ForeignKeyConstraint,
    Index,
    PrimaryKeyConstraint,
    String,
    Table,
    text,
)

from cardsvc.store.states import BicycleState
from cardsvc.store.tables.base import UtcDateTime, metadata, one_of

refund = Table(
    "refund",
    metadata,
    Column("card_no", String(16)),
    Column("purchase_id", String(36)),
    Column("product", String(8), nullable=False),
    Column("area", String(8), nullable=False),
    Column("balance", BigInteger, nullable=False),
    Column("returned", BigInteger, nullable=False),
    Column("fee", BigInteger, nullable=False),
    Column("forfeited", BigInteger, nullable=False),
    Column("gift", BigInteger, nullable=False),
    Column("payouts", JSON, nullable=False),
    Column("rules", JSON, nullable=False),
    Column("rule_version", String(64), nullable=False),
    Column("planned_at", UtcDateTime, nullable=False),
    PrimaryKeyConstraint("card_no", "purchase_id", name="pk_refund"),
    ForeignKeyConstraint(["card_no", "purchase_id"], ["purchase.card_no", "purchase.purchase_id"], name="fk_refund_purchase"),
    CheckConstraint("balance = returned + fee + forfeited + gift", name="ck_refund_adds_up"),
    CheckConstraint("returned >= 0 AND fee >= 0 AND forfeited >= 0 AND gift >= 0", name="ck_refund_parts"),
)


bicycle_hold = Table(
    "bicycle_hold",
    metadata,
    Column("card_no", String(16)),
    Column("hold_id", String(36)),
    Column("amount", BigInteger, nullable=False),
    Column("state", String(16), nullable=False),
    Column("source", String(64), nullable=False),
    Column("held_at", UtcDateTime, nullable=False),
    Column("released_at", UtcDateTime),
    PrimaryKeyConstraint("card_no", "hold_id", name="pk_bicycle_hold"),
    ForeignKeyConstraint(["card_no"], ["card.card_no"], name="fk_bicycle_hold_card"),
    CheckConstraint("amount > 0", name="ck_bicycle_hold_amount"),
    CheckConstraint(one_of("state", BicycleState), name="ck_bicycle_hold_state"),
    CheckConstraint("(state = 'released') = (released_at IS NOT NULL)", name="ck_bicycle_hold_released"),
)

Index(
    "uq_bicycle_hold_live",
    bicycle_hold.c.card_no,
    unique=True,
    sqlite_where=text("state = 'held'"),
    postgresql_where=text("state = 'held'"),
)
"""One bicycle a card."""
