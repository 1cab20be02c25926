"""``cardsvc card repair`` and ``loss``: the dry run changes nothing, two people unblock, what is covered is told."""

from pathlib import Path

import pytest

from cardsvc.bootstrap import now
from cardsvc.keystore.sealed import SealedKeystore
from cardsvc.units import id_number_check_digit
from cardsvc.vcard import VirtualCard
from tests.cli.test_cli import BODY, as_json, run
from tests.diagnosis.half_done import torn_load
from tests.diagnosis.patients import Patient
from tests.world import World, key_ring

PASSWORD = "only for tests"


def test_a_blocked_card_is_repaired_by_two_people(home: dict[str, str], tmp_path: Path) -> None:
    """Dry run, proposal, approval, repair; and a card that cannot be repaired is told so."""
    file = str(tmp_path / "card")
    VirtualCard.blank("fudan-fmcos2", seed=1).save(Path(file))
    (tmp_path / "password").write_text(PASSWORD)
    home |= {"CARDSVC_STAFF_PASSWORD_FILE": str(tmp_path / "password"), "CARDSVC_NEW_PASSWORD_FILE": str(tmp_path / "password")}
    run(home, "keys", "init")
    run(home, "staff", "outlet", "hall", "Hall")
    run(home, "staff", "add", "root", "--name", "r", "--role", "administrator", "--outlet", "hall")
    for name, role in (("li", "clerk"), ("wang", "supervisor")):
        run(home, "staff", "add", name, "--name", name, "--role", role, "--outlet", "hall", "--as", "root")
    person = ("--name", "测试一", "--id-number", BODY + id_number_check_digit(BODY), "--sex", "1", "--birth-date", "1999-02-28")
    citizen = as_json(home, "citizen", "register", *person)["citizen_id"]
    number = as_json(home, "card", "personalise", "--citizen", citizen, "--vcard", file)["card_no"]
    assert "Healthy after the repair" in run(home, "card", "repair", "--vcard", file).stdout
    run(home, "vcard", "--file", file, "--fault", "blocked-application", "--inflict-only")
    before = Path(file).read_bytes()
    plan = run(home, "card", "repair", "--dry-run", "--vcard", file, code=1).stdout
    assert "Unblock the application (two people)" in plan
    assert "--propose wants --as" in run(home, "card", "repair", "--propose", "seen", "--vcard", file, code=2).stderr
    waits = run(home, "card", "repair", "--vcard", file, code=1).stdout
    assert "Waits for a second person" in waits
    assert Path(file).read_bytes() == before
    asked = run(home, "card", "repair", "--propose", "holder checked", "--as", "li", "--vcard", file, "--json", code=1)
    approval = asked.stdout.split('"approval_id": "')[1][:36]
    run(home, "approvals", "approve", approval, "--as", "li", code=2)
    run(home, "approvals", "approve", approval, "--as", "wang")
    assert "Healthy after the repair" in run(home, "card", "repair", "--vcard", file).stdout
    assert as_json(home, "card", "inspect", "--vcard", file)["purse"]["state"] == "open"
    run(home, "vcard", "--file", file, "--fault", "cloned-serial", "--seed", "3", "--inflict-only")
    assert "Retire a suspicious card" in run(home, "card", "repair", "--vcard", file, code=1).stdout
    assert "covered" in run(home, "loss", "report", number, "--kind", "phone", "--yes", "--as", "li").stderr
    assert as_json(home, "loss", "show", number)[0]["kind"] == "phone"
    assert "loss_kind_wrong" not in run(home, "loss", "report", number, "--kind", "formal", "--yes", "--as", "li").stderr
    assert [row["ended"] for row in as_json(home, "loss", "show", number)] == [None, "confirmed"]


@pytest.mark.parametrize(("before", "became"), [(False, "it is on the card, and booked"), (True, "was paid back")])
def test_a_repair_tells_which_money_it_settled(home: dict[str, str], tmp_path: Path, before: bool, became: str) -> None:
    """The dry run says that it is the first thing a repair does; the repair says what it came to, and by what."""
    world = World(tmp_path / "cards.db", now(), url=home["CARDSVC_DATABASE_URL"])
    SealedKeystore(tmp_path / "keys.sealed", key_ring(), b"correct horse", 2**10).save(key_ring())
    card = world.issue("fudan-fmcos2")
    torn_load(before=before)(Patient(world, card, card.channel))
    world.close()
    card.save(tmp_path / "card")
    there = ("--vcard", str(tmp_path / "card"))
    plan = run(home, "card", "repair", "--dry-run", *there, code=1).stdout
    assert "The repair does first:\none-sided transaction  Settle the transaction that broke off" in plan
    assert "Not repaired on the card" not in plan
    told = run(home, "card", "repair", *there).stdout
    assert "Settled an earlier transaction: 50.00 yuan" in told
    assert became in told
    assert "Nothing was to be done" not in told
