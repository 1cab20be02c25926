"""Table of the owners of suspect loads and purchases."""

from sqlalchemy import Column, ForeignKeyConstraint, PrimaryKeyConstraint, String, Table

from cardsvc.store.tables.base import UtcDateTime, metadata

suspect_case = Table(
    "suspect_case",
    metadata,
    Column("card_no", String(16)),
    Column("subject_id", String(36)),
    Column("owner", String(32), nullable=False),
    Column("note", String(200), nullable=False),
    Column("taken_at", UtcDateTime, nullable=False),
    PrimaryKeyConstraint("card_no", "subject_id", name="pk_suspect_case"),
    ForeignKeyConstraint(["owner"], ["staff.staff_id"], name="fk_suspect_case_owner"),
)
