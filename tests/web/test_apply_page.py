"""The form of an application: what is known of the person stands there before anything is typed."""

import datetime as dt
import io
import re

import pytest
from werkzeug.datastructures import FileStorage
from werkzeug.test import TestResponse

from cardsvc.service.people.register import find_citizen, register_citizen
from tests.web.desk_office import Office
from tests.web.test_form_day import NUMBER, PHOTO
from tests.world import person


@pytest.mark.parametrize(("born", "comes"), [("2015-02-28", "parent"), ("1999-02-28", "holder")])
def test_who_has_to_come_is_chosen_by_the_rule(office: Office, born: str, comes: str) -> None:
    """A child's parent: chosen by hand it was refused, and the photo had to be taken up again."""
    child = person().model_copy(update={"birth_date": dt.date.fromisoformat(born)})
    register_citizen(office.world.store, child, office.world.now)
    form = office.page("clerk", "ws-1").post("/apply", id_number=child.id_number).text
    assert re.findall(r'name="came" value="(\w+)" checked', form) == [comes]


def test_nobody_is_taken_in_by_an_application_that_is_refused(office: Office) -> None:
    """What was typed can be put right until it is taken: a name in the register is changed by two people only."""
    page = office.page("clerk", "ws-1")
    form = {"sex": "1", "ethnic_group": "1", "birthplace": "330100", "birth_date": "1999-02-28", "came": "holder"}

    def applies(name: str, photo: bytes) -> TestResponse:
        sent = FileStorage(io.BytesIO(photo), "photo.jpg")
        return page.post("/apply/new", id_number=NUMBER, name=name, consent="1", photo=sent, **form)

    refused = applies("测试错", b"no photo")
    assert (refused.status_code, "photo_unreadable" in refused.text) == (422, True)
    assert find_citizen(office.world.store, NUMBER) is None
    assert applies("测试申", PHOTO).status_code == 303
    found = find_citizen(office.world.store, NUMBER)
    assert found is not None
    assert found["name"] == "测试申"
