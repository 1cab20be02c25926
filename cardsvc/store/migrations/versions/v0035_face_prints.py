"""Prints of card faces, the printers beside workstations, applications whose card was spoiled"""

import sqlalchemy as sa
from alembic import op

from cardsvc.store.triggers import create_statements

revision = "0035"
down_revision = "0033"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the change."""
    op.create_table(
        "face_print",
        sa.Column("print_id", sa.String(length=36), nullable=False),
        sa.Column("card_no", sa.String(length=16), nullable=False),
        sa.Column("attempt", sa.Integer(), nullable=False),
        sa.Column("case_no", sa.String(length=24), nullable=False),
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
        sa.ForeignKeyConstraint(["card_no"], ["card.card_no"], name="fk_face_print_card"),
        sa.ForeignKeyConstraint(["case_no"], ["card_request.case_no"], name="fk_face_print_request"),
        sa.ForeignKeyConstraint(["given_up_by"], ["staff.staff_id"], name="fk_face_print_given_up_by"),
        sa.ForeignKeyConstraint(["looked_by"], ["staff.staff_id"], name="fk_face_print_looked_by"),
        sa.ForeignKeyConstraint(["terminal_id"], ["terminal.terminal_id"], name="fk_face_print_terminal"),
        sa.ForeignKeyConstraint(["wanted_by"], ["staff.staff_id"], name="fk_face_print_wanted_by"),
        sa.PrimaryKeyConstraint("print_id", name="pk_face_print"),
        sa.UniqueConstraint("card_no", "attempt", name="uq_face_print_attempt"),
    )
    where = sa.text("state IN ('due', 'wanted', 'sent')")
    op.create_index("uq_face_print_open", "face_print", ["card_no"], unique=True, sqlite_where=where, postgresql_where=where)
    op.create_index("ix_face_print_terminal", "face_print", ["terminal_id", "job_ended_at", "wanted_at"], unique=False)
    op.create_index("ix_face_print_request", "face_print", ["case_no"], unique=False)
    op.execute("ALTER TABLE workstation ADD COLUMN face_queue VARCHAR(127)")
    op.execute("ALTER TABLE workstation ADD COLUMN face_reader VARCHAR(128)")
    dialect = op.get_bind().dialect.name
    op.execute("DROP TRIGGER card_request_states" + (" ON card_request" if dialect == "postgresql" else ""))
    if dialect == "postgresql":
        op.execute("DROP FUNCTION card_request_states()")
    for statement in create_statements(dialect, "face_print", "card_request"):
        op.execute(statement)
