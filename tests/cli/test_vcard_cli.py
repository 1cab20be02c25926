"""``cardsvc vcard``: faults for training, put on a card that a desk then works on."""

from pathlib import Path

from cardsvc.units import id_number_check_digit
from cardsvc.vcard import VirtualCard
from tests.cli.test_cli import BODY, as_json, run


def test_a_fault_put_on_a_card_is_met_at_the_desk(home: dict[str, str], tmp_path: Path) -> None:
    """A blocked purse and another chip; a fault that only strikes while the card runs is not stored, a wrong name is told."""
    file = str(tmp_path / "card")
    VirtualCard.blank("fudan-fmcos2", seed=1).save(Path(file))
    run(home, "keys", "init")
    person = ("--name", "测试一", "--id-number", BODY + id_number_check_digit(BODY), "--sex", "1", "--birth-date", "1999-02-28")
    citizen = as_json(home, "citizen", "register", *person)["citizen_id"]
    blank = run(home, "vcard", "--file", file, "--fault", "wrong-balance:5", "--inflict-only", code=2).stderr
    assert "fault_does_not_fit" in blank
    card_no = as_json(home, "card", "personalise", "--citizen", citizen, "--vcard", file)["card_no"]
    operation = next(entry["id"] for entry in as_json(home, "why", card_no) if entry["what"] == "operation")
    recording = str(tmp_path / "recording.json")
    assert as_json(home, "card", "replay", operation, "--save", recording)["differences"] == []
    assert "the same as was recorded" in run(home, "card", "replay", operation).stdout
    assert "WRITE KEY" in Path(recording).read_text()
    assert "operation_unknown" in run(home, "card", "replay", "none", code=9).stderr
    run(home, "vcard", "--file", file, "--fault", "blocked-application", "--inflict-only")
    assert as_json(home, "card", "inspect", "--vcard", file)["purse"] == {"state": "blocked"}
    run(home, "card", "diagnose", "--vcard", file, code=1)
    look = [entry["id"] for entry in as_json(home, "why", card_no) if entry["what"] == "operation"][-1]
    case = as_json(home, "card", "replay", look, "--case", str(tmp_path / "cases"))
    assert (case["same"], case["played"]["findings"]) == (True, ["application_blocked"])
    assert "the same shows" in run(home, "card", "replay", look, "--case", str(tmp_path / "cases")).stdout
    assert "operation_makes_no_case" in run(home, "card", "replay", operation, "--case", file + "s", code=9).stderr
    run(home, "vcard", "--file", file, "--fault", "cloned-serial", "--seed", "3", "--inflict-only")
    assert "card_chip_differs" in run(home, "card", "inspect", "--vcard", file, code=4).stderr
    (reader,) = as_json(home, "readers", "health")
    assert (reader["place"], reader["uses"], reader["failed"], reader["verdict"]) == ("cli", 4, 0, "good")
    assert " 4     0 (0%) " in run(home, "readers", "health", "--days", "1").stdout
    before = Path(file).read_bytes()
    run(home, "vcard", "--file", file, "--fault", "mute", "--inflict-only", code=2)
    assert "fault_unknown" in run(home, "vcard", "--file", file, "--fault", "flood", "--inflict-only", code=2).stderr
    assert Path(file).read_bytes() == before


def test_the_faults_are_listed(home: dict[str, str]) -> None:
    """With what their parameter means."""
    told = run(home, "vcard", "--faults").stdout
    assert "torn-after-write     N" in told
    assert "cloned-serial        HEX" in told
