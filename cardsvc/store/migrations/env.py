"""Runs migrations on the database that migrate.py names, one transaction a migration."""

from alembic import context
from sqlalchemy import create_engine

from cardsvc.store.tables import metadata

engine = create_engine(context.config.get_main_option("sqlalchemy.url") or "")
with engine.connect() as connection:
    context.configure(connection=connection, target_metadata=metadata, transaction_per_migration=True)
    with context.begin_transaction():
        context.run_migrations()
engine.dispose()
