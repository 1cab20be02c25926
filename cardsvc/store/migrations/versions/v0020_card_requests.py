"""Applications for a card"""

import sqlalchemy as sa
from alembic import op

from cardsvc.store.triggers import create_statements

revision = "0020"
down_revision = "0019"
branch_labels = None
depends_on = None

TABLES = ("card_request",)


def upgrade() -> None:
    """Make the change."""
    op.create_table(
        "card_request",
        sa.Column("case_no", sa.String(length=24), nullable=False),
        sa.Column("citizen_id", sa.String(length=36), nullable=False),
        sa.Column("outlet_id", sa.String(length=32), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("came", sa.String(length=8), nullable=False),
        sa.Column("comer_name", sa.String(length=64), nullable=True),
        sa.Column("comer_id_number", sa.String(length=32), nullable=True),
        sa.Column("phone", sa.String(length=20), nullable=True),
        sa.Column("consent", sa.String(length=64), nullable=False),
        sa.Column("photo", sa.LargeBinary(), nullable=False),
        sa.Column("rules", sa.String(length=200), nullable=False),
        sa.Column("applied_by", sa.String(length=32), nullable=False),
        sa.Column("applied_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("promised_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("card_no", sa.String(length=16), nullable=True),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("collected", sa.String(length=8), nullable=True),
        sa.Column("handed_by", sa.String(length=32), nullable=True),
        sa.Column("handed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("cancelled_by", sa.String(length=32), nullable=True),
        sa.Column("cancelled_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("why", sa.String(length=64), nullable=True),
        sa.CheckConstraint("(came = 'holder') = (comer_name IS NULL)", name="ck_card_request_comer"),
        sa.CheckConstraint("(state = 'cancelled') = (cancelled_at IS NOT NULL)", name="ck_card_request_cancelled"),
        sa.CheckConstraint("(state = 'handed') = (handed_at IS NOT NULL)", name="ck_card_request_handed"),
        sa.CheckConstraint("came IN ('holder', 'parent', 'agent')", name="ck_card_request_came"),
        sa.CheckConstraint("state IN ('applied', 'made', 'handed', 'cancelled')", name="ck_card_request_state"),
        sa.CheckConstraint("(state IN ('made', 'handed')) = (card_no IS NOT NULL)", name="ck_card_request_made"),
        sa.CheckConstraint("(card_no IS NULL) = (made_at IS NULL)", name="ck_card_request_made_at"),
        sa.CheckConstraint("(comer_name IS NULL) = (comer_id_number IS NULL)", name="ck_card_request_comer_id"),
        sa.ForeignKeyConstraint(["applied_by"], ["staff.staff_id"], name="fk_card_request_applied_by"),
        sa.ForeignKeyConstraint(["card_no"], ["card.card_no"], name="fk_card_request_card"),
        sa.ForeignKeyConstraint(["citizen_id"], ["citizen.citizen_id"], name="fk_card_request_citizen"),
        sa.ForeignKeyConstraint(["handed_by"], ["staff.staff_id"], name="fk_card_request_handed_by"),
        sa.ForeignKeyConstraint(["outlet_id"], ["outlet.outlet_id"], name="fk_card_request_outlet"),
        sa.PrimaryKeyConstraint("case_no", name="pk_card_request"),
    )
    op.create_index("ix_card_request_outlet", "card_request", ["outlet_id", "state", "promised_at"], unique=False)
    op.create_index(
        "uq_card_request_open",
        "card_request",
        ["citizen_id"],
        unique=True,
        sqlite_where=sa.text("state IN ('applied', 'made')"),
        postgresql_where=sa.text("state IN ('applied', 'made')"),
    )
    for statement in create_statements(op.get_bind().dialect.name, *TABLES):
        op.execute(statement)
