"""Table of the outbox to the library's system: what it is told, in order for each reader."""

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
)

from cardsvc.store.states import NoticeState
from cardsvc.store.tables.base import UtcDateTime, metadata, one_of

LIBRARY_EVENTS = ("opened", "closed", "lost", "found", "replaced", "cancelled")

library_notice = Table(
    "library_notice",
    metadata,
    Column("citizen_id", String(36)),
    Column("number", Integer),
    Column("card_no", String(16), nullable=False),
    Column("event", String(16), nullable=False),
    Column("body", JSON, nullable=False),
    Column("state", String(8), nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("next_at", UtcDateTime, nullable=False),
    Column("queued_at", UtcDateTime, nullable=False),
    Column("ended_at", UtcDateTime),
    Column("error", String(100)),
    PrimaryKeyConstraint("citizen_id", "number", name="pk_library_notice"),
    ForeignKeyConstraint(["citizen_id"], ["citizen.citizen_id"], name="fk_library_notice_citizen"),
    ForeignKeyConstraint(["card_no"], ["card.card_no"], name="fk_library_notice_card"),
    CheckConstraint(one_of("event", LIBRARY_EVENTS), name="ck_library_notice_event"),
    CheckConstraint(one_of("state", NoticeState), name="ck_library_notice_state"),
    CheckConstraint("(state = 'waiting') = (ended_at IS NULL)", name="ck_library_notice_ended"),
)
Index("ix_library_notice_waiting", library_notice.c.state, library_notice.c.next_at)
