"""Faces of all cards that are made, photos taken for them; a batch whose card turns out wrong goes on"""

import sqlalchemy as sa
from alembic import op

from cardsvc.store.triggers import create_statements

revision = "0041"
down_revision = "0039"
branch_labels = None
depends_on = None

KEPT = """INSERT INTO face_print (
    print_id, card_no, attempt, case_no, state, made_at, reason, terminal_id, wanted_by, wanted_at, session, sent_at, note,
    given_up_by, job_ended_at, looked_by, looked_at, verdict, outlet_id)
  SELECT
    print_id, kept.card_no, attempt, kept.case_no, kept.state, kept.made_at, reason, terminal_id, wanted_by, wanted_at, session,
    sent_at, note, given_up_by, job_ended_at, looked_by, looked_at, verdict, outlet_id
  FROM face_print_kept AS kept JOIN card_request ON card_request.case_no = kept.case_no"""


def upgrade() -> None:
    """Make the change. SQLite cannot take a NOT NULL away: the prints are kept aside while their table is made anew."""
    dialect = op.get_bind().dialect.name
    _photos()
    op.execute("CREATE TABLE face_print_kept AS SELECT * FROM face_print")
    op.execute("DROP TABLE face_print")
    if dialect == "postgresql":
        op.execute("DROP FUNCTION face_print_states()")
    _prints()
    op.execute(KEPT)
    op.execute("DROP TABLE face_print_kept")
    op.execute("DROP TRIGGER bulk_batch_states" if dialect == "sqlite" else "DROP FUNCTION bulk_batch_states CASCADE")
    for statement in create_statements(dialect, "face_print", "bulk_batch"):
        op.execute(statement)


def _photos() -> None:
    op.create_table(
        "citizen_photo",
        sa.Column("photo_id", sa.String(length=36), nullable=False),
        sa.Column("citizen_id", sa.String(length=36), nullable=False),
        sa.Column("photo", sa.LargeBinary(), nullable=False),
        sa.Column("consent", sa.String(length=64), nullable=False),
        sa.Column("taken_by", sa.String(length=32), nullable=False),
        sa.Column("taken_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["citizen_id"], ["citizen.citizen_id"], name="fk_citizen_photo_citizen"),
        sa.ForeignKeyConstraint(["taken_by"], ["staff.staff_id"], name="fk_citizen_photo_staff"),
        sa.PrimaryKeyConstraint("photo_id", name="pk_citizen_photo"),
    )
    op.create_index("ix_citizen_photo_citizen", "citizen_photo", ["citizen_id", "taken_at"], unique=False)


def _prints() -> None:
    op.create_table(
        "face_print",
        sa.Column("print_id", sa.String(length=36), nullable=False),
        sa.Column("card_no", sa.String(length=16), nullable=False),
        sa.Column("attempt", sa.Integer(), nullable=False),
        sa.Column("case_no", sa.String(length=24), nullable=True),
        sa.Column("outlet_id", sa.String(length=32), nullable=False),
        sa.Column("state", sa.String(length=8), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("reason", sa.String(length=200), nullable=True),
        sa.Column("terminal_id", sa.String(length=64), nullable=True),
        sa.Column("wanted_by", sa.String(length=32), nullable=True),
        sa.Column("wanted_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("session", sa.String(length=36), nullable=True),
        sa.Column("sent_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("note", sa.String(length=200), nullable=True),
        sa.Column("given_up_by", sa.String(length=32), nullable=True),
        sa.Column("job_ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("looked_by", sa.String(length=32), nullable=True),
        sa.Column("looked_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("read_in", sa.String(length=128), nullable=True),
        sa.Column("verdict", sa.String(length=200), nullable=True),
        sa.CheckConstraint(
            "state IN ('due', 'wanted', 'sent', 'printed', 'failed', 'unknown', 'right', 'wrong')", name="ck_face_print_state"
        ),
        sa.CheckConstraint("attempt > 0 AND (attempt = 1) = (reason IS NULL)", name="ck_face_print_attempt"),
        sa.CheckConstraint("(terminal_id IS NULL) = (wanted_at IS NULL)", name="ck_face_print_wanted"),
        sa.CheckConstraint(
            "terminal_id IS NOT NULL OR NOT (state IN ('wanted', 'sent', 'printed'))", name="ck_face_print_place"
        ),
        sa.CheckConstraint("(session IS NULL) = (sent_at IS NULL)", name="ck_face_print_sent"),
        sa.CheckConstraint("(state IN ('right', 'wrong')) = (looked_at IS NOT NULL)", name="ck_face_print_looked_at"),
        sa.CheckConstraint("state <> 'wrong' OR verdict IS NOT NULL", name="ck_face_print_verdict"),
        sa.CheckConstraint("read_in IS NULL OR state = 'right'", name="ck_face_print_read"),
        sa.ForeignKeyConstraint(["card_no"], ["card.card_no"], name="fk_face_print_card"),
        sa.ForeignKeyConstraint(["case_no"], ["card_request.case_no"], name="fk_face_print_request"),
        sa.ForeignKeyConstraint(["given_up_by"], ["staff.staff_id"], name="fk_face_print_given_up_by"),
        sa.ForeignKeyConstraint(["looked_by"], ["staff.staff_id"], name="fk_face_print_looked_by"),
        sa.ForeignKeyConstraint(["outlet_id"], ["outlet.outlet_id"], name="fk_face_print_outlet"),
        sa.ForeignKeyConstraint(["terminal_id"], ["terminal.terminal_id"], name="fk_face_print_terminal"),
        sa.ForeignKeyConstraint(["wanted_by"], ["staff.staff_id"], name="fk_face_print_wanted_by"),
        sa.PrimaryKeyConstraint("print_id", name="pk_face_print"),
        sa.UniqueConstraint("card_no", "attempt", name="uq_face_print_attempt"),
    )
    where = sa.text("state IN ('due', 'wanted', 'sent')")
    op.create_index("uq_face_print_open", "face_print", ["card_no"], unique=True, sqlite_where=where, postgresql_where=where)
    op.create_index("ix_face_print_terminal", "face_print", ["terminal_id", "job_ended_at", "wanted_at"], unique=False)
    op.create_index("ix_face_print_outlet", "face_print", ["outlet_id", "state", "made_at"], unique=False)
