"""Table of held money that was paid back: a part of an old card's money that no new card takes."""

from sqlalchemy import (
    JSON,
    BigInteger,
    CheckConstraint,
    Column,
    ForeignKeyConstraint,
    PrimaryKeyConstraint,
    String,
    Table,
    UniqueConstraint,
)

from cardsvc.store.tables.base import UtcDateTime, metadata, one_of

PAYOUT_REASONS = ("no_card", "death", "not_writable")

held_payout = Table(
    "held_payout",
    metadata,
    Column("card_no", String(16)),
    Column("part_id", String(36)),
    Column("payout_id", String(36), nullable=False),
    Column("amount", BigInteger, nullable=False),
    Column("returned", BigInteger, nullable=False),
    Column("reason", String(16), nullable=False),
    Column("papers", String(200), nullable=False),
    Column("payouts", JSON, nullable=False),
    Column("rules", JSON, nullable=False),
    Column("rule_version", String(64), nullable=False),
    Column("approval_id", String(36)),
    Column("paid_by", String(32), nullable=False),
    Column("paid_at", UtcDateTime, nullable=False),
    PrimaryKeyConstraint("card_no", "part_id", name="pk_held_payout"),
    UniqueConstraint("payout_id", name="uq_held_payout_id"),
    ForeignKeyConstraint(
        ["card_no", "part_id"], ["takeover_part.card_no", "takeover_part.part_id"], name="fk_held_payout_part"
    ),
    ForeignKeyConstraint(["approval_id"], ["approval.approval_id"], name="fk_held_payout_approval"),
    ForeignKeyConstraint(["paid_by"], ["staff.staff_id"], name="fk_held_payout_staff"),
    CheckConstraint("amount > 0", name="ck_held_payout_amount"),
    CheckConstraint("returned >= 0 AND returned <= amount", name="ck_held_payout_returned"),
    CheckConstraint(one_of("reason", PAYOUT_REASONS), name="ck_held_payout_reason"),
)
"""One row a part: the database pays it back once."""
