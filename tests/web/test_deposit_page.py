"""Deposits on the card's page: taken, shown as they would go back, given back, with a receipt each time."""

from cardsvc.service.cash.shifts import open_shift
from cardsvc.service.purse.bicycles import BicycleLine, apply_list
from cardsvc.store.states import BicycleState
from tests.service.purse.test_areas import CARD
from tests.web.desk_office import Office, Page

PATH = f"/cards/{CARD}"


def office_with_card(office: Office) -> Page:
    """A card, and a clerk with an open drawer."""
    world, clerk = office.world, office.people["clerk"]
    world.issue("fudan-fmcos2")
    open_shift(world.store, ("terminal", "ws-1"), {"1": 0}, by=clerk, now=world.now)
    return office.page("clerk", "ws-1")


def test_a_deposit_is_taken_and_goes_back_as_it_was_shown(office: Office) -> None:
    """By the drawer of this desk; a bicycle that is out is told before anybody presses, and the way it came is told."""
    page, world = office_with_card(office), office.world
    assert "图书馆押金 100.00 元" in page.text(PATH)
    assert page.post(f"{PATH}/deposit-take", product="library", method="cash", given="150").status_code == 303
    again = page.post(f"{PATH}/deposit-take", product="library", method="cash")
    assert (again.status_code, "deposit_already_taken" in again.text) == (409, True)
    assert "退给市民 100.00 元 · 折旧 0.00 · 退法 现金" in page.text(PATH)
    apply_list(world.store, [BicycleLine(CARD, BicycleState.HELD, 20000)], "list", world.now)
    assert "现在不能退：" in page.text(PATH)
    assert "租着公共自行车" in page.text(PATH)
    apply_list(world.store, [BicycleLine(CARD, BicycleState.RELEASED, 0)], "list", world.now)
    stale = page.post(f"{PATH}/deposit-return", told="1")
    assert (stale.status_code, "deposit_changed" in stale.text) == (409, True)
    assert page.post(f"{PATH}/deposit-return", told="nothing").status_code == 422
    assert page.post(f"{PATH}/deposit-return", told="10000").status_code == 303
    twice = page.post(f"{PATH}/deposit-return", told="10000")
    assert (twice.status_code, "deposit_not_held" in twice.text) == (409, True)
    assert "已退 100.00" in page.text(PATH)
    assert f"/desk/receipts/{CARD}/" in page.get(PATH).text
    assert world.balances()[f"deposit:{CARD}"] == 0
