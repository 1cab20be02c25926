"""Which accounts two people may name in a correction: those that something stands behind.

To the ledger a mistyped name is an account like any other: the money would lie with a bank, a channel or an operator that
there is not, and nobody would ever ask for it. What the books have already may be named again, or an old mistake could not be
put right.
"""

import re
from collections.abc import Callable, Mapping

from cardsvc.errors import RequestError
from cardsvc.ledger.postings import CHART
from cardsvc.service.purse.areas import CITY_PURSE
from cardsvc.service.purse.orders import CHANNEL
from cardsvc.service.purse.payments import CHANNELS
from cardsvc.store import UnitOfWork

PURSE = re.compile(r"([0-9]{16}):([a-z]+):(?:ed|ep)")


def refuse_unknown(uow: UnitOfWork, account: str) -> None:
    """Raise RequestError ``account_unknown`` for an account that nothing stands behind."""
    kind, _, name = account.partition(":")
    stands = _BEHIND.get(kind)
    if kind not in CHART or not (stands is None or stands(uow, name) or uow.ledger.names(account)):
        raise RequestError("account_unknown", account=account)


def _purse(uow: UnitOfWork, name: str) -> bool:
    """Every card has the city purse, others once they are opened."""
    found = PURSE.fullmatch(name)
    if found is None or found[2] == CITY_PURSE.application:
        return found is not None and uow.cards.get(found[1]) is not None
    return uow.applications.get(found[1], found[2]) is not None


def _outlet(uow: UnitOfWork, name: str) -> bool:
    return uow.outlets.get(name) is not None


def _channel(uow: UnitOfWork, name: str) -> bool:
    terminal = uow.terminals.get(name)
    return name in CHANNELS or (terminal is not None and terminal.role == CHANNEL)


def _clearing(uow: UnitOfWork, name: str) -> bool:
    """The bank of an outlet, a terminal or desk PC, or a payment channel."""
    kind, _, holder = name.partition(":")
    if kind == "bank":
        return _outlet(uow, holder)
    if kind == "terminal":
        return uow.terminals.get(holder) is not None
    return kind == CHANNEL and _channel(uow, holder)


_BEHIND: Mapping[str, Callable[[UnitOfWork, str], bool]] = {
    "purse": _purse,
    "clearing": _clearing,
    "payout": _channel,
    "vault": _outlet,
    "drawer": lambda uow, name: uow.shifts.get(name) is not None,
    "difference": _outlet,
    "merchant": lambda _uow, _name: False,
}
"""What stands behind an account, by its kind. An operator is one once a file of it was booked; fees and gifts are but names."""
