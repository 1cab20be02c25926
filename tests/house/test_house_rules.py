"""House rules, as tests: sizes, texts, error codes, and what the repository must not speak of."""

import ast
import datetime as dt
import re
import subprocess
from pathlib import Path

import pytest

from cardsvc.bootstrap import now
from cardsvc.cli.shared.output import EXIT_CODES
from cardsvc.errors.catalog import all_entries
from tests.clock import PROCESSES
from tests.world import NOON

ROOT = Path(__file__).parent.parent.parent
SOURCES = sorted((ROOT / "cardsvc").rglob("*.py"))
MAX_FILE, MAX_FUNCTION = 400, 60
INPUT = re.compile(r"<input (?:[^>{]|\{\{.*?\}\}|\{%.*?%\})*>")
ERROR_CLASSES = {
    "CardError",
    "CardGone",
    "CardsvcError",
    "KeystoreError",
    "OperationError",
    "ProfileError",
    "ReaderError",
    "RequestError",
    "RuleError",
    "StoreError",
}


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: str(path.relative_to(ROOT)))
def test_files_and_functions_stay_small(path: Path) -> None:
    """A file fits a sitting, a function a screen; migrations list tables."""
    source = path.read_text("utf-8")
    assert source.count("\n") <= MAX_FILE
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.FunctionDef) and "migrations" not in path.parts:
            assert (node.end_lineno or 0) - node.lineno < MAX_FUNCTION, node.name


def raised_codes() -> set[str]:
    """Every string that looks like a code anywhere in the source."""
    text = "\n".join(path.read_text("utf-8") for path in SOURCES)
    return set(re.findall(r"\"([a-z0-9_]{4,})\"", text))


def constructed_codes() -> set[str]:
    """First arguments of error classes."""
    codes = set()
    for path in SOURCES:
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.Call) and getattr(node.func, "id", "") in ERROR_CLASSES and node.args:
                first = node.args[0]
                if isinstance(first, ast.Constant) and isinstance(first.value, str):
                    codes.add(first.value)
    return codes


def test_every_raised_code_stands_in_the_catalog() -> None:
    """A message must never fail to be shown."""
    assert constructed_codes() <= set(all_entries())


def test_every_code_of_the_catalog_is_used() -> None:
    """No text is kept for what cannot happen."""
    assert set(all_entries()) <= raised_codes()


def test_every_family_of_codes_has_an_exit_code() -> None:
    """The command line can end with any error."""
    assert {entry.family for entry in all_entries().values()} == set(EXIT_CODES)


@pytest.mark.parametrize("code", sorted(all_entries()))
def test_every_error_speaks_both_languages(code: str) -> None:
    """Chinese has Chinese in it, English has none; the outcome is one of three."""
    entry = all_entries()[code]
    assert entry.outcome in ("not_done", "done", "unknown")
    assert 400 <= entry.http <= 599
    for chinese, english in ((entry.zh, entry.en), (entry.next_zh, entry.next_en)):
        assert re.search(r"[\u4e00-\u9fff]", chinese)
        assert english
        assert not re.search(r"[\u4e00-\u9fff]", english)
        assert set(re.findall(r"{(\w+)}", chinese.replace("_zh}", "}"))) == set(
            re.findall(r"{(\w+)}", english.replace("_en}", "}"))
        )


def test_the_repository_speaks_of_itself_alone() -> None:
    """No path of a machine, no host of a package registry."""
    listed = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=True).stdout.split()
    forbidden = re.compile("/w" + "ork/|pypi" + r"\.org|python" + "hosted|npm" + r"js\.(org|com)|\.\./sha" + "red")
    for name in listed:
        path = ROOT / name
        if path.suffix in (".png", ".ico") or not path.is_file():
            continue
        assert not forbidden.search(path.read_text("utf-8")), name


def test_every_package_says_what_it_is() -> None:
    """A newcomer reads the first line of a folder."""
    for path in (ROOT / "cardsvc").rglob("__init__.py"):
        assert ast.get_docstring(ast.parse(path.read_text("utf-8"))), path


def test_tests_begin_at_noon_of_a_working_day() -> None:
    """Before the doors close, whatever the clock on the wall shows; a file that was renamed would silently have that one."""
    assert dt.timedelta() <= now() - NOON < dt.timedelta(hours=4)
    assert [name for name in PROCESSES if not (ROOT / "tests" / name).exists()] == []


def test_a_field_with_a_pattern_says_in_words_what_it_wants() -> None:
    """The browser shows its title, where its own words say only that the form is wrong."""
    fields = [
        field for page in sorted((ROOT / "cardsvc/web").rglob("*.html")) for field in INPUT.findall(page.read_text("utf-8"))
    ]
    assert fields
    assert [field for field in fields if " pattern=" in field and " title=" not in field] == []


def test_a_procedure_of_the_service_asks_no_database_while_it_runs() -> None:
    """It goes on in later calls, when the transaction that made it is over (service/operations/plays.py)."""
    found = []
    for path in SOURCES:
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.FunctionDef) and ast.unparse(node.returns or ast.Constant(None)).startswith("Procedure["):
                yields = any(isinstance(part, ast.Yield | ast.YieldFrom) for part in ast.walk(node))
                if yields and any("uow" in argument.arg or argument.arg == "store" for argument in node.args.args):
                    found.append(f"{path.relative_to(ROOT)}:{node.lineno}")
    assert found == []
