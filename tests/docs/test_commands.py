"""What README and the pages tell people to type exists: commands, options, settings, links."""

import re
import shlex
from collections.abc import Iterator
from pathlib import Path

import click
import pytest

from cardsvc.cli.main import COMMANDS, cli
from cardsvc.config import Settings

ROOT = Path(__file__).parent.parent.parent
DOCS = ROOT / "cardsvc" / "docs"
PAGES = {path.name: path.read_text("utf-8") for path in (ROOT / "README.md", *sorted(DOCS.glob("*.md")))}
FENCED = re.compile(r"^```\w*\n(.*?)^```", re.MULTILINE | re.DOTALL)
NO_COMMANDS = {"cardsvc hotlist increment 11 13", "cardsvc hotlist 种类 起始版本 版本", "cardsvc COMMAND --help"}
"""A text that is signed, and any command."""


def typed(text: str) -> Iterator[str]:
    """Commands of blocks of code, without what is said behind them."""
    for block in FENCED.findall(text):
        for line in block.replace("\\\n", " ").splitlines():
            parts = re.split(r"\s*(?:;|&&)\s*", re.sub(r"\s#.*", "", line).strip())
            yield from (part for part in parts if part.startswith("cardsvc ") and part not in NO_COMMANDS)


def mentioned(text: str) -> Iterator[str]:
    """Commands in the middle of a sentence."""
    found = (command.replace("\n", " ") for command in re.findall(r"`(cardsvc [^`]*)`", FENCED.sub("", text)))
    yield from (command for command in found if command not in NO_COMMANDS)


def command_of(line: str) -> tuple[click.Command, click.Context, list[str]]:
    """The command that a line calls, and the arguments that it is given."""
    command: click.Command = cli
    context, given = click.Context(cli, info_name="cardsvc"), shlex.split(line)[1:]
    while isinstance(command, click.Group) and given and not given[0].startswith("-"):
        below = command.get_command(context, name := given.pop(0))
        assert below is not None, f"{line}: {name}"
        command, context = below, click.Context(below, info_name=name, parent=context)
    return command, context, given


@pytest.mark.parametrize("page", PAGES)
def test_a_command_in_a_block_can_be_typed_as_it_stands(page: str) -> None:
    """Its options exist, nothing that it needs is missing, and nothing is left over."""
    for line in typed(PAGES[page]):
        command, context, given = command_of(line)
        values, rest, order = command.make_parser(context).parse_args(given)
        needed = {one.name for one in command.params if one.required}
        assert rest == [], line
        assert needed <= {one.name for one in order if values[str(one.name)]}, line


@pytest.mark.parametrize("page", PAGES)
def test_a_command_in_a_sentence_exists(page: str) -> None:
    """With each option that is named."""
    for line in mentioned(PAGES[page]):
        command, context, given = command_of(line)
        known = {name for one in command.get_params(context) for name in (*one.opts, *one.secondary_opts)}
        assert {word for word in given if word.startswith("--")} <= known, line


def test_every_command_stands_in_the_readme_or_in_the_page_of_commands() -> None:
    """Nobody has to guess that there is one."""
    told = PAGES["README.md"] + PAGES["commands.md"]
    assert {name for name in COMMANDS if f"cardsvc {name}" not in told} == set()


def test_the_page_of_settings_names_what_there_is() -> None:
    """All of it, and nothing else; language and file are read before the settings."""
    rows = [line for line in PAGES["settings.md"].splitlines() if line.startswith("| `")]
    named = {name.lower() for row in rows for name in re.findall(r"`CARDSVC_(\w+)`", row)}
    assert named == {*Settings.model_fields, "config", "lang"}


@pytest.mark.parametrize("page", PAGES)
def test_links_lead_somewhere(page: str) -> None:
    """To a file that is there."""
    folder = ROOT if page == "README.md" else DOCS
    targets = {target.partition("#")[0] for target in re.findall(r"\]\(([^)]+)\)", PAGES[page])} - {""}
    assert [target for target in targets if not (folder / target).exists()] == []
