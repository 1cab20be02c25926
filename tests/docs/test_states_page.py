"""docs/states.md is made from the table of state machines: made anew with CARDSVC_WRITE_DOCS=1, compared otherwise."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from cardsvc.service.machines import MACHINES
from cardsvc.service.machines.form import Machine
from cardsvc.store.triggers import STATES

PAGE = Path(__file__).parent.parent.parent / "cardsvc" / "docs" / "states.md"
HEAD = """# State machines · 状态

Made from `cardsvc/service/machines/`. Which steps there are is enforced by the database (a trigger on each table; complaints
by their steps); here they have their events and who may cause them.
"""
BY_STEPS = "complaint"
"""A complaint's state is its last step, and steps are only added: there is no column to guard."""


def drawn(machine: Machine) -> Iterator[str]:
    """Title, picture and table of a machine."""
    yield f"\n## {machine.name.zh} · {machine.name.en}\n\n```mermaid\nstateDiagram-v2"
    for state, word in machine.words.items():
        yield f'    state "{word.zh} {word.en}" as {state}'
    for state in machine.begins:
        yield f"    [*] --> {state}"
    for step in machine.steps:
        yield f"    {step.now} --> {step.to}: {step.event.zh} {step.event.en}"
    for state in machine.allowed:
        if not machine.allowed[state]:
            yield f"    {state} --> [*]"
    yield "```\n\n| from | to | event | who |\n|---|---|---|---|"
    for step in machine.steps:
        yield f"| `{step.now}` | `{step.to}` | {step.event.zh} {step.event.en} | {step.who.zh} {step.who.en} |"


def test_the_page_shows_the_machines_as_they_are() -> None:
    """Whoever changes a machine makes the page again."""
    page = HEAD + "\n".join(line for machine in MACHINES for line in drawn(machine)) + "\n"
    if os.environ.get("CARDSVC_WRITE_DOCS"):
        PAGE.write_text(page, "utf-8")
    assert PAGE.read_text("utf-8") == page


@pytest.mark.parametrize("machine", MACHINES, ids=lambda machine: machine.key)
def test_every_step_that_the_database_allows_has_its_event_and_no_other(machine: Machine) -> None:
    """Every state has a word; the list is the one that is enforced."""
    allowed = {(str(now), str(to)) for now, nexts in machine.allowed.items() for to in nexts}
    assert [(step.now, step.to) for step in machine.steps if (step.now, step.to) not in allowed] == []
    assert allowed == {(step.now, step.to) for step in machine.steps}
    assert len(machine.steps) == len(allowed)
    drawable = (*machine.words.values(), *(step.event for step in machine.steps))
    assert not any(mark in text.zh + text.en for text in drawable for mark in ':;"'), "Mermaid ends a text there"
    assert {str(state) for state in machine.allowed} == set(machine.words)
    assert set(machine.begins) <= set(machine.words)
    assert machine.key == BY_STEPS or STATES[machine.key] is machine.allowed
