"""Steps that many tests begin with are taken once in a process: issuing a card takes 60 commands, copying a file none.

A step is repeated by copying only in a city that nobody has touched since it was made or since the step before; anything else
takes it anew.
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
from tests.databases import fingerprint

P = ParamSpec("P")


class City(Protocol):
    """What a step is taken in. ``steps``: what was done in it so far and when; None once that is not known."""

    path: Path
    store: Store
    steps: tuple[Any, ...] | None
    mark: object

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
        done = (*(city.steps or ()), (city.as_made(), make.__name__, args, *sorted(kwargs.items())))
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
        city.steps, city.mark = done, fingerprint(city.path)
        return card

    return step


def _untouched(city: City) -> bool:
    """Whether all that was done in a city are steps that are known."""
    return city.steps is not None and city.as_made() is not None and city.mark == fingerprint(city.path)


@cache
def _folder() -> Path:
    folder = Path(tempfile.mkdtemp(prefix="cardsvc-tests-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    return folder


def begin(city: City, *, fresh: bool) -> None:
    """A city was made; ``fresh``: just now, with nothing in it."""
    city.steps, city.mark = ((), fingerprint(city.path)) if fresh else (None, None)
