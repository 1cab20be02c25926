"""Tables of what happens to a person after they were registered: data that change, and their death."""

from sqlalchemy import (
    JSON,
    CheckConstraint,
    Column,
    ForeignKeyConstraint,
    Index,
    PrimaryKeyConstraint,
    String,
    Table,
    text,
)

from cardsvc.store.tables.base import UtcDateTime, metadata, one_of

ON_CARD = ("rewrite", "replace")
"""What becomes of a card after its holder's data changed."""

citizen_change = Table(
    "citizen_change",
    metadata,
    Column("change_id", String(36)),
    Column("citizen_id", String(36), nullable=False),
    Column("before", JSON, nullable=False),
    Column("after", JSON, nullable=False),
    Column("proof", String(200), nullable=False),
    Column("rules", JSON, nullable=False),
    Column("on_card", String(8), nullable=False),
    Column("asked_by", String(32), nullable=False),
    Column("asked_at", UtcDateTime, nullable=False),
    Column("applied_by", String(32)),
    Column("applied_at", UtcDateTime),
    PrimaryKeyConstraint("change_id", name="pk_citizen_change"),
    ForeignKeyConstraint(["citizen_id"], ["citizen.citizen_id"], name="fk_citizen_change_citizen"),
    ForeignKeyConstraint(["asked_by"], ["staff.staff_id"], name="fk_citizen_change_asked_by"),
    ForeignKeyConstraint(["applied_by"], ["staff.staff_id"], name="fk_citizen_change_applied_by"),
    CheckConstraint(one_of("on_card", ON_CARD), name="ck_citizen_change_on_card"),
    CheckConstraint("(applied_by IS NULL) = (applied_at IS NULL)", name="ck_citizen_change_applied"),
)
Index("ix_citizen_change_citizen", citizen_change.c.citizen_id, citizen_change.c.asked_at)

death = Table(
    "death",
    metadata,
    Column("death_id", String(36)),
    Column("citizen_id", String(36), nullable=False),
    Column("heir", String(16), nullable=False),
    Column("heir_name", String(64), nullable=False),
    Column("heir_id_number", String(32), nullable=False),
    Column("papers", String(200), nullable=False),
    Column("cards_here", JSON, nullable=False),
    Column("rules", JSON, nullable=False),
    Column("asked_by", String(32), nullable=False),
    Column("asked_at", UtcDateTime, nullable=False),
    Column("confirmed_by", String(32)),
    Column("confirmed_at", UtcDateTime),
    PrimaryKeyConstraint("death_id", name="pk_death"),
    ForeignKeyConstraint(["citizen_id"], ["citizen.citizen_id"], name="fk_death_citizen"),
    ForeignKeyConstraint(["asked_by"], ["staff.staff_id"], name="fk_death_asked_by"),
    ForeignKeyConstraint(["confirmed_by"], ["staff.staff_id"], name="fk_death_confirmed_by"),
    CheckConstraint("(confirmed_by IS NULL) = (confirmed_at IS NULL)", name="ck_death_confirmed"),
)
_CONFIRMED = text("confirmed_at IS NOT NULL")
Index("ix_death_citizen", death.c.citizen_id, death.c.asked_at)
Index("uq_death_confirmed", death.c.citizen_id, unique=True, sqlite_where=_CONFIRMED, postgresql_where=_CONFIRMED)
