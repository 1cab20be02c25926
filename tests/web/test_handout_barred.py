"""A made card that is not given: its page says so, and what to do, before anybody tries."""

import pytest

from cardsvc.service.loss.hotlist import add_to_hot_list
from cardsvc.service.loss.reports import report_loss
from tests.service.cards.test_deaths import confirm, report
from tests.web.desk_office import Office
from tests.world import FAMILIES

LOST = "已挂失，不能发放"
LISTED = "在黑名单上，不能发放"
DEAD = "持卡人已身故，不能发放"


@pytest.mark.parametrize(("why", "told"), [("lost", LOST), ("listed", LISTED), ("dead", DEAD)])
def test_a_card_that_is_not_given_says_so_before_the_desk_tries(office: Office, why: str, told: str) -> None:
    """Its own page, the card's page, the person's, and the list of what waits; there is no form to try it with."""
    world, clerk = office.world, office.people["clerk"]
    number = str(world.card_no_of(world.issue(FAMILIES[0])))
    page = office.page("clerk", "ws-1")
    assert "已核对，交卡" in page.text(f"/handouts/{number}")
    if why == "lost":
        report_loss(world.store, world.engine.rules, number, "formal", by=clerk, now=world.now)
    elif why == "listed":
        add_to_hot_list(world.store, number, "收回", by=clerk, now=world.now)
    else:
        report(world, clerk, citizen_id=world.citizen(1), here=(number,))
        confirm(world, office.people["chief"])
    shown = page.text(f"/handouts/{number}")
    assert told in shown
    assert "已核对，交卡" not in shown
    assert "记为已再通知" not in shown
    assert told in page.text(f"/cards/{number}")
    assert told in page.text("/requests")
    with world.store.read() as uow:
        holder = uow.citizens.get_one(world.citizen(1))
    found = page.post("/person", wanted=holder.id_number).text
    assert told in found
