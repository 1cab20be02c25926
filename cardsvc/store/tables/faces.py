"""Tables of card faces: photos of holders, and prints: every try for a card is a row, the newest decides."""

from sqlalchemy import (
    CheckConstraint,
    Column,
    ForeignKeyConstraint,
    Index,
    Integer,
    LargeBinary,
    PrimaryKeyConstraint,
    String,
    Table,
    UniqueConstraint,
    text,
)

from cardsvc.store.states import FacePrintState
from cardsvc.store.tables.base import UtcDateTime, metadata, one_of

OPEN = one_of("state", (FacePrintState.DUE, FacePrintState.WANTED, FacePrintState.SENT))
LOOKED_AT = one_of("state", (FacePrintState.RIGHT, FacePrintState.WRONG))
ON_ITS_WAY = one_of("state", (FacePrintState.WANTED, FacePrintState.SENT, FacePrintState.PRINTED))

face_print = Table(
    "face_print",
    metadata,
    Column("print_id", String(36)),
    Column("card_no", String(16), nullable=False),
    Column("attempt", Integer, nullable=False),
    Column("case_no", String(24)),
    Column("outlet_id", String(32), nullable=False),
    Column("state", String(8), nullable=False),
    Column("made_at", UtcDateTime, nullable=False),
    Column("reason", String(200)),
    Column("terminal_id", String(64)),
    Column("wanted_by", String(32)),
    Column("wanted_at", UtcDateTime),
    Column("session", String(36)),
    Column("sent_at", UtcDateTime),
    Column("note", String(200)),
    Column("given_up_by", String(32)),
    Column("job_ended_at", UtcDateTime),
    Column("looked_by", String(32)),
    Column("looked_at", UtcDateTime),
    Column("read_in", String(128)),
    Column("verdict", String(200)),
    PrimaryKeyConstraint("print_id", name="pk_face_print"),
    UniqueConstraint("card_no", "attempt", name="uq_face_print_attempt"),
    ForeignKeyConstraint(["card_no"], ["card.card_no"], name="fk_face_print_card"),
    ForeignKeyConstraint(["case_no"], ["card_request.case_no"], name="fk_face_print_request"),
    ForeignKeyConstraint(["outlet_id"], ["outlet.outlet_id"], name="fk_face_print_outlet"),
    ForeignKeyConstraint(["terminal_id"], ["terminal.terminal_id"], name="fk_face_print_terminal"),
    ForeignKeyConstraint(["wanted_by"], ["staff.staff_id"], name="fk_face_print_wanted_by"),
    ForeignKeyConstraint(["given_up_by"], ["staff.staff_id"], name="fk_face_print_given_up_by"),
    ForeignKeyConstraint(["looked_by"], ["staff.staff_id"], name="fk_face_print_looked_by"),
    CheckConstraint(one_of("state", FacePrintState), name="ck_face_print_state"),
    CheckConstraint("attempt > 0 AND (attempt = 1) = (reason IS NULL)", name="ck_face_print_attempt"),
    CheckConstraint("(terminal_id IS NULL) = (wanted_at IS NULL)", name="ck_face_print_wanted"),
    CheckConstraint(f"terminal_id IS NOT NULL OR NOT ({ON_ITS_WAY})", name="ck_face_print_place"),
    CheckConstraint("(session IS NULL) = (sent_at IS NULL)", name="ck_face_print_sent"),
    CheckConstraint(f"({LOOKED_AT}) = (looked_at IS NOT NULL)", name="ck_face_print_looked_at"),
    CheckConstraint("state <> 'wrong' OR verdict IS NOT NULL", name="ck_face_print_verdict"),
    CheckConstraint("read_in IS NULL OR state = 'right'", name="ck_face_print_read"),
)
Index(
    "uq_face_print_open",
    face_print.c.card_no,
    unique=True,
    sqlite_where=text(OPEN),
    postgresql_where=text(OPEN),
)
"""One print of a card at a time."""
Index("ix_face_print_terminal", face_print.c.terminal_id, face_print.c.job_ended_at, face_print.c.wanted_at)
Index("ix_face_print_outlet", face_print.c.outlet_id, face_print.c.state, face_print.c.made_at)

citizen_photo = Table(
    "citizen_photo",
    metadata,
    Column("photo_id", String(36)),
    Column("citizen_id", String(36), nullable=False),
    Column("photo", LargeBinary, nullable=False),
    Column("consent", String(64), nullable=False),
    Column("taken_by", String(32), nullable=False),
    Column("taken_at", UtcDateTime, nullable=False),
    Column("unneeded_since", UtcDateTime),
    PrimaryKeyConstraint("photo_id", name="pk_citizen_photo"),
    ForeignKeyConstraint(["citizen_id"], ["citizen.citizen_id"], name="fk_citizen_photo_citizen"),
    ForeignKeyConstraint(["taken_by"], ["staff.staff_id"], name="fk_citizen_photo_staff"),
)
Index("ix_citizen_photo_citizen", citizen_photo.c.citizen_id, citizen_photo.c.taken_at)
