"""The tables. Names of constraints are given by hand, so that migrations find them on every database.

Tables that belong to a card lead their primary key with the card: a top-up touches rows of one card only.
"""

import datetime as dt
from collections.abc import Iterable

from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    Date,
    DateTime,
    Dialect,
    ForeignKeyConstraint,
    Index,
    Integer,
    MetaData,
    PrimaryKeyConstraint,
    String,
    Table,
    TypeDecorator,
    UniqueConstraint,
    text,
)

from cardsvc.ledger.postings import CHART
from cardsvc.ledger.states import LoadState, PurchaseState
from cardsvc.wire import OperationState

metadata = MetaData()

CARD_STATES = ("personalising", "issued", "blocked", "replaced", "void")
APPLICATION_STATES = ("open", "closed", "blocked")
TERMINAL_STATES = ("enabled", "suspended")
ROLES = ("topup", "desk")
LIVE_LOADS = (LoadState.AUTHORISED, LoadState.SUSPECT, LoadState.CONFIRMED)


class UtcDateTime(TypeDecorator[dt.datetime]):
    """An aware time in UTC on every database (SQLite forgets the zone)."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: dt.datetime | None, dialect: Dialect) -> dt.datetime | None:  # noqa: ARG002
        """Refuse a time without a zone: it would be read as something else elsewhere."""
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("a stored time needs a zone")
        return value.astimezone(dt.UTC)

    def process_result_value(self, value: dt.datetime | None, dialect: Dialect) -> dt.datetime | None:  # noqa: ARG002
        """Give the zone back."""
        return value.replace(tzinfo=dt.UTC) if value and value.tzinfo is None else value


def one_of(column: str, values: Iterable[str]) -> str:
    """SQL of a CHECK that a column holds one of these values."""
    return f"{column} IN ({', '.join(repr(str(value)) for value in values)})"


def in_chart(column: str) -> str:
    """SQL of a CHECK that a column names an account of the chart."""
    return " OR ".join(f"{column} LIKE '{prefix}:%'" for prefix in CHART)


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

operation = Table(
    "operation",
    metadata,
    Column("operation_id", String(36)),
    Column("kind", String(32), nullable=False),
    Column("params", JSON, nullable=False),
    Column("actor_kind", String(16), nullable=False),
    Column("actor_id", String(64), nullable=False),
    Column("idempotency_key", String(128), nullable=False),
    Column("fingerprint", String(64), nullable=False),
    Column("state", String(16), nullable=False),
    Column("phase", Integer, nullable=False),
    Column("step", Integer, nullable=False),
    Column("phase_step", Integer, nullable=False),
    Column("facts", JSON, nullable=False),
    Column("atr", String(66), nullable=False),
    Column("profile", String(64), nullable=False),
    Column("key_versions", JSON, nullable=False),
    Column("started_at", UtcDateTime, nullable=False),
    Column("expires_at", UtcDateTime, nullable=False),
    Column("card_no", String(16)),
    Column("result", JSON(none_as_null=True)),
    Column("problem", JSON(none_as_null=True)),
    Column("ended_at", UtcDateTime),
    PrimaryKeyConstraint("operation_id", name="pk_operation"),
    UniqueConstraint("actor_kind", "actor_id", "idempotency_key", name="uq_operation_idempotency"),
    CheckConstraint(one_of("state", OperationState), name="ck_operation_state"),
    CheckConstraint("(state = 'card') = (ended_at IS NULL)", name="ck_operation_ended"),
)
Index(
    "uq_operation_live",
    operation.c.card_no,
    unique=True,
    sqlite_where=text("state = 'card'"),
    postgresql_where=text("state = 'card'"),
)

operation_step = Table(
    "operation_step",
    metadata,
    Column("operation_id", String(36)),
    Column("step", Integer),
    Column("phase", Integer, nullable=False),
    Column("answers", JSON, nullable=False),
    Column("partial", Boolean, nullable=False),
    Column("answered_at", UtcDateTime, nullable=False),
    PrimaryKeyConstraint("operation_id", "step", name="pk_operation_step"),
    ForeignKeyConstraint(["operation_id"], ["operation.operation_id"], name="fk_operation_step_operation"),
)


def _money_columns(identifier: str) -> list[Column[object]]:
    """The columns that loads and purchases share."""
    return [
        Column("card_no", String(16)),
        Column(identifier, String(36)),
        Column("operation_id", String(36), nullable=False),
        Column("application", String(16), nullable=False),
        Column("purse", String(2), nullable=False),
        Column("amount", BigInteger, nullable=False),
        Column("state", String(16), nullable=False),
        Column("terminal_no", String(12), nullable=False),
        Column("balance_before", BigInteger, nullable=False),
        Column("card_random", String(8), nullable=False),
        Column("host_date_time", String(14), nullable=False),
        Column("key_versions", JSON, nullable=False),
        Column("authorised_at", UtcDateTime, nullable=False),
        Column("tac", String(8)),
        Column("settled_by", String(64)),
        Column("ended_at", UtcDateTime),
    ]


load = Table(
    "load",
    metadata,
    *_money_columns("load_id"),
    Column("actor_kind", String(16), nullable=False),
    Column("actor_id", String(64), nullable=False),
    Column("payment_method", String(16), nullable=False),
    Column("payment_reference", String(64)),
    Column("rule_version", String(64), nullable=False),
    Column("online_counter", Integer, nullable=False),
    PrimaryKeyConstraint("card_no", "load_id", name="pk_load"),
    UniqueConstraint("operation_id", name="uq_load_operation"),
    ForeignKeyConstraint(["card_no"], ["card.card_no"], name="fk_load_card"),
    CheckConstraint(one_of("state", LoadState), name="ck_load_state"),
    CheckConstraint("amount > 0", name="ck_load_amount"),
)
Index(
    "uq_load_counter",
    load.c.card_no,
    load.c.application,
    load.c.purse,
    load.c.online_counter,
    unique=True,
    sqlite_where=text(one_of("state", LIVE_LOADS)),
    postgresql_where=text(one_of("state", LIVE_LOADS)),
)

purchase = Table(
    "purchase",
    metadata,
    *_money_columns("purchase_id"),
    Column("merchant", String(32), nullable=False),
    Column("terminal_transaction", String(8), nullable=False),
    Column("offline_counter", Integer, nullable=False),
    PrimaryKeyConstraint("card_no", "purchase_id", name="pk_purchase"),
    UniqueConstraint("operation_id", name="uq_purchase_operation"),
    ForeignKeyConstraint(["card_no"], ["card.card_no"], name="fk_purchase_card"),
    CheckConstraint(one_of("state", PurchaseState), name="ck_purchase_state"),
    CheckConstraint("amount > 0", name="ck_purchase_amount"),
)

evidence = Table(
    "evidence",
    metadata,
    Column("card_no", String(16)),
    Column("subject_id", String(36)),
    Column("number", Integer),
    Column("rule", String(64), nullable=False),
    Column("evidence", JSON, nullable=False),
    Column("recorded_at", UtcDateTime, nullable=False),
    PrimaryKeyConstraint("card_no", "subject_id", "number", name="pk_evidence"),
)

transfer = Table(
    "transfer",
    metadata,
    Column("chain", String(64)),
    Column("number", Integer),
    Column("kind", String(32), nullable=False),
    Column("debit_account", String(96), nullable=False),
    Column("credit_account", String(96), nullable=False),
    Column("amount", BigInteger, nullable=False),
    Column("reference", String(36), nullable=False),
    Column("booked_at", UtcDateTime, nullable=False),
    Column("previous_hash", String(64), nullable=False),
    Column("hash", String(64), nullable=False),
    PrimaryKeyConstraint("chain", "number", name="pk_transfer"),
    UniqueConstraint("chain", "kind", "reference", name="uq_transfer_event"),
    CheckConstraint(in_chart("debit_account"), name="ck_transfer_debit"),
    CheckConstraint(in_chart("credit_account"), name="ck_transfer_credit"),
    CheckConstraint("amount > 0", name="ck_transfer_amount"),
    CheckConstraint("debit_account <> credit_account", name="ck_transfer_accounts"),
)

terminal = Table(
    "terminal",
    metadata,
    Column("terminal_id", String(64)),
    Column("name", String(64), nullable=False),
    Column("terminal_no", String(12), nullable=False),
    Column("public_key", String(64), nullable=False),
    Column("state", String(16), nullable=False),
    Column("role", String(16), nullable=False),
    Column("created_at", UtcDateTime, nullable=False),
    PrimaryKeyConstraint("terminal_id", name="pk_terminal"),
    UniqueConstraint("terminal_no", name="uq_terminal_no"),
    CheckConstraint(one_of("state", TERMINAL_STATES), name="ck_terminal_state"),
    CheckConstraint(one_of("role", ROLES), name="ck_terminal_role"),
)

nonce = Table(
    "nonce",
    metadata,
    Column("terminal_id", String(64)),
    Column("nonce", String(64)),
    Column("seen_at", UtcDateTime, nullable=False),
    PrimaryKeyConstraint("terminal_id", "nonce", name="pk_nonce"),
)
Index("ix_nonce_seen_at", nonce.c.seen_at)
