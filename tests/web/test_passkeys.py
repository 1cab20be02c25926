"""Passkeys at the desk's door, with a device written from the standard: who gets in, and everything that does not open it."""

import datetime as dt
import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from flask.testing import FlaskClient
from hypothesis import given
from hypothesis import strategies as st

from cardsvc.bootstrap import Services, now
from cardsvc.config import Settings
from cardsvc.errors import CardsvcError
from cardsvc.service.books.audit import verify_ledger
from cardsvc.service.management.staff_admin import set_staff_state
from cardsvc.service.staff.passkeys import Site, begin_sign_in, who_shows
from cardsvc.store import Store
from cardsvc.web.desk import create_desk
from tests.databases import copy, url_of
from tests.examples import examples
from tests.templates import compiled_once
from tests.web.desk_office import PASSWORD, Office, Page, plain
from tests.web.device import Device
from tests.world import profiles

ORIGIN = "https://desk.example.cn"
SITE = Site(ORIGIN)


@pytest.fixture
def open_to_keys(office: Office) -> Office:
    """The outlet with passkeys turned on."""
    world = office.world
    services = Services(Settings(passkey_origin=ORIGIN), world.store, world.engine, profiles(), world.engine.rules)
    office.app = compiled_once(create_desk(services))
    return office


@pytest.fixture(scope="module")
def still(tmp_path_factory: pytest.TempPathFactory, furnished: Path) -> Iterator[Store]:
    """A database in which nobody has a passkey."""
    path = tmp_path_factory.mktemp("still") / "city.db"
    copy(furnished, path)
    store = Store(url_of(path))
    yield store
    store.close()


def added(page: Page, device: Device, name: str = "右手食指") -> None:
    """Somebody adds a passkey on their own page."""
    options = page.post("/passkeys/begin", password=PASSWORD)
    assert options.status_code == 200, options.text
    assert page.post("/passkeys", answer=device.create(options.text), name=name).status_code == 303


def shown(client: FlaskClient, device: Device, door: str = "sign-in") -> int:
    """The status of a door after a passkey was shown; 303 is in."""
    options = client.post("/desk/passkey/challenge").text
    return client.post(f"/desk/passkey/{door}", data={"answer": device.get(options)}).status_code


def test_a_passkey_signs_in_and_unlocks_and_its_owner_removes_it(open_to_keys: Office) -> None:
    """Beside the password; listed with its last use; removed, it opens nothing; the record has both changes."""
    page, device = open_to_keys.page("clerk", "ws-1"), Device(ORIGIN)
    assert "还没用过" not in page.text("/sessions")
    added(page, device)
    assert re.search("右手食指 .* 还没用过", page.text("/sessions"))
    client = open_to_keys.app.test_client()
    client.set_cookie("cardsvc_workstation", "ws-1")
    assert shown(client, device) == 303
    told = plain(client.get("/desk/sessions").text)
    assert "工作台 ws-1" in told
    assert "还没用过" not in told
    Page(client).post("/lock")
    assert client.get("/desk/queue").location.startswith("/desk/unlock")
    assert shown(client, device, "unlock") == 303
    assert client.get("/desk/queue").status_code == 200
    found = re.search(r"/desk/passkeys/([0-9a-f]{64})/remove", page.get("/sessions").text)
    assert found
    assert page.post(f"/passkeys/{found[1]}/remove").status_code == 303
    assert page.post(f"/passkeys/{found[1]}/remove").status_code == 404
    assert shown(open_to_keys.app.test_client(), device) == 401
    told = open_to_keys.page("admin").text("/manage/staff/clerk")
    assert re.search(r"删除通行密钥：右手食指 演示 clerk \(clerk\) desk ws-1 .* 添加通行密钥：右手食指", told)
    assert verify_ledger(open_to_keys.world.store)["breaks"] == []


def test_another_persons_passkey_does_not_unlock_and_an_administrator_removes_it(open_to_keys: Office) -> None:
    """The locked page stays its person's; a suspended person's key is as good as none."""
    office, device = open_to_keys, Device(ORIGIN)
    added(office.page("other"), device)
    page = office.page("clerk")
    page.post("/lock")
    assert shown(page.client, device, "unlock") == 401
    assert page.get("/queue").location.startswith("/desk/unlock")
    for state, status in (("suspended", 401), ("active", 303)):
        set_staff_state(office.world.store, "other", state, by=office.people["admin"], now=office.world.now)
        assert shown(office.app.test_client(), device) == status
    admin = office.page("admin")
    found = re.search(r'name="passkey" value="([0-9a-f]{64})"', admin.get("/manage/staff/other").text)
    assert found
    assert office.page("chief").post("/manage/staff/other", deed="passkey", passkey=found[1]).status_code == 403
    assert admin.post("/manage/staff/clerk", deed="passkey", passkey=found[1]).status_code == 404
    assert admin.post("/manage/staff/other", deed="passkey", passkey=found[1]).status_code == 303
    assert shown(office.app.test_client(), device) == 401


