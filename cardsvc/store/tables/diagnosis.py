"""Table of diagnoses: what a card showed, and what followed from it."""

from sqlalchemy import JSON, Boolean, Column, ForeignKeyConstraint, PrimaryKeyConstraint, String, Table

from cardsvc.store.tables.base import UtcDateTime, metadata

diagnosis = Table(
    "diagnosis",
    metadata,
    Column("card_no", String(16)),
    Column("diagnosis_id", String(36)),
    Column("operation_id", String(36)),
    Column("quick", Boolean, nullable=False),
    Column("evidence", JSON, nullable=False),
    Column("findings", JSON, nullable=False),
    Column("diagnosed_at", UtcDateTime, nullable=False),
    PrimaryKeyConstraint("card_no", "diagnosis_id", name="pk_diagnosis"),
    ForeignKeyConstraint(["card_no"], ["card.card_no"], name="fk_diagnosis_card"),
)
