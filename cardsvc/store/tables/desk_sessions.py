"""Tables of sign-ins on the desk page, and of what forms were answered."""

from sqlalchemy import Boolean, CheckConstraint, Column, ForeignKeyConstraint, Index, PrimaryKeyConstraint, String, Table

from cardsvc.store.tables.base import UtcDateTime, metadata

desk_session = Table(
    "desk_session",
    metadata,
    Column("session_id", String(64)),
    Column("staff_id", String(32), nullable=False),
    Column("csrf", String(64), nullable=False),
    Column("workstation", String(64)),
    Column("browser", String(128), nullable=False),
    Column("locked", Boolean, nullable=False),
    Column("opened_at", UtcDateTime, nullable=False),
    Column("seen_at", UtcDateTime, nullable=False),
    Column("ended_at", UtcDateTime),
    PrimaryKeyConstraint("session_id", name="pk_desk_session"),
    ForeignKeyConstraint(["staff_id"], ["staff.staff_id"], name="fk_desk_session_staff"),
    ForeignKeyConstraint(["workstation"], ["terminal.terminal_id"], name="fk_desk_session_workstation"),
    CheckConstraint("seen_at >= opened_at", name="ck_desk_session_seen"),
)
Index("ix_desk_session_staff", desk_session.c.staff_id, desk_session.c.opened_at)

form_answer = Table(
    "form_answer",
    metadata,
    Column("session_id", String(64)),
    Column("key", String(64)),
    Column("location", String(200), nullable=False),
    Column("answered_at", UtcDateTime, nullable=False),
    PrimaryKeyConstraint("session_id", "key", name="pk_form_answer"),
    ForeignKeyConstraint(["session_id"], ["desk_session.session_id"], name="fk_form_answer_session"),
)
Index("ix_form_answer_answered", form_answer.c.answered_at)
