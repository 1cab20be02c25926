"""A suspicious card that two people retired is a reason for a replacement"""

import sqlalchemy as sa
from alembic import op

revision = "0056"
down_revision = "0055"
branch_labels = None
depends_on = None

BEFORE = "reason IN ('fault', 'damaged', 'changed', 'lost', 'expired', 'withdrawn')"
AFTER = "reason IN ('fault', 'damaged', 'changed', 'lost', 'expired', 'withdrawn', 'suspicious')"


def upgrade() -> None:
    """Make the change."""
    connection = op.get_bind()
    if connection.dialect.name == "sqlite":
        _made_anew(connection)
    else:
        op.drop_constraint("ck_replacement_reason", "replacement", type_="check")
        op.create_check_constraint("ck_replacement_reason", "replacement", AFTER)


def _made_anew(connection: sa.Connection) -> None:
    """SQLite changes no constraint of a table that is there. Nothing refers to this one."""
    made = sa.text("SELECT type, sql FROM sqlite_master WHERE tbl_name = 'replacement' AND sql IS NOT NULL")
    statements = [(row.type, row.sql) for row in connection.execute(made)]
    table = next(sql for kind, sql in statements if kind == "table")
    if BEFORE not in table:
        raise RuntimeError("the table of replacements is not as the migrations before left it")
    op.rename_table("replacement", "replacement_before")
    op.execute(sa.text(table.replace(BEFORE, AFTER)))
    op.execute(sa.text("INSERT INTO replacement SELECT * FROM replacement_before"))
    op.drop_table("replacement_before")
    for kind, sql in statements:
        if kind != "table":
            op.execute(sa.text(sql))
