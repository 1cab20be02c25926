"""Tables of passkeys and of the challenges that are asked of them."""

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Column,
    ForeignKeyConstraint,
    Index,
    LargeBinary,
    PrimaryKeyConstraint,
    String,
    Table,
)

from cardsvc.store.tables.base import UtcDateTime, metadata

passkey = Table(
    "passkey",
    metadata,
    Column("passkey_id", String(64)),
    Column("staff_id", String(32), nullable=False),
    Column("credential_id", LargeBinary, nullable=False),
    Column("public_key", LargeBinary, nullable=False),
    Column("sign_count", BigInteger, nullable=False),
    Column("name", String(32), nullable=False),
    Column("added_at", UtcDateTime, nullable=False),
    Column("used_at", UtcDateTime),
    PrimaryKeyConstraint("passkey_id", name="pk_passkey"),
    ForeignKeyConstraint(["staff_id"], ["staff.staff_id"], name="fk_passkey_staff"),
    CheckConstraint("sign_count >= 0", name="ck_passkey_count"),
)
Index("ix_passkey_staff", passkey.c.staff_id, passkey.c.added_at)

passkey_challenge = Table(
    "passkey_challenge",
    metadata,
    Column("challenge", String(64)),
    Column("staff_id", String(32)),
    Column("until", UtcDateTime, nullable=False),
    PrimaryKeyConstraint("challenge", name="pk_passkey_challenge"),
    ForeignKeyConstraint(["staff_id"], ["staff.staff_id"], name="fk_passkey_challenge_staff"),
)
Index("ix_passkey_challenge_until", passkey_challenge.c.until)
