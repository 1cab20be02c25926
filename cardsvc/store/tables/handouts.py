"""Table of made cards on their way to their holders: where each waits, and who took it."""

from sqlalchemy import CheckConstraint, Column, ForeignKeyConstraint, Index, Integer, PrimaryKeyConstraint, String, Table

from cardsvc.store.tables.base import UtcDateTime, metadata, one_of
from cardsvc.store.tables.card_requests import COMERS

handout = Table(
    "handout",
    metadata,
    Column("card_no", String(16)),
    Column("outlet_id", String(32)),
    Column("made_at", UtcDateTime, nullable=False),
    Column("reminders", Integer, nullable=False),
    Column("reminded_at", UtcDateTime),
    Column("collector", String(8)),
    Column("comer_name", String(64)),
    Column("comer_id_number", String(32)),
    Column("rules", String(200)),
    Column("handed_by", String(32)),
    Column("handed_at", UtcDateTime),
    PrimaryKeyConstraint("card_no", name="pk_handout"),
    ForeignKeyConstraint(["card_no"], ["card.card_no"], name="fk_handout_card"),
    ForeignKeyConstraint(["outlet_id"], ["outlet.outlet_id"], name="fk_handout_outlet"),
    ForeignKeyConstraint(["handed_by"], ["staff.staff_id"], name="fk_handout_staff"),
    CheckConstraint(f"collector IS NULL OR {one_of('collector', COMERS)}", name="ck_handout_collector"),
    CheckConstraint("(collector IS NULL) = (handed_at IS NULL)", name="ck_handout_handed"),
    CheckConstraint("(handed_by IS NULL) = (handed_at IS NULL)", name="ck_handout_by"),
    CheckConstraint("comer_name IS NULL OR collector <> 'holder'", name="ck_handout_comer"),
    CheckConstraint("(comer_name IS NULL) = (comer_id_number IS NULL)", name="ck_handout_comer_id"),
    CheckConstraint("(reminders = 0) = (reminded_at IS NULL) AND reminders >= 0", name="ck_handout_reminders"),
)
Index(
    "ix_handout_waiting",
    handout.c.outlet_id,
    handout.c.made_at,
    sqlite_where=handout.c.handed_at.is_(None),
    postgresql_where=handout.c.handed_at.is_(None),
)
"""The cards that wait at an outlet."""
