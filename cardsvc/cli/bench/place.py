"""Where a measurement is made: a fresh SQLite file, an empty database that is named, or a PostgreSQL server of its own."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

import click

from cardsvc.cli.shared.output import t

if TYPE_CHECKING:
    from cardsvc.config import Settings

database_option = click.option(
    "--database-url", help=t("一个空的数据库；不给则用临时 SQLite", "An empty database; a fresh SQLite file by default")
)
postgresql_option = click.option(
    "--postgresql", is_flag=True, help=t("临时建一个 PostgreSQL，测完即删", "A PostgreSQL server made for this and thrown away")
)


@contextmanager
def measured_at(database_url: str | None, *, postgresql: bool) -> Iterator["Settings"]:
    """Settings of a scratch service over that database. Raises StoreError ``postgresql_missing``."""
    from cardsvc.cli.bench.cluster import scratch_cluster
    from cardsvc.cli.scratch.settings import scratch_settings

    settings = scratch_settings()
    if database_url:
        yield _elsewhere(settings, database_url)
    elif postgresql:
        with scratch_cluster() as url:
            yield _elsewhere(settings, url)
    else:
        yield settings


def _elsewhere(settings: "Settings", url: str) -> "Settings":
    from cardsvc.bootstrap import create_database

    elsewhere = settings.model_copy(update={"database_url": url})
    create_database(elsewhere)
    return elsewhere
