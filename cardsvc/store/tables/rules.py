"""Table of the rule sets that are, were or will be in force. Rows never change: a new version is a new row."""

from sqlalchemy import (
    CheckConstraint,
    Column,
    Date,
    ForeignKeyConstraint,
    PrimaryKeyConstraint,
    String,
    Table,
    Text,
    UniqueConstraint,
)

from cardsvc.store.tables.base import UtcDateTime, metadata

rule_version = Table(
    "rule_version",
    metadata,
    Column("version", String(64)),
    Column("text", Text, nullable=False),
    Column("sha256", String(64), nullable=False),
    Column("effective_from", Date, nullable=False),
    Column("proposed_by", String(32)),
    Column("approved_by", String(32)),
    Column("approval_id", String(36)),
    Column("created_at", UtcDateTime, nullable=False),
    PrimaryKeyConstraint("version", name="pk_rule_version"),
    UniqueConstraint("effective_from", name="uq_rule_version_effective_from"),
    ForeignKeyConstraint(["approval_id"], ["approval.approval_id"], name="fk_rule_version_approval"),
    CheckConstraint("(proposed_by IS NULL) = (approved_by IS NULL)", name="ck_rule_version_decided"),
    CheckConstraint("approved_by <> proposed_by", name="ck_rule_version_two_people"),
)
