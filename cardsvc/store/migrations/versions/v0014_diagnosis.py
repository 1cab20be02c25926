"""Diagnoses of cards"""

import sqlalchemy as sa
from alembic import op

from cardsvc.store.triggers import create_statements

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the change."""
    op.create_table(
        "diagnosis",
        sa.Column("card_no", sa.String(length=16), nullable=False),
        sa.Column("diagnosis_id", sa.String(length=36), nullable=False),
        sa.Column("operation_id", sa.String(length=36), nullable=True),
        sa.Column("quick", sa.Boolean(), nullable=False),
        sa.Column("evidence", sa.JSON(), nullable=False),
        sa.Column("findings", sa.JSON(), nullable=False),
        sa.Column("diagnosed_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["card_no"], ["card.card_no"], name="fk_diagnosis_card"),
        sa.PrimaryKeyConstraint("card_no", "diagnosis_id", name="pk_diagnosis"),
    )
    for statement in create_statements(op.get_bind().dialect.name, "diagnosis"):
        op.execute(statement)
