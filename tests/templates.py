"""Templates of the desk page are compiled once for a test process: each test has an application of its own, and compiling took
a seventh of the time of the tests of pages. A template that changed is another one.
"""

from types import CodeType

from flask import Flask
from jinja2 import BytecodeCache
from jinja2.bccache import Bucket


class _InMemory(BytecodeCache):
    """By the template's place and what stands in it."""

    def __init__(self) -> None:
        self._kept: dict[tuple[str, str], CodeType] = {}

    def load_bytecode(self, bucket: Bucket) -> None:
        """What was kept of it; nothing the first time."""
        bucket.code = self._kept.get((bucket.key, bucket.checksum))

    def dump_bytecode(self, bucket: Bucket) -> None:
        """Keep what was compiled."""
        assert bucket.code is not None
        self._kept[bucket.key, bucket.checksum] = bucket.code


_KEPT = _InMemory()


def compiled_once(app: Flask) -> Flask:
    """The application, which has not shown a page yet."""
    app.jinja_env.bytecode_cache = _KEPT
    return app
