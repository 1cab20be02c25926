"""Cards travel between outlets: sent in a bag, counted in; a phone is left at a replacement, and messages go there"""

from collections.abc import Callable

import sqlalchemy as sa
from alembic import op

from cardsvc.store.triggers import create_statements

revision = "0053"
down_revision = "0052"
branch_labels = None
depends_on = None

WAITING = sa.text("handed_at IS NULL")
TO_SEND = sa.text("lies_at IS NOT NULL")
ON_ITS_WAY = sa.text("state = 'sent'")
BEFORE = {
    "handout": "CREATE TABLE handout_before AS SELECT * FROM handout",
    "notice": "CREATE TABLE notice_before AS SELECT * FROM notice",
}
KEPT_HANDOUTS = """INSERT INTO handout (card_no, outlet_id, state, made_at, ready_at, reminders, reminded_at, collector, comer_name,
  comer_id_number, rules, handed_by, handed_at)
  SELECT card_no, outlet_id, CASE WHEN handed_at IS NULL THEN 'ready' ELSE 'handed' END, made_at, made_at, reminders,
  reminded_at, collector, comer_name, comer_id_number, rules, handed_by, handed_at FROM handout_before"""
KEPT_NOTICES = """INSERT INTO notice (notice_id, case_no, kind, to_name, phone, zh, en, state, attempts, next_at, queued_at,
  ended_at, error)
  SELECT notice_id, case_no, kind, to_name, phone, zh, en, state, attempts, next_at, queued_at, ended_at, error
  FROM notice_before"""


def upgrade() -> None:
    """Make the change. Where a card of before lies was not kept: it counts as being where it is collected."""
    dialect = op.get_bind().dialect.name
    op.add_column("replacement", sa.Column("phone", sa.String(length=20), nullable=True))
    _made_anew("handout", _handout, KEPT_HANDOUTS)
    if dialect == "postgresql":
        op.execute("DROP FUNCTION notice_states CASCADE")
    _made_anew("notice", _notice, KEPT_NOTICES)
    _consignment()
    _consigned_card()
    for statement in create_statements(dialect, "handout", "notice", "consignment", "consigned_card"):
        op.execute(statement)


def _made_anew(table: str, make: Callable[[], None], keep: str) -> None:
    """SQLite adds no CHECK to a table that is there."""
    op.execute(BEFORE[table])
    op.drop_table(table)
    make()
    op.execute(keep)
    op.drop_table(f"{table}_before")


