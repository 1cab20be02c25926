"""Tables of operators' and channels' files, and of what cards showed."""

from sqlalchemy import (
    JSON,
    BigInteger,
    CheckConstraint,
    Column,
    ForeignKeyConstraint,
    Index,
    Integer,
    PrimaryKeyConstraint,
    String,
    Table,
    UniqueConstraint,
    text,
)

from cardsvc.store.states import BatchState
from cardsvc.store.tables.base import UtcDateTime, metadata, one_of

BATCH_KINDS = ("spending", "channel", "terminal")
SPENDING_STATES = ("booked", "matched", "duplicate", "rejected", "conflict")
STATEMENT_STATES = ("taken", "duplicate", "conflict")

file_batch = Table(
    "file_batch",
    metadata,
    Column("batch_id", String(36)),
    Column("kind", String(16), nullable=False),
    Column("party", String(64), nullable=False),
    Column("sha256", String(64), nullable=False),
    Column("file_name", String(100), nullable=False),
    Column("records", Integer, nullable=False),
    Column("amount", BigInteger, nullable=False),
    Column("applied", Integer, nullable=False),
    Column("state", String(16), nullable=False),
    Column("counts", JSON, nullable=False),
    Column("imported_at", UtcDateTime, nullable=False),
    Column("ended_at", UtcDateTime),
    PrimaryKeyConstraint("batch_id", name="pk_file_batch"),
    UniqueConstraint("kind", "party", "sha256", name="uq_file_batch_content"),
    CheckConstraint(one_of("kind", BATCH_KINDS), name="ck_file_batch_kind"),
    CheckConstraint(one_of("state", BatchState), name="ck_file_batch_state"),
    CheckConstraint("applied BETWEEN 0 AND records", name="ck_file_batch_applied"),
)
Index("ix_file_batch_imported", file_batch.c.imported_at)

spending_record = Table(
    "spending_record",
    metadata,
    Column("card_no", String(16)),
    Column("batch_id", String(36)),
    Column("line", Integer),
    Column("operator", String(32), nullable=False),
    Column("terminal_no", String(12), nullable=False),
    Column("terminal_transaction", String(8), nullable=False),
    Column("application", String(16), nullable=False),
    Column("purse", String(2), nullable=False),
    Column("amount", BigInteger, nullable=False),
    Column("offline_counter", Integer, nullable=False),
    Column("transaction_type", String(2), nullable=False),
    Column("host_date_time", String(14), nullable=False),
    Column("tac", String(8), nullable=False),
    Column("balance_after", BigInteger),
    Column("state", String(16), nullable=False),
    Column("reason", String(32)),
    Column("reference", String(36)),
    Column("recorded_at", UtcDateTime, nullable=False),
    PrimaryKeyConstraint("card_no", "batch_id", "line", name="pk_spending_record"),
    ForeignKeyConstraint(["batch_id"], ["file_batch.batch_id"], name="fk_spending_record_batch"),
    CheckConstraint(one_of("state", SPENDING_STATES), name="ck_spending_record_state"),
    CheckConstraint("amount > 0", name="ck_spending_record_amount"),
)
Index(
    "uq_spending_record_counter",
    spending_record.c.card_no,
    spending_record.c.application,
    spending_record.c.purse,
    spending_record.c.offline_counter,
    unique=True,
    sqlite_where=text("state IN ('booked', 'matched')"),
    postgresql_where=text("state IN ('booked', 'matched')"),
)
"""One number of a card's offline counter is one spending: whatever program writes, it is not taken twice."""
Index("ix_spending_record_batch", spending_record.c.batch_id, spending_record.c.state)
Index(
    "ix_spending_record_transaction",
    spending_record.c.card_no,
    spending_record.c.terminal_no,
    spending_record.c.terminal_transaction,
)
"""Whether a purchase was told before, under whatever counter."""

purse_counter = Table(
    "purse_counter",
    metadata,
    Column("card_no", String(16)),
    Column("application", String(16)),
    Column("purse", String(2)),
    Column("complete_to", Integer, nullable=False),
    Column("ahead", JSON, nullable=False),
    Column("changed_at", UtcDateTime, nullable=False),
    PrimaryKeyConstraint("card_no", "application", "purse", name="pk_purse_counter"),
)

statement_record = Table(
    "statement_record",
    metadata,
    Column("party", String(64)),
    Column("batch_id", String(36)),
    Column("line", Integer),
    Column("reference", String(128), nullable=False),
    Column("amount", BigInteger, nullable=False),
    Column("fee", BigInteger, nullable=False),
    Column("result", String(16), nullable=False),
    Column("occurred_at", String(14), nullable=False),
    Column("state", String(16), nullable=False),
    Column("recorded_at", UtcDateTime, nullable=False),
    PrimaryKeyConstraint("party", "batch_id", "line", name="pk_statement_record"),
    ForeignKeyConstraint(["batch_id"], ["file_batch.batch_id"], name="fk_statement_record_batch"),
    CheckConstraint(one_of("state", STATEMENT_STATES), name="ck_statement_record_state"),
)
Index(
    "uq_statement_record_reference",
    statement_record.c.party,
    statement_record.c.reference,
    unique=True,
    sqlite_where=text("state = 'taken'"),
    postgresql_where=text("state = 'taken'"),
)
Index("ix_statement_record_occurred", statement_record.c.party, statement_record.c.occurred_at)

card_sighting = Table(
    "card_sighting",
    metadata,
    Column("card_no", String(16)),
    Column("operation_id", String(36)),
    Column("phase", Integer),
    Column("application", String(16), nullable=False),
    Column("purse", String(2), nullable=False),
    Column("balance", BigInteger, nullable=False),
    Column("online_counter", Integer),
    Column("offline_counter", Integer),
    Column("seen_at", UtcDateTime, nullable=False),
    PrimaryKeyConstraint("card_no", "operation_id", "phase", name="pk_card_sighting"),
)
Index("ix_card_sighting_seen", card_sighting.c.seen_at)
