"""Tables of terminals: who they are, their keys, their nonces."""

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
)

from cardsvc.store.tables.base import UtcDateTime, metadata, one_of

TERMINAL_STATES = ("enabled", "suspended")
TERMINAL_KEY_STATES = ("active", "retiring", "retired")
ALGORITHMS = ("ed25519", "hmac-sha256")


ROLES = ("topup", "desk", "channel", "workstation", "office", "bureau")


terminal = Table(
    "terminal",
    metadata,
    Column("terminal_id", String(64)),
    Column("name", String(64), nullable=False),
    Column("terminal_no", String(12), nullable=False),
    Column("state", String(16), nullable=False),
    Column("role", String(16), nullable=False),
    Column("created_at", UtcDateTime, nullable=False),
    Column("type", String(32), nullable=False, server_default=""),
    Column("place", String(64), nullable=False, server_default=""),
    Column("operator", String(64), nullable=False, server_default=""),
    Column("outlet_id", String(32)),
    Column("certificate", String(64)),
    Column("operations", JSON(none_as_null=True)),
    Column("largest_load", BigInteger),
    Column("daily_loads", Integer),
    Column("daily_amount", BigInteger),
    Column("signed_on", UtcDateTime),
    Column("requests_per_minute", Integer),
    PrimaryKeyConstraint("terminal_id", name="pk_terminal"),
    UniqueConstraint("terminal_no", name="uq_terminal_no"),
    CheckConstraint(one_of("state", TERMINAL_STATES), name="ck_terminal_state"),
    CheckConstraint(one_of("role", ROLES), name="ck_terminal_role"),
)


terminal_key = Table(
    "terminal_key",
    metadata,
    Column("terminal_id", String(64)),
    Column("key_id", String(32)),
    Column("algorithm", String(16), nullable=False),
    Column("public_key", String(64)),
    Column("sealed_secret", String(256)),
    Column("state", String(16), nullable=False),
    Column("not_before", UtcDateTime, nullable=False),
    Column("not_after", UtcDateTime),
    Column("registered_by", String(96), nullable=False),
    PrimaryKeyConstraint("terminal_id", "key_id", name="pk_terminal_key"),
    ForeignKeyConstraint(["terminal_id"], ["terminal.terminal_id"], name="fk_terminal_key_terminal"),
    CheckConstraint(one_of("algorithm", ALGORITHMS), name="ck_terminal_key_algorithm"),
    CheckConstraint(one_of("state", TERMINAL_KEY_STATES), name="ck_terminal_key_state"),
    CheckConstraint(
        "(algorithm = 'ed25519' AND public_key IS NOT NULL AND sealed_secret IS NULL)"
        " OR (algorithm = 'hmac-sha256' AND public_key IS NULL AND sealed_secret IS NOT NULL)",
        name="ck_terminal_key_material",
    ),
    CheckConstraint("state <> 'retiring' OR not_after IS NOT NULL", name="ck_terminal_key_retiring"),
)


nonce = Table(
    "nonce",
    metadata,
    Column("terminal_id", String(64)),
    Column("nonce", String(64)),
    Column("key_id", String(32), nullable=False),
    Column("seen_at", UtcDateTime, nullable=False),
    PrimaryKeyConstraint("terminal_id", "nonce", name="pk_nonce"),
)


Index("ix_nonce_seen_at", nonce.c.seen_at)
Index("ix_nonce_terminal_seen_at", nonce.c.terminal_id, nonce.c.seen_at)
"""For how often a terminal has asked lately."""


forgotten_nonces = Table(
    "forgotten_nonces",
    metadata,
    Column("terminal_id", String(64)),
    Column("key_id", String(32)),
    Column("seen_at", UtcDateTime, nullable=False),
    PrimaryKeyConstraint("terminal_id", "key_id", name="pk_forgotten_nonces"),
)
"""For each key of a terminal: when the newest nonce that was ever forgotten of it had been seen."""