def _handout() -> None:
    op.create_table(
        "handout",
        sa.Column("card_no", sa.String(length=16), nullable=False),
        sa.Column("outlet_id", sa.String(length=32), nullable=True),
        sa.Column("state", sa.String(length=8), nullable=False),
        sa.Column("lies_at", sa.String(length=32), nullable=True),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ready_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("reminders", sa.Integer(), nullable=False),
        sa.Column("reminded_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("collector", sa.String(length=8), nullable=True),
        sa.Column("comer_name", sa.String(length=64), nullable=True),
        sa.Column("comer_id_number", sa.String(length=32), nullable=True),
        sa.Column("rules", sa.String(length=200), nullable=True),
        sa.Column("handed_by", sa.String(length=32), nullable=True),
        sa.Column("handed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("early_reason", sa.String(length=100), nullable=True),
        sa.CheckConstraint("state IN ('to_send', 'sent', 'missing', 'ready', 'handed')", name="ck_handout_state"),
        sa.CheckConstraint("(state = 'handed') = (handed_at IS NOT NULL)", name="ck_handout_state_handed"),
        sa.CheckConstraint("(state = 'to_send') = (lies_at IS NOT NULL)", name="ck_handout_lies_at"),
        sa.CheckConstraint("ready_at IS NOT NULL OR state <> 'ready'", name="ck_handout_ready"),
        sa.CheckConstraint("state <> 'handed' OR (ready_at IS NULL) = (early_reason IS NOT NULL)", name="ck_handout_early"),
        sa.CheckConstraint("outlet_id IS NOT NULL OR state IN ('ready', 'handed')", name="ck_handout_travels"),
        sa.CheckConstraint("collector IS NULL OR collector IN ('holder', 'parent', 'agent')", name="ck_handout_collector"),
        sa.CheckConstraint("(collector IS NULL) = (handed_at IS NULL)", name="ck_handout_handed"),
        sa.CheckConstraint("(handed_by IS NULL) = (handed_at IS NULL)", name="ck_handout_by"),
        sa.CheckConstraint("comer_name IS NULL OR collector <> 'holder'", name="ck_handout_comer"),
        sa.CheckConstraint("(comer_name IS NULL) = (comer_id_number IS NULL)", name="ck_handout_comer_id"),
        sa.CheckConstraint("(reminders = 0) = (reminded_at IS NULL) AND reminders >= 0", name="ck_handout_reminders"),
        sa.ForeignKeyConstraint(["card_no"], ["card.card_no"], name="fk_handout_card"),
        sa.ForeignKeyConstraint(["handed_by"], ["staff.staff_id"], name="fk_handout_staff"),
        sa.ForeignKeyConstraint(["lies_at"], ["outlet.outlet_id"], name="fk_handout_lies_at"),
        sa.ForeignKeyConstraint(["outlet_id"], ["outlet.outlet_id"], name="fk_handout_outlet"),
        sa.PrimaryKeyConstraint("card_no", name="pk_handout"),
    )
    op.create_index("ix_handout_waiting", "handout", ["outlet_id", "made_at"], sqlite_where=WAITING, postgresql_where=WAITING)
    op.create_index("ix_handout_lies_at", "handout", ["lies_at"], sqlite_where=TO_SEND, postgresql_where=TO_SEND)


def _notice() -> None:
    op.create_table(
        "notice",
        sa.Column("notice_id", sa.String(length=36), nullable=False),
        sa.Column("case_no", sa.String(length=24), nullable=True),
        sa.Column("card_no", sa.String(length=16), nullable=True),
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
        sa.CheckConstraint("(state = 'waiting') = (ended_at IS NULL)", name="ck_notice_ended"),
        sa.CheckConstraint("case_no IS NOT NULL OR card_no IS NOT NULL", name="ck_notice_about"),
        sa.CheckConstraint("kind IN ('held', 'freed', 'made')", name="ck_notice_kind"),
        sa.CheckConstraint("state IN ('waiting', 'sent', 'failed', 'dropped')", name="ck_notice_state"),
        sa.ForeignKeyConstraint(["card_no"], ["card.card_no"], name="fk_notice_card"),
        sa.ForeignKeyConstraint(["case_no"], ["card_request.case_no"], name="fk_notice_request"),
        sa.PrimaryKeyConstraint("notice_id", name="pk_notice"),
    )
    op.create_index("ix_notice_card", "notice", ["card_no"])
    op.create_index("ix_notice_request", "notice", ["case_no"])
    op.create_index("ix_notice_waiting", "notice", ["state", "next_at"])


def _consignment() -> None:
    op.create_table(
        "consignment",
        sa.Column("consignment_id", sa.String(length=24), nullable=False),
        sa.Column("bag", sa.String(length=32), nullable=False),
        sa.Column("from_outlet", sa.String(length=32), nullable=False),
        sa.Column("to_outlet", sa.String(length=32), nullable=False),
        sa.Column("state", sa.String(length=8), nullable=False),
        sa.Column("sent_by", sa.String(length=32), nullable=False),
        sa.Column("sent_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("due_on", sa.Date(), nullable=True),
        sa.Column("received_by", sa.String(length=32), nullable=True),
        sa.Column("received_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("(received_by IS NULL) = (received_at IS NULL)", name="ck_consignment_received_by"),
        sa.CheckConstraint("(state = 'received') = (received_at IS NOT NULL)", name="ck_consignment_received"),
        sa.CheckConstraint("from_outlet <> to_outlet", name="ck_consignment_way"),
        sa.CheckConstraint("state IN ('sent', 'received')", name="ck_consignment_state"),
        sa.ForeignKeyConstraint(["from_outlet"], ["outlet.outlet_id"], name="fk_consignment_from"),
        sa.ForeignKeyConstraint(["received_by"], ["staff.staff_id"], name="fk_consignment_received_by"),
        sa.ForeignKeyConstraint(["sent_by"], ["staff.staff_id"], name="fk_consignment_sent_by"),
        sa.ForeignKeyConstraint(["to_outlet"], ["outlet.outlet_id"], name="fk_consignment_to"),
        sa.PrimaryKeyConstraint("consignment_id", name="pk_consignment"),
    )
    op.create_index("ix_consignment_from", "consignment", ["from_outlet", "sent_at"])
    op.create_index("ix_consignment_to", "consignment", ["to_outlet", "sent_at"])
    op.create_index(
        "uq_consignment_bag", "consignment", ["bag"], unique=True, sqlite_where=ON_ITS_WAY, postgresql_where=ON_ITS_WAY
    )


def _consigned_card() -> None:
    states = "'listed', 'arrived', 'missing', 'elsewhere', 'lost', 'surplus', 'explained'"
    op.create_table(
        "consigned_card",
        sa.Column("consignment_id", sa.String(length=24), nullable=False),
        sa.Column("card_no", sa.String(length=16), nullable=False),
        sa.Column("state", sa.String(length=12), nullable=False),
        sa.Column("owner", sa.String(length=32), nullable=True),
        sa.Column("due_on", sa.Date(), nullable=True),
        sa.Column("seen_by", sa.String(length=32), nullable=True),
        sa.Column("seen_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("note", sa.String(length=100), nullable=True),
        sa.CheckConstraint("(seen_by IS NULL) = (seen_at IS NULL)", name="ck_consigned_card_seen_by"),
        sa.CheckConstraint("(state = 'listed') = (seen_at IS NULL)", name="ck_consigned_card_seen"),
        sa.CheckConstraint("note IS NOT NULL OR state NOT IN ('lost', 'explained')", name="ck_consigned_card_note"),
        sa.CheckConstraint("owner IS NOT NULL OR NOT (state IN ('missing', 'surplus'))", name="ck_consigned_card_owner"),
        sa.CheckConstraint(f"state IN ({states})", name="ck_consigned_card_state"),
        sa.ForeignKeyConstraint(["card_no"], ["card.card_no"], name="fk_consigned_card_card"),
        sa.ForeignKeyConstraint(["consignment_id"], ["consignment.consignment_id"], name="fk_consigned_card_consignment"),
        sa.ForeignKeyConstraint(["owner"], ["staff.staff_id"], name="fk_consigned_card_owner"),
        sa.ForeignKeyConstraint(["seen_by"], ["staff.staff_id"], name="fk_consigned_card_seen_by"),
        sa.PrimaryKeyConstraint("consignment_id", "card_no", name="pk_consigned_card"),
    )
    op.create_index("ix_consigned_card_card", "consigned_card", ["card_no", "consignment_id"])
    op.create_index("ix_consigned_card_state", "consigned_card", ["state"])
