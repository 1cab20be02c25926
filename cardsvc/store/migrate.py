"""Schema versions. Tables are only ever made by migrations, so a fresh database and an upgraded one are the same."""

from functools import cache
from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import create_engine

from cardsvc.errors import StoreError

_FOLDER = Path(__file__).parent / "migrations"


def _config(url: str = "") -> Config:
    config = Config()
    config.set_main_option("script_location", str(_FOLDER).replace("%", "%%"))
    config.set_main_option("sqlalchemy.url", url.replace("%", "%%"))
    return config


@cache
def _scripts() -> ScriptDirectory:
    """All migrations, read once: reading them takes longer than all else that opening a database does."""
    scripts = ScriptDirectory.from_config(_config())
    scripts.get_current_head()
    return scripts


def head_revision() -> str:
    """The version that this program needs."""
    return _scripts().get_current_head() or ""


def current_revision(url: str) -> str | None:
    """The version that the database has, None for an empty one."""
    engine = create_engine(url)
    try:
        with engine.connect() as connection:
            return MigrationContext.configure(connection).get_current_revision()
    finally:
        engine.dispose()


def upgrade(url: str) -> str | None:
    """Bring the database to the version this program needs; gives the version that it has then.

    Raises StoreError ``store_version`` for a newer one.
    """
    found = current_revision(url)
    if found == head_revision():
        return found
    if found is not None and found not in {script.revision for script in _scripts().walk_revisions()}:
        raise StoreError("store_version", found=found, wanted=head_revision())
    command.upgrade(_config(url), "head")
    return current_revision(url)
