"""The hall on the command line: a number from the machine to the call-back, a complaint, the morning."""

import re
from pathlib import Path

from tests.cli.test_cli import as_json, run


def test_a_number_goes_through_the_hall(hall: dict[str, str]) -> None:
    """Kinds with their papers, a wrong ticket swapped, called, missed, back, served; refusals with their exit codes."""
    kinds = as_json(hall, "queue", "kinds", "--who", "agent")
    assert "The agent's ID card" in [paper["en"] for paper in kinds["tickets"][0]["papers"]]
    number = as_json(hall, "queue", "take", "money", "--outlet", "hall", "--as", "boss")["number"]
    assert as_json(hall, "queue", "swap", number, "card", "--as", "teller")["ticket_type"] == "card"
    assert "desk_none" in run(hall, "queue", "next", "--as", "teller", code=9).stderr
    run(hall, "queue", "open", "1", "--serves", "card", "--as", "teller")
    assert as_json(hall, "queue", "next", "--as", "teller")["number"] == number
    run(hall, "queue", "miss", "--as", "teller")
    run(hall, "queue", "back", number, "--as", "other")
    assert "desk_closed" in run(hall, "queue", "hand", number, "7", "--as", "teller", code=9).stderr
    assert as_json(hall, "queue", "hand", number, "1", "--as", "other")["desk"] == "1"
    run(hall, "queue", "next", "--as", "teller")
    assert re.search(rf"{number} +- +called +1", run(hall, "queue", "show", "--outlet", "hall").stdout)
    run(hall, "queue", "serve", "--as", "teller")
    run(hall, "queue", "finish", "--as", "teller")
    assert as_json(hall, "queue", "figures", "--outlet", "hall")["by_state"] == {"done": 1}
    assert "rule_no_ticket" in run(hall, "queue", "take", "tea", "--outlet", "hall", code=3).stderr


def test_a_one_time_password_changes_itself_and_nothing_else(hall: dict[str, str], tmp_path: Path) -> None:
    """Other commands are refused until the person has chosen a password."""
    (tmp_path / "once").write_text(run(hall, "staff", "reset", "teller", "--as", "admin").stdout.strip())
    (tmp_path / "new").write_text("my very own words")
    once = {**hall, "CARDSVC_STAFF_PASSWORD_FILE": str(tmp_path / "once"), "CARDSVC_NEW_PASSWORD_FILE": str(tmp_path / "new")}
    assert "password_once" in run(once, "queue", "open", "1", "--as", "teller", code=2).stderr
    run(once, "staff", "password", "teller", "--as", "teller")
    run({**hall, "CARDSVC_STAFF_PASSWORD_FILE": str(tmp_path / "new")}, "queue", "open", "1", "--as", "teller")
    rows = as_json(hall, "staff", "history", "teller")
    assert [row["what"] for row in rows] == ["password", "password_once", "created"]
    assert re.fullmatch(r"cli .+@.+", rows[0]["place"])
    run(hall, "staff", "role", "teller", "supervisor", "--as", "admin")
    run(hall, "staff", "skill", "teller", "english", "dialect", "--as", "admin")
    assert "staff_field_wrong" in run(hall, "staff", "skill", "teller", "flying", "--as", "admin", code=2).stderr
    assert "not_oneself" in run(hall, "staff", "role", "admin", "clerk", "--as", "admin", code=2).stderr
    assert re.search("skills: none → the local dialect, English", run(hall, "staff", "history", "teller").stdout)
    assert re.search("one-time password given +admin +cli", run(hall, "staff", "history").stdout)
    assert as_json(hall, "audit", "verify")["breaks"] == []


def test_complaints_and_the_morning(hall: dict[str, str]) -> None:
    """Taken with a case number, answered by a supervisor; the checklist says what is missing."""
    run(hall, "keys", "init")
    case = as_json(hall, "complaint", "take", "desk", "--text", "等了太久", "--as", "teller")["case_no"]
    assert case in run(hall, "complaint", "list").stdout
    run(hall, "complaint", "answer", case, "--text", "已道歉", "--as", "boss")
    assert case not in run(hall, "complaint", "list").stdout
    run(hall, "hall", "note", "checklist", "--item", "dress", "--as", "teller")
    assert "dress" not in as_json(hall, "hall", "notes", "--outlet", "hall")["missing"]
    assert as_json(hall, "hall", "call-backs", "--as", "boss") == []
    assert as_json(hall, "hall", "stars", "2026Q4", "--outlet", "hall", "--as", "boss") == []
