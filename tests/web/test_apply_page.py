"""The form of an application: what is known of the person stands there before anything is typed."""

import datetime as dt
import re

import pytest

from cardsvc.service.people.register import register_citizen
from tests.web.desk_office import Office
from tests.world import person


@pytest.mark.parametrize(("born", "comes"), [("2015-02-28", "parent"), ("1999-02-28", "holder")])
def test_who_has_to_come_is_chosen_by_the_rule(office: Office, born: str, comes: str) -> None:
    """A child's parent: chosen by hand it was refused, and the photo had to be taken up again."""
    child = person().model_copy(update={"birth_date": dt.date.fromisoformat(born)})
    register_citizen(office.world.store, child, office.world.now)
    form = office.page("clerk", "ws-1").post("/apply", id_number=child.id_number).text
    assert re.findall(r'name="came" value="(\w+)" checked', form) == [comes]
