"""Refund, transfer, hold and deposit as the desk meets them: processes, their output, their exit codes."""

import re
from pathlib import Path

import pytest

from cardsvc.vcard import VirtualCard
from tests.cli.test_cli import BODY, as_json, id_number_check_digit, run


@pytest.fixture
def desk(home: dict[str, str], tmp_path: Path) -> dict[str, str]:
    """A desk with keys and one clerk, li."""
    (tmp_path / "word").write_text("only for tests\n")
    word = str(tmp_path / "word")
    env = {**home, "CARDSVC_STAFF_PASSWORD_FILE": word, "CARDSVC_NEW_PASSWORD_FILE": word}
    run(env, "keys", "init")
    run(env, "staff", "outlet", "hall", "市民之家")
    run(env, "staff", "add", "root", "--name", "测试一", "--role", "administrator", "--outlet", "hall")
    run(env, "staff", "add", "li", "--name", "测试二", "--role", "clerk", "--outlet", "hall", "--as", "root")
    return env


def test_an_old_card_is_replaced_on_the_command_line(desk: dict[str, str], tmp_path: Path) -> None:
    """Its money moves to the new one, is refunded there, and the deposit goes back; another waits for its day."""
    files = [str(tmp_path / name) for name in ("old", "new")]
    for seed, file in enumerate(files, start=1):
        VirtualCard.blank("fudan-fmcos2", seed=seed).save(Path(file))
    number = BODY + id_number_check_digit(BODY)
    given = ("--name", "测试一", "--id-number", number, "--sex", "1", "--birth-date", "1999-02-28")
    person = as_json(desk, "citizen", "register", *given)["citizen_id"]
    old = as_json(desk, "card", "personalise", "--citizen", person, "--vcard", files[0])["card_no"]
    as_json(desk, "card", "topup", "63.20", "--vcard", files[0])
    assert as_json(desk, "card", "transfer", "out", "--vcard", files[0])[0]["state"] == "moved"
    new = as_json(desk, "card", "personalise", "--citizen", person, "--vcard", files[1])["card_no"]
    assert [card["card_no"] for card in as_json(desk, "card", "of-holder", number)] == [new, old]
    (written,) = as_json(desk, "card", "transfer", "in", old, "--vcard", files[1])
    assert (written["card_no"], written["balance"]) == (new, 6320)
    assert "old_card_shows_up" in run(desk, "card", "transfer", "out", "--vcard", files[0], code=4).stderr
    taken = as_json(desk, "card", "deposit", "take", new, "--product", "T", "--given", "50", "--as", "li")
    assert (taken["amount"], taken["given"], taken["change"]) == (2000, 5000, 3000)
    shown = run(desk, "card", "refund", "--vcard", files[1]).stdout
    assert "62.56" in shown
    assert re.search(r"Fee +0.64 yuan", shown)
    told = run({**desk, "CARDSVC_LANG": "zh"}, "card", "deposit", "show", new).stdout
    assert re.search(r"^收押金 +产品 +金额 +已退\n\d{4}-\d\d-\d\d +通用卡（T）押金 +20\.00 +-$", told, re.MULTILINE)
    assert as_json(desk, "card", "deposit", "return", new, "--as", "li")["returned"] == 1967
    held = as_json(desk, "card", "hold", new, "--as", "li")
    assert (held["state"], held["held_by"]) == ("waiting", "li")
    assert [row["card_no"] for row in as_json(desk, "card", "takeover")] == [new]
    assert "card_not_issued" in run(desk, "card", "refund", "--vcard", files[1], code=4).stderr
    assert as_json(desk, "db", "balance")["total"] == 0


def test_what_was_written_before_a_part_that_cannot_be_is_told(desk: dict[str, str], tmp_path: Path) -> None:
    """The new card has no bus yet: its city purse has the money, the month's waits; then the next step is named and works."""
    files = [str(tmp_path / name) for name in ("old", "new")]
    for seed, file in enumerate(files, start=1):
        VirtualCard.blank("fudan-fmcos2", seed=seed).save(Path(file))
    number = BODY + id_number_check_digit(BODY)
    given = ("--name", "测试一", "--id-number", number, "--sex", "1", "--birth-date", "1999-02-28")
    person = as_json(desk, "citizen", "register", *given)["citizen_id"]
    old = as_json(desk, "card", "personalise", "--citizen", person, "--vcard", files[0])["card_no"]
    run(desk, "card", "open", "bus", "--product", "T", "--vcard", files[0])
    run(desk, "card", "topup", "100", "--vcard", files[0])
    run(desk, "card", "topup", "50", "--area", "month", "--vcard", files[0])
    run(desk, "card", "transfer", "out", "--vcard", files[0])
    run(desk, "card", "personalise", "--citizen", person, "--vcard", files[1])
    ended = run(desk, "card", "transfer", "in", old, "--vcard", files[1], code=2)
    assert "100.00" in ended.stdout
    assert "open it first (cardsvc card open)" in ended.stderr
    run(desk, "card", "open", "bus", "--product", "T", "--vcard", files[1])
    (rest,) = as_json(desk, "card", "transfer", "in", old, "--vcard", files[1])
    assert rest["amount"] == 5000
