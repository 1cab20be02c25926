"""Tables of people, cards and their applications."""

from sqlalchemy import (
    JSON,
    CheckConstraint,
    Column,
    Date,
    ForeignKeyConstraint,
    Integer,
    PrimaryKeyConstraint,
    String,
    Table,
    UniqueConstraint,
)

from cardsvc.store.states import CardLife
from cardsvc.store.tables.base import UtcDateTime, metadata, one_of

CARD_STATES = tuple(CardLife)


APPLICATION_STATES = ("open", "closed", "blocked")


citizen = Table(
    "citizen",
    metadata,
    Column("citizen_id", String(36)),
    Column("id_type", String(16), nullable=False),
    Column("id_number", String(32), nullable=False),
    Column("name", String(64), nullable=False),
    Column("sex", Integer, nullable=False),
    Column("ethnic_group", Integer, nullable=False),
    Column("birthplace", String(6), nullable=False),
    Column("birth_date", Date, nullable=False),
    Column("created_at", UtcDateTime, nullable=False),
    Column("chip_name", String(30)),
    PrimaryKeyConstraint("citizen_id", name="pk_citizen"),
    UniqueConstraint("id_type", "id_number", name="uq_citizen_id_number"),
)


card = Table(
    "card",
    metadata,
    Column("card_no", String(16)),
    Column("chip_serial", String(20), nullable=False),
    Column("profile", String(64), nullable=False),
    Column("state", String(16), nullable=False),
    Column("citizen_id", String(36), nullable=False),
    Column("ss_card_no", String(9), nullable=False),
    Column("issue_date", Date, nullable=False),
    Column("expiry_date", Date, nullable=False),
    Column("key_versions", JSON, nullable=False),
    Column("created_at", UtcDateTime, nullable=False),
    Column("issued_at", UtcDateTime),
    PrimaryKeyConstraint("card_no", name="pk_card"),
    UniqueConstraint("chip_serial", "profile", name="uq_card_chip"),
    ForeignKeyConstraint(["citizen_id"], ["citizen.citizen_id"], name="fk_card_citizen"),
    CheckConstraint(one_of("state", CARD_STATES), name="ck_card_state"),
    CheckConstraint("length(card_no) = 16", name="ck_card_no"),
)


card_application = Table(
    "card_application",
    metadata,
    Column("card_no", String(16)),
    Column("application", String(16)),
    Column("state", String(16), nullable=False),
    Column("product", String(8), nullable=False),
    Column("valid_from", Date),
    Column("valid_to", Date),
    Column("operation_id", String(36), nullable=False),
    Column("changed_at", UtcDateTime, nullable=False),
    PrimaryKeyConstraint("card_no", "application", name="pk_card_application"),
    ForeignKeyConstraint(["card_no"], ["card.card_no"], name="fk_card_application_card"),
    CheckConstraint(one_of("state", APPLICATION_STATES), name="ck_card_application_state"),
)
