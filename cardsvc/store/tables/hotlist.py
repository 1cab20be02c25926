"""Tables of the hot list: what was put on it and taken off, version by version, and who has which version."""

from sqlalchemy import CheckConstraint, Column, ForeignKeyConstraint, Index, Integer, PrimaryKeyConstraint, String, Table

from cardsvc.store.tables.base import UtcDateTime, metadata, one_of

HOT_LIST_ACTIONS = ("add", "remove")

hotlist_entry = Table(
    "hotlist_entry",
    metadata,
    Column("version", Integer, autoincrement=False),
    Column("card_no", String(16), nullable=False),
    Column("action", String(8), nullable=False),
    Column("reason", String(200), nullable=False),
    Column("changed_by", String(96), nullable=False),
    Column("changed_at", UtcDateTime, nullable=False),
    PrimaryKeyConstraint("version", name="pk_hotlist_entry"),
    CheckConstraint(one_of("action", HOT_LIST_ACTIONS), name="ck_hotlist_action"),
    CheckConstraint("version > 0", name="ck_hotlist_version"),
)

Index("ix_hotlist_card", hotlist_entry.c.card_no, hotlist_entry.c.version)

hotlist_ack = Table(
    "hotlist_ack",
    metadata,
    Column("terminal_id", String(64)),
    Column("version", Integer, nullable=False),
    Column("acknowledged_at", UtcDateTime, nullable=False),
    PrimaryKeyConstraint("terminal_id", name="pk_hotlist_ack"),
    ForeignKeyConstraint(["terminal_id"], ["terminal.terminal_id"], name="fk_hotlist_ack_terminal"),
)
