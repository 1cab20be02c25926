"""Table of the hall's screens: ticket machines, displays, second screens of desks."""

from sqlalchemy import (
    CheckConstraint,
    Column,
    ForeignKeyConstraint,
    Index,
    PrimaryKeyConstraint,
    String,
    Table,
    UniqueConstraint,
)

from cardsvc.store.tables.base import UtcDateTime, metadata, one_of

SCREEN_PURPOSES = ("display", "tickets", "tickets_paper", "appraise")

hall_screen = Table(
    "hall_screen",
    metadata,
    Column("screen_id", String(64)),
    Column("code", String(6)),
    Column("shown_at", UtcDateTime, nullable=False),
    Column("seen_at", UtcDateTime, nullable=False),
    Column("outlet_id", String(32)),
    Column("purpose", String(16)),
    Column("desk", String(16)),
    Column("paired_by", String(32)),
    Column("paired_at", UtcDateTime),
    Column("ended_by", String(32)),
    Column("ended_at", UtcDateTime),
    PrimaryKeyConstraint("screen_id", name="pk_hall_screen"),
    UniqueConstraint("code", name="uq_hall_screen_code"),
    ForeignKeyConstraint(["outlet_id"], ["outlet.outlet_id"], name="fk_hall_screen_outlet"),
    ForeignKeyConstraint(["paired_by"], ["staff.staff_id"], name="fk_hall_screen_paired_by"),
    ForeignKeyConstraint(["ended_by"], ["staff.staff_id"], name="fk_hall_screen_ended_by"),
    CheckConstraint(f"purpose IS NULL OR {one_of('purpose', SCREEN_PURPOSES)}", name="ck_hall_screen_purpose"),
    CheckConstraint(
        "(paired_at IS NULL) = (code IS NOT NULL) AND (paired_at IS NULL) = (outlet_id IS NULL)"
        " AND (paired_at IS NULL) = (purpose IS NULL) AND (paired_at IS NULL) = (paired_by IS NULL)",
        name="ck_hall_screen_paired",
    ),
    CheckConstraint("(desk IS NOT NULL) = (purpose IS NOT NULL AND purpose = 'appraise')", name="ck_hall_screen_desk"),
    CheckConstraint("(ended_at IS NULL) = (ended_by IS NULL)", name="ck_hall_screen_ended"),
)
Index("ix_hall_screen_outlet", hall_screen.c.outlet_id)
