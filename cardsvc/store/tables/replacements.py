"""Table of replacements: an old card, why, what was paid, the card that took its place, or how the fee went back."""

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
    UniqueConstraint,
    text,
)

from cardsvc.store.tables.base import UtcDateTime, in_chart, metadata, one_of

REPLACEMENT_REASONS = ("fault", "damaged", "changed", "lost", "expired", "withdrawn", "suspicious")

replacement = Table(
    "replacement",
    metadata,
    Column("replacement_id", String(36)),
    Column("old_card_no", String(16), nullable=False),
    Column("citizen_id", String(36), nullable=False),
    Column("outlet_id", String(32), nullable=False),
    Column("reason", String(16), nullable=False),
    Column("fee", BigInteger, nullable=False),
    Column("rules", JSON, nullable=False),
    Column("payment_method", String(16)),
    Column("payment_reference", String(64)),
    Column("source_account", String(96)),
    Column("asked_by", String(32), nullable=False),
    Column("asked_at", UtcDateTime, nullable=False),
    Column("new_card_no", String(16)),
    Column("made_at", UtcDateTime),
    Column("back_account", String(96)),
    Column("back_by", String(32)),
    Column("back_at", UtcDateTime),
    Column("phone", String(20)),
    PrimaryKeyConstraint("replacement_id", name="pk_replacement"),
    ForeignKeyConstraint(["old_card_no"], ["card.card_no"], name="fk_replacement_old"),
    ForeignKeyConstraint(["new_card_no"], ["card.card_no"], name="fk_replacement_new"),
    ForeignKeyConstraint(["citizen_id"], ["citizen.citizen_id"], name="fk_replacement_citizen"),
    ForeignKeyConstraint(["asked_by"], ["staff.staff_id"], name="fk_replacement_staff"),
    ForeignKeyConstraint(["back_by"], ["staff.staff_id"], name="fk_replacement_back_staff"),
    UniqueConstraint("new_card_no", name="uq_replacement_new"),
    UniqueConstraint("payment_method", "payment_reference", name="uq_replacement_payment"),
    CheckConstraint(one_of("reason", REPLACEMENT_REASONS), name="ck_replacement_reason"),
    CheckConstraint("fee >= 0", name="ck_replacement_fee"),
    CheckConstraint("(fee > 0) = (payment_method IS NOT NULL)", name="ck_replacement_paid"),
    CheckConstraint("(fee > 0) = (source_account IS NOT NULL)", name="ck_replacement_source"),
    CheckConstraint(f"source_account IS NULL OR {in_chart('source_account')}", name="ck_replacement_chart"),
    CheckConstraint("(new_card_no IS NULL) = (made_at IS NULL)", name="ck_replacement_made"),
    CheckConstraint("back_at IS NULL OR fee > 0", name="ck_replacement_back"),
    CheckConstraint("(back_at IS NULL) = (back_account IS NULL)", name="ck_replacement_back_account"),
    CheckConstraint("(back_at IS NULL) = (back_by IS NULL)", name="ck_replacement_back_by"),
    CheckConstraint(f"back_account IS NULL OR {in_chart('back_account')}", name="ck_replacement_back_chart"),
)
Index(
    "uq_replacement_old",
    replacement.c.old_card_no,
    unique=True,
    sqlite_where=text("back_at IS NULL"),
    postgresql_where=text("back_at IS NULL"),
)
"""An old card is replaced once; a fee that went back ends its replacement, and the card may be replaced again."""
Index("ix_replacement_citizen", replacement.c.citizen_id, replacement.c.asked_at)
Index("ix_replacement_outlet", replacement.c.outlet_id, replacement.c.asked_at)
