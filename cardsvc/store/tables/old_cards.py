"""Tables of old cards whose money is taken over."""

from sqlalchemy import (
    JSON,
    BigInteger,
    CheckConstraint,
    Column,
    Date,
    ForeignKeyConstraint,
    PrimaryKeyConstraint,
    String,
    Table,
)

from cardsvc.store.states import OldCardState
from cardsvc.store.tables.base import UtcDateTime, metadata, one_of

takeover = Table(
    "takeover",
    metadata,
    Column("card_no", String(16)),
    Column("state", String(16), nullable=False),
    Column("reason", String(32), nullable=False),
    Column("rule", String(64)),
    Column("held_on", Date, nullable=False),
    Column("due", Date),
    Column("held_by", String(64), nullable=False),
    Column("began_at", UtcDateTime, nullable=False),
    Column("ended_at", UtcDateTime),
    PrimaryKeyConstraint("card_no", name="pk_takeover"),
    ForeignKeyConstraint(["card_no"], ["card.card_no"], name="fk_takeover_card"),
    CheckConstraint(one_of("state", OldCardState), name="ck_takeover_state"),
    CheckConstraint("state <> 'waiting' OR due IS NOT NULL", name="ck_takeover_due"),
    CheckConstraint("(state = 'moved') = (ended_at IS NOT NULL)", name="ck_takeover_ended"),
)


takeover_part = Table(
    "takeover_part",
    metadata,
    Column("card_no", String(16)),
    Column("part_id", String(36)),
    Column("application", String(16), nullable=False),
    Column("purse", String(2), nullable=False),
    Column("product", String(8), nullable=False),
    Column("area", String(8), nullable=False),
    Column("first_month", Date),
    Column("amount", BigInteger, nullable=False),
    Column("ways", JSON, nullable=False),
    Column("purchase_id", String(36)),
    Column("made_at", UtcDateTime, nullable=False),
    PrimaryKeyConstraint("card_no", "part_id", name="pk_takeover_part"),
    ForeignKeyConstraint(["card_no"], ["takeover.card_no"], name="fk_takeover_part_takeover"),
    CheckConstraint("amount > 0", name="ck_takeover_part_amount"),
)
