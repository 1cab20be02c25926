"""Steps that many tests begin with are taken once in a process: issuing a card takes 60 commands, copying a file none.

A step is repeated by copying only in a city that nobody has touched since it was made or since the step before; anything else
takes it anew. On PostgreSQL every step is taken: copying a database there costs as much as issuing a card.
"""

import atexit
import copy
import shutil
import tempfile
from collections.abc import Callable
from functools import cache, wraps
from pathlib import Path
from typing import Any, Concatenate, ParamSpec, Protocol

from cardsvc.store import Store
from cardsvc.vcard import VirtualCard
from tests.databases import copy as copy_database
from tests.databases import on_postgresql

P = ParamSpec("P")
Mark = tuple[int, int]


class City(Protocol):
    """What a step is taken in. ``steps``: what was done in it so far and when; None once that is not known."""

    path: Path
    store: Store
    steps: tuple[Any, ...] | None
    mark: Mark | None

    def as_made(self) -> tuple[Any, ...] | None:
        """Its clock and keys; None where those are its own."""


_taken: dict[tuple[Any, ...], tuple[Path, VirtualCard]] = {}


def once(make: Callable[Concatenate[Any, P], VirtualCard]) -> Callable[Concatenate[Any, P], VirtualCard]:
    """A step that makes a card in a city, given first."""

    @wraps(make)
    def step(city: City, *args: P.args, **kwargs: P.kwargs) -> VirtualCard:
        if not _untouched(city):
            city.steps = None
            return make(city, *args, **kwargs)
        done = (city.as_made(), *(city.steps or ()), (make.__name__, args, *sorted(kwargs.items())))
        if done not in _taken:
            card = make(city, *args, **kwargs)
            city.store.close()
            template = _folder() / f"{len(_taken)}.db"
            copy_database(city.path, template)
            _taken[done] = template, copy.deepcopy(card)
        else:
            city.store.close()
            template, card = _taken[done]
            copy_database(template, city.path)
            card = copy.deepcopy(card)
        city.steps, city.mark = done[1:], _mark(city.path)
        return card

    return step


def _untouched(city: City) -> bool:
    """Whether all that was done in a city are steps that are known."""
    if on_postgresql() or city.steps is None or city.as_made() is None:
        return False
    log = city.path.with_name(city.path.name + "-wal")
    return city.mark == _mark(city.path) and not (log.exists() and log.stat().st_size)


def _mark(path: Path) -> Mark:
    found = path.stat()
    return found.st_mtime_ns, found.st_size


@cache
def _folder() -> Path:
    folder = Path(tempfile.mkdtemp(prefix="cardsvc-tests-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    return folder


def begin(city: City, *, fresh: bool) -> None:
    """A city was made; ``fresh``: just now, with nothing in it."""
    known = fresh and not on_postgresql()
    city.steps, city.mark = (() if known else None), (_mark(city.path) if known else None)
