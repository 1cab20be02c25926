"""Lists of the command line: an empty one says so in words, and none needs the key store's passphrase."""

import json
from collections.abc import Iterator

import click
from click.testing import CliRunner

from cardsvc.cli.main import cli
from tests.cli.test_cli import run

CARD = "3100010100000001"
HALL = ("--outlet", "hall")
EMPTY = (
    ("bulk", "list"),
    ("handout", "list", *HALL),
    ("rights", "list"),
    ("notices", "list"),
    ("consignment", "list"),
    ("consignment", "amiss"),
    ("consignment", "to-send", *HALL),
    ("handout", "list"),
    ("outbox", "list"),
    ("terminal", "list"),
    ("order", "list"),
    ("approvals", "list"),
    ("shift", "list", *HALL),
    ("complaint", "list"),
    ("held", "list"),
    ("suspects", "list"),
    ("batch", "list"),
    ("reconcile", "list"),
    ("staff", "list"),
    ("staff", "history"),
    ("order", "list", CARD),
    ("card", "takeover"),
    ("hotlist", "show", CARD),
    ("loss", "show", CARD),
    ("audit", "acts", "--subject", "terminal:none"),
    ("readers", "health"),
    ("day", "status", *HALL),
)
"""Lists of a city in which nothing happened yet."""
FILLED = {("profiles", "list"), ("rules", "list"), ("keys", "list")}
"""Lists that are never empty: what the program brings, and the keys, which want their passphrase."""
PART_EMPTY = (
    (("queue", "show", *HALL), "waiting", "没有人在等"),
    (("hall", "notes", *HALL), "notes", "没有记录"),
    (("hotlist", "status"), "terminals", "还没有终端"),
)
"""Answers with more in them than a list; where the list stands in the JSON, and what its emptiness is called."""


def _said(home: dict[str, str], *command: str, language: str = "en") -> str:
    """What a command that ends well prints; in this process, for there are many of them."""
    done = CliRunner().invoke(cli, command, env={**home, "CARDSVC_LANG": language}, catch_exceptions=False)
    assert done.exit_code == 0, (command, done.output)
    return done.stdout


def _leaves(group: click.Group, *path: str) -> Iterator[tuple[str, ...]]:
    context = click.Context(group)
    for name in group.list_commands(context):
        command = group.get_command(context, name)
        if isinstance(command, click.Group):
            yield from _leaves(command, *path, name)
        else:
            yield (*path, name)


def test_every_list_is_looked_at_here() -> None:
    """A list that is added later must say what it says when it is empty."""
    lists = {path for path in _leaves(cli) if path[-1] == "list"}
    assert lists == {command[:2] for command in EMPTY if command[1] == "list"} | FILLED


def test_an_empty_list_says_so_in_words(home: dict[str, str]) -> None:
    """One line in each language, and an empty list as JSON; no key store is there, nor anybody who has its passphrase."""
    keyless = {name: value for name, value in home.items() if name != "CARDSVC_PASSPHRASE_FILE"}
    _said(keyless, "staff", "outlet", "hall", "市民之家")
    for command in EMPTY:
        assert json.loads(_said(keyless, *command, "--json")) == [], command
        english, chinese = _said(keyless, *command), _said(keyless, *command, language="zh")
        assert english.isascii(), command
        assert english.strip(), command
        assert any("\u4e00" <= letter <= "\u9fff" for letter in chinese), command
        assert (english.count("\n"), chinese.count("\n")) == (1, 1), command
    for command, where, words in PART_EMPTY:
        assert json.loads(_said(keyless, *command, "--json"))[where] == [], command
        assert words in _said(keyless, *command, language="zh"), command


def test_a_key_store_is_asked_for_where_a_key_is_used(hall: dict[str, str]) -> None:
    """What people see to on the books runs without; what is sealed says which passphrase is missing, and nothing is kept."""
    keyless = {name: value for name, value in hall.items() if name != "CARDSVC_PASSPHRASE_FILE"}
    for command in (("hall", "call-backs"), ("hall", "stars", "2026Q4", *HALL)):
        told = _said(keyless, *command, "--as", "boss", language="zh")
        assert "没有" in told, command
    _said(keyless, "stock", "show", *HALL)
    _said(keyless, "order", "return-expired", "--as", "boss")
    _said(keyless, "complaint", "take", "12345", "--text", "窗口太少", "--as", "boss")
    sealed = ("complaint", "take", "desk", "--text", "没人理", "--contact", "0000", "--as", "boss")
    assert "passphrase_missing" in run(keyless, *sealed, code=7).stderr
    assert len(json.loads(_said(keyless, "complaint", "list", "--json"))) == 1


def test_acts_are_told_in_words_and_kept_as_codes(home: dict[str, str]) -> None:
    """Code with --json, words in both languages without; a sum in yuan."""
    _said(home, "staff", "outlet", "hall", "市民之家")
    _said(home, "terminal", "register", "kiosk-7", "--public-key", "aa" * 32, "--terminal-no", "310000000007")
    _said(home, "terminal", "limit", "kiosk-7", "--daily-amount", "20000")
    codes = [act["act"] for act in json.loads(_said(home, "audit", "acts", "--json"))]
    assert codes == ["terminal_limit", "terminal_register", "outlet_add"]
    english = _said(home, "audit", "acts").splitlines()[1:]
    assert "limits of a terminal set" in english[0]
    assert "amount a day: 20000.00" in english[0]
    assert "outlet added" in english[2]
    chinese = _said(home, "audit", "acts", language="zh")
    assert "设定终端限额" in chinese
    assert "每日总额: 20000.00" in chinese
    assert not any(code in chinese + "".join(english) for code in codes)
