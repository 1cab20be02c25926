"""The fee of an opening is in the books from before the write: application_fee gets states, and takes the place of payment_claim.

Fees of before were booked in one line when they were read back: they are confirmed. A payment that was claimed, and not booked,
is booked into suspense now: its card settles it at the next contact, or the operation does that is still under way. Cash that
was taken for an opening which broke off before is nowhere in these books and cannot be found here.
"""

import datetime as dt
from typing import Any

import sqlalchemy as sa
from alembic import op

from cardsvc.ledger.chain import FIRST, link
from cardsvc.store.tables import UtcDateTime, in_chart
from cardsvc.store.triggers import create_statements

revision = "0052"
down_revision = "0051"
branch_labels = None
depends_on = None

STATES = "state IN ('authorised', 'confirmed', 'suspect', 'not_written', 'refunded')"


def _new() -> tuple[sa.Column[Any], ...]:
    return (
        sa.Column("fee_id", sa.String(length=36), nullable=True),
        sa.Column("state", sa.String(length=16), nullable=True),
        sa.Column("record", sa.String(length=64), nullable=True),
        sa.Column("record_before", sa.String(length=64), nullable=True),
        sa.Column("settled_by", sa.String(length=64), nullable=True),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
    )


def _application_fee() -> sa.Table:
    """The table as it is once its new columns are there: SQLite must build it anew to change its key."""
    return sa.Table(
        "application_fee",
        sa.MetaData(),
        sa.Column("card_no", sa.String(length=16), nullable=False),
        sa.Column("operation_id", sa.String(length=36), nullable=False),
        sa.Column("application", sa.String(length=16), nullable=False),
        sa.Column("product", sa.String(length=8), nullable=False),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        sa.Column("rule", sa.String(length=64), nullable=False),
        sa.Column("payment_method", sa.String(length=16), nullable=False),
        sa.Column("payment_reference", sa.String(length=64), nullable=True),
        sa.Column("source_account", sa.String(length=96), nullable=False),
        sa.Column("taken_at", UtcDateTime, nullable=False),
        *_new(),
        sa.CheckConstraint(in_chart("source_account"), name="ck_application_fee_source"),
        sa.CheckConstraint("amount > 0", name="ck_application_fee_amount"),
        sa.ForeignKeyConstraint(["card_no"], ["card.card_no"], name="fk_application_fee_card"),
        sa.PrimaryKeyConstraint("card_no", "operation_id", name="pk_application_fee"),
        sa.UniqueConstraint("payment_method", "payment_reference", name="uq_application_fee_payment"),
    )


def upgrade() -> None:
    """Make the change."""
    connection = op.get_bind()
    _drop_append_only(connection.dialect.name)
    for column in _new():
        op.add_column("application_fee", column)
    op.execute(
        "UPDATE application_fee SET fee_id = operation_id, state = 'confirmed', settled_by = 'read_back', ended_at = taken_at"
    )
    table = _application_fee()
    _take_claims(connection, table)
    with op.batch_alter_table("application_fee", copy_from=table) as batch:
        batch.drop_constraint("pk_application_fee", type_="primary")
        batch.alter_column("fee_id", existing_type=sa.String(length=36), nullable=False)
        batch.alter_column("state", existing_type=sa.String(length=16), nullable=False)
        batch.create_primary_key("pk_application_fee", ["card_no", "fee_id"])
        batch.create_unique_constraint("uq_application_fee_operation", ["operation_id"])
        batch.create_check_constraint("ck_application_fee_state", STATES)
        batch.create_check_constraint("ck_application_fee_record", "record IS NOT NULL OR state = 'confirmed'")
    for statement in create_statements(connection.dialect.name, "application_fee"):
        op.execute(statement)
    op.drop_table("payment_claim")


def _drop_append_only(dialect: str) -> None:
    on = "" if dialect == "sqlite" else " ON application_fee"
    for name in ("no_update", "no_delete") if dialect == "sqlite" else ("no_update", "no_delete", "no_truncate"):
        op.execute(f"DROP TRIGGER application_fee_{name}{on}")
    for name in () if dialect == "sqlite" else ("no_update", "no_delete"):
        op.execute(f"DROP FUNCTION application_fee_{name}()")


def _take_claims(connection: sa.Connection, fees: sa.Table) -> None:
    """Each claim becomes a fee, with the line that it lacked."""
    metadata = sa.MetaData()
    claim, operation = (sa.Table(name, metadata, autoload_with=connection) for name in ("payment_claim", "operation"))
    query = sa.select(claim, operation).join(operation, operation.c.operation_id == claim.c.operation_id)
    now = dt.datetime.now(dt.UTC)
    for row in connection.execute(query.set_label_style(sa.LABEL_STYLE_TABLENAME_PLUS_COL)).mappings().all():
        facts, params = row["operation_facts"], row["operation_params"]
        source = f"clearing:{row['operation_actor_kind']}:{row['operation_actor_id']}"
        taken = row["payment_claim_claimed_at"]
        fee = {
            **{name: row[f"payment_claim_{name}"] for name in ("card_no", "operation_id", "application", "amount")},
            **{name: row[f"payment_claim_{name}"] for name in ("payment_method", "payment_reference")},
            "fee_id": row["payment_claim_operation_id"],
            "product": params["product"],
            "rule": ", ".join(facts["terms"]["rules"]),
            "record": facts["record"],
            "source_account": source,
            "taken_at": taken if taken.tzinfo else taken.replace(tzinfo=dt.UTC),
            "state": "authorised" if row["operation_state"] == "card" else "suspect",
        }
        connection.execute(fees.insert().values(fee))
        _book(connection, fee, now)


def _book(connection: sa.Connection, fee: dict[str, Any], now: dt.datetime) -> None:
    """One line more at the end of the card's chain, as ledger/chain.py links them."""
    columns = ("chain", "number", "kind", "debit_account", "credit_account", "amount", "reference", "booked_at")
    transfer = sa.table("transfer", *(sa.column(name) for name in (*columns[:-1], "previous_hash", "hash")))
    transfer.append_column(sa.column("booked_at", UtcDateTime))
    card_no = fee["card_no"]
    last = sa.select(transfer.c.number, transfer.c.hash).where(transfer.c.chain == card_no)
    found = connection.execute(last.order_by(transfer.c.number.desc()).limit(1)).first()
    number, previous = (found[0] + 1, found[1]) if found else (1, FIRST)
    accounts = fee["source_account"], f"suspense:{card_no}"
    content = (card_no, number, "fee_authorised", *accounts, fee["amount"], fee["fee_id"], now)
    values = {**dict(zip(columns, content, strict=True)), "previous_hash": previous, "hash": link(previous, content)}
    connection.execute(transfer.insert().values(values))
