"""Data of people that change, deaths, the outbox to the library"""

import sqlalchemy as sa
from alembic import op

from cardsvc.store.triggers import create_statements

revision = "0030"
down_revision = "0029"
branch_labels = None
depends_on = None

TABLES = ("library_notice", "card", "operation")
"""Cards and operations move along their lists from now on, as what holds money always did."""


def upgrade() -> None:
    """Make the change."""
    op.create_table(
        "citizen_change",
        sa.Column("change_id", sa.String(length=36), nullable=False),
        sa.Column("citizen_id", sa.String(length=36), nullable=False),
        sa.Column("before", sa.JSON(), nullable=False),
        sa.Column("after", sa.JSON(), nullable=False),
        sa.Column("proof", sa.String(length=200), nullable=False),
        sa.Column("rules", sa.JSON(), nullable=False),
        sa.Column("on_card", sa.String(length=8), nullable=False),
        sa.Column("asked_by", sa.String(length=32), nullable=False),
        sa.Column("asked_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("applied_by", sa.String(length=32), nullable=True),
        sa.Column("applied_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("on_card IN ('rewrite', 'replace')", name="ck_citizen_change_on_card"),
        sa.CheckConstraint("(applied_by IS NULL) = (applied_at IS NULL)", name="ck_citizen_change_applied"),
        sa.ForeignKeyConstraint(["applied_by"], ["staff.staff_id"], name="fk_citizen_change_applied_by"),
        sa.ForeignKeyConstraint(["asked_by"], ["staff.staff_id"], name="fk_citizen_change_asked_by"),
        sa.ForeignKeyConstraint(["citizen_id"], ["citizen.citizen_id"], name="fk_citizen_change_citizen"),
        sa.PrimaryKeyConstraint("change_id", name="pk_citizen_change"),
    )
    op.create_index("ix_citizen_change_citizen", "citizen_change", ["citizen_id", "asked_at"], unique=False)
    op.create_table(
        "death",
        sa.Column("death_id", sa.String(length=36), nullable=False),
        sa.Column("citizen_id", sa.String(length=36), nullable=False),
        sa.Column("heir", sa.String(length=16), nullable=False),
        sa.Column("heir_name", sa.String(length=64), nullable=False),
        sa.Column("heir_id_number", sa.String(length=32), nullable=False),
        sa.Column("papers", sa.String(length=200), nullable=False),
        sa.Column("cards_here", sa.JSON(), nullable=False),
        sa.Column("rules", sa.JSON(), nullable=False),
        sa.Column("asked_by", sa.String(length=32), nullable=False),
        sa.Column("asked_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("confirmed_by", sa.String(length=32), nullable=True),
        sa.Column("confirmed_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("(confirmed_by IS NULL) = (confirmed_at IS NULL)", name="ck_death_confirmed"),
        sa.ForeignKeyConstraint(["asked_by"], ["staff.staff_id"], name="fk_death_asked_by"),
        sa.ForeignKeyConstraint(["citizen_id"], ["citizen.citizen_id"], name="fk_death_citizen"),
        sa.ForeignKeyConstraint(["confirmed_by"], ["staff.staff_id"], name="fk_death_confirmed_by"),
        sa.PrimaryKeyConstraint("death_id", name="pk_death"),
    )
    op.create_index("ix_death_citizen", "death", ["citizen_id", "asked_at"], unique=False)
    op.create_index(
        "uq_death_confirmed",
        "death",
        ["citizen_id"],
        unique=True,
        sqlite_where=sa.text("confirmed_at IS NOT NULL"),
        postgresql_where=sa.text("confirmed_at IS NOT NULL"),
    )
    op.create_table(
        "library_notice",
        sa.Column("citizen_id", sa.String(length=36), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("card_no", sa.String(length=16), nullable=False),
        sa.Column("event", sa.String(length=16), nullable=False),
        sa.Column("body", sa.JSON(), nullable=False),
        sa.Column("state", sa.String(length=8), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("next_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("queued_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("error", sa.String(length=100), nullable=True),
        sa.CheckConstraint("(state = 'waiting') = (ended_at IS NULL)", name="ck_library_notice_ended"),
        sa.CheckConstraint(
            "event IN ('opened', 'closed', 'lost', 'found', 'replaced', 'cancelled')", name="ck_library_notice_event"
        ),
        sa.CheckConstraint("state IN ('waiting', 'sent', 'failed', 'dropped')", name="ck_library_notice_state"),
        sa.ForeignKeyConstraint(["card_no"], ["card.card_no"], name="fk_library_notice_card"),
        sa.ForeignKeyConstraint(["citizen_id"], ["citizen.citizen_id"], name="fk_library_notice_citizen"),
        sa.PrimaryKeyConstraint("citizen_id", "number", name="pk_library_notice"),
    )
    op.create_index("ix_library_notice_waiting", "library_notice", ["state", "next_at"], unique=False)
    for statement in create_statements(op.get_bind().dialect.name, *TABLES):
        op.execute(statement)
