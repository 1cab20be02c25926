"""Handing out and personal data on the command line: the rules of the page, told in words; and the timer of the night."""

import re
from pathlib import Path

import pytest

from cardsvc.bootstrap import now
from tests.cli.test_cli import as_json, run
from tests.day.outlet import PASSWORD
from tests.service.bulk.bulk_people import hire
from tests.service.cards.test_card_requests import PARENT
from tests.service.purse.test_areas import CARD
from tests.world import World


@pytest.fixture
def office(home: dict[str, str], tmp_path: Path) -> dict[str, str]:
    """A clerk who signs in, and a card that was made on the command line."""
    made = World(tmp_path / "cards.db", now(), url=home["CARDSVC_DATABASE_URL"])
    hire(made)
    made.issue("fudan-fmcos2")
    made.close()
    (tmp_path / "password").write_text(PASSWORD)
    return {**home, "CARDSVC_STAFF_PASSWORD_FILE": str(tmp_path / "password"), "CARDSVC_STAFF": "clerk"}


def test_a_card_is_listed_given_and_shown(office: dict[str, str]) -> None:
    """Who took it is kept; without a look at the document nothing is given; an agent is refused by the rule."""
    assert [one["card_no"] for one in as_json(office, "handout", "list", "--outlet", "hall")] == [CARD]
    told = run({**office, "CARDSVC_LANG": "zh"}, "handout", "list").stdout
    assert re.search(rf"^卡号 +持卡人 +制好 +状态\n{CARD} +测试一 +\d{{4}}-\d\d-\d\d \d\d:\d\d:\d\d +-$", told, re.MULTILINE)
    assert "identity_not_compared" in run(office, "handout", "give", CARD, code=2).stderr
    agent = ("--came", "agent", "--name", PARENT["comer_name"], "--id-number", PARENT["comer_id_number"], "--both-originals")
    assert "rule_in_person" in run(office, "handout", "give", CARD, "--compared", *agent, code=3).stderr
    assert "comer_unknown" in run(office, "handout", "give", CARD, "--compared", "--came", "agent", code=2).stderr
    given = as_json(office, "handout", "give", CARD, "--compared")
    assert (given["collector"], given["handed_by"]) == ("holder", "clerk")
    assert "handout_not_waiting" in run(office, "handout", "give", CARD, "--compared", code=2).stderr
    assert "本人" in run({**office, "CARDSVC_LANG": "zh"}, "handout", "show", CARD).stdout
    assert as_json(office, "handout", "list") == []
    assert as_json(office, "handout", "remind") == {"told": [], "no_phone": []}


def test_a_card_that_is_not_given_says_so_in_the_list(office: dict[str, str]) -> None:
    """And what is done about it, in the line and for a program."""
    run(office, "loss", "report", CARD, "--kind", "formal", "--yes")
    assert "已挂失，不能发放" in run({**office, "CARDSVC_LANG": "zh"}, "handout", "list").stdout
    assert [one["not_given"] for one in as_json(office, "handout", "list")] == ["lost"]


def test_a_service_account_runs_what_the_night_does(office: dict[str, str], tmp_path: Path) -> None:
    """It tells holders again and deletes what is over; it gives no card away and deletes no photo at somebody's wish."""
    (tmp_path / "new").write_text("another only for tests")
    added = {**office, "CARDSVC_NEW_PASSWORD_FILE": str(tmp_path / "new"), "CARDSVC_STAFF": "admin"}
    run(added, "staff", "add", "night", "--name", "night", "--role", "service", "--outlet", "hall")
    night = {**office, "CARDSVC_STAFF": "night", "CARDSVC_STAFF_PASSWORD_FILE": str(tmp_path / "new")}
    assert as_json(night, "citizen", "forget") == {"noted": 0, "photos": 0, "requests": 0, "people": 0}
    assert as_json(night, "handout", "remind") == {"told": [], "no_phone": []}
    assert "service_account" in run(night, "handout", "give", CARD, "--compared", code=2).stderr
    assert "service_account" in run(night, "citizen", "delete-photos", "0" * 36, "--reason", "x", code=2).stderr
    assert "citizen_unknown" in run(office, "citizen", "delete-photos", "0" * 36, "--reason", "x", code=2).stderr
