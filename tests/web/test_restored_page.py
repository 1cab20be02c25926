"""The desk page after a restored backup: the card that is ahead of the books is caught up with at the window."""

from tests.restored import declare, lost
from tests.web.desk_office import Office
from tests.web.test_card_window import at_the_desk
from tests.world import DESK, FAMILIES


def test_a_clerk_catches_the_books_up_with_the_card(office: Office) -> None:
    """Not offered before two people said what is lost; then the finding names it, the page tells what was booked, and the card
    is one like others."""
    world = office.world
    card = world.issue(FAMILIES[0])
    world.register(DESK)
    with lost(world):
        world.topup(card, 5000, DESK)
    clerk = at_the_desk(office)
    clerk.put(card)
    assert 'id="job-catch_up"' not in clerk.html
    declare(world)
    clerk.put(card)
    clerk.sees("账册从备份恢复，缺这张卡的充值")
    clerk.job("按卡补账", "补账")
    clerk.sees("已按卡补账", "充值 50.00 元", "应缴：窗口 desk-1")
    clerk.work_place()
    assert 'id="job-catch_up"' not in clerk.html
    clerk.job("充值", "收款并写卡", amount="50")
    clerk.sees("100.00 元")
