"""Tables of loads, purchases, evidence and the ledger."""

from sqlalchemy import (
    JSON,
    BigInteger,
    CheckConstraint,
    Column,
    Date,
    ForeignKeyConstraint,
    Index,
    Integer,
    PrimaryKeyConstraint,
    String,
    Table,
    UniqueConstraint,
    text,
)

from cardsvc.ledger.states import LoadState, PurchaseKind, PurchaseState
from cardsvc.store.tables.base import UtcDateTime, in_chart, metadata, one_of

LIVE_LOADS = (LoadState.AUTHORISED, LoadState.SUSPECT, LoadState.CONFIRMED)
OPEN_CASH_LOADS = f"source_account LIKE 'drawer:%' AND {one_of('state', (LoadState.AUTHORISED, LoadState.SUSPECT))}"
OPEN_PURCHASES = one_of("state", (PurchaseState.AUTHORISED, PurchaseState.SUSPECT))


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
    Column("source_account", String(96), nullable=False, server_default=""),
    Column("gift", BigInteger, nullable=False, server_default="0"),
    Column("product", String(8), nullable=False, server_default="citizen"),
    Column("area", String(8), nullable=False, server_default="purse"),
    Column("first_month", Date),
    Column("last_month", Date),
    PrimaryKeyConstraint("card_no", "load_id", name="pk_load"),
    UniqueConstraint("operation_id", name="uq_load_operation"),
    ForeignKeyConstraint(["card_no"], ["card.card_no"], name="fk_load_card"),
    CheckConstraint(one_of("state", LoadState), name="ck_load_state"),
    CheckConstraint("amount > 0", name="ck_load_amount"),
)


Index("ix_load_authorised", load.c.authorised_at)

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

Index("ix_load_actor", load.c.actor_kind, load.c.actor_id, load.c.authorised_at)
"""What one terminal loaded on a day."""

Index(
    "uq_load_payment",
    load.c.payment_method,
    load.c.payment_reference,
    unique=True,
    sqlite_where=text(one_of("state", LIVE_LOADS)),
    postgresql_where=text(one_of("state", LIVE_LOADS)),
)
"""One payment pays one load: a reference is free again when its load was refunded."""

Index(
    "ix_load_open_cash",
    load.c.source_account,
    sqlite_where=text(OPEN_CASH_LOADS),
    postgresql_where=text(OPEN_CASH_LOADS),
)
"""Of the cash in a drawer, what is promised: a top-up at a terminal does not write to it."""


purchase = Table(
    "purchase",
    metadata,
    *_money_columns("purchase_id"),
    Column("merchant", String(32), nullable=False),
    Column("terminal_transaction", String(8), nullable=False),
    Column("counter", Integer, nullable=False),
    Column("payee_account", String(96), nullable=False, server_default=""),
    Column(
        "kind",
        String(8),
        CheckConstraint(one_of("kind", PurchaseKind), name="ck_purchase_kind"),
        nullable=False,
        server_default="purchase",
    ),
    PrimaryKeyConstraint("card_no", "purchase_id", name="pk_purchase"),
    UniqueConstraint("operation_id", name="uq_purchase_operation"),
    ForeignKeyConstraint(["card_no"], ["card.card_no"], name="fk_purchase_card"),
    CheckConstraint(one_of("state", PurchaseState), name="ck_purchase_state"),
    CheckConstraint("amount > 0", name="ck_purchase_amount"),
)

Index("ix_purchase_open", purchase.c.card_no, sqlite_where=text(OPEN_PURCHASES), postgresql_where=text(OPEN_PURCHASES))


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
Index("ix_transfer_booked_at", transfer.c.booked_at)
CASH_PLACES = ("vault", "drawer")
for _place in CASH_PLACES:
    for _side in (transfer.c.debit_account, transfer.c.credit_account):
        _there = text(f"{_side.name} LIKE '{_place}:%'")
        Index(f"ix_transfer_{_place}_{_side.name.partition('_')[0]}", _side, sqlite_where=_there, postgresql_where=_there)
"""What a vault or a drawer holds is asked whenever cash leaves it; a top-up at a terminal writes to none of these."""