def test_a_reset_password_takes_the_passkeys_with_it_unless_they_are_kept(open_to_keys: Office) -> None:
    """They would sign in past the new password. What was kept is told beside it."""
    office, device = open_to_keys, Device(ORIGIN)
    added(office.page("other"), device)
    admin = office.page("admin")
    assert "保留的通行密钥还能登录" in plain(admin.post("/manage/staff/other", deed="reset", keep_passkeys="1").text)
    assert shown(office.app.test_client(), device) == 303
    assert "保留的通行密钥还能登录" not in admin.post("/manage/staff/other", deed="reset").text
    assert shown(office.app.test_client(), device) == 401
    assert "删除通行密钥" in admin.text("/manage/staff/other")
    assert verify_ledger(office.world.store)["breaks"] == []


def test_what_does_not_open_the_door(open_to_keys: Office) -> None:
    """Another site's page, no finger, a counter that stands still, an answer sent twice, a late one, one for another use."""
    office = open_to_keys
    page, store, moment = office.page("clerk"), office.world.store, office.world.now
    device = Device(ORIGIN)
    added(page, device)
    client = office.app.test_client()
    answer = device.get(client.post("/desk/passkey/challenge").text)
    assert client.post("/desk/passkey/sign-in", data={"answer": answer}).status_code == 303
    assert client.post("/desk/passkey/sign-in", data={"answer": answer}).status_code == 401
    for name, value in (("counts", 0), ("origin", "https://desk.example.cn.evil.example"), ("verifies", False)):
        before = getattr(device, name)
        setattr(device, name, value)
        assert shown(client, device) == 401, name
        setattr(device, name, before)
    assert shown(client, device) == 303
    late = device.get(begin_sign_in(store, SITE, moment))
    with pytest.raises(CardsvcError, match="passkey_wrong"):
        who_shows(store, SITE, late, moment + dt.timedelta(minutes=6))
    making = json.loads(page.post("/passkeys/begin", password=PASSWORD).text)
    with pytest.raises(CardsvcError, match="passkey_wrong"):
        who_shows(store, SITE, device.get(json.dumps({"rpId": SITE.host, "challenge": making["challenge"]})), moment)
    assert page.post("/passkeys/begin", password="not the password").status_code == 401
    again = page.post("/passkeys/begin", password=PASSWORD).text
    assert page.post("/passkeys", answer=device.create(again), name="x").status_code == 401
    others = office.page("other").post("/passkeys/begin", password=PASSWORD).text
    assert page.post("/passkeys", answer=Device(ORIGIN).create(others), name="x").status_code == 401


def test_nobody_collects_passkeys(open_to_keys: Office) -> None:
    """Eight are enough; the ninth is told so before the device is asked."""
    page = open_to_keys.page("clerk")
    for number in range(8):
        added(page, Device(ORIGIN), str(number))
    refused = page.post("/passkeys/begin", password=PASSWORD)
    assert (refused.status_code, "最多 8 个" in refused.get_json()["message"]) == (409, True)


def test_where_passkeys_are_off_nothing_offers_or_takes_them(office: Office) -> None:
    """No script, no button, and the addresses say so."""
    client = office.app.test_client()
    assert "passkey" not in client.get("/desk/sign-in").text
    assert client.post("/desk/passkey/challenge").status_code == 404
    page = office.page("clerk")
    assert "passkey" not in page.get("/sessions").text
    assert page.post("/passkeys/begin", password=PASSWORD).status_code == 404


@pytest.mark.parametrize("origin", ["http://desk.example.cn", "https://desk.example.cn/", "https://DESK.example.cn", "desk"])
def test_an_origin_that_no_browser_would_write_is_refused(origin: str) -> None:
    """At the start of the service, not at the first finger."""
    with pytest.raises(CardsvcError, match=r"settings_wrong .*passkey_origin"):
        Settings(passkey_origin=origin)


JSON = st.recursive(st.none() | st.integers() | st.text(), lambda part: st.lists(part) | st.dictionaries(st.text(), part))


@given(answer=st.text() | JSON.map(json.dumps))
@examples(20)
def test_no_answer_of_a_browser_breaks_the_door(still: Store, answer: str) -> None:
    """Whatever it sends is one refusal."""
    with pytest.raises(CardsvcError, match="passkey_wrong"):
        who_shows(still, SITE, answer, now())


def test_an_answer_that_is_nearly_right_is_refused_too(open_to_keys: Office) -> None:
    """Every part of a good answer taken out or spoilt."""
    office, device = open_to_keys, Device(ORIGIN)
    added(office.page("clerk"), device)
    store, moment = office.world.store, office.world.now
    for part in ("clientDataJSON", "authenticatorData", "signature"):
        good = json.loads(device.get(begin_sign_in(store, SITE, moment)))
        for spoilt in (None, "", "AAAA", "!", 7, good["response"][part][:-8]):
            answer = {**good, "response": {**good["response"], part: spoilt}}
            with pytest.raises(CardsvcError, match="passkey_wrong"):
                who_shows(store, SITE, json.dumps(answer), moment)
    assert who_shows(store, SITE, device.get(begin_sign_in(store, SITE, moment)), moment).staff_id == "clerk"
