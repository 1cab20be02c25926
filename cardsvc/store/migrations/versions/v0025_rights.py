"""What insurance offices say of people, applications that are held for it, messages that go out"""

import sqlalchemy as sa
from alembic import op

from cardsvc.store.triggers import create_statements

revision = "0025"
down_revision = "0024"
branch_labels = None
depends_on = None

OPEN = sa.text("state IN ('held', 'applied', 'made')")


def _card_request() -> sa.Table:
    """The table as it was: SQLite must build it anew to change a CHECK, and forgets those that it is not told."""
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


def upgrade() -> None:
    """Make the change."""
    _hold_requests(op.get_bind().dialect.name)
    op.create_table(
        "rights_file",
        sa.Column("office", sa.String(length=8), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("file_name", sa.String(length=100), nullable=False),
        sa.Column("lines", sa.Integer(), nullable=False),
        sa.Column("imported_by", sa.String(length=32), nullable=False),
        sa.Column("imported_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("office IN ('social', 'medical')", name="ck_rights_file_office"),
        sa.ForeignKeyConstraint(["imported_by"], ["staff.staff_id"], name="fk_rights_file_staff"),
        sa.PrimaryKeyConstraint("office", "sha256", name="pk_rights_file"),
    )
    op.create_table(
        "insurance_right",
        sa.Column("office", sa.String(length=8), nullable=False),
        sa.Column("id_number", sa.String(length=32), nullable=False),
        sa.Column("name", sa.String(length=64), nullable=False),
        sa.Column("sex", sa.Integer(), nullable=False),
        sa.Column("birth_date", sa.Date(), nullable=False),
        sa.Column("kind", sa.String(length=30), nullable=False),
        sa.Column("place", sa.String(length=30), nullable=False),
        sa.Column("right_from", sa.Date(), nullable=True),
        sa.Column("right_until", sa.Date(), nullable=True),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.CheckConstraint("right_until IS NULL OR right_until >= right_from", name="ck_insurance_right_order"),
        sa.ForeignKeyConstraint(
            ["office", "sha256"], ["rights_file.office", "rights_file.sha256"], name="fk_insurance_right_file"
        ),
        sa.PrimaryKeyConstraint("office", "id_number", name="pk_insurance_right"),
    )
    op.create_index("ix_insurance_right_number", "insurance_right", ["id_number"], unique=False)
    op.create_index("ix_insurance_right_file", "insurance_right", ["office", "sha256"], unique=False)
    op.create_table(
        "notice",
        sa.Column("notice_id", sa.String(length=36), nullable=False),
        sa.Column("case_no", sa.String(length=24), nullable=False),
        sa.Column("kind", sa.String(length=8), nullable=False),
        sa.Column("to_name", sa.String(length=64), nullable=False),
        sa.Column("phone", sa.String(length=20), nullable=False),
        sa.Column("zh", sa.String(length=300), nullable=False),
        sa.Column("en", sa.String(length=400), nullable=False),
        sa.Column("state", sa.String(length=8), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("next_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("queued_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("error", sa.String(length=100), nullable=True),
        sa.CheckConstraint("kind IN ('held', 'freed', 'made')", name="ck_notice_kind"),
        sa.CheckConstraint("state IN ('waiting', 'sent', 'failed', 'dropped')", name="ck_notice_state"),
        sa.CheckConstraint("(state = 'waiting') = (ended_at IS NULL)", name="ck_notice_ended"),
        sa.ForeignKeyConstraint(["case_no"], ["card_request.case_no"], name="fk_notice_request"),
        sa.PrimaryKeyConstraint("notice_id", name="pk_notice"),
    )
    op.create_index("ix_notice_waiting", "notice", ["state", "next_at"], unique=False)
    op.create_index("ix_notice_request", "notice", ["case_no"], unique=False)
    for statement in create_statements(op.get_bind().dialect.name, "rights_file", "notice"):
        op.execute(statement)


def _hold_requests(dialect: str) -> None:
    """State held, an open promise, pre-applications and their friends. The trigger goes first and comes back with the new list:
    SQLite loses it with the old table, PostgreSQL would keep the old one."""
    op.drop_index("uq_card_request_open", "card_request")
    op.drop_index("ix_card_request_outlet", "card_request")
    op.execute("DROP TRIGGER card_request_states" + (" ON card_request" if dialect == "postgresql" else ""))
    if dialect == "postgresql":
        op.execute("DROP FUNCTION card_request_states()")
    with op.batch_alter_table("card_request", copy_from=_card_request()) as batch:
        batch.alter_column("promised_at", existing_type=sa.DateTime(timezone=True), nullable=True)
        batch.add_column(sa.Column("pre", sa.Boolean(), nullable=False, server_default=sa.false()))
        batch.add_column(sa.Column("friend_name", sa.String(length=64), nullable=True))
        batch.add_column(sa.Column("friend_phone", sa.String(length=20), nullable=True))
        batch.add_column(sa.Column("friend_consent", sa.String(length=64), nullable=True))
        batch.drop_constraint("ck_card_request_state", type_="check")
        batch.create_check_constraint("ck_card_request_state", "state IN ('held', 'applied', 'made', 'handed', 'cancelled')")
        batch.create_check_constraint("ck_card_request_promised", "promised_at IS NOT NULL OR state IN ('held', 'cancelled')")
        batch.create_check_constraint("ck_card_request_friend", "(friend_name IS NULL) = (friend_phone IS NULL)")
        batch.create_check_constraint("ck_card_request_friend_consent", "(friend_name IS NULL) = (friend_consent IS NULL)")
    op.create_index("ix_card_request_outlet", "card_request", ["outlet_id", "state", "promised_at"], unique=False)
    op.create_index(
        "uq_card_request_open", "card_request", ["citizen_id"], unique=True, sqlite_where=OPEN, postgresql_where=OPEN
    )
    for statement in create_statements(dialect, "card_request"):
        op.execute(statement)
