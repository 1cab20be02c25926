"""Tables of terminals and their nonces."""

from sqlalchemy import (
    CheckConstraint,
    Column,
    Index,
    PrimaryKeyConstraint,
    String,
    Table,
    UniqueConstraint,
)

from cardsvc.store.tables.base import UtcDateTime, metadata, one_of

TERMINAL_STATES = ("enabled", "suspended")


ROLES = ("topup", "desk", "channel")


terminal = Table(
    "terminal",
    metadata,
    Column("terminal_id", String(64)),
    Column("name", String(64), nullable=False),
    Column("terminal_no", String(12), nullable=False),
    Column("public_key", String(64), nullable=False),
    Column("state", String(16), nullable=False),
    Column("role", String(16), nullable=False),
    Column("created_at", UtcDateTime, nullable=False),
    PrimaryKeyConstraint("terminal_id", name="pk_terminal"),
    UniqueConstraint("terminal_no", name="uq_terminal_no"),
    CheckConstraint(one_of("state", TERMINAL_STATES), name="ck_terminal_state"),
    CheckConstraint(one_of("role", ROLES), name="ck_terminal_role"),
)


nonce = Table(
    "nonce",
    metadata,
    Column("terminal_id", String(64)),
    Column("nonce", String(64)),
    Column("seen_at", UtcDateTime, nullable=False),
    PrimaryKeyConstraint("terminal_id", "nonce", name="pk_nonce"),
)


Index("ix_nonce_seen_at", nonce.c.seen_at)
