"""Nonces belong to a key: a terminal whose nonces a clock that was ahead forgot goes on with its next key"""

import sqlalchemy as sa
from alembic import op

revision = "0043"
down_revision = "0042"
branch_labels = None
depends_on = None

MARKED = """CREATE TEMPORARY TABLE marked AS
SELECT terminal_id, key_id, max(signed.seen_at) AS seen_at FROM terminal_key JOIN
(SELECT terminal_id AS signer, seen_at FROM nonce UNION ALL
SELECT terminal.terminal_id, forgotten_nonces.seen_at FROM forgotten_nonces CROSS JOIN terminal) AS signed
ON signer = terminal_id GROUP BY terminal_id, key_id"""


def upgrade() -> None:
    """Make the change. Whose key a nonce of before came with nobody knows: each counts as forgotten, for every key of its terminal;
    whose the nonces were that were forgotten before nobody knows either: for every key there is."""
    op.execute(MARKED)
    op.drop_table("forgotten_nonces")
    op.drop_table("nonce")
    op.create_table(
        "nonce",
        sa.Column("terminal_id", sa.String(64), nullable=False),
        sa.Column("nonce", sa.String(64), nullable=False),
        sa.Column("key_id", sa.String(32), nullable=False),
        sa.Column("seen_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("terminal_id", "nonce", name="pk_nonce"),
    )
    op.create_index("ix_nonce_seen_at", "nonce", ["seen_at"])
    op.create_index("ix_nonce_terminal_seen_at", "nonce", ["terminal_id", "seen_at"])
    op.create_table(
        "forgotten_nonces",
        sa.Column("terminal_id", sa.String(64), nullable=False),
        sa.Column("key_id", sa.String(32), nullable=False),
        sa.Column("seen_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("terminal_id", "key_id", name="pk_forgotten_nonces"),
    )
    op.execute("INSERT INTO forgotten_nonces SELECT terminal_id, key_id, seen_at FROM marked")
    op.execute("DROP TABLE marked")
