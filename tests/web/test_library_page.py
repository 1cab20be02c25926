"""The worklist of notices that the library does not take."""

import re

from cardsvc.service.messages.outbox import MAX_ATTEMPTS
from cardsvc.store import UnitOfWork
from cardsvc.store.states import NoticeState
from tests.web.desk_office import Office


def test_dead_letters_stand_on_the_worklist_and_are_tried_again_by_a_supervisor(office: Office) -> None:
    """Event, answer, attempts; an auditor only sees them; clerks have no such page."""
    world = office.world
    world.do(world.issue("fudan-fmcos2"), "open", application="library", product="1")

    def give_up(uow: UnitOfWork) -> None:
        (one,) = uow.library_notices.where()
        values = {"state": NoticeState.FAILED, "attempts": MAX_ATTEMPTS, "error": "HTTP 500", "ended_at": world.now}
        uow.library_notices.change(one, **values)

    world.store.transact(give_up)
    assert office.page("clerk").get("/manage/library").status_code == 403
    shown = office.page("auditor").text("/manage/library")
    assert "发不出去的通知：1" in shown
    assert "开通" in shown
    assert "HTTP 500" in shown
    path = f"/manage/library/{world.citizen()}/1"
    assert office.page("auditor").post(path).status_code == 403
    chief = office.page("chief", language="en")
    assert chief.post(path).status_code == 303
    assert re.search("Notices that could not be sent ?[:：] ?0", chief.text("/manage/library"))
