"""Power fails anywhere in a load into a purse that still holds a month which is over: lapse, mark, load.

Wherever it failed, the next contact brings card and books together, and the same load once more ends as if nothing had been.
"""

import datetime as dt
from pathlib import Path
from typing import Any

import pytest

from cardsvc.vcard import VirtualCard
from tests.procedures.torn import LONG_RUN, carried, torn
from tests.world import FAMILIES, KIOSK, Snapshot, World, area_on

CASH = {"method": "cash", "reference": None}
MONTH = {"area": "month", "payment": CASH}
ODD = "purse:3100010100000001:bus:ed"


@pytest.mark.parametrize("family", FAMILIES)
def test_a_torn_load_over_a_lapsed_month_is_explained(family: str, tmp_path: Path) -> None:
    """Money of November is there, or lapsed, or lapsed and January's is there: on the card as in the books."""
    start = World(tmp_path / "start.db")
    card = start.issue(family)
    start.do(card, "open", application="bus", product="T")
    start.do(card, "topup", KIOSK, amount=6000, **MONTH)
    start.now += dt.timedelta(days=60)
    snapshot = Snapshot(start, card, tmp_path)

    def run(world: World, card: VirtualCard) -> Any:
        return carried(world, card, "topup", {"amount": 5000, **MONTH}, KIOSK)

    seen = set()
    for world, card, plan, _ in torn(snapshot, run, stride=LONG_RUN):
        world.do(card, "inspect")
        books, on_card = world.balances(), area_on(card, "bus", "ed")
        lapsed, paid = -books.get("fee:lapsed_month", 0), books["clearing:terminal:kiosk-7"]
        assert (on_card, lapsed, paid) in ((6000, 0, 6000), (0, 6000, 6000), (5000, 6000, 11000)), plan
        assert -books[ODD] == on_card, plan
        assert books["suspense:3100010100000001"] == 0 == sum(books.values()), plan
        seen.add(on_card)
        if on_card != 5000:
            assert run(world, card)["lapsed"] == on_card, plan
        assert (area_on(card, "bus", "ed"), -world.balances()[ODD]) == (5000, 5000), plan
    assert seen == {6000, 0, 5000}
