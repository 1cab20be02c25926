"""The page of an application whose card's face is printed: what to do in each state, and what a wrong press cannot do."""

from typing import Any

from cardsvc.service.cards.requests import request_of
from cardsvc.service.desk.faces import face_told, next_face
from cardsvc.service.desk.workstations import FacePrinter, report
from cardsvc.vcard import VirtualCard
from tests.service.cards.test_card_requests import take
from tests.web.desk_office import Office
from tests.world import FAMILIES

SESSION = "run-one-1"


class Printing:
    """A made card of this outlet, and the agent beside its printer."""

    def __init__(self, office: Office) -> None:
        self.world = office.world
        report(self.world.engine, "ws-1", SESSION, [], new=True, printer=FacePrinter("cards"))
        citizen = self.world.citizen()
        self.case_no = take(self.world, office.people["clerk"], citizen).case_no
        self.made = self.world.do(VirtualCard.blank(FAMILIES[0], seed=1), "personalise", citizen_id=citizen)

    def path(self, deed: str) -> str:
        """Where a form of the newest print goes."""
        found = request_of(self.world.store, self.case_no)
        return f"/faces/{found['card_no']}/{found['face']['print_id']}/{deed}"

    def agent(self, state: Any, note: str | None = None) -> None:
        """The agent takes the print and tells this of it."""
        job = next_face(self.world.store, "ws-1", SESSION, None, self.world.now)
        assert job is not None
        face_told(self.world.store, "ws-1", SESSION, job.print_id, state, note, self.world.now)


def test_a_clerk_prints_looks_and_hands_out(office: Office) -> None:
    """The form to hand out comes when the face was found right; a printer that stands still is told."""
    job, page = Printing(office), office.page("clerk", "ws-1")
    shown = f"/requests/{job.case_no}"
    assert job.made["face_due"] is True
    assert page.get(f"/faces/{job.made['card_no']}").headers["Location"] == f"/desk/requests/{job.case_no}"
    assert "把这张卡放进证卡打印机" in page.text(shown)
    assert "已核对，交卡" not in page.get(shown).text
    assert "卡面：待打印" in page.text("/requests")
    assert page.post(job.path("print"), printer="ws-1").status_code == 303
    job.agent("sent", "printer stopped: ribbon is out")
    assert "ribbon is out" in page.text(f"/faces/{job.made['card_no']}/live")
    refused = page.post(f"/handouts/{job.made['card_no']}", came="holder", compared="1")
    assert (refused.status_code, "face_not_looked_at" in refused.text) == (409, True)
    job.agent("printed")
    english = office.page("clerk", "ws-1", "en")
    assert "Look at the card in the printer's bin" in english.text(shown).replace("&#39;", "'")
    assert page.post(job.path("right")).status_code == 303
    assert page.post(f"/handouts/{job.made['card_no']}", came="holder", compared="1").status_code == 303
    assert "已发放" in page.text(shown)


def test_printing_again_takes_a_reason_and_a_spoiled_card_is_made_anew(office: Office) -> None:
    """What is not known is told as such; a reason is asked for; a form of a print that is over is refused."""
    job, page = Printing(office), office.page("clerk", "ws-1")
    page.post(job.path("print"), printer="ws-1")
    job.agent("unknown")
    old = job.path("again")
    assert "看打印机里和出口的卡" in page.text(f"/requests/{job.case_no}")
    assert page.post(old, printer="ws-1").status_code == 422
    assert page.post(old, printer="ws-1", why="没印上").status_code == 303
    again = page.post(old, printer="ws-1", why="没印上")
    assert (again.status_code, "face_moved_on" in again.text) == (409, True)
    job.agent("failed", "no ribbon")
    assert "没印上" in page.text(f"/requests/{job.case_no}")
    assert page.post(job.path("spoiled"), why="印歪").status_code == 303
    assert "待制卡" in page.text(f"/requests/{job.case_no}")
