"""Help of every command, as the click tree has it: in the language of the terminal, nothing without a word."""

import json
import os
import re
import subprocess
import sys
from typing import Any

import pytest

from tests.cli.test_cli import run

WALK = """
import json, click
from cardsvc.cli.main import cli

def walk(command, path):
    context = click.Context(command, info_name=path)
    yield path, command.help, {param.opts[0]: param.help for param in command.params if isinstance(param, click.Option)}
    for name in command.list_commands(context) if isinstance(command, click.Group) else ():
        yield from walk(command.get_command(context, name), f"{path} {name}")

print(json.dumps(list(walk(cli, "cardsvc"))))
"""
CHINESE = re.compile("[\u4e00-\u9fff]")


def tree(language: str) -> list[tuple[str, str, dict[str, str]]]:
    """Every command with its help and that of its options."""
    place = {**os.environ, "CARDSVC_LANG": language}
    done = subprocess.run([sys.executable, "-c", WALK], env=place, capture_output=True, text=True, check=True)
    found: Any = json.loads(done.stdout)
    return [(path, told, options) for path, told, options in found]


@pytest.mark.parametrize("language", ["zh", "en"])
def test_every_command_and_option_says_what_it_is(language: str) -> None:
    """Chinese to Chinese terminals, English to English ones."""
    commands = tree(language)
    assert len(commands) > 200
    said = {path: told for path, told, _options in commands}
    said |= {f"{path} {option}": told for path, _told, options in commands for option, told in options.items()}
    assert [name for name, told in said.items() if not told] == []
    assert [name for name, told in said.items() if bool(CHINESE.search(told)) != (language == "zh")] == []


def test_help_has_no_english_beside_the_chinese() -> None:
    """What is needed, and what kind of value, is click's word: it speaks the terminal's language too."""
    shown = run({**os.environ, "CARDSVC_LANG": "zh"}, "citizen", "register", "--help").stdout
    assert "--name 文字" in shown
    assert "--ethnic-group 整数" in shown
    assert "[必填]" in shown
    assert not re.search(r"TEXT|INTEGER|required|default", shown)


LOOKS = re.compile(
    r" (list|show|status|check|inspect|history|notes|stars|balance|statement|diff|figures|identity|add|register)$"
)
"""Names of commands that only look, and of those that give a new thing its id."""


def test_a_command_that_looks_prints_json_for_programs() -> None:
    """All but the receipt, which is a document."""
    without = [path for path, _told, options in tree("en") if LOOKS.search(path) and "--json" not in options]
    assert without == ["cardsvc receipt show"]
