"""Table of cancelled cards: why, with which papers, and who did it."""

from sqlalchemy import CheckConstraint, Column, ForeignKeyConstraint, PrimaryKeyConstraint, String, Table

from cardsvc.store.tables.base import UtcDateTime, metadata, one_of

CANCEL_REASONS = ("returned", "moved_away", "death")

cancellation = Table(
    "cancellation",
    metadata,
    Column("card_no", String(16)),
    Column("reason", String(16), nullable=False),
    Column("papers", String(200), nullable=False),
    Column("cancelled_by", String(32), nullable=False),
    Column("cancelled_at", UtcDateTime, nullable=False),
    PrimaryKeyConstraint("card_no", name="pk_cancellation"),
    ForeignKeyConstraint(["card_no"], ["card.card_no"], name="fk_cancellation_card"),
    ForeignKeyConstraint(["cancelled_by"], ["staff.staff_id"], name="fk_cancellation_staff"),
    CheckConstraint(one_of("reason", CANCEL_REASONS), name="ck_cancellation_reason"),
)
