"""Replacements have a number of their own, two reasons more and a fee that can go back; what a loss report came to on the chip; held money that is paid back"""

import uuid

import sqlalchemy as sa
from alembic import op

from cardsvc.store.triggers import create_statements

revision = "0027"
down_revision = "0026"
branch_labels = None
depends_on = None

NUMBERS = uuid.UUID("7b0c9d54-5c0e-4a62-8f5e-0d7f6f5a2c11")


def _in_chart(column: str) -> str:
    """The chart as it was."""
    prefixes = "purse suspense order held deposit clearing drawer vault merchant gift fee difference payout"
    return " OR ".join(f"{column} LIKE '{prefix}:%'" for prefix in prefixes.split())


def upgrade() -> None:
    """Make the change."""
    _replacements()
    op.add_column("loss_report", sa.Column("chip", sa.JSON(), nullable=True))
    op.add_column("loss_report", sa.Column("chip_at", sa.DateTime(timezone=True), nullable=True))
    _held_payouts()


def _replacements() -> None:
    """Nothing refers to the table: its rows are kept, the table is made anew, which both databases do alike."""
    connection = op.get_bind()
    old = sa.Table("replacement", sa.MetaData(), autoload_with=connection, resolve_fks=False)
    rows = [dict(row) for row in connection.execute(sa.select(old)).mappings()]
    op.drop_table("replacement")
    table = op.create_table(
        "replacement",
        sa.Column("replacement_id", sa.String(length=36), nullable=False),
        sa.Column("old_card_no", sa.String(length=16), nullable=False),
        sa.Column("citizen_id", sa.String(length=36), nullable=False),
        sa.Column("outlet_id", sa.String(length=32), nullable=False),
        sa.Column("reason", sa.String(length=16), nullable=False),
        sa.Column("fee", sa.BigInteger(), nullable=False),
        sa.Column("rules", sa.JSON(), nullable=False),
        sa.Column("payment_method", sa.String(length=16), nullable=True),
        sa.Column("payment_reference", sa.String(length=64), nullable=True),
        sa.Column("source_account", sa.String(length=96), nullable=True),
        sa.Column("asked_by", sa.String(length=32), nullable=False),
        sa.Column("asked_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("new_card_no", sa.String(length=16), nullable=True),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("back_account", sa.String(length=96), nullable=True),
        sa.Column("back_by", sa.String(length=32), nullable=True),
        sa.Column("back_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "reason IN ('fault', 'damaged', 'changed', 'lost', 'expired', 'withdrawn')", name="ck_replacement_reason"
        ),
        sa.CheckConstraint(f"source_account IS NULL OR {_in_chart('source_account')}", name="ck_replacement_chart"),
        sa.CheckConstraint("(fee > 0) = (payment_method IS NOT NULL)", name="ck_replacement_paid"),
        sa.CheckConstraint("(fee > 0) = (source_account IS NOT NULL)", name="ck_replacement_source"),
        sa.CheckConstraint("(new_card_no IS NULL) = (made_at IS NULL)", name="ck_replacement_made"),
        sa.CheckConstraint("fee >= 0", name="ck_replacement_fee"),
        sa.CheckConstraint("back_at IS NULL OR fee > 0", name="ck_replacement_back"),
        sa.CheckConstraint("(back_at IS NULL) = (back_account IS NULL)", name="ck_replacement_back_account"),
        sa.CheckConstraint("(back_at IS NULL) = (back_by IS NULL)", name="ck_replacement_back_by"),
        sa.CheckConstraint(f"back_account IS NULL OR {_in_chart('back_account')}", name="ck_replacement_back_chart"),
        sa.ForeignKeyConstraint(["asked_by"], ["staff.staff_id"], name="fk_replacement_staff"),
        sa.ForeignKeyConstraint(["back_by"], ["staff.staff_id"], name="fk_replacement_back_staff"),
        sa.ForeignKeyConstraint(["citizen_id"], ["citizen.citizen_id"], name="fk_replacement_citizen"),
        sa.ForeignKeyConstraint(["new_card_no"], ["card.card_no"], name="fk_replacement_new"),
        sa.ForeignKeyConstraint(["old_card_no"], ["card.card_no"], name="fk_replacement_old"),
        sa.PrimaryKeyConstraint("replacement_id", name="pk_replacement"),
        sa.UniqueConstraint("new_card_no", name="uq_replacement_new"),
        sa.UniqueConstraint("payment_method", "payment_reference", name="uq_replacement_payment"),
    )
    op.create_index("ix_replacement_citizen", "replacement", ["citizen_id", "asked_at"], unique=False)
    op.create_index("ix_replacement_outlet", "replacement", ["outlet_id", "asked_at"], unique=False)
    op.create_index(
        "uq_replacement_old",
        "replacement",
        ["old_card_no"],
        unique=True,
        sqlite_where=sa.text("back_at IS NULL"),
        postgresql_where=sa.text("back_at IS NULL"),
    )
    for row in rows:
        number = str(uuid.uuid5(NUMBERS, row["old_card_no"]))
        connection.execute(table.insert().values(replacement_id=number, **row))


def _held_payouts() -> None:
    op.create_table(
        "held_payout",
        sa.Column("card_no", sa.String(length=16), nullable=False),
        sa.Column("part_id", sa.String(length=36), nullable=False),
        sa.Column("payout_id", sa.String(length=36), nullable=False),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        sa.Column("returned", sa.BigInteger(), nullable=False),
        sa.Column("reason", sa.String(length=16), nullable=False),
        sa.Column("papers", sa.String(length=200), nullable=False),
        sa.Column("payouts", sa.JSON(), nullable=False),
        sa.Column("rules", sa.JSON(), nullable=False),
        sa.Column("rule_version", sa.String(length=64), nullable=False),
        sa.Column("approval_id", sa.String(length=36), nullable=True),
        sa.Column("paid_by", sa.String(length=32), nullable=False),
        sa.Column("paid_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("amount > 0", name="ck_held_payout_amount"),
        sa.CheckConstraint("returned >= 0 AND returned <= amount", name="ck_held_payout_returned"),
        sa.CheckConstraint("reason IN ('no_card', 'death', 'not_writable')", name="ck_held_payout_reason"),
        sa.ForeignKeyConstraint(["approval_id"], ["approval.approval_id"], name="fk_held_payout_approval"),
        sa.ForeignKeyConstraint(
            ["card_no", "part_id"], ["takeover_part.card_no", "takeover_part.part_id"], name="fk_held_payout_part"
        ),
        sa.ForeignKeyConstraint(["paid_by"], ["staff.staff_id"], name="fk_held_payout_staff"),
        sa.PrimaryKeyConstraint("card_no", "part_id", name="pk_held_payout"),
        sa.UniqueConstraint("payout_id", name="uq_held_payout_id"),
    )
    for statement in create_statements(op.get_bind().dialect.name, "held_payout"):
        op.execute(statement)
