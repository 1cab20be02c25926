"""Handing out over HTTP: a desk's own program gives the card that it made to its holder, once, and says who took it."""

from typing import Any

import pytest

from cardsvc.client.http import ServiceRefused
from cardsvc.service.loss.reports import report_loss
from tests.service.cards.test_card_requests import PARENT
from tests.web.test_reports_api import TELLER, Bureau, bureau
from tests.world import FAMILIES

__all__ = ["bureau"]


GIVEN: dict[str, Any] = {"teller": TELLER, "compared": True}


def refused(code: str) -> Any:
    """What the service refuses is refused with this code."""
    return pytest.raises(ServiceRefused, match=f"^{code} ")


def test_a_made_card_is_given_over_http(bureau: Bureau) -> None:
    """It waits; not given without a look at document and face; sent twice, because an answer may be lost, given once."""
    till, world = bureau.till, bureau.hall.world
    path = f"/handouts/{world.card_no_of(world.issue(FAMILIES[0]))}"
    assert (till.call("GET", path)["waiting"], till.call("GET", path)["handed_at"]) == (True, None)
    with refused("identity_not_compared"):
        till.call("POST", path, {"teller": TELLER})
    first = till.call("POST", path, GIVEN)
    assert (first["collector"], first["handed_by"], first["waiting"]) == ("holder", "teller", False)
    assert till.call("POST", path, GIVEN)["handed_at"] == first["handed_at"]
    with refused("handout_not_waiting"):
        till.call("POST", path, {**GIVEN, "came": "parent", **PARENT})


def test_who_and_what_is_refused(bureau: Bureau) -> None:
    """An office, a wrong password, a card that was reported lost, a card that is none."""
    till, world, clerk = bureau.till, bureau.hall.world, bureau.hall["teller"]
    number = str(world.card_no_of(world.issue(FAMILIES[0])))
    for method, body in (("GET", None), ("POST", GIVEN)):
        with refused("operation_not_permitted"):
            bureau.office.call(method, f"/handouts/{number}", body)
    with refused("sign_in_wrong"):
        till.call("POST", f"/handouts/{number}", {**GIVEN, "teller": {**TELLER, "password": "another"}})
    with refused("card_unknown"):
        till.call("GET", "/handouts/3100010199999999")
    report_loss(world.store, world.engine.rules, number, "formal", by=clerk, now=world.now)
    with refused("card_hot_listed"):
        till.call("POST", f"/handouts/{number}", GIVEN)
    seen = till.call("GET", f"/handouts/{number}")
    assert (seen["handed_at"], seen["waiting"]) == (None, False)
