"""Schema versions. Tables are only ever made by migrations, so a fresh database and an upgraded one are the same.

A database of the right version is opened without alembic: loading it, and all migrations, takes longer than all else there.
"""

from pathlib import Path
from typing import TYPE_CHECKING

from sqlalchemy import create_engine, inspect, text

from cardsvc.errors import StoreError

if TYPE_CHECKING:
    from alembic.config import Config

_FOLDER = Path(__file__).parent / "migrations"


def head_revision() -> str:
    """The version that this program needs: of the last of its migrations, ``versions/vNNNN_name.py``."""
    return max(file.name for file in (_FOLDER / "versions").glob("v*.py"))[1:5]


def current_revision(url: str) -> str | None:
    """The version that the database has, None for an empty one."""
    engine = create_engine(url)
    try:
        with engine.connect() as connection:
            if not inspect(connection).has_table("alembic_version"):
                return None
            found: str | None = connection.scalar(text("SELECT version_num FROM alembic_version"))
            return found
    finally:
        engine.dispose()


def upgrade(url: str) -> str | None:
    """Bring the database to the version this program needs; gives the version that it has then.

    Raises StoreError ``store_version`` for a newer one.
    """
    found, wanted = current_revision(url), head_revision()
    if found == wanted:
        return found
    from alembic import command  # noqa: PLC0415 - most processes have nothing to upgrade
    from alembic.script import ScriptDirectory  # noqa: PLC0415

    config = config_of(url)
    if found is not None and found not in {script.revision for script in ScriptDirectory.from_config(config).walk_revisions()}:
        raise StoreError("store_version", found=found, wanted=wanted)
    command.upgrade(config, "head")
    return current_revision(url)


def config_of(url: str) -> "Config":
    """What alembic is told: where the migrations are, and the database."""
    from alembic.config import Config  # noqa: PLC0415

    config = Config()
    config.set_main_option("script_location", str(_FOLDER).replace("%", "%%"))
    config.set_main_option("sqlalchemy.url", url.replace("%", "%%"))
    return config
