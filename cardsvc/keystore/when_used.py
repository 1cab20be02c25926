"""A key store that its first use opens: what turns out to need no key asks for no passphrase and no HSM."""

from collections.abc import Callable
from functools import cached_property
from typing import Any, cast

from cardsvc.keystore.protocol import KeyStore


class _WhenUsed:
    def __init__(self, opening: Callable[[], KeyStore]) -> None:
        self._opening = opening

    @cached_property
    def _opened(self) -> KeyStore:
        return self._opening()

    def __getattr__(self, name: str) -> Any:
        return getattr(self._opened, name)


def opened_when_used(opening: Callable[[], KeyStore]) -> KeyStore:
    """The key store that ``opening`` gives, from the first key that is asked for; then raises what ``opening`` raises."""
    return cast("KeyStore", _WhenUsed(opening))
