"""Tables of outlets, staff and decisions of two people."""

from sqlalchemy import (
    JSON,
    Boolean,
    CheckConstraint,
    Column,
    ForeignKeyConstraint,
    Index,
    Integer,
    PrimaryKeyConstraint,
    String,
    Table,
    false,
)

from cardsvc.store.states import ApprovalState
from cardsvc.store.tables.base import UtcDateTime, metadata, one_of

STAFF_ROLES = ("clerk", "cashier", "supervisor", "stock_keeper", "auditor", "administrator", "service")
STAFF_STATES = ("active", "suspended")

outlet = Table(
    "outlet",
    metadata,
    Column("outlet_id", String(32)),
    Column("name", String(64), nullable=False),
    Column("created_at", UtcDateTime, nullable=False),
    PrimaryKeyConstraint("outlet_id", name="pk_outlet"),
)

staff = Table(
    "staff",
    metadata,
    Column("staff_id", String(32)),
    Column("name", String(64), nullable=False),
    Column("role", String(16), nullable=False),
    Column("outlet_id", String(32), nullable=False),
    Column("password_hash", String(128), nullable=False),
    Column("state", String(16), nullable=False),
    Column("failed_attempts", Integer, nullable=False),
    Column("locked_until", UtcDateTime),
    Column("created_at", UtcDateTime, nullable=False),
    Column("password_once", Boolean, nullable=False, server_default=false()),
    PrimaryKeyConstraint("staff_id", name="pk_staff"),
    ForeignKeyConstraint(["outlet_id"], ["outlet.outlet_id"], name="fk_staff_outlet"),
    CheckConstraint(one_of("role", STAFF_ROLES), name="ck_staff_role"),
    CheckConstraint(one_of("state", STAFF_STATES), name="ck_staff_state"),
)

STAFF_CHANGES = (
    "known",
    "created",
    "role",
    "outlet",
    "skills",
    "state",
    "password_once",
    "password",
    "session_ended",
    "passkey_added",
    "passkey_removed",
)

staff_change = Table(
    "staff_change",
    metadata,
    Column("staff_id", String(32)),
    Column("number", Integer, autoincrement=False),
    Column("what", String(16), nullable=False),
    Column("was", String(200), nullable=False),
    Column("became", String(200), nullable=False),
    Column("by_id", String(32)),
    Column("place", String(64), nullable=False),
    Column("changed_at", UtcDateTime, nullable=False),
    Column("stands", String(64), nullable=False),
    Column("previous_hash", String(64), nullable=False),
    Column("hash", String(64), nullable=False),
    PrimaryKeyConstraint("staff_id", "number", name="pk_staff_change"),
    ForeignKeyConstraint(["staff_id"], ["staff.staff_id"], name="fk_staff_change_staff"),
    ForeignKeyConstraint(["by_id"], ["staff.staff_id"], name="fk_staff_change_by"),
    CheckConstraint(one_of("what", STAFF_CHANGES), name="ck_staff_change_what"),
    CheckConstraint("number > 0", name="ck_staff_change_number"),
)

approval = Table(
    "approval",
    metadata,
    Column("approval_id", String(36)),
    Column("kind", String(32), nullable=False),
    Column("subject", String(64), nullable=False),
    Column("payload", JSON, nullable=False),
    Column("reason", String(200), nullable=False),
    Column("state", String(16), nullable=False),
    Column("proposed_by", String(32), nullable=False),
    Column("proposed_at", UtcDateTime, nullable=False),
    Column("decided_by", String(32)),
    Column("decided_at", UtcDateTime),
    Column("remark", String(200)),
    Column("result", JSON(none_as_null=True)),
    PrimaryKeyConstraint("approval_id", name="pk_approval"),
    ForeignKeyConstraint(["proposed_by"], ["staff.staff_id"], name="fk_approval_proposer"),
    ForeignKeyConstraint(["decided_by"], ["staff.staff_id"], name="fk_approval_decider"),
    CheckConstraint(one_of("state", ApprovalState), name="ck_approval_state"),
    CheckConstraint("(state IN ('proposed', 'lapsed')) = (decided_by IS NULL)", name="ck_approval_decided"),
    CheckConstraint("state NOT IN ('approved', 'rejected') OR decided_by <> proposed_by", name="ck_approval_two_people"),
)
Index("ix_approval_state", approval.c.state, approval.c.proposed_at)
