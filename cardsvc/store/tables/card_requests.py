"""Table of applications for a card: for whom, who came, what was promised, and how far it is."""

from sqlalchemy import (
    Boolean,
    CheckConstraint,
    Column,
    ForeignKeyConstraint,
    Index,
    PrimaryKeyConstraint,
    String,
    Table,
    false,
    text,
)

from cardsvc.store.states import CardRequestState
from cardsvc.store.tables.base import UtcDateTime, metadata, one_of

COMERS = ("holder", "parent", "agent")
CANCELLED = f"state = '{CardRequestState.CANCELLED}'"
OPEN = one_of("state", (CardRequestState.HELD, CardRequestState.APPLIED, CardRequestState.MADE))
UNPROMISED = one_of("state", (CardRequestState.HELD, CardRequestState.CANCELLED))

card_request = Table(
    "card_request",
    metadata,
    Column("case_no", String(24)),
    Column("citizen_id", String(36), nullable=False),
    Column("outlet_id", String(32), nullable=False),
    Column("state", String(16), nullable=False),
    Column("came", String(8), nullable=False),
    Column("comer_name", String(64)),
    Column("comer_id_number", String(32)),
    Column("phone", String(20)),
    Column("consent", String(64), nullable=False),
    Column("rules", String(200), nullable=False),
    Column("applied_by", String(32), nullable=False),
    Column("applied_at", UtcDateTime, nullable=False),
    Column("promised_at", UtcDateTime),
    Column("card_no", String(16)),
    Column("made_at", UtcDateTime),
    Column("cancelled_by", String(32)),
    Column("cancelled_at", UtcDateTime),
    Column("why", String(64)),
    Column("pre", Boolean, nullable=False, server_default=false()),
    Column("friend_name", String(64)),
    Column("friend_phone", String(20)),
    Column("friend_consent", String(64)),
    PrimaryKeyConstraint("case_no", name="pk_card_request"),
    ForeignKeyConstraint(["citizen_id"], ["citizen.citizen_id"], name="fk_card_request_citizen"),
    ForeignKeyConstraint(["outlet_id"], ["outlet.outlet_id"], name="fk_card_request_outlet"),
    ForeignKeyConstraint(["card_no"], ["card.card_no"], name="fk_card_request_card"),
    ForeignKeyConstraint(["applied_by"], ["staff.staff_id"], name="fk_card_request_applied_by"),
    CheckConstraint(one_of("state", CardRequestState), name="ck_card_request_state"),
    CheckConstraint(one_of("came", COMERS), name="ck_card_request_came"),
    CheckConstraint("(came = 'holder') = (comer_name IS NULL)", name="ck_card_request_comer"),
    CheckConstraint("(comer_name IS NULL) = (comer_id_number IS NULL)", name="ck_card_request_comer_id"),
    CheckConstraint(f"({one_of('state', ('made', 'handed'))}) = (card_no IS NOT NULL)", name="ck_card_request_made"),
    CheckConstraint("(card_no IS NULL) = (made_at IS NULL)", name="ck_card_request_made_at"),
    CheckConstraint(f"({CANCELLED}) = (cancelled_at IS NOT NULL)", name="ck_card_request_cancelled"),
    CheckConstraint(f"promised_at IS NOT NULL OR {UNPROMISED}", name="ck_card_request_promised"),
    CheckConstraint("(friend_name IS NULL) = (friend_phone IS NULL)", name="ck_card_request_friend"),
    CheckConstraint("(friend_name IS NULL) = (friend_consent IS NULL)", name="ck_card_request_friend_consent"),
)
Index(
    "uq_card_request_open",
    card_request.c.citizen_id,
    unique=True,
    sqlite_where=text(OPEN),
    postgresql_where=text(OPEN),
)
"""One application a person at a time."""
Index("ix_card_request_outlet", card_request.c.outlet_id, card_request.c.state, card_request.c.promised_at)
