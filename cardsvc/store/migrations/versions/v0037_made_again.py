"""An application whose card turns out wrong before it is handed out waits for another card"""

from alembic import op

from cardsvc.store.triggers import create_statements

revision = "0037"
down_revision = "0036"
branch_labels = None
depends_on = None

TRIGGER = "card_request_states"


def upgrade() -> None:
    """Make the change: the list of an application's states has one step more."""
    dialect = op.get_bind().dialect.name
    op.execute(f"DROP TRIGGER {TRIGGER}" if dialect == "sqlite" else f"DROP FUNCTION {TRIGGER} CASCADE")
    for statement in create_statements(dialect, "card_request"):
        op.execute(statement)
