"""Tables of blank cards: batches as they were delivered, movements between places, counts. Nothing in them is ever changed.

A place is a text: ``supplier``, ``store:OUTLET``, ``desk:KIND:ID`` (the workstation, as shifts name it), ``made``,
``void:OUTLET``, ``destroyed``, ``missing``. What a place holds is what was moved there less what was moved away.
"""

from sqlalchemy import (
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

BLANK_MOVES = ("received", "handed", "returned", "sent", "used", "spoiled", "counted", "destroyed")
MAKING_NOTES = ("right", "wrong", "released")

blank_batch = Table(
    "blank_batch",
    metadata,
    Column("batch_id", String(32)),
    Column("family", String(64), nullable=False),
    Column("supplier", String(64), nullable=False),
    Column("count", Integer, nullable=False),
    Column("first_serial", String(20), nullable=False),
    Column("last_serial", String(20), nullable=False),
    Column("transport_version", Integer, nullable=False),
    Column("outlet_id", String(32), nullable=False),
    Column("received_by", String(32), nullable=False),
    Column("received_at", UtcDateTime, nullable=False),
    PrimaryKeyConstraint("batch_id", name="pk_blank_batch"),
    UniqueConstraint("family", "first_serial", name="uq_blank_batch_serial"),
    ForeignKeyConstraint(["outlet_id"], ["outlet.outlet_id"], name="fk_blank_batch_outlet"),
    ForeignKeyConstraint(["received_by"], ["staff.staff_id"], name="fk_blank_batch_staff"),
    CheckConstraint("count > 0", name="ck_blank_batch_count"),
    CheckConstraint(
        "length(first_serial) = length(last_serial) AND first_serial <= last_serial", name="ck_blank_batch_serials"
    ),
)

blank_movement = Table(
    "blank_movement",
    metadata,
    Column("movement_id", String(36)),
    Column("batch_id", String(32), nullable=False),
    Column("kind", String(16), nullable=False),
    Column("from_place", String(96), nullable=False),
    Column("to_place", String(96), nullable=False),
    Column("count", Integer, nullable=False),
    Column("outlet_id", String(32), nullable=False),
    Column("by", String(96), nullable=False),
    Column("receiver", String(32)),
    Column("chip_serial", String(20)),
    Column("card_no", String(16)),
    Column("reason", String(200)),
    Column("approval_id", String(36)),
    Column("at", UtcDateTime, nullable=False),
    PrimaryKeyConstraint("movement_id", name="pk_blank_movement"),
    UniqueConstraint("batch_id", "kind", "chip_serial", name="uq_blank_movement_chip"),
    ForeignKeyConstraint(["batch_id"], ["blank_batch.batch_id"], name="fk_blank_movement_batch"),
    ForeignKeyConstraint(["outlet_id"], ["outlet.outlet_id"], name="fk_blank_movement_outlet"),
    ForeignKeyConstraint(["receiver"], ["staff.staff_id"], name="fk_blank_movement_receiver"),
    ForeignKeyConstraint(["card_no"], ["card.card_no"], name="fk_blank_movement_card"),
    ForeignKeyConstraint(["approval_id"], ["approval.approval_id"], name="fk_blank_movement_approval"),
    CheckConstraint(one_of("kind", BLANK_MOVES), name="ck_blank_movement_kind"),
    CheckConstraint("count > 0 AND from_place <> to_place", name="ck_blank_movement_moves"),
    CheckConstraint("chip_serial IS NULL OR count = 1", name="ck_blank_movement_one_chip"),
    CheckConstraint("kind <> 'used' OR card_no IS NOT NULL AND chip_serial IS NOT NULL", name="ck_blank_movement_used"),
    CheckConstraint("kind <> 'destroyed' OR approval_id IS NOT NULL", name="ck_blank_movement_two_people"),
)
"""A chip is used once and spoiled once: the unique constraint counts no movement without a chip."""
Index("ix_blank_movement_from", blank_movement.c.from_place, blank_movement.c.batch_id)
Index("ix_blank_movement_to", blank_movement.c.to_place, blank_movement.c.batch_id)
Index("ix_blank_movement_batch", blank_movement.c.batch_id, blank_movement.c.at)
Index("ix_blank_movement_outlet", blank_movement.c.outlet_id, blank_movement.c.kind, blank_movement.c.at)

making_note = Table(
    "making_note",
    metadata,
    Column("note_id", String(36)),
    Column("place", String(96)),
    Column("batch_id", String(32)),
    Column("kind", String(16), nullable=False),
    Column("card_no", String(16)),
    Column("by", String(96), nullable=False),
    Column("reason", String(200)),
    Column("at", UtcDateTime, nullable=False),
    PrimaryKeyConstraint("note_id", name="pk_making_note"),
    ForeignKeyConstraint(["batch_id"], ["blank_batch.batch_id"], name="fk_making_note_batch"),
    ForeignKeyConstraint(["card_no"], ["card.card_no"], name="fk_making_note_card"),
    CheckConstraint(one_of("kind", MAKING_NOTES), name="ck_making_note_kind"),
    CheckConstraint("(kind = 'released') = (card_no IS NULL)", name="ck_making_note_card"),
    CheckConstraint("kind = 'released' OR place IS NOT NULL AND batch_id IS NOT NULL", name="ck_making_note_article"),
    CheckConstraint("place IS NOT NULL OR batch_id IS NOT NULL", name="ck_making_note_what"),
)
"""First articles, right or wrong, and who let the making go on after it had stopped."""
Index("ix_making_note_place", making_note.c.place, making_note.c.at)
Index("ix_making_note_batch", making_note.c.batch_id, making_note.c.at)

blank_count = Table(
    "blank_count",
    metadata,
    Column("count_id", String(36)),
    Column("batch_id", String(32), nullable=False),
    Column("place", String(96), nullable=False),
    Column("outlet_id", String(32), nullable=False),
    Column("expected", Integer, nullable=False),
    Column("counted", Integer, nullable=False),
    Column("by", String(32), nullable=False),
    Column("at", UtcDateTime, nullable=False),
    PrimaryKeyConstraint("count_id", name="pk_blank_count"),
    ForeignKeyConstraint(["batch_id"], ["blank_batch.batch_id"], name="fk_blank_count_batch"),
    ForeignKeyConstraint(["outlet_id"], ["outlet.outlet_id"], name="fk_blank_count_outlet"),
    ForeignKeyConstraint(["by"], ["staff.staff_id"], name="fk_blank_count_staff"),
    CheckConstraint("counted >= 0", name="ck_blank_count_counted"),
)
Index("ix_blank_count_outlet", blank_count.c.outlet_id, blank_count.c.at)
