"""Tables of bulk issue: batches of people from a file, and what became of each of them."""

from sqlalchemy import (
    JSON,
    CheckConstraint,
    Column,
    ForeignKeyConstraint,
    Index,
    Integer,
    PrimaryKeyConstraint,
    String,
    Table,
    UniqueConstraint,
)

from cardsvc.store.states import BulkLineState, BulkState
from cardsvc.store.tables.base import UtcDateTime, metadata, one_of

BULK_BINS = ("good", "bad")
ALL_BINS = (*BULK_BINS, "aside", "again", "stock")

bulk_batch = Table(
    "bulk_batch",
    metadata,
    Column("batch_id", String(36)),
    Column("sha256", String(64), nullable=False),
    Column("file_name", String(100), nullable=False),
    Column("lines", Integer, nullable=False),
    Column("state", String(16), nullable=False),
    Column("loaded_by", String(32), nullable=False),
    Column("loaded_at", UtcDateTime, nullable=False),
    Column("run_by", String(32)),
    Column("ended_at", UtcDateTime),
    PrimaryKeyConstraint("batch_id", name="pk_bulk_batch"),
    UniqueConstraint("sha256", name="uq_bulk_batch_content"),
    ForeignKeyConstraint(["loaded_by"], ["staff.staff_id"], name="fk_bulk_batch_loader"),
    ForeignKeyConstraint(["run_by"], ["staff.staff_id"], name="fk_bulk_batch_runner"),
    CheckConstraint(one_of("state", BulkState), name="ck_bulk_batch_state"),
    CheckConstraint("(state = 'done') = (ended_at IS NOT NULL)", name="ck_bulk_batch_ended"),
)
Index("ix_bulk_batch_loaded", bulk_batch.c.loaded_at)

bulk_line = Table(
    "bulk_line",
    metadata,
    Column("batch_id", String(36)),
    Column("line", Integer, autoincrement=False),
    Column("citizen_id", String(36), nullable=False),
    Column("state", String(16), nullable=False),
    Column("attempt", Integer, nullable=False),
    Column("spoiled", Integer, nullable=False),
    Column("card_no", String(16)),
    Column("operation_id", String(36)),
    Column("reader", String(128)),
    Column("bin", String(8)),
    Column("error", String(64)),
    Column("place", String(96)),
    Column("changed_at", UtcDateTime, nullable=False),
    PrimaryKeyConstraint("batch_id", "line", name="pk_bulk_line"),
    UniqueConstraint("batch_id", "citizen_id", name="uq_bulk_line_person"),
    ForeignKeyConstraint(["batch_id"], ["bulk_batch.batch_id"], name="fk_bulk_line_batch"),
    ForeignKeyConstraint(["citizen_id"], ["citizen.citizen_id"], name="fk_bulk_line_citizen"),
    ForeignKeyConstraint(["card_no"], ["card.card_no"], name="fk_bulk_line_card"),
    CheckConstraint(one_of("state", BulkLineState), name="ck_bulk_line_state"),
    CheckConstraint(f"bin IS NULL OR {one_of('bin', BULK_BINS)}", name="ck_bulk_line_bin"),
    CheckConstraint("attempt >= 0 AND spoiled >= 0", name="ck_bulk_line_counts"),
    CheckConstraint("state <> 'made' OR (card_no IS NOT NULL AND bin = 'good')", name="ck_bulk_line_made"),
    CheckConstraint("state NOT IN ('voided', 'failed') OR error IS NOT NULL", name="ck_bulk_line_explained"),
)
Index("ix_bulk_line_state", bulk_line.c.batch_id, bulk_line.c.state, bulk_line.c.line)
Index("ix_bulk_line_citizen", bulk_line.c.citizen_id)

bulk_event = Table(
    "bulk_event",
    metadata,
    Column("event_id", String(36)),
    Column("batch_id", String(36), nullable=False),
    Column("place", String(96), nullable=False),
    Column("reader", String(128), nullable=False),
    Column("bin", String(8), nullable=False),
    Column("line", Integer),
    Column("card_no", String(16)),
    Column("code", String(64)),
    Column("at", UtcDateTime, nullable=False),
    PrimaryKeyConstraint("event_id", name="pk_bulk_event"),
    ForeignKeyConstraint(["batch_id"], ["bulk_batch.batch_id"], name="fk_bulk_event_batch"),
    CheckConstraint(one_of("bin", ALL_BINS), name="ck_bulk_event_bin"),
)
"""What a run told of each card, and into which bin it went: another process shows it."""
Index("ix_bulk_event_batch", bulk_event.c.batch_id, bulk_event.c.at)
Index("ix_bulk_event_place", bulk_event.c.place, bulk_event.c.at)

bulk_station = Table(
    "bulk_station",
    metadata,
    Column("terminal_id", String(64)),
    Column("batch_id", String(36), nullable=False),
    Column("run_id", String(36), nullable=False),
    Column("staff_id", String(32), nullable=False),
    Column("readers", JSON, nullable=False),
    Column("alive_at", UtcDateTime, nullable=False),
    Column("ended", String(64)),
    PrimaryKeyConstraint("terminal_id", name="pk_bulk_station"),
    ForeignKeyConstraint(["terminal_id"], ["terminal.terminal_id"], name="fk_bulk_station_terminal"),
    ForeignKeyConstraint(["batch_id"], ["bulk_batch.batch_id"], name="fk_bulk_station_batch"),
    ForeignKeyConstraint(["staff_id"], ["staff.staff_id"], name="fk_bulk_station_staff"),
)
"""The run at a workstation: one at a time, whichever process has it."""
