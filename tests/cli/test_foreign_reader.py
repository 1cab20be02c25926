"""A foreign card OS in the reader of the real pcscd, and the commands of a desk (diagnosis/test_vicc.py: without a reader)."""

import json

import pytest

from cardsvc.readers.directory import wait_for_card
from tests.cli.test_cli import run
from tests.diagnosis.foreign_os import ATR_OF_VICC, vicc
from tests.waiting import PATIENCE, until


def test_a_foreign_passport_in_a_real_reader(own_pcscd: int, home: dict[str, str]) -> None:
    """The commands of a desk, one after the other: every one says what it is or refuses, none of them harms it."""
    run(home, "keys", "init")
    run(home, "db", "upgrade")
    there = ("--reader", "00 00$", "--wait", "120")
    with vicc("passport", own_pcscd):
        until(lambda: wait_for_card("00 00$", PATIENCE).atr == ATR_OF_VICC)
        told = json.loads(run(home, "card", "diagnose", "--json", *there, code=1).stdout)
        assert [finding["code"] for finding in told["findings"]] == ["stranger_id"]
        assert told["evidence"]["reader.failures"] == 0
        assert "card_family_unknown" in run(home, "card", "topup", "10", *there, code=6).stderr
        assert "identity or key card" in run(home, "card", "learn", "some-card", *there).stderr


@pytest.mark.usefixtures("own_pcscd")
def test_a_card_that_no_reader_notices_is_reported_by_the_number_on_its_face(home: dict[str, str]) -> None:
    """As one with a broken antenna; without a number nobody knows that a card is there."""
    run(home, "keys", "init")
    run(home, "db", "upgrade")
    there = ("--reader", "00 01$", "--wait", "0", "--json")
    told = json.loads(run(home, "card", "diagnose", "--card-no", "3100010100000001", *there, code=1).stdout)
    assert [finding["code"] for finding in told["findings"]] == ["no_answer"]
    assert (told["evidence"]["reader.failure"], told["evidence"]["reader.name"]) == ("no_card_in_time", "Virtual PCD 00 01")
    assert "no_card_in_time" in run(home, "card", "diagnose", *there, code=5).stderr
