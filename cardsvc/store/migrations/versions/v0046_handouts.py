"""Handing out of every made card; photos of applications stand with all other photos, and end when nothing needs them"""

import sqlalchemy as sa
from alembic import op

from cardsvc.store.triggers import create_statements

revision = "0046"
down_revision = "0044"
branch_labels = None
depends_on = None

OPEN = sa.text("state IN ('held', 'applied', 'made')")
WAITING = sa.text("handed_at IS NULL")
KEPT_HANDOUTS = """INSERT INTO handout (card_no, outlet_id, made_at, reminders, collector, handed_by, handed_at)
  SELECT card_no, outlet_id, made_at, 0, collected, handed_by, handed_at FROM card_request WHERE card_no IS NOT NULL"""
KEPT_PHOTOS = """INSERT INTO citizen_photo (photo_id, citizen_id, photo, consent, taken_by, taken_at)
  SELECT case_no, citizen_id, photo, consent, applied_by, applied_at FROM card_request WHERE state <> 'cancelled'"""


def _card_request() -> sa.Table:
    """The table as it was: SQLite must build it anew to drop a foreign key, and forgets those that it is not told."""
    return sa.Table(
        "card_request",
        sa.MetaData(),
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
        sa.Column("promised_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("card_no", sa.String(length=16), nullable=True),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("collected", sa.String(length=8), nullable=True),
        sa.Column("handed_by", sa.String(length=32), nullable=True),
        sa.Column("handed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("cancelled_by", sa.String(length=32), nullable=True),
        sa.Column("cancelled_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("why", sa.String(length=64), nullable=True),
        sa.Column("pre", sa.Boolean(), nullable=False, server_default=sa.false()),
        sa.Column("friend_name", sa.String(length=64), nullable=True),
        sa.Column("friend_phone", sa.String(length=20), nullable=True),
        sa.Column("friend_consent", sa.String(length=64), nullable=True),
        sa.CheckConstraint("(came = 'holder') = (comer_name IS NULL)", name="ck_card_request_comer"),
        sa.CheckConstraint("(state = 'cancelled') = (cancelled_at IS NOT NULL)", name="ck_card_request_cancelled"),
        sa.CheckConstraint("(state = 'handed') = (handed_at IS NOT NULL)", name="ck_card_request_handed"),
        sa.CheckConstraint("came IN ('holder', 'parent', 'agent')", name="ck_card_request_came"),
        sa.CheckConstraint("state IN ('held', 'applied', 'made', 'handed', 'cancelled')", name="ck_card_request_state"),
        sa.CheckConstraint("(state IN ('made', 'handed')) = (card_no IS NOT NULL)", name="ck_card_request_made"),
        sa.CheckConstraint("(card_no IS NULL) = (made_at IS NULL)", name="ck_card_request_made_at"),
        sa.CheckConstraint("promised_at IS NOT NULL OR state IN ('held', 'cancelled')", name="ck_card_request_promised"),
        sa.CheckConstraint("(comer_name IS NULL) = (comer_id_number IS NULL)", name="ck_card_request_comer_id"),
        sa.CheckConstraint("(friend_name IS NULL) = (friend_phone IS NULL)", name="ck_card_request_friend"),
        sa.CheckConstraint("(friend_name IS NULL) = (friend_consent IS NULL)", name="ck_card_request_friend_consent"),
        sa.ForeignKeyConstraint(["applied_by"], ["staff.staff_id"], name="fk_card_request_applied_by"),
        sa.ForeignKeyConstraint(["card_no"], ["card.card_no"], name="fk_card_request_card"),
        sa.ForeignKeyConstraint(["citizen_id"], ["citizen.citizen_id"], name="fk_card_request_citizen"),
        sa.ForeignKeyConstraint(["handed_by"], ["staff.staff_id"], name="fk_card_request_handed_by"),
        sa.ForeignKeyConstraint(["outlet_id"], ["outlet.outlet_id"], name="fk_card_request_outlet"),
        sa.PrimaryKeyConstraint("case_no", name="pk_card_request"),
        sa.Index("uq_card_request_open", "citizen_id", unique=True, sqlite_where=OPEN, postgresql_where=OPEN),
        sa.Index("ix_card_request_outlet", "outlet_id", "state", "promised_at"),
    )


def upgrade() -> None:
    """Make the change. Cards that no application brought were handed out before without a word: they have no row."""
    dialect = op.get_bind().dialect.name
    _handouts()
    op.execute(KEPT_HANDOUTS)
    op.add_column("citizen_photo", sa.Column("unneeded_since", sa.DateTime(timezone=True), nullable=True))
    op.execute(KEPT_PHOTOS)
    with op.batch_alter_table("card_request", copy_from=_card_request()) as batch:
        batch.drop_constraint("ck_card_request_handed", type_="check")
        batch.drop_constraint("fk_card_request_handed_by", type_="foreignkey")
        for gone in ("photo", "collected", "handed_by", "handed_at"):
            batch.drop_column(gone)
    if dialect == "postgresql":
        op.execute("DROP FUNCTION card_request_states CASCADE")
    for statement in create_statements(dialect, "card_request"):
        op.execute(statement)


def _handouts() -> None:
    op.create_table(
        "handout",
        sa.Column("card_no", sa.String(length=16), nullable=False),
        sa.Column("outlet_id", sa.String(length=32), nullable=True),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("reminders", sa.Integer(), nullable=False),
        sa.Column("reminded_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("collector", sa.String(length=8), nullable=True),
        sa.Column("comer_name", sa.String(length=64), nullable=True),
        sa.Column("comer_id_number", sa.String(length=32), nullable=True),
        sa.Column("rules", sa.String(length=200), nullable=True),
        sa.Column("handed_by", sa.String(length=32), nullable=True),
        sa.Column("handed_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("collector IS NULL OR collector IN ('holder', 'parent', 'agent')", name="ck_handout_collector"),
        sa.CheckConstraint("(collector IS NULL) = (handed_at IS NULL)", name="ck_handout_handed"),
        sa.CheckConstraint("(handed_by IS NULL) = (handed_at IS NULL)", name="ck_handout_by"),
        sa.CheckConstraint("comer_name IS NULL OR collector <> 'holder'", name="ck_handout_comer"),
        sa.CheckConstraint("(comer_name IS NULL) = (comer_id_number IS NULL)", name="ck_handout_comer_id"),
        sa.CheckConstraint("(reminders = 0) = (reminded_at IS NULL) AND reminders >= 0", name="ck_handout_reminders"),
        sa.ForeignKeyConstraint(["card_no"], ["card.card_no"], name="fk_handout_card"),
        sa.ForeignKeyConstraint(["handed_by"], ["staff.staff_id"], name="fk_handout_staff"),
        sa.ForeignKeyConstraint(["outlet_id"], ["outlet.outlet_id"], name="fk_handout_outlet"),
        sa.PrimaryKeyConstraint("card_no", name="pk_handout"),
    )
    op.create_index("ix_handout_waiting", "handout", ["outlet_id", "made_at"], sqlite_where=WAITING, postgresql_where=WAITING)
