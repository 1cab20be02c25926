"""Cards between outlets on the command line: sent with a list, counted in, settled, told in words."""

import re
from pathlib import Path

import pytest

from cardsvc.bootstrap import now
from cardsvc.service.staff.accounts import NewStaff, add_outlet, add_staff
from cardsvc.service.terminals.registry import register_terminal
from cardsvc.vcard import VirtualCard
from tests.cli.test_cli import as_json, run
from tests.day.outlet import PASSWORD
from tests.desk.busy import Counter
from tests.service.bulk.bulk_people import hire
from tests.service.cards.test_card_requests import take
from tests.service.purse.test_areas import CARD
from tests.world import World

SECOND = f"{int(CARD) + 1}"


@pytest.fixture
def office(home: dict[str, str], tmp_path: Path) -> dict[str, str]:
    """Two cards for people of the west, made in the hall; a clerk and a supervisor of the west."""
    world = World(tmp_path / "cards.db", now(), url=home["CARDSVC_DATABASE_URL"])
    clerk = hire(world)
    with world.store.read() as uow:
        admin = uow.staff.get("admin")
    add_outlet(world.store, "west", "城西网点", world.now)
    hired = [
        add_staff(world.store, NewStaff(name, name, role, "west"), PASSWORD, world.now, by=admin)
        for name, role in (("wes", "clerk"), ("boss", "supervisor"))
    ]
    register_terminal(world.store, "ws-1", "", "310000000011", "aa" * 32, "workstation", world.now, outlet_id="hall")
    for number in (1, 2):
        citizen = world.citizen(number)
        take(world, hired[0], citizen)
        Counter(world, "ws-1", clerk).do(VirtualCard.blank("fudan-fmcos2", seed=number), "personalise", citizen_id=citizen)
    world.close()
    (tmp_path / "password").write_text(PASSWORD)
    return {**home, "CARDSVC_STAFF_PASSWORD_FILE": str(tmp_path / "password"), "CARDSVC_STAFF": "clerk"}


def test_cards_travel_and_one_is_lost(office: dict[str, str]) -> None:
    """Packed by the hall, one counted in, the other missing, and given up by a supervisor of the west."""
    west, boss = {**office, "CARDSVC_STAFF": "wes"}, {**office, "CARDSVC_STAFF": "boss"}
    chinese = {**office, "CARDSVC_LANG": "zh"}
    (place,) = as_json(office, "consignment", "to-send", "--outlet", "hall")
    assert [card["card_no"] for card in place["cards"]] == [CARD, SECOND]
    assert "handout_not_arrived" in run(west, "handout", "give", CARD, "--compared", code=9).stderr
    sent = as_json(office, "consignment", "send", "west", "--bag", "F-9")
    bag = sent["consignment"]
    assert (sent["listed"], sent["bag"], sent["state"]) == (2, "F-9", "sent")
    assert "在路上" in run(chinese, "consignment", "list", "--outlet", "west").stdout
    assert as_json(west, "consignment", "count", CARD, "--in", bag) == {"card_no": CARD, "became": "arrived"}
    ended = as_json(west, "consignment", "end", bag)
    assert [card["state"] for card in ended["cards"]] == ["arrived", "missing"]
    assert re.search(rf"{SECOND} +没到 +clerk", run(chinese, "consignment", "amiss").stdout)
    assert as_json(west, "consignment", "settle", bag, SECOND, "take")["cards"][1]["owner"] == "wes"
    lost = ("consignment", "settle", bag, SECOND, "lost", "--note", "找不到")
    assert "not_permitted" in run(west, *lost, code=2).stderr
    assert as_json(boss, *lost)["cards"][1]["state"] == "lost"
    assert "丢失，作废重做" in run(chinese, "consignment", "show", bag).stdout
    assert as_json(west, "handout", "give", CARD, "--compared")["handed_by"] == "wes"
    assert as_json(office, "consignment", "amiss") == []


def test_a_card_is_given_early_for_a_reason(office: dict[str, str]) -> None:
    """The reason stands on the receipt."""
    given = as_json(office, "handout", "give", CARD, "--compared", "--early", "持卡人到制卡的营业厅取")
    assert given["early_reason"] == "持卡人到制卡的营业厅取"
    assert "持卡人到制卡的营业厅取" in run({**office, "CARDSVC_LANG": "zh"}, "handout", "show", CARD).stdout
