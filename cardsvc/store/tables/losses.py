"""Table of loss reports: who reported a card, how, and how the report ended."""

from sqlalchemy import JSON, CheckConstraint, Column, ForeignKeyConstraint, Index, PrimaryKeyConstraint, String, Table, text

from cardsvc.store.tables.base import UtcDateTime, metadata, one_of

LOSS_REPORTS = ("phone", "formal")
LOSS_ENDS = ("lapsed", "confirmed", "released")

loss_report = Table(
    "loss_report",
    metadata,
    Column("report_id", String(36)),
    Column("card_no", String(16), nullable=False),
    Column("kind", String(8), nullable=False),
    Column("rule", String(64), nullable=False),
    Column("reported_by", String(32), nullable=False),
    Column("reported_at", UtcDateTime, nullable=False),
    Column("lapses_at", UtcDateTime),
    Column("ended", String(16)),
    Column("ended_by", String(96)),
    Column("ended_at", UtcDateTime),
    Column("chip", JSON),
    Column("chip_at", UtcDateTime),
    PrimaryKeyConstraint("report_id", name="pk_loss_report"),
    ForeignKeyConstraint(["card_no"], ["card.card_no"], name="fk_loss_report_card"),
    ForeignKeyConstraint(["reported_by"], ["staff.staff_id"], name="fk_loss_report_staff"),
    CheckConstraint(one_of("kind", LOSS_REPORTS), name="ck_loss_report_kind"),
    CheckConstraint(f"ended IS NULL OR {one_of('ended', LOSS_ENDS)}", name="ck_loss_report_end"),
    CheckConstraint("(ended IS NULL) = (ended_at IS NULL)", name="ck_loss_report_ended"),
)
Index(
    "uq_loss_report_open",
    loss_report.c.card_no,
    unique=True,
    sqlite_where=text("ended IS NULL"),
    postgresql_where=text("ended IS NULL"),
)
"""A card has one report at a time."""
Index("ix_loss_report_card", loss_report.c.card_no, loss_report.c.reported_at)
