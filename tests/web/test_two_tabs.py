"""Two pages of one desk on one card: a form that the other page has overtaken takes no money."""

import uuid

from cardsvc.service.desk.workstations import begin, progress
from tests.desk.busy import Counter
from tests.web.desk_office import Office, plain
from tests.web.test_refund_page import hidden
from tests.world import balance_on

TOP_UP = {"method": "cash", "reference": ""}


def test_a_form_that_another_page_has_overtaken_is_refused(office: Office) -> None:
    """The clerk typed it twice, or the second page showed an old balance: the first counts; that form again is the first."""
    world, contact = office.world, str(uuid.uuid4())
    counter, card = Counter(world, "ws-1", office.people["clerk"]), world.issue("fudan-fmcos2")
    counter.sees(card, contact)

    def looked_at() -> None:
        for kind, params in (("inspect", {}), ("diagnose", {"quick": True})):
            key = str(uuid.uuid4())
            counter.finish(card, begin(world.engine, "ws-1", contact, kind, params, by=counter.clerk, idempotency_key=key))

    looked_at()
    page = office.page("clerk", "ws-1")
    first, second = (hidden(page.get(f"/jobs/topup?contact={contact}").text) for _ in range(2))
    begun = page.post("/jobs/topup", amount="100", **first, **TOP_UP)
    late = page.post("/jobs/topup", amount="200", **second, **TOP_UP)
    assert late.status_code == 409
    assert "另一个页面" in plain(late.text)
    assert "没有收款" in plain(late.text)
    assert page.post("/jobs/topup", amount="100", **first, **TOP_UP).location == begun.location
    counter.finish(card, progress(world.engine, "ws-1", begun.location.rpartition("/")[2], by=counter.clerk))
    looked_at()
    again = hidden(page.get(f"/jobs/topup?contact={contact}").text)
    meant = page.post("/jobs/topup", amount="200", **again, **TOP_UP)
    counter.finish(card, progress(world.engine, "ws-1", meant.location.rpartition("/")[2], by=counter.clerk))
    assert balance_on(card)[0] == 30000
