"""Maps in the docstrings of packages: a newcomer finds the room, and no room is left out or invented.

A line of a map is names (one or more, with commas), two spaces or more, and what they are.
"""

import ast
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent.parent
SERVICE = ROOT / "cardsvc"
STORE = SERVICE / "store"
LINE = re.compile(r"^((?:\w+, )*\w+) {2,}\S", re.MULTILINE)
MOST_WITHOUT = 19
"""So many files are seen at a glance."""
ONE_A_TABLE = {STORE / "tables", STORE / "records", STORE / "repositories", STORE / "migrations" / "versions"}
"""Named like the tables they are about, or like the schema version."""


def rooms(package: Path) -> set[str]:
    """The modules and packages in a package."""
    files = {path.stem for path in package.glob("*.py")} - {"__init__"}
    return files | {path.parent.name for path in package.glob("*/__init__.py")}


PACKAGES = sorted(path.parent for path in SERVICE.rglob("__init__.py"))
MAPPED = [
    package
    for package in PACKAGES
    if (any(package.glob("*/__init__.py")) or len(rooms(package)) > MOST_WITHOUT) and package not in {SERVICE, *ONE_A_TABLE}
]
"""Packages that have packages in them, or more files than are seen at a glance."""


@pytest.mark.parametrize("package", MAPPED, ids=lambda path: str(path.relative_to(ROOT)))
def test_a_package_with_rooms_has_a_map_of_them(package: Path) -> None:
    """Each is named once, and nothing is that is not there."""
    told = ast.get_docstring(ast.parse((package / "__init__.py").read_text("utf-8"))) or ""
    named = [name for names in LINE.findall(told) for name in names.split(", ")]
    assert sorted(named) == sorted(rooms(package))


def test_the_readme_names_every_folder_of_the_program() -> None:
    """In its table of folders."""
    readme = (ROOT / "README.md").read_text("utf-8")
    assert {path.name for path in PACKAGES if path.parent == SERVICE and f"`cardsvc/{path.name}`" not in readme} == set()


def test_tables_records_and_repositories_have_files_of_the_same_names() -> None:
    """Whoever knows one finds the others; what is only asked, of many tables at once, has no table of its own."""
    tables, records, repositories = (rooms(STORE / name) for name in ("tables", "records", "repositories"))
    assert records == tables - {"base"}
    assert repositories - records == {"agreement", "day_sums", "figures", "open_money"}
    assert records <= repositories


NAMED = re.compile(r"(?<![\w/.-])((?:[a-z_0-9]+/)*[a-z_0-9]+\.py)\b")


def test_a_file_that_a_text_names_is_there() -> None:
    """In docstrings, comments and pages: a newcomer who follows one does not end at a file that moved."""
    ours = [path.as_posix() for root in (SERVICE, ROOT / "tests") for path in root.rglob("*.py")]
    texts = [*SERVICE.rglob("*.py"), *SERVICE.rglob("*.md"), ROOT / "README.md"]
    named = {(path, name) for path in texts for name in NAMED.findall(path.read_text("utf-8"))}
    lost = {f"{path.relative_to(ROOT)}: {name}" for path, name in named if not any(one.endswith(f"/{name}") for one in ours)}
    assert len(named) > 100
    assert lost == set()
