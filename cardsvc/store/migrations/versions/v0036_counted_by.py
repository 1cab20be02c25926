"""Who counted a drawer at its close; one that its teller did not count takes two people"""

from alembic import op

from cardsvc.store.triggers import create_statements

revision = "0036"
down_revision = "0035"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the change. Written out, for alembic would rebuild the table on SQLite and lose its triggers. Of the counts of before
    nobody knows whose they are: their column stays empty, which the CHECK passes and the trigger refuses from here on."""
    op.execute(
        "ALTER TABLE shift ADD COLUMN counted_by VARCHAR(32) "
        "CONSTRAINT ck_shift_counted_by CHECK (state <> 'closed' OR counted_by = staff_id OR approval_id IS NOT NULL)"
    )
    for statement in create_statements(op.get_bind().dialect.name, "shift_counted_by"):
        op.execute(statement)
