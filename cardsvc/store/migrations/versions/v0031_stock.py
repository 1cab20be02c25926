"""Stock of blank cards, first articles, runs of bulk issue at workstations"""

import sqlalchemy as sa
from alembic import op

from cardsvc.store.triggers import create_statements

revision = "0031"
down_revision = "0030"
branch_labels = None
depends_on = None

TABLES = ("blank_batch", "blank_movement", "blank_count", "making_note", "bulk_event", "bulk_station")


def upgrade() -> None:
    """Make the change."""
    op.create_table(
        "blank_batch",
        sa.Column("batch_id", sa.String(length=32), nullable=False),
        sa.Column("family", sa.String(length=64), nullable=False),
        sa.Column("supplier", sa.String(length=64), nullable=False),
        sa.Column("count", sa.Integer(), nullable=False),
        sa.Column("first_serial", sa.String(length=20), nullable=False),
        sa.Column("last_serial", sa.String(length=20), nullable=False),
        sa.Column("transport_version", sa.Integer(), nullable=False),
        sa.Column("outlet_id", sa.String(length=32), nullable=False),
        sa.Column("received_by", sa.String(length=32), nullable=False),
        sa.Column("received_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("count > 0", name="ck_blank_batch_count"),
        sa.CheckConstraint(
            "length(first_serial) = length(last_serial) AND first_serial <= last_serial", name="ck_blank_batch_serials"
        ),
        sa.ForeignKeyConstraint(["outlet_id"], ["outlet.outlet_id"], name="fk_blank_batch_outlet"),
        sa.ForeignKeyConstraint(["received_by"], ["staff.staff_id"], name="fk_blank_batch_staff"),
        sa.PrimaryKeyConstraint("batch_id", name="pk_blank_batch"),
        sa.UniqueConstraint("family", "first_serial", name="uq_blank_batch_serial"),
    )
    op.create_table(
        "blank_count",
        sa.Column("count_id", sa.String(length=36), nullable=False),
        sa.Column("batch_id", sa.String(length=32), nullable=False),
        sa.Column("place", sa.String(length=96), nullable=False),
        sa.Column("outlet_id", sa.String(length=32), nullable=False),
        sa.Column("expected", sa.Integer(), nullable=False),
        sa.Column("counted", sa.Integer(), nullable=False),
        sa.Column("by", sa.String(length=32), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("counted >= 0", name="ck_blank_count_counted"),
        sa.ForeignKeyConstraint(["batch_id"], ["blank_batch.batch_id"], name="fk_blank_count_batch"),
        sa.ForeignKeyConstraint(["by"], ["staff.staff_id"], name="fk_blank_count_staff"),
        sa.ForeignKeyConstraint(["outlet_id"], ["outlet.outlet_id"], name="fk_blank_count_outlet"),
        sa.PrimaryKeyConstraint("count_id", name="pk_blank_count"),
    )
    op.create_index("ix_blank_count_outlet", "blank_count", ["outlet_id", "at"], unique=False)
    op.create_table(
        "blank_movement",
        sa.Column("movement_id", sa.String(length=36), nullable=False),
        sa.Column("batch_id", sa.String(length=32), nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("from_place", sa.String(length=96), nullable=False),
        sa.Column("to_place", sa.String(length=96), nullable=False),
        sa.Column("count", sa.Integer(), nullable=False),
        sa.Column("outlet_id", sa.String(length=32), nullable=False),
        sa.Column("by", sa.String(length=96), nullable=False),
        sa.Column("receiver", sa.String(length=32), nullable=True),
        sa.Column("chip_serial", sa.String(length=20), nullable=True),
        sa.Column("card_no", sa.String(length=16), nullable=True),
        sa.Column("reason", sa.String(length=200), nullable=True),
        sa.Column("approval_id", sa.String(length=36), nullable=True),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("kind <> 'destroyed' OR approval_id IS NOT NULL", name="ck_blank_movement_two_people"),
        sa.CheckConstraint("kind <> 'used' OR card_no IS NOT NULL AND chip_serial IS NOT NULL", name="ck_blank_movement_used"),
        sa.CheckConstraint(
            "kind IN ('received', 'handed', 'returned', 'sent', 'used', 'spoiled', 'counted', 'destroyed')",
            name="ck_blank_movement_kind",
        ),
        sa.CheckConstraint("chip_serial IS NULL OR count = 1", name="ck_blank_movement_one_chip"),
        sa.CheckConstraint("count > 0 AND from_place <> to_place", name="ck_blank_movement_moves"),
        sa.ForeignKeyConstraint(["approval_id"], ["approval.approval_id"], name="fk_blank_movement_approval"),
        sa.ForeignKeyConstraint(["batch_id"], ["blank_batch.batch_id"], name="fk_blank_movement_batch"),
        sa.ForeignKeyConstraint(["card_no"], ["card.card_no"], name="fk_blank_movement_card"),
        sa.ForeignKeyConstraint(["outlet_id"], ["outlet.outlet_id"], name="fk_blank_movement_outlet"),
        sa.ForeignKeyConstraint(["receiver"], ["staff.staff_id"], name="fk_blank_movement_receiver"),
        sa.PrimaryKeyConstraint("movement_id", name="pk_blank_movement"),
        sa.UniqueConstraint("batch_id", "kind", "chip_serial", name="uq_blank_movement_chip"),
    )
    op.create_index("ix_blank_movement_batch", "blank_movement", ["batch_id", "at"], unique=False)
    op.create_index("ix_blank_movement_from", "blank_movement", ["from_place", "batch_id"], unique=False)
    op.create_index("ix_blank_movement_outlet", "blank_movement", ["outlet_id", "kind", "at"], unique=False)
    op.create_index("ix_blank_movement_to", "blank_movement", ["to_place", "batch_id"], unique=False)
    op.create_table(
        "bulk_event",
        sa.Column("event_id", sa.String(length=36), nullable=False),
        sa.Column("batch_id", sa.String(length=36), nullable=False),
        sa.Column("place", sa.String(length=96), nullable=False),
        sa.Column("reader", sa.String(length=128), nullable=False),
        sa.Column("bin", sa.String(length=8), nullable=False),
        sa.Column("line", sa.Integer(), nullable=True),
        sa.Column("card_no", sa.String(length=16), nullable=True),
        sa.Column("code", sa.String(length=64), nullable=True),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("bin IN ('good', 'bad', 'aside', 'again', 'stock')", name="ck_bulk_event_bin"),
        sa.ForeignKeyConstraint(["batch_id"], ["bulk_batch.batch_id"], name="fk_bulk_event_batch"),
        sa.PrimaryKeyConstraint("event_id", name="pk_bulk_event"),
    )
    op.create_index("ix_bulk_event_batch", "bulk_event", ["batch_id", "at"], unique=False)
    op.create_index("ix_bulk_event_place", "bulk_event", ["place", "at"], unique=False)
    op.create_table(
        "bulk_station",
        sa.Column("terminal_id", sa.String(length=64), nullable=False),
        sa.Column("batch_id", sa.String(length=36), nullable=False),
        sa.Column("run_id", sa.String(length=36), nullable=False),
        sa.Column("staff_id", sa.String(length=32), nullable=False),
        sa.Column("readers", sa.JSON(), nullable=False),
        sa.Column("alive_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended", sa.String(length=64), nullable=True),
        sa.ForeignKeyConstraint(["batch_id"], ["bulk_batch.batch_id"], name="fk_bulk_station_batch"),
        sa.ForeignKeyConstraint(["staff_id"], ["staff.staff_id"], name="fk_bulk_station_staff"),
        sa.ForeignKeyConstraint(["terminal_id"], ["terminal.terminal_id"], name="fk_bulk_station_terminal"),
        sa.PrimaryKeyConstraint("terminal_id", name="pk_bulk_station"),
    )
    op.create_table(
        "making_note",
        sa.Column("note_id", sa.String(length=36), nullable=False),
        sa.Column("place", sa.String(length=96), nullable=True),
        sa.Column("batch_id", sa.String(length=32), nullable=True),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("card_no", sa.String(length=16), nullable=True),
        sa.Column("by", sa.String(length=96), nullable=False),
        sa.Column("reason", sa.String(length=200), nullable=True),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("(kind = 'released') = (card_no IS NULL)", name="ck_making_note_card"),
        sa.CheckConstraint("kind = 'released' OR place IS NOT NULL AND batch_id IS NOT NULL", name="ck_making_note_article"),
        sa.CheckConstraint("kind IN ('right', 'wrong', 'released')", name="ck_making_note_kind"),
        sa.CheckConstraint("place IS NOT NULL OR batch_id IS NOT NULL", name="ck_making_note_what"),
        sa.ForeignKeyConstraint(["batch_id"], ["blank_batch.batch_id"], name="fk_making_note_batch"),
        sa.ForeignKeyConstraint(["card_no"], ["card.card_no"], name="fk_making_note_card"),
        sa.PrimaryKeyConstraint("note_id", name="pk_making_note"),
    )
    op.create_index("ix_making_note_batch", "making_note", ["batch_id", "at"], unique=False)
    op.create_index("ix_making_note_place", "making_note", ["place", "at"], unique=False)
    op.add_column("bulk_line", sa.Column("place", sa.String(length=96), nullable=True))
    for statement in create_statements(op.get_bind().dialect.name, *TABLES):
        op.execute(statement)
