"""The table of presses in docs/desk.md has the flows that browser tests walk and count, and no others."""

import re
from pathlib import Path

from tests.page.presses import told

PAGES = Path(__file__).parent.parent / "page"


def test_every_flow_of_the_table_is_walked_and_counted() -> None:
    """Each by one test at least; a flow that is measured stands in the table."""
    walked = {
        name for file in PAGES.glob("test_*.py") for name in re.findall(r"\.flow\(\"([^\"]+)\"\)", file.read_text("utf-8"))
    }
    assert walked == set(told())
    assert len(walked) > 10


def test_a_broken_card_is_replaced_in_at_most_twelve_presses() -> None:
    """As the hall was promised, from the card in to the receipt."""
    assert told()["补换坏卡，放卡到凭证"] <= 12
