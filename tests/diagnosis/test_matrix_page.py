"""The fault matrix in the docs is the one that the tests run: made anew with CARDSVC_WRITE_DOCS=1, compared otherwise."""

import os
from collections.abc import Iterator
from pathlib import Path

from cardsvc.diagnosis.plans import plans
from cardsvc.diagnosis.table import table
from tests.diagnosis.faults import FAULTS
from tests.diagnosis.test_repair import CURED, SILENT
from tests.diagnosis.unseen import UNSEEN
from tests.world import ISSUABLE

PAGE = Path(__file__).parent.parent.parent / "cardsvc" / "docs" / "faults.md"
HEAD = f"""# Faults, findings and cures

Made from the fault matrix of the tests, which run each line on {", ".join(ISSUABLE)}
(or on those families alone that a line names): the fault is put on a card in use, the finding must come first, and looking
must not change a byte of the card. One exception: on families whose loads want a PIN, a full run verifies it where the card
tells that all tries are left; a PIN that is not the one on record then costs one try, once. Then `card repair` must bring
the card to health (*repaired*) or leave it untouched with the cure as written (*refused*); where the fault lies in the contact
or passes, there is nothing to repair (*contact*).

| fault 故障 | finding 发现 | severity | cure 办法 | repair |
|---|---|---|---|---|
"""
UNSEEN_HEAD = """
## What a diagnosis cannot see · 检测看不出的

Tested too: on such a card nothing is found, nothing is guessed, and no try is burnt.

| fault 故障 | why 原因 |
|---|---|
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
        name = f"{fault.zh}{only(fault.families)} `{fault.name}`"
        yield f"| {name} | {finding} | {SEVERITY[rule.severity]} | {plan.zh} {plan.en}{people} | {became} |"


def only(families: tuple[str, ...]) -> str:
    """Where not every family can have a fault."""
    return "" if families == ISSUABLE else f" ({', '.join(families)})"


def unseen_lines() -> Iterator[str]:
    """What reading cannot show, and why."""
    for fault in UNSEEN:
        yield f"| {fault.zh}{only(fault.families)} `{fault.name}` | {fault.why_zh} {fault.why_en} |"


def test_the_page_shows_the_matrix_as_it_is_run() -> None:
    """Whoever adds a fault writes the page again."""
    page = HEAD + "\n".join(lines()) + "\n" + UNSEEN_HEAD + "\n".join(unseen_lines()) + "\n"
    if os.environ.get("CARDSVC_WRITE_DOCS"):
        PAGE.write_text(page, "utf-8")
    assert PAGE.read_text("utf-8") == page
