"""How many presses each flow takes: the table of docs/desk.md, by which the flows' own tests are measured."""

import re
from functools import cache
from pathlib import Path

PAGE = Path(__file__).parent.parent.parent / "cardsvc" / "docs" / "desk.md"
ROW = re.compile(r"^\| (?P<flow>[^|]+) \| (?P<keys>[^|]+) \| (?P<presses>\d+)[^|]* \|$", re.MULTILINE)


@cache
def told() -> dict[str, int]:
    """The presses of each flow, as the page tells them; what is typed does not count."""
    table = PAGE.read_text("utf-8").partition("| flow | keys | presses |")[2].partition("\n\n")[0]
    return {row["flow"]: int(row["presses"]) for row in ROW.finditer(table)}
