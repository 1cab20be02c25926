"""Held money on the command line: listed, asked for by one, agreed to by another, paid once, the way it came."""

import datetime as dt
import re
from pathlib import Path

from cardsvc.bootstrap import now
from cardsvc.service.operations.kinds import Actor
from tests.cli.test_cli import as_json, run
from tests.day.outlet import PASSWORD, open_hall
from tests.service.purse.test_areas import CARD
from tests.service.purse.test_orders import pay
from tests.service.transactions.test_held_payout import old_card
from tests.world import FAMILIES, World

HERE = Actor("local", "cli", b"", "desk")


def test_held_money_is_paid_back_by_two_people(home: dict[str, str], tmp_path: Path) -> None:
    """200.00 of a card that was taken in a month ago; its holder stands here and wants no card any more. It is paid out of the
    drawer of whoever pays: its teller's at desk ws-7, not the one that another teller has open at this machine."""
    run(home, "keys", "init")
    world = World(tmp_path / "cards.db", now() - dt.timedelta(days=30), url=home["CARDSVC_DATABASE_URL"])
    hall = open_hall(world)
    hall.open("other", pieces={"10000": 3}, actor=HERE)
    world.register(Actor("terminal", "ws-7", bytes.fromhex("310000000007"), "desk"), outlet_id="hall")
    assert as_json(home, "held", "list") == []
    old_card(world, 20000)
    world.close()
    (tmp_path / "word").write_text(PASSWORD)
    home["CARDSVC_STAFF_PASSWORD_FILE"] = str(tmp_path / "word")
    (listed,) = as_json(home, "held", "list")
    assert (listed["card_no"], listed["amount"], listed["payable"], listed["asks"]) == (CARD, 20000, True, "ask")
    assert "by two people" in run(home, "held", "show", CARD).stdout
    assert re.search(r"城市通钱包 200\.00  +可以退款，要两人", run({**home, "CARDSVC_LANG": "zh"}, "held", "show", CARD).stdout)
    why = ("--reason", "no_card", "--papers", "ID card")
    assert "staff_not_signed_in" in run(home, "held", "propose", CARD, *why, code=2).stderr
    assert "held_needs_approval" in run(home, "held", "pay", CARD, *why, "--as", "teller", code=2).stderr
    assert "approval_unknown" in run(home, "held", "approve", CARD, "--as", "boss", code=2).stderr
    assert "held_reason_wrong" in run(home, "held", "propose", CARD, "--as", "teller", code=2).stderr
    as_json(home, "held", "propose", CARD, *why, "--as", "boss")
    assert "waits for a second person" in run(home, "held", "list").stdout
    assert "approval_own" in run(home, "held", "approve", CARD, "--as", "boss", code=2).stderr
    agreed = as_json(home, "held", "approve", CARD, listed["part_id"], "--as", "second")
    assert "agreed, to be paid" in run(home, "held", "show", CARD).stdout
    assert "drawer_of_another" in run(home, "held", "pay", CARD, "--as", "teller", code=9).stderr
    opened = as_json(home, "shift", "open", "--at", "terminal:ws-7", "--count", "100x2", "--as", "teller")
    paid = as_json(home, "held", "pay", CARD, "--as", "teller")
    assert (paid["returned"], paid["approval_id"]) == (20000, agreed["approval_id"])
    assert [piece["account"] for piece in paid["payouts"]] == [f"drawer:{opened['shift_id']}"]
    assert as_json(home, "held", "pay", CARD, "--as", "teller") == paid, "asked again, it is the same payout"
    told = run({**home, "CARDSVC_LANG": "zh"}, "held", "pay", CARD, "--as", "teller").stdout
    assert re.search(r"^钱箱 +200\.00$", told, re.MULTILINE)
    assert "paid back 200.00" in run(home, "held", "show", CARD).stdout
    assert as_json(home, "held", "list") == []
    assert "nothing_held" in run(home, "held", "show", "3100010100000002", code=2).stderr
    assert as_json(home, "db", "balance")["total"] == 0


def test_orders_of_an_old_card_are_sent_back(home: dict[str, str], tmp_path: Path) -> None:
    """Paid online for a card that gave nothing; its holder wants no new one."""
    run(home, "keys", "init")
    world = World(tmp_path / "cards.db", now() - dt.timedelta(days=30), url=home["CARDSVC_DATABASE_URL"])
    open_hall(world)
    card = world.issue(FAMILIES[0])
    pay(world, 6000)
    (tmp_path / "word").write_text(PASSWORD)
    home["CARDSVC_STAFF_PASSWORD_FILE"] = str(tmp_path / "word")
    assert "held_can_be_written" in run(home, "held", "orders", CARD, "--papers", "ID card", "--as", "teller", code=2).stderr
    world.do(card, "transfer_out")
    world.close()
    assert "reason_missing" in run(home, "held", "orders", CARD, "--as", "teller", code=2).stderr
    (back,) = as_json(home, "held", "orders", CARD, "--papers", "ID card", "--as", "teller")
    assert (back["state"], back["amount"]) == ("returned", 6000)
    assert as_json(home, "order", "list") == []
    assert "papers that were shown" in run(home, "audit", "acts").stdout
    assert as_json(home, "db", "balance")["total"] == 0
