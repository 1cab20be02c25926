"""What is played against a terminal, as data: what goes wrong, at which request, and what must come of it."""

from dataclasses import dataclass
from typing import Literal

Trouble = Literal[
    "none", "request_lost", "reply_lost", "duplicated", "reordered", "delayed", "unavailable", "reset", "truncated", "slow"
]
CardTrouble = Literal["none", "pulled_before", "pulled_after", "swapped"]
REQUESTS = (1, 2, 3, 4)
"""A top-up is this many requests at least: the start, then a step each for identifying, initialising and crediting."""


@dataclass(frozen=True, slots=True)
class Scenario:
    """One run. ``request``: the number of the request that the line spoils; ``results``: what the terminal may then say.

    ``pulled_before`` and ``pulled_after`` are before and after the card was told CREDIT FOR LOAD. Whatever it says, card, books
    and what was said must agree, and no money may move twice.
    """

    name: str
    line: Trouble = "none"
    request: int = 0
    card: CardTrouble = "none"
    results: tuple[str, ...] = ("done",)


_LINES: tuple[Trouble, ...] = (
    "request_lost",
    "reply_lost",
    "duplicated",
    "reordered",
    "delayed",
    "unavailable",
    "reset",
    "truncated",
    "slow",
)

SCENARIOS: tuple[Scenario, ...] = (
    Scenario("nothing_wrong"),
    *(Scenario(f"{line}_{request}", line, request) for line in _LINES for request in REQUESTS),
    Scenario("card_pulled_before_credit", card="pulled_before", results=("failed", "unknown")),
    Scenario("card_pulled_after_credit", card="pulled_after", results=("unknown",)),
    Scenario("card_swapped_before_credit", card="swapped", results=("failed", "unknown")),
)
