"""Schema versions. An empty database is made as the tables are declared, one with tables goes through the migrations; both end
the same (tests/store/test_migrations.py compares every statement).

Neither an empty database nor one of the right version needs alembic: loading it takes longer than all else there, and going
through every version ten times as long as making the last one. Whatever makes a database to throw away waits for this.
"""

from pathlib import Path
from typing import TYPE_CHECKING

from sqlalchemy import Column, Connection, MetaData, PrimaryKeyConstraint, String, Table, create_engine, inspect, text
from sqlalchemy.engine import make_url

from cardsvc.errors import StoreError
from cardsvc.store.tables import metadata
from cardsvc.store.triggers import create_statements

if TYPE_CHECKING:
    from alembic.config import Config

_FOLDER = Path(__file__).parent / "migrations"
_VERSION = Table(
    "alembic_version",
    MetaData(),
    Column("version_num", String(32), nullable=False),
    PrimaryKeyConstraint("version_num", name="alembic_version_pkc"),
)
"""As alembic makes it.  Source: alembic, ``MigrationContext``."""
_MAKING = 0x6361_7264
"""PostgreSQL's advisory lock of whoever makes the tables."""


def head_revision() -> str:
    """The version that this program needs: of the last of its migrations, ``versions/vNNNN_name.py``."""
    return max(file.name for file in (_FOLDER / "versions").glob("v*.py"))[1:5]


def current_revision(url: str) -> str | None:
    """The version that the database has, None where it has none of our tables. Raises StoreError ``store_foreign``."""
    engine = create_engine(url)
    try:
        with engine.connect() as connection:
            if not _is_ours(connection):
                return None
            found: str | None = connection.scalar(_VERSION.select())
            return found
    finally:
        engine.dispose()


def _is_ours(connection: Connection) -> bool:
    """Whether our tables are there. Raises StoreError ``store_foreign`` for an SQLite file of another program; on a server ours
    may stand beside others'."""
    known = inspect(connection)
    if known.has_table(_VERSION.name):
        return True
    others = known.get_table_names() if connection.dialect.name == "sqlite" else []
    if others:
        where, tables = connection.engine.url.database, ", ".join(sorted(others)[:3])
        raise StoreError("store_foreign", where=where, tables=tables)
    return False


def shown(url: str) -> str:
    """Where a database is, without the password."""
    parsed = make_url(url)
    return str(parsed.database) if parsed.get_backend_name() == "sqlite" else parsed.render_as_string(hide_password=True)


def upgrade(url: str) -> str | None:
    """Bring the database to the version this program needs, making its tables where it is empty; gives the version that it has
    then.

    Raises StoreError ``store_version`` for a newer one, ``store_foreign`` for a file of another program.
    """
    found, wanted = current_revision(url), head_revision()
    if found is None and _made_whole(url, wanted):
        found = current_revision(url)
    if found == wanted:
        return found
    from alembic import command  # noqa: PLC0415 - most processes have nothing to upgrade
    from alembic.script import ScriptDirectory  # noqa: PLC0415

    config = config_of(url)
    if found is not None and found not in {script.revision for script in ScriptDirectory.from_config(config).walk_revisions()}:
        raise StoreError("store_version", found=found, wanted=wanted)
    command.upgrade(config, "head")
    return current_revision(url)


def _made_whole(url: str, version: str) -> bool:
    """Make all tables, in one transaction, where there are none; False where there are some.

    Of several processes that open the same empty database one makes them, the others wait and find them there.
    """
    on_sqlite = make_url(url).get_backend_name() == "sqlite"
    engine = create_engine(url, connect_args={"isolation_level": None} if on_sqlite else {})
    try:
        with engine.connect() as connection:
            alone = text("BEGIN IMMEDIATE") if on_sqlite else text(f"SELECT pg_advisory_xact_lock({_MAKING})")
            connection.execute(alone)
            if _is_ours(connection):
                return True
            if inspect(connection).get_table_names():
                return False
            _make(connection, version)
            connection.commit()
            return True
    finally:
        engine.dispose()


def _make(connection: Connection, version: str) -> None:
    metadata.create_all(connection, checkfirst=False)
    for statement in create_statements(connection.dialect.name):
        connection.exec_driver_sql(statement)
    _VERSION.create(connection)
    connection.execute(_VERSION.insert().values(version_num=version))


def config_of(url: str) -> "Config":
    """What alembic is told: where the migrations are, and the database."""
    from alembic.config import Config  # noqa: PLC0415

    config = Config()
    config.set_main_option("script_location", str(_FOLDER).replace("%", "%%"))
    config.set_main_option("sqlalchemy.url", url.replace("%", "%%"))
    return config
