"""Table of old cards that were taken over: one row an old card, for ever."""

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

from cardsvc.store.states import LegacyCardState
from cardsvc.store.tables.base import UtcDateTime, metadata, one_of

legacy_card = Table(
    "legacy_card",
    metadata,
    Column("uid", String(20)),
    Column("card_no", String(16), nullable=False),
    Column("operation_id", String(36), nullable=False),
    Column("product", String(4), nullable=False),
    Column("balance", BigInteger, nullable=False),
    Column("state", String(16), nullable=False),
    Column("taken_at", UtcDateTime, nullable=False),
    Column("order_id", String(36)),
    Column("moved_at", UtcDateTime),
    PrimaryKeyConstraint("uid", name="pk_legacy_card"),
    UniqueConstraint("order_id", name="uq_legacy_card_order"),
    ForeignKeyConstraint(["card_no"], ["card.card_no"], name="fk_legacy_card_card"),
    CheckConstraint(one_of("state", LegacyCardState), name="ck_legacy_card_state"),
    CheckConstraint("balance > 0", name="ck_legacy_card_balance"),
    CheckConstraint("(state = 'moved') = (order_id IS NOT NULL)", name="ck_legacy_card_order"),
    CheckConstraint("(state = 'moved') = (moved_at IS NOT NULL)", name="ck_legacy_card_moved"),
)
