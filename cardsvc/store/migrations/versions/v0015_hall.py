"""The hall: tickets, desks, appraisals, complaints, notes"""

import sqlalchemy as sa
from alembic import op

from cardsvc.store.triggers import create_statements

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None

TABLES = (
    "appraisal_case",
    "complaint",
    "desk",
    "hall_note",
    "staff_skill",
    "ticket",
    "appraisal",
    "complaint_step",
    "ticket_event",
    "call_back",
)


def upgrade() -> None:
    """Make the change."""
    op.create_table(
        "appraisal_case",
        sa.Column("case_no", sa.String(length=36), nullable=False),
        sa.Column("outlet_id", sa.String(length=32), nullable=False),
        sa.Column("desk", sa.String(length=16), nullable=False),
        sa.Column("staff_id", sa.String(length=32), nullable=False),
        sa.Column("job", sa.String(length=32), nullable=False),
        sa.Column("opened_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("lapses_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["outlet_id"], ["outlet.outlet_id"], name="fk_appraisal_case_outlet"),
        sa.ForeignKeyConstraint(["staff_id"], ["staff.staff_id"], name="fk_appraisal_case_staff"),
        sa.PrimaryKeyConstraint("case_no", name="pk_appraisal_case"),
    )
    op.create_index("ix_appraisal_case_desk", "appraisal_case", ["outlet_id", "desk", "opened_at"], unique=False)
    op.create_index("ix_appraisal_case_staff", "appraisal_case", ["staff_id", "opened_at"], unique=False)
    op.create_table(
        "complaint",
        sa.Column("case_no", sa.String(length=20), nullable=False),
        sa.Column("outlet_id", sa.String(length=32), nullable=False),
        sa.Column("channel", sa.String(length=16), nullable=False),
        sa.Column("text", sa.String(length=1000), nullable=False),
        sa.Column("contact", sa.LargeBinary(), nullable=True),
        sa.Column("due_on", sa.Date(), nullable=False),
        sa.Column("received_by", sa.String(length=32), nullable=False),
        sa.Column("received_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["outlet_id"], ["outlet.outlet_id"], name="fk_complaint_outlet"),
        sa.ForeignKeyConstraint(["received_by"], ["staff.staff_id"], name="fk_complaint_staff"),
        sa.PrimaryKeyConstraint("case_no", name="pk_complaint"),
    )
    op.create_table(
        "desk",
        sa.Column("outlet_id", sa.String(length=32), nullable=False),
        sa.Column("desk", sa.String(length=16), nullable=False),
        sa.Column("staff_id", sa.String(length=32), nullable=False),
        sa.Column("ticket_types", sa.JSON(), nullable=False),
        sa.Column("opened_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("closed_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["outlet_id"], ["outlet.outlet_id"], name="fk_desk_outlet"),
        sa.ForeignKeyConstraint(["staff_id"], ["staff.staff_id"], name="fk_desk_staff"),
        sa.PrimaryKeyConstraint("outlet_id", "desk", name="pk_desk"),
    )
    op.create_table(
        "hall_note",
        sa.Column("note_id", sa.String(length=36), nullable=False),
        sa.Column("outlet_id", sa.String(length=32), nullable=False),
        sa.Column("business_day", sa.Date(), nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("item", sa.String(length=32), nullable=True),
        sa.Column("good", sa.Boolean(), nullable=False),
        sa.Column("text", sa.String(length=400), nullable=False),
        sa.Column("by", sa.String(length=32), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("kind IN ('checklist', 'patrol', 'incident')", name="ck_hall_note_kind"),
        sa.ForeignKeyConstraint(["by"], ["staff.staff_id"], name="fk_hall_note_staff"),
        sa.ForeignKeyConstraint(["outlet_id"], ["outlet.outlet_id"], name="fk_hall_note_outlet"),
        sa.PrimaryKeyConstraint("note_id", name="pk_hall_note"),
    )
    op.create_index("ix_hall_note_day", "hall_note", ["outlet_id", "business_day"], unique=False)
    op.create_table(
        "staff_skill",
        sa.Column("staff_id", sa.String(length=32), nullable=False),
        sa.Column("skill", sa.String(length=32), nullable=False),
        sa.Column("noted_by", sa.String(length=32), nullable=False),
        sa.Column("noted_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["staff_id"], ["staff.staff_id"], name="fk_staff_skill_staff"),
        sa.PrimaryKeyConstraint("staff_id", "skill", name="pk_staff_skill"),
    )
    op.create_table(
        "ticket",
        sa.Column("ticket_id", sa.String(length=36), nullable=False),
        sa.Column("outlet_id", sa.String(length=32), nullable=False),
        sa.Column("business_day", sa.Date(), nullable=False),
        sa.Column("number", sa.String(length=8), nullable=False),
        sa.Column("ticket_type", sa.String(length=16), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("green_reason", sa.String(length=16), nullable=True),
        sa.Column("skill", sa.String(length=32), nullable=True),
        sa.Column("place", sa.DateTime(timezone=True), nullable=False),
        sa.Column("taken_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("calls", sa.Integer(), nullable=False),
        sa.Column("desk", sa.String(length=16), nullable=True),
        sa.Column("staff_id", sa.String(length=32), nullable=True),
        sa.Column("called_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("served_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("(state IN ('done', 'left')) = (ended_at IS NOT NULL)", name="ck_ticket_ended"),
        sa.CheckConstraint(
            "NOT (state IN ('called', 'serving')) OR (desk IS NOT NULL AND staff_id IS NOT NULL)", name="ck_ticket_desk"
        ),
        sa.CheckConstraint("state IN ('waiting', 'called', 'serving', 'missed', 'done', 'left')", name="ck_ticket_state"),
        sa.CheckConstraint("calls >= 0", name="ck_ticket_calls"),
        sa.ForeignKeyConstraint(["outlet_id"], ["outlet.outlet_id"], name="fk_ticket_outlet"),
        sa.ForeignKeyConstraint(["staff_id"], ["staff.staff_id"], name="fk_ticket_staff"),
        sa.PrimaryKeyConstraint("ticket_id", name="pk_ticket"),
        sa.UniqueConstraint("outlet_id", "business_day", "number", name="uq_ticket_number"),
    )
    op.create_index(
        "uq_ticket_desk",
        "ticket",
        ["outlet_id", "desk"],
        unique=True,
        sqlite_where=sa.text("state IN ('called', 'serving')"),
        postgresql_where=sa.text("state IN ('called', 'serving')"),
    )
    op.create_table(
        "appraisal",
        sa.Column("case_no", sa.String(length=36), nullable=False),
        sa.Column("level", sa.Integer(), nullable=False),
        sa.Column("reason", sa.String(length=32), nullable=True),
        sa.Column("remark", sa.String(length=200), nullable=True),
        sa.Column("contact", sa.LargeBinary(), nullable=True),
        sa.Column("call_back_due", sa.Date(), nullable=True),
        sa.Column("given_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("call_back_due IS NULL OR reason IS NOT NULL", name="ck_appraisal_reason"),
        sa.CheckConstraint("level BETWEEN 1 AND 5", name="ck_appraisal_level"),
        sa.ForeignKeyConstraint(["case_no"], ["appraisal_case.case_no"], name="fk_appraisal_case"),
        sa.PrimaryKeyConstraint("case_no", name="pk_appraisal"),
    )
    op.create_index("ix_appraisal_due", "appraisal", ["call_back_due"], unique=False)
    op.create_table(
        "complaint_step",
        sa.Column("case_no", sa.String(length=20), nullable=False),
        sa.Column("number", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("step", sa.String(length=16), nullable=False),
        sa.Column("owner", sa.String(length=32), nullable=False),
        sa.Column("text", sa.String(length=1000), nullable=False),
        sa.Column("by", sa.String(length=32), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("step IN ('received', 'assigned', 'noted', 'answered')", name="ck_complaint_step"),
        sa.ForeignKeyConstraint(["case_no"], ["complaint.case_no"], name="fk_complaint_step_complaint"),
        sa.ForeignKeyConstraint(["owner"], ["staff.staff_id"], name="fk_complaint_step_owner"),
        sa.PrimaryKeyConstraint("case_no", "number", name="pk_complaint_step"),
    )
    op.create_table(
        "ticket_event",
        sa.Column("ticket_id", sa.String(length=36), nullable=False),
        sa.Column("number", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("event", sa.String(length=16), nullable=False),
        sa.Column("desk", sa.String(length=16), nullable=True),
        sa.Column("staff_id", sa.String(length=32), nullable=True),
        sa.Column("detail", sa.String(length=64), nullable=True),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["ticket_id"], ["ticket.ticket_id"], name="fk_ticket_event_ticket"),
        sa.PrimaryKeyConstraint("ticket_id", "number", name="pk_ticket_event"),
    )
    op.create_table(
        "call_back",
        sa.Column("case_no", sa.String(length=36), nullable=False),
        sa.Column("staff_id", sa.String(length=32), nullable=False),
        sa.Column("note", sa.String(length=400), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["case_no"], ["appraisal.case_no"], name="fk_call_back_appraisal"),
        sa.ForeignKeyConstraint(["staff_id"], ["staff.staff_id"], name="fk_call_back_staff"),
        sa.PrimaryKeyConstraint("case_no", name="pk_call_back"),
    )
    for statement in create_statements(op.get_bind().dialect.name, *TABLES):
        op.execute(statement)
