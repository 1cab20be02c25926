"""The first tables: people, cards, operations, money, ledger, terminals"""

import sqlalchemy as sa
from alembic import op

from cardsvc.store.tables import in_chart
from cardsvc.store.triggers import create_statements

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the change."""
    op.create_table(
        "citizen",
        sa.Column("citizen_id", sa.String(length=36), nullable=False),
        sa.Column("id_type", sa.String(length=16), nullable=False),
        sa.Column("id_number", sa.String(length=32), nullable=False),
        sa.Column("name", sa.String(length=64), nullable=False),
        sa.Column("sex", sa.Integer(), nullable=False),
        sa.Column("ethnic_group", sa.Integer(), nullable=False),
        sa.Column("birthplace", sa.String(length=6), nullable=False),
        sa.Column("birth_date", sa.Date(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("citizen_id", name="pk_citizen"),
        sa.UniqueConstraint("id_type", "id_number", name="uq_citizen_id_number"),
    )
    op.create_table(
        "evidence",
        sa.Column("card_no", sa.String(length=16), nullable=False),
        sa.Column("subject_id", sa.String(length=36), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("rule", sa.String(length=64), nullable=False),
        sa.Column("evidence", sa.JSON(), nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("card_no", "subject_id", "number", name="pk_evidence"),
    )
    op.create_table(
        "nonce",
        sa.Column("terminal_id", sa.String(length=64), nullable=False),
        sa.Column("nonce", sa.String(length=64), nullable=False),
        sa.Column("seen_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("terminal_id", "nonce", name="pk_nonce"),
    )
    op.create_index("ix_nonce_seen_at", "nonce", ["seen_at"], unique=False)
    op.create_table(
        "operation",
        sa.Column("operation_id", sa.String(length=36), nullable=False),
        sa.Column("kind", sa.String(length=32), nullable=False),
        sa.Column("params", sa.JSON(), nullable=False),
        sa.Column("actor_kind", sa.String(length=16), nullable=False),
        sa.Column("actor_id", sa.String(length=64), nullable=False),
        sa.Column("idempotency_key", sa.String(length=128), nullable=False),
        sa.Column("fingerprint", sa.String(length=64), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("phase", sa.Integer(), nullable=False),
        sa.Column("step", sa.Integer(), nullable=False),
        sa.Column("phase_step", sa.Integer(), nullable=False),
        sa.Column("facts", sa.JSON(), nullable=False),
        sa.Column("atr", sa.String(length=66), nullable=False),
        sa.Column("profile", sa.String(length=64), nullable=False),
        sa.Column("key_versions", sa.JSON(), nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("card_no", sa.String(length=16), nullable=True),
        sa.Column("result", sa.JSON(none_as_null=True), nullable=True),
        sa.Column("problem", sa.JSON(none_as_null=True), nullable=True),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("(state = 'card') = (ended_at IS NULL)", name="ck_operation_ended"),
        sa.CheckConstraint("state IN ('card', 'done', 'failed', 'abandoned')", name="ck_operation_state"),
        sa.PrimaryKeyConstraint("operation_id", name="pk_operation"),
        sa.UniqueConstraint("actor_kind", "actor_id", "idempotency_key", name="uq_operation_idempotency"),
    )
    op.create_index(
        "uq_operation_live",
        "operation",
        ["card_no"],
        unique=True,
        sqlite_where=sa.text("state = 'card'"),
        postgresql_where=sa.text("state = 'card'"),
    )
    op.create_table(
        "terminal",
        sa.Column("terminal_id", sa.String(length=64), nullable=False),
        sa.Column("name", sa.String(length=64), nullable=False),
        sa.Column("terminal_no", sa.String(length=12), nullable=False),
        sa.Column("public_key", sa.String(length=64), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("role", sa.String(length=16), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("state IN ('enabled', 'suspended')", name="ck_terminal_state"),
        sa.CheckConstraint("role IN ('topup', 'desk')", name="ck_terminal_role"),
        sa.PrimaryKeyConstraint("terminal_id", name="pk_terminal"),
        sa.UniqueConstraint("terminal_no", name="uq_terminal_no"),
    )
    op.create_table(
        "card",
        sa.Column("card_no", sa.String(length=16), nullable=False),
        sa.Column("chip_serial", sa.String(length=20), nullable=False),
        sa.Column("profile", sa.String(length=64), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("citizen_id", sa.String(length=36), nullable=False),
        sa.Column("ss_card_no", sa.String(length=9), nullable=False),
        sa.Column("issue_date", sa.Date(), nullable=False),
        sa.Column("expiry_date", sa.Date(), nullable=False),
        sa.Column("key_versions", sa.JSON(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("issued_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("state IN ('personalising', 'issued', 'blocked', 'replaced', 'void')", name="ck_card_state"),
        sa.CheckConstraint("length(card_no) = 16", name="ck_card_no"),
        sa.ForeignKeyConstraint(["citizen_id"], ["citizen.citizen_id"], name="fk_card_citizen"),
        sa.PrimaryKeyConstraint("card_no", name="pk_card"),
        sa.UniqueConstraint("chip_serial", "profile", name="uq_card_chip"),
    )
    op.create_table(
        "operation_step",
        sa.Column("operation_id", sa.String(length=36), nullable=False),
        sa.Column("step", sa.Integer(), nullable=False),
        sa.Column("phase", sa.Integer(), nullable=False),
        sa.Column("answers", sa.JSON(), nullable=False),
        sa.Column("partial", sa.Boolean(), nullable=False),
        sa.Column("answered_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["operation_id"], ["operation.operation_id"], name="fk_operation_step_operation"),
        sa.PrimaryKeyConstraint("operation_id", "step", name="pk_operation_step"),
    )
    op.create_table(
        "transfer",
        sa.Column("chain", sa.String(length=64), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(length=32), nullable=False),
        sa.Column("debit_account", sa.String(length=96), nullable=False),
        sa.Column("credit_account", sa.String(length=96), nullable=False),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        sa.Column("reference", sa.String(length=36), nullable=False),
        sa.Column("booked_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("previous_hash", sa.String(length=64), nullable=False),
        sa.Column("hash", sa.String(length=64), nullable=False),
        sa.CheckConstraint("amount > 0", name="ck_transfer_amount"),
        sa.CheckConstraint("debit_account <> credit_account", name="ck_transfer_accounts"),
        sa.CheckConstraint(in_chart("debit_account"), name="ck_transfer_debit"),
        sa.CheckConstraint(in_chart("credit_account"), name="ck_transfer_credit"),
        sa.PrimaryKeyConstraint("chain", "number", name="pk_transfer"),
        sa.UniqueConstraint("chain", "kind", "reference", name="uq_transfer_event"),
    )
    op.create_table(
        "card_application",
        sa.Column("card_no", sa.String(length=16), nullable=False),
        sa.Column("application", sa.String(length=16), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("product", sa.String(length=8), nullable=False),
        sa.Column("valid_from", sa.Date(), nullable=True),
        sa.Column("valid_to", sa.Date(), nullable=True),
        sa.Column("operation_id", sa.String(length=36), nullable=False),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("state IN ('open', 'closed', 'blocked')", name="ck_card_application_state"),
        sa.ForeignKeyConstraint(["card_no"], ["card.card_no"], name="fk_card_application_card"),
        sa.PrimaryKeyConstraint("card_no", "application", name="pk_card_application"),
    )
    op.create_table(
        "load",
        sa.Column("card_no", sa.String(length=16), nullable=False),
        sa.Column("load_id", sa.String(length=36), nullable=False),
        sa.Column("operation_id", sa.String(length=36), nullable=False),
        sa.Column("application", sa.String(length=16), nullable=False),
        sa.Column("purse", sa.String(length=2), nullable=False),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("terminal_no", sa.String(length=12), nullable=False),
        sa.Column("balance_before", sa.BigInteger(), nullable=False),
        sa.Column("card_random", sa.String(length=8), nullable=False),
        sa.Column("host_date_time", sa.String(length=14), nullable=False),
        sa.Column("key_versions", sa.JSON(), nullable=False),
        sa.Column("authorised_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("tac", sa.String(length=8), nullable=True),
        sa.Column("settled_by", sa.String(length=64), nullable=True),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("actor_kind", sa.String(length=16), nullable=False),
        sa.Column("actor_id", sa.String(length=64), nullable=False),
        sa.Column("payment_method", sa.String(length=16), nullable=False),
        sa.Column("payment_reference", sa.String(length=64), nullable=True),
        sa.Column("rule_version", sa.String(length=64), nullable=False),
        sa.Column("online_counter", sa.Integer(), nullable=False),
        sa.CheckConstraint(
            "state IN ('requested', 'refused', 'authorised', 'confirmed', 'suspect', 'not_written', 'refunded', 'rewritten')",
            name="ck_load_state",
        ),
        sa.CheckConstraint("amount > 0", name="ck_load_amount"),
        sa.ForeignKeyConstraint(["card_no"], ["card.card_no"], name="fk_load_card"),
        sa.PrimaryKeyConstraint("card_no", "load_id", name="pk_load"),
        sa.UniqueConstraint("operation_id", name="uq_load_operation"),
    )
    op.create_index(
        "uq_load_counter",
        "load",
        ["card_no", "application", "purse", "online_counter"],
        unique=True,
        sqlite_where=sa.text("state IN ('authorised', 'suspect', 'confirmed')"),
        postgresql_where=sa.text("state IN ('authorised', 'suspect', 'confirmed')"),
    )
    op.create_table(
        "purchase",
        sa.Column("card_no", sa.String(length=16), nullable=False),
        sa.Column("purchase_id", sa.String(length=36), nullable=False),
        sa.Column("operation_id", sa.String(length=36), nullable=False),
        sa.Column("application", sa.String(length=16), nullable=False),
        sa.Column("purse", sa.String(length=2), nullable=False),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("terminal_no", sa.String(length=12), nullable=False),
        sa.Column("balance_before", sa.BigInteger(), nullable=False),
        sa.Column("card_random", sa.String(length=8), nullable=False),
        sa.Column("host_date_time", sa.String(length=14), nullable=False),
        sa.Column("key_versions", sa.JSON(), nullable=False),
        sa.Column("authorised_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("tac", sa.String(length=8), nullable=True),
        sa.Column("settled_by", sa.String(length=64), nullable=True),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("merchant", sa.String(length=32), nullable=False),
        sa.Column("terminal_transaction", sa.String(length=8), nullable=False),
        sa.Column("offline_counter", sa.Integer(), nullable=False),
        sa.CheckConstraint("state IN ('authorised', 'confirmed', 'suspect', 'not_debited')", name="ck_purchase_state"),
        sa.CheckConstraint("amount > 0", name="ck_purchase_amount"),
        sa.ForeignKeyConstraint(["card_no"], ["card.card_no"], name="fk_purchase_card"),
        sa.PrimaryKeyConstraint("card_no", "purchase_id", name="pk_purchase"),
        sa.UniqueConstraint("operation_id", name="uq_purchase_operation"),
    )
    for statement in create_statements(op.get_bind().dialect.name, "transfer", "evidence", "load", "purchase"):
        op.execute(statement)
