"""What a state machine is here: its states and their words, and of each step the event and who may cause it."""

from collections.abc import Mapping, Set
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from cardsvc.text import Text

CARD_DESK = Text("柜台和卡", "desk and card")
DESK = Text("窗口", "desk")
SERVICE = Text("系统", "the service")
TWO_PEOPLE = Text("两人", "two people")
SUPERVISOR = Text("主管", "supervisor")
THE_CARD = Text("卡", "the card")
TELLER = Text("柜员", "teller")
AGENT = Text("桌面代理", "the desk's agent")
AGENT_OR_DESK = Text("桌面代理、窗口", "the desk's agent, or the desk")
CARD_OR_TWO = Text("卡，或两人", "the card, or two people")


@dataclass(frozen=True, slots=True)
class Step:
    """What leads from one state to another, and who may cause it."""

    now: str
    to: str
    event: Text
    who: Text


@dataclass(frozen=True, slots=True)
class Machine:
    """A state machine. ``allowed``: the list that the database enforces; ``begins``: the states in which one may begin;
    ``words``: of its states."""

    key: str
    name: Text
    allowed: Mapping[Any, Set[StrEnum]]
    begins: tuple[str, ...]
    words: Mapping[str, Text]
    steps: tuple[Step, ...]
