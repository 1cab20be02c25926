"""What was changed about staff, as a chain of each person; one-time passwords are marked in a column; passkeys"""

import datetime as dt
import hashlib

import sqlalchemy as sa
from alembic import op

from cardsvc.store.triggers import create_statements

revision = "0032"
down_revision = "0031"
branch_labels = None
depends_on = None

ONCE = "once:"
FIRST = "0" * 64


def upgrade() -> None:
    """Make the change."""
    op.add_column("staff", sa.Column("password_once", sa.Boolean(), nullable=False, server_default=sa.false()))
    changes = op.create_table(
        "staff_change",
        sa.Column("staff_id", sa.String(length=32), nullable=False),
        sa.Column("number", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("what", sa.String(length=16), nullable=False),
        sa.Column("was", sa.String(length=200), nullable=False),
        sa.Column("became", sa.String(length=200), nullable=False),
        sa.Column("by_id", sa.String(length=32), nullable=True),
        sa.Column("place", sa.String(length=64), nullable=False),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("stands", sa.String(length=64), nullable=False),
        sa.Column("previous_hash", sa.String(length=64), nullable=False),
        sa.Column("hash", sa.String(length=64), nullable=False),
        sa.CheckConstraint(
            "what IN ('known', 'created', 'role', 'outlet', 'skills', 'state', 'password_once', 'password', 'session_ended', "
            "'passkey_added', 'passkey_removed')",
            name="ck_staff_change_what",
        ),
        sa.CheckConstraint("number > 0", name="ck_staff_change_number"),
        sa.ForeignKeyConstraint(["by_id"], ["staff.staff_id"], name="fk_staff_change_by"),
        sa.ForeignKeyConstraint(["staff_id"], ["staff.staff_id"], name="fk_staff_change_staff"),
        sa.PrimaryKeyConstraint("staff_id", "number", name="pk_staff_change"),
    )
    _passkeys()
    connection = op.get_bind()
    connection.execute(
        sa.text(
            "UPDATE staff SET password_once = true, password_hash = substr(password_hash, :after) WHERE password_hash LIKE :once"
        ),
        {"after": len(ONCE) + 1, "once": ONCE + "%"},
    )
    _begin_chains(connection, changes)
    for statement in create_statements(connection.dialect.name, "staff_change"):
        op.execute(statement)


def _passkeys() -> None:
    op.create_table(
        "passkey",
        sa.Column("passkey_id", sa.String(length=64), nullable=False),
        sa.Column("staff_id", sa.String(length=32), nullable=False),
        sa.Column("credential_id", sa.LargeBinary(), nullable=False),
        sa.Column("public_key", sa.LargeBinary(), nullable=False),
        sa.Column("sign_count", sa.BigInteger(), nullable=False),
        sa.Column("name", sa.String(length=32), nullable=False),
        sa.Column("added_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("used_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("sign_count >= 0", name="ck_passkey_count"),
        sa.ForeignKeyConstraint(["staff_id"], ["staff.staff_id"], name="fk_passkey_staff"),
        sa.PrimaryKeyConstraint("passkey_id", name="pk_passkey"),
    )
    op.create_index("ix_passkey_staff", "passkey", ["staff_id", "added_at"], unique=False)
    op.create_table(
        "passkey_challenge",
        sa.Column("challenge", sa.String(length=64), nullable=False),
        sa.Column("staff_id", sa.String(length=32), nullable=True),
        sa.Column("until", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["staff_id"], ["staff.staff_id"], name="fk_passkey_challenge_staff"),
        sa.PrimaryKeyConstraint("challenge", name="pk_passkey_challenge"),
    )
    op.create_index("ix_passkey_challenge_until", "passkey_challenge", ["until"], unique=False)


def _begin_chains(connection: sa.Connection, changes: sa.Table) -> None:
    """Whoever is there already gets a first row, so that from now on nobody stands without a chain. Hashes are written out here:
    they stay as they are today, whatever the service does later."""
    now = dt.datetime.now(dt.UTC)
    columns = ("staff_id", "name", "role", "outlet_id", "state", "password_once", "password_hash")
    # S608: the names are those of the line above.
    for row in connection.execute(sa.text(f"SELECT {', '.join(columns)} FROM staff ORDER BY staff_id")).all():  # noqa: S608
        staff_id, *account = row
        account[4] = "once" if account[4] else "own"
        skills = connection.execute(
            sa.text("SELECT skill FROM staff_skill WHERE staff_id = :one ORDER BY skill"), {"one": staff_id}
        ).scalars()
        stands = hashlib.sha256("\n".join((*account, *skills)).encode()).hexdigest()
        became = f"{row.role} {row.outlet_id}"
        content = (staff_id, 1, "known", "", became, None, "migration", now.isoformat(), stands)
        own = hashlib.sha256("\n".join((FIRST, *map(str, content))).encode()).hexdigest()
        values = (staff_id, 1, "known", "", became, None, "migration", now, stands, FIRST, own)
        names = [column.name for column in changes.columns]
        connection.execute(changes.insert().values(dict(zip(names, values, strict=True))))
