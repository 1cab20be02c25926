"""The table of readers' days: sums of what a reader did with its cards, one row for each reader and day."""

from sqlalchemy import JSON, BigInteger, CheckConstraint, Column, Date, Index, Integer, PrimaryKeyConstraint, String, Table

from cardsvc.store.tables.base import UtcDateTime, metadata

reader_day = Table(
    "reader_day",
    metadata,
    Column("place", String(64)),
    Column("reader", String(128)),
    Column("day", Date),
    Column("uses", Integer, nullable=False),
    Column("failed", Integer, nullable=False),
    Column("timeouts", Integer, nullable=False),
    Column("pulled", Integer, nullable=False),
    Column("resets", Integer, nullable=False),
    Column("commands", BigInteger, nullable=False),
    Column("milliseconds", BigInteger, nullable=False),
    Column("slowest", Integer, nullable=False),
    Column("recent", JSON, nullable=False),
    Column("seen_at", UtcDateTime, nullable=False),
    PrimaryKeyConstraint("place", "reader", "day", name="pk_reader_day"),
    CheckConstraint(
        "uses > 0 AND failed >= 0 AND pulled >= 0 AND failed + pulled <= uses AND timeouts >= 0 AND timeouts <= failed",
        name="ck_reader_day_uses",
    ),
    CheckConstraint(
        "resets >= 0 AND commands >= 0 AND slowest >= 0 AND milliseconds >= slowest", name="ck_reader_day_measured"
    ),
)
Index("ix_reader_day_day", reader_day.c.day)
