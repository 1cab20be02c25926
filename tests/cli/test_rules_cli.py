"""``cardsvc rules``, as its user meets it."""

from pathlib import Path

import pytest

from cardsvc.rules import rule_text
from tests.cli.test_cli import as_json, run


@pytest.fixture
def file(tmp_path: Path) -> str:
    """The packaged rules with another minimum."""
    text = rule_text().replace("minimum = 5000", "minimum = 2000", 1).replace('version = "2026.1"', 'version = "2026.2"')
    (tmp_path / "new.toml").write_text(text, "utf-8")
    return str(tmp_path / "new.toml")


def test_two_people_change_the_rules(home: dict[str, str], file: str, tmp_path: Path) -> None:
    """Compare, propose, approve; the version waits for its day."""
    (tmp_path / "password").write_text("only for tests")
    home |= {"CARDSVC_STAFF_PASSWORD_FILE": str(tmp_path / "password")}
    home |= {"CARDSVC_NEW_PASSWORD_FILE": str(tmp_path / "password")}
    run(home, "staff", "outlet", "hall", "Hall")
    run(home, "staff", "add", "ada", "--name", "Ada", "--role", "administrator", "--outlet", "hall")
    run(home, "staff", "add", "bob", "--name", "Bob", "--role", "supervisor", "--outlet", "hall", "--as", "ada")
    told = run(home, "rules", "diff", file).stdout
    assert "changed [load] purse-2009\n    minimum: 50.00 -> 20.00" in told
    when = ("--effective", "2099-01-01", "--reason", "small amounts")
    proposal = as_json(home, "rules", "propose", file, *when, "--as", "ada")
    assert [change["rule"] for change in proposal["changes"]] == ["purse-2009"]
    run(home, "rules", "approve", proposal["approval_id"], "--as", "ada", code=2)
    assert as_json(home, "rules", "approve", proposal["approval_id"], "--as", "bob")["version"] == "2026.2"
    seen = [(v["version"], v["in_force"]) for v in as_json(home, "rules", "list")]
    assert seen == [("2026.2", False), ("2026.1", True)]
    assert as_json(home, "rules", "show")["version"] == "2026.1"
    assert as_json(home, "rules", "show", "2026.2")["load"][0]["minimum"] == 2000
    assert as_json(home, "rules", "diff", "2026.2", "2026.1")["changes"][0]["fields"] == {"minimum": [2000, 5000]}


def test_files_that_are_wrong(home: dict[str, str], file: str, tmp_path: Path) -> None:
    """Told by their lines; nothing is proposed."""
    text = Path(file).read_text("utf-8")
    (tmp_path / "bad.toml").write_text(text.replace('product = "tong"', 'product = "citizen"', 1), "utf-8")
    told = run(home, "rules", "check", str(tmp_path / "bad.toml"), code=3).stderr
    assert "purse-2009 and tong-2009" in told
    assert told.count("line ") == 2
    run(home, "rules", "check", str(tmp_path / "missing.toml"), code=3)
    run(home, "rules", "show", "1999", code=3)
    run(home, "rules", "why", "3100010100000009", code=4)
    assert "correct" in run(home, "rules", "check", file).stdout
