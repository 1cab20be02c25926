"""Tables of outlets, staff and decisions of two people."""

from sqlalchemy import JSON, CheckConstraint, Column, ForeignKeyConstraint, Index, Integer, PrimaryKeyConstraint, String, Table

from cardsvc.store.states import ApprovalState
from cardsvc.store.tables.base import UtcDateTime, metadata, one_of

STAFF_ROLES = ("clerk", "cashier", "supervisor", "stock_keeper", "auditor", "administrator")
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
    PrimaryKeyConstraint("staff_id", name="pk_staff"),
    ForeignKeyConstraint(["outlet_id"], ["outlet.outlet_id"], name="fk_staff_outlet"),
    CheckConstraint(one_of("role", STAFF_ROLES), name="ck_staff_role"),
    CheckConstraint(one_of("state", STAFF_STATES), name="ck_staff_state"),
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
    CheckConstraint("(state = 'proposed') = (decided_by IS NULL)", name="ck_approval_decided"),
    CheckConstraint("state NOT IN ('approved', 'rejected') OR decided_by <> proposed_by", name="ck_approval_two_people"),
)
Index("ix_approval_state", approval.c.state, approval.c.proposed_at)
