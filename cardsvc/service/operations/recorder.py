"""What the flight recorder keeps of each exchange: see flight.py."""

from collections.abc import Sequence
from typing import Any

from cardsvc.iso7816.exchange import Answers, Ask
from cardsvc.iso7816.links import mask_command

BROKEN_AT = "broken_at"
"""The fact that holds the exchanges of the step in which an operation broke off."""


def recorded_commands(asks: Sequence[Ask]) -> list[dict[str, Any]]:
    """Commands as they may be kept: hex, or header and lengths where they are secret."""
    return [
        {
            "name": ask.name,
            "command": mask_command(ask.command.encode()) if ask.secret else ask.command.encode().hex().upper(),
            "secret": ask.secret,
        }
        for ask in asks
    ]


def recorded_exchanges(asks: Sequence[Ask], answers: Answers, phase: int, step: int) -> list[dict[str, Any]]:
    """The exchanges of a step that broke off; the last has no answer: whether it took effect is not known."""
    commands = recorded_commands(asks[: len(answers) + 1])
    heard: list[dict[str, Any]] = [{"answer": a.encode().hex().upper(), "milliseconds": a.milliseconds} for a in answers]
    heard.append({"answer": None, "milliseconds": None})
    return [{**command, **h, "phase": phase, "step": step} for command, h in zip(commands, heard, strict=False)]
