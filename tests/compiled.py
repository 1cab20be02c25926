"""Statements are compiled once for a test process: each test has a database of its own, and compiling took a fifth of its time.

Stores of cities take part by their address (``?plugin=``). Connections, pools and transactions are each store's own, as always.
"""

from typing import Any, ClassVar

from sqlalchemy import URL, CreateEnginePlugin, Dialect, Engine, make_url
from sqlalchemy.dialects import plugins

NAME = "cardsvc_tests"


class CompiledOnce(CreateEnginePlugin):
    """All engines of one kind of database compile for the dialect of the first of them, and keep it in one place."""

    _dialects: ClassVar[dict[str, Dialect]] = {}
    _compiled: ClassVar[dict[Any, Any]] = {}

    def update_url(self, url: URL) -> URL:
        """The address without this plugin."""
        return url.difference_update_query(["plugin"])

    def engine_created(self, engine: Engine) -> None:
        """A new engine looks up what others compiled: SQLAlchemy keys it by the statement and the very dialect."""
        own, engine.dialect = engine.dialect, self._dialects.setdefault(engine.dialect.name, engine.dialect)
        # An engine asks its server about itself when it first connects; the first engine of a process may never do so.
        own.initialize = engine.dialect.initialize  # type: ignore[method-assign]
        engine.update_execution_options(compiled_cache=self._compiled)


plugins.register(NAME, __name__, CompiledOnce.__name__)


def compiled_once(url: str) -> str:
    """The address of a database whose store takes part."""
    return make_url(url).update_query_dict({"plugin": NAME}).render_as_string(hide_password=False)
