"""The fault matrix in the docs is the one that the tests run: made anew with CARDSVC_WRITE_DOCS=1, compared otherwise."""

import os
from collections.abc import Iterator
from pathlib import Path

from cardsvc.diagnosis.plans import plans
from cardsvc.diagnosis.table import table
from tests.diagnosis.faults import FAULTS
from tests.diagnosis.test_repair import CURED, SILENT
from tests.world import FAMILIES

PAGE = Path(__file__).parent.parent.parent / "cardsvc" / "docs" / "faults.md"
HEAD = f"""# Faults, findings and cures

Made from the fault matrix of the tests, which run each line on {" and ".join(FAMILIES)}: the fault is put on a card in use,
the finding must come first, and looking must not change a byte of the card. Then `card repair` must bring it to health
(*repaired*) or leave it untouched with the cure as written (*refused*); where the fault lies in the contact or passes, there is
nothing to repair (*contact*).

| fault 故障 | finding 发现 | severity | cure 办法 | repair |
|---|---|---|---|---|
"""
SEVERITY = {"unusable": "不能用 unusable", "serious": "严重 serious", "limited": "受限 limited", "notice": "提示 notice"}


def lines() -> Iterator[str]:
    """One line a fault, in the order of the matrix."""
    rules = {rule.code: rule for rule in table().finding}
    for fault in FAULTS:
        rule = rules[fault.first]
        plan = plans()[rule.plan]
        people = "，两人 two people" if plan.two_people else ""
        became = "repaired" if fault.name in CURED else "contact" if fault.name in SILENT else "refused"
        finding = f"{rule.zh} `{rule.code}`"
        yield f"| {fault.zh} `{fault.name}` | {finding} | {SEVERITY[rule.severity]} | {plan.zh} {plan.en}{people} | {became} |"


def test_the_page_shows_the_matrix_as_it_is_run() -> None:
    """Whoever adds a fault writes the page again."""
    page = HEAD + "\n".join(lines()) + "\n"
    if os.environ.get("CARDSVC_WRITE_DOCS"):
        PAGE.write_text(page, "utf-8")
    assert PAGE.read_text("utf-8") == page
