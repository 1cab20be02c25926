"""The page of a card's face in each of its states, through axe: served from the test client, without a card or a reader."""

from urllib.parse import urlsplit

from playwright.sync_api import Browser, Page, Route

from tests.page.conftest import axe_finds, opened, picture
from tests.web.conftest import furnished, office
from tests.web.desk_office import Office
from tests.web.desk_office import Page as Clerk
from tests.web.test_face_page import Printing

__all__ = ["furnished", "office"]


def screen(browser: Browser, clerk: Clerk) -> Page:
    """A tablet that shows what the clerk's client is given, without the event stream: it never ends."""

    def answer(route: Route) -> None:
        path = urlsplit(route.request.url).path
        if path == "/desk/events":
            route.abort()
            return
        with clerk.client.get(path) as got:
            route.fulfill(status=got.status_code, body=got.data, content_type=got.content_type)

    page = opened(browser, 1024)
    page.route("**/*", answer)
    return page


def test_every_state_of_a_face_is_clean_for_axe(browser: Browser, office: Office) -> None:
    """Waiting, being printed, to be looked at, failed, unknown: words, labels, contrast; nothing runs off a tablet."""
    job, clerk = Printing(office), office.page("clerk", "ws-1")
    page = screen(browser, clerk)

    def seen(state: str) -> None:
        page.goto(f"http://desk.example/desk/requests/{job.case_no}")
        for details in page.locator("details").all():
            details.evaluate("one => one.open = true")
        assert page.locator("section.face").is_visible(), state
        picture(page, f"face-{state}")
        assert axe_finds(page) == [], state
        assert page.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth"), state

    seen("due")
    clerk.post(job.path("print"), printer="ws-1")
    job.agent("sent", "ribbon is out")
    seen("sent")
    job.agent("unknown")
    seen("unknown")
    clerk.post(job.path("again"), printer="ws-1", why="没印上")
    job.agent("failed", "no ribbon")
    seen("failed")
    clerk.post(job.path("again"), printer="ws-1", why="换了色带")
    job.agent("printed")
    seen("printed")
    clerk.post(job.path("right"))
    seen("right")
    page.close()
