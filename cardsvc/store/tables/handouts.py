"""Tables of made cards on their way to their holders: where each is, the bags in which they travel, and who took them."""

from sqlalchemy import (
    CheckConstraint,
    Column,
    Date,
    ForeignKeyConstraint,
    Index,
    Integer,
    PrimaryKeyConstraint,
    String,
    Table,
    text,
)

from cardsvc.store.handout_states import ConsignedState, ConsignmentState, HandoutState
from cardsvc.store.tables.base import UtcDateTime, metadata, one_of
from cardsvc.store.tables.card_requests import COMERS

ON_ITS_WAY = f"state = '{ConsignmentState.SENT}'"
OWNED = one_of("state", (ConsignedState.MISSING, ConsignedState.SURPLUS))

handout = Table(
    "handout",
    metadata,
    Column("card_no", String(16)),
    Column("outlet_id", String(32)),
    Column("state", String(8), nullable=False),
    Column("lies_at", String(32)),
    Column("made_at", UtcDateTime, nullable=False),
    Column("ready_at", UtcDateTime),
    Column("reminders", Integer, nullable=False),
    Column("reminded_at", UtcDateTime),
    Column("collector", String(8)),
    Column("comer_name", String(64)),
    Column("comer_id_number", String(32)),
    Column("rules", String(200)),
    Column("handed_by", String(32)),
    Column("handed_at", UtcDateTime),
    Column("early_reason", String(100)),
    PrimaryKeyConstraint("card_no", name="pk_handout"),
    ForeignKeyConstraint(["card_no"], ["card.card_no"], name="fk_handout_card"),
    ForeignKeyConstraint(["outlet_id"], ["outlet.outlet_id"], name="fk_handout_outlet"),
    ForeignKeyConstraint(["lies_at"], ["outlet.outlet_id"], name="fk_handout_lies_at"),
    ForeignKeyConstraint(["handed_by"], ["staff.staff_id"], name="fk_handout_staff"),
    CheckConstraint(one_of("state", HandoutState), name="ck_handout_state"),
    CheckConstraint("(state = 'handed') = (handed_at IS NOT NULL)", name="ck_handout_state_handed"),
    CheckConstraint("(state = 'to_send') = (lies_at IS NOT NULL)", name="ck_handout_lies_at"),
    CheckConstraint("ready_at IS NOT NULL OR state <> 'ready'", name="ck_handout_ready"),
    CheckConstraint("state <> 'handed' OR (ready_at IS NULL) = (early_reason IS NOT NULL)", name="ck_handout_early"),
    CheckConstraint("outlet_id IS NOT NULL OR state IN ('ready', 'handed')", name="ck_handout_travels"),
    CheckConstraint(f"collector IS NULL OR {one_of('collector', COMERS)}", name="ck_handout_collector"),
    CheckConstraint("(collector IS NULL) = (handed_at IS NULL)", name="ck_handout_handed"),
    CheckConstraint("(handed_by IS NULL) = (handed_at IS NULL)", name="ck_handout_by"),
    CheckConstraint("comer_name IS NULL OR collector <> 'holder'", name="ck_handout_comer"),
    CheckConstraint("(comer_name IS NULL) = (comer_id_number IS NULL)", name="ck_handout_comer_id"),
    CheckConstraint("(reminders = 0) = (reminded_at IS NULL) AND reminders >= 0", name="ck_handout_reminders"),
)
Index(
    "ix_handout_waiting",
    handout.c.outlet_id,
    handout.c.made_at,
    sqlite_where=handout.c.handed_at.is_(None),
    postgresql_where=handout.c.handed_at.is_(None),
)
"""The cards that wait at an outlet, or travel to it."""
Index(
    "ix_handout_lies_at",
    handout.c.lies_at,
    sqlite_where=handout.c.lies_at.is_not(None),
    postgresql_where=handout.c.lies_at.is_not(None),
)
"""The cards that an outlet has to send."""

consignment = Table(
    "consignment",
    metadata,
    Column("consignment_id", String(24)),
    Column("bag", String(32), nullable=False),
    Column("from_outlet", String(32), nullable=False),
    Column("to_outlet", String(32), nullable=False),
    Column("state", String(8), nullable=False),
    Column("sent_by", String(32), nullable=False),
    Column("sent_at", UtcDateTime, nullable=False),
    Column("due_on", Date),
    Column("received_by", String(32)),
    Column("received_at", UtcDateTime),
    PrimaryKeyConstraint("consignment_id", name="pk_consignment"),
    ForeignKeyConstraint(["from_outlet"], ["outlet.outlet_id"], name="fk_consignment_from"),
    ForeignKeyConstraint(["to_outlet"], ["outlet.outlet_id"], name="fk_consignment_to"),
    ForeignKeyConstraint(["sent_by"], ["staff.staff_id"], name="fk_consignment_sent_by"),
    ForeignKeyConstraint(["received_by"], ["staff.staff_id"], name="fk_consignment_received_by"),
    CheckConstraint(one_of("state", ConsignmentState), name="ck_consignment_state"),
    CheckConstraint("from_outlet <> to_outlet", name="ck_consignment_way"),
    CheckConstraint("(state = 'received') = (received_at IS NOT NULL)", name="ck_consignment_received"),
    CheckConstraint("(received_by IS NULL) = (received_at IS NULL)", name="ck_consignment_received_by"),
)
Index("ix_consignment_from", consignment.c.from_outlet, consignment.c.sent_at)
Index("ix_consignment_to", consignment.c.to_outlet, consignment.c.sent_at)
Index(
    "uq_consignment_bag",
    consignment.c.bag,
    unique=True,
    sqlite_where=text(ON_ITS_WAY),
    postgresql_where=text(ON_ITS_WAY),
)
"""A bag is on one way at a time."""

consigned_card = Table(
    "consigned_card",
    metadata,
    Column("consignment_id", String(24)),
    Column("card_no", String(16)),
    Column("state", String(12), nullable=False),
    Column("owner", String(32)),
    Column("due_on", Date),
    Column("seen_by", String(32)),
    Column("seen_at", UtcDateTime),
    Column("note", String(100)),
    PrimaryKeyConstraint("consignment_id", "card_no", name="pk_consigned_card"),
    ForeignKeyConstraint(["consignment_id"], ["consignment.consignment_id"], name="fk_consigned_card_consignment"),
    ForeignKeyConstraint(["card_no"], ["card.card_no"], name="fk_consigned_card_card"),
    ForeignKeyConstraint(["owner"], ["staff.staff_id"], name="fk_consigned_card_owner"),
    ForeignKeyConstraint(["seen_by"], ["staff.staff_id"], name="fk_consigned_card_seen_by"),
    CheckConstraint(one_of("state", ConsignedState), name="ck_consigned_card_state"),
    CheckConstraint(f"owner IS NOT NULL OR NOT ({OWNED})", name="ck_consigned_card_owner"),
    CheckConstraint("(state = 'listed') = (seen_at IS NULL)", name="ck_consigned_card_seen"),
    CheckConstraint("(seen_by IS NULL) = (seen_at IS NULL)", name="ck_consigned_card_seen_by"),
    CheckConstraint("note IS NOT NULL OR state NOT IN ('lost', 'explained')", name="ck_consigned_card_note"),
)
Index("ix_consigned_card_card", consigned_card.c.card_no, consigned_card.c.consignment_id)
Index("ix_consigned_card_state", consigned_card.c.state)
