"""Tables of a hall: tickets and desks of the queue, appraisals, complaints, notes of the day."""

from sqlalchemy import (
    JSON,
    Boolean,
    CheckConstraint,
    Column,
    Date,
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

from cardsvc.store.states import ComplaintStage, TicketState
from cardsvc.store.tables.base import UtcDateTime, metadata, one_of

AT_DESK = (TicketState.CALLED, TicketState.SERVING)
COMPLAINT_STEPS = tuple(ComplaintStage)
NOTE_KINDS = ("checklist", "patrol", "incident")

ticket = Table(
    "ticket",
    metadata,
    Column("ticket_id", String(36)),
    Column("outlet_id", String(32), nullable=False),
    Column("business_day", Date, nullable=False),
    Column("number", String(8), nullable=False),
    Column("ticket_type", String(16), nullable=False),
    Column("state", String(16), nullable=False),
    Column("green_reason", String(16)),
    Column("skill", String(32)),
    Column("place", UtcDateTime, nullable=False),
    Column("taken_at", UtcDateTime, nullable=False),
    Column("calls", Integer, nullable=False),
    Column("desk", String(16)),
    Column("staff_id", String(32)),
    Column("called_at", UtcDateTime),
    Column("served_at", UtcDateTime),
    Column("ended_at", UtcDateTime),
    PrimaryKeyConstraint("ticket_id", name="pk_ticket"),
    UniqueConstraint("outlet_id", "business_day", "number", name="uq_ticket_number"),
    ForeignKeyConstraint(["outlet_id"], ["outlet.outlet_id"], name="fk_ticket_outlet"),
    ForeignKeyConstraint(["staff_id"], ["staff.staff_id"], name="fk_ticket_staff"),
    CheckConstraint(one_of("state", TicketState), name="ck_ticket_state"),
    CheckConstraint("calls >= 0", name="ck_ticket_calls"),
    CheckConstraint(f"NOT ({one_of('state', AT_DESK)}) OR (desk IS NOT NULL AND staff_id IS NOT NULL)", name="ck_ticket_desk"),
    CheckConstraint("(state IN ('done', 'left')) = (ended_at IS NOT NULL)", name="ck_ticket_ended"),
)
Index(
    "uq_ticket_desk",
    ticket.c.outlet_id,
    ticket.c.desk,
    unique=True,
    sqlite_where=text(one_of("state", AT_DESK)),
    postgresql_where=text(one_of("state", AT_DESK)),
)
"""One person at a time at a desk."""

ticket_event = Table(
    "ticket_event",
    metadata,
    Column("ticket_id", String(36)),
    Column("number", Integer, autoincrement=False),
    Column("event", String(16), nullable=False),
    Column("desk", String(16)),
    Column("staff_id", String(32)),
    Column("detail", String(64)),
    Column("at", UtcDateTime, nullable=False),
    PrimaryKeyConstraint("ticket_id", "number", name="pk_ticket_event"),
    ForeignKeyConstraint(["ticket_id"], ["ticket.ticket_id"], name="fk_ticket_event_ticket"),
)

desk = Table(
    "desk",
    metadata,
    Column("outlet_id", String(32)),
    Column("desk", String(16)),
    Column("staff_id", String(32), nullable=False),
    Column("ticket_types", JSON, nullable=False),
    Column("opened_at", UtcDateTime, nullable=False),
    Column("closed_at", UtcDateTime),
    PrimaryKeyConstraint("outlet_id", "desk", name="pk_desk"),
    ForeignKeyConstraint(["outlet_id"], ["outlet.outlet_id"], name="fk_desk_outlet"),
    ForeignKeyConstraint(["staff_id"], ["staff.staff_id"], name="fk_desk_staff"),
)

staff_skill = Table(
    "staff_skill",
    metadata,
    Column("staff_id", String(32)),
    Column("skill", String(32)),
    Column("noted_by", String(32), nullable=False),
    Column("noted_at", UtcDateTime, nullable=False),
    PrimaryKeyConstraint("staff_id", "skill", name="pk_staff_skill"),
    ForeignKeyConstraint(["staff_id"], ["staff.staff_id"], name="fk_staff_skill_staff"),
)

appraisal_case = Table(
    "appraisal_case",
    metadata,
    Column("case_no", String(36)),
    Column("outlet_id", String(32), nullable=False),
    Column("desk", String(16), nullable=False),
    Column("staff_id", String(32), nullable=False),
    Column("job", String(32), nullable=False),
    Column("opened_at", UtcDateTime, nullable=False),
    Column("lapses_at", UtcDateTime, nullable=False),
    PrimaryKeyConstraint("case_no", name="pk_appraisal_case"),
    ForeignKeyConstraint(["outlet_id"], ["outlet.outlet_id"], name="fk_appraisal_case_outlet"),
    ForeignKeyConstraint(["staff_id"], ["staff.staff_id"], name="fk_appraisal_case_staff"),
)
Index("ix_appraisal_case_desk", appraisal_case.c.outlet_id, appraisal_case.c.desk, appraisal_case.c.opened_at)
Index("ix_appraisal_case_staff", appraisal_case.c.staff_id, appraisal_case.c.opened_at)

appraisal = Table(
    "appraisal",
    metadata,
    Column("case_no", String(36)),
    Column("level", Integer, nullable=False),
    Column("reason", String(32)),
    Column("remark", String(200)),
    Column("contact", LargeBinary),
    Column("call_back_due", Date),
    Column("given_at", UtcDateTime, nullable=False),
    PrimaryKeyConstraint("case_no", name="pk_appraisal"),
    ForeignKeyConstraint(["case_no"], ["appraisal_case.case_no"], name="fk_appraisal_case"),
    CheckConstraint("level BETWEEN 1 AND 5", name="ck_appraisal_level"),
    CheckConstraint("call_back_due IS NULL OR reason IS NOT NULL", name="ck_appraisal_reason"),
)
Index("ix_appraisal_due", appraisal.c.call_back_due)

call_back = Table(
    "call_back",
    metadata,
    Column("case_no", String(36)),
    Column("staff_id", String(32), nullable=False),
    Column("note", String(400), nullable=False),
    Column("at", UtcDateTime, nullable=False),
    PrimaryKeyConstraint("case_no", name="pk_call_back"),
    ForeignKeyConstraint(["case_no"], ["appraisal.case_no"], name="fk_call_back_appraisal"),
    ForeignKeyConstraint(["staff_id"], ["staff.staff_id"], name="fk_call_back_staff"),
)

complaint = Table(
    "complaint",
    metadata,
    Column("case_no", String(20)),
    Column("outlet_id", String(32), nullable=False),
    Column("channel", String(16), nullable=False),
    Column("text", String(1000), nullable=False),
    Column("contact", LargeBinary),
    Column("due_on", Date, nullable=False),
    Column("received_by", String(32), nullable=False),
    Column("received_at", UtcDateTime, nullable=False),
    PrimaryKeyConstraint("case_no", name="pk_complaint"),
    ForeignKeyConstraint(["outlet_id"], ["outlet.outlet_id"], name="fk_complaint_outlet"),
    ForeignKeyConstraint(["received_by"], ["staff.staff_id"], name="fk_complaint_staff"),
)

complaint_step = Table(
    "complaint_step",
    metadata,
    Column("case_no", String(20)),
    Column("number", Integer, autoincrement=False),
    Column("step", String(16), nullable=False),
    Column("owner", String(32), nullable=False),
    Column("text", String(1000), nullable=False),
    Column("by", String(32), nullable=False),
    Column("at", UtcDateTime, nullable=False),
    PrimaryKeyConstraint("case_no", "number", name="pk_complaint_step"),
    ForeignKeyConstraint(["case_no"], ["complaint.case_no"], name="fk_complaint_step_complaint"),
    ForeignKeyConstraint(["owner"], ["staff.staff_id"], name="fk_complaint_step_owner"),
    CheckConstraint(one_of("step", COMPLAINT_STEPS), name="ck_complaint_step"),
)

hall_note = Table(
    "hall_note",
    metadata,
    Column("note_id", String(36)),
    Column("outlet_id", String(32), nullable=False),
    Column("business_day", Date, nullable=False),
    Column("kind", String(16), nullable=False),
    Column("item", String(32)),
    Column("good", Boolean, nullable=False),
    Column("text", String(400), nullable=False),
    Column("by", String(32), nullable=False),
    Column("at", UtcDateTime, nullable=False),
    PrimaryKeyConstraint("note_id", name="pk_hall_note"),
    ForeignKeyConstraint(["outlet_id"], ["outlet.outlet_id"], name="fk_hall_note_outlet"),
    ForeignKeyConstraint(["by"], ["staff.staff_id"], name="fk_hall_note_staff"),
    CheckConstraint(one_of("kind", NOTE_KINDS), name="ck_hall_note_kind"),
)
Index("ix_hall_note_day", hall_note.c.outlet_id, hall_note.c.business_day)
