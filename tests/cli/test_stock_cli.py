"""The stock keeper on the command line."""

from pathlib import Path

from cardsvc.bootstrap import now
from tests.cli.test_cli import as_json, run
from tests.service.stock.blanks import FAMILY, PASSWORD, open_stock, serial
from tests.world import World


def test_the_keepers_day_on_the_command_line(home: dict[str, str], tmp_path: Path) -> None:
    """Received, handed out, spoiled, counted, destroyed by two people, with a protocol; a refusal has its exit code."""
    run(home, "keys", "init")
    world = World(tmp_path / "cards.db", now(), url=home["CARDSVC_DATABASE_URL"])
    open_stock(world)
    world.close()
    (tmp_path / "password").write_text(PASSWORD)
    keeper = {**home, "CARDSVC_STAFF_PASSWORD_FILE": str(tmp_path / "password"), "CARDSVC_STAFF": "stock_keeper"}
    chips = ("--first", serial(1), "--last", serial(10))
    run(keeper, "stock", "receive", "FM-1", "10", "--family", FAMILY, *chips, "--supplier", "demo")
    run(keeper, "stock", "hand", "FM-1", "4", "--desk", "local:cli", "--receiver", "clerk")
    told = run(keeper, "stock", "spoil", "FM-1", "1", "--from", "local:cli", "--reason", "dead").stdout
    assert "9 left, today needs 0 more: lasts the day" in told
    run(keeper, "stock", "hand", "FM-1", "7", "--desk", "local:cli", "--receiver", "clerk", code=9)
    assert as_json(keeper, "stock", "count", "FM-1", "6", "--place", "store")["expected"] == 6
    asked = as_json(keeper, "stock", "destroy", "--void", "FM-1=1", "--reason", "month end")["approval_id"]
    run({**keeper, "CARDSVC_STAFF": "auditor"}, "approvals", "approve", asked)
    run(keeper, "stock", "protocol", asked, "--to", str(tmp_path / "protocol.pdf"))
    assert (tmp_path / "protocol.pdf").read_bytes().startswith(b"%PDF")
    held = as_json(keeper, "stock", "show", "--outlet", "hall")
    assert (held["left"], held["void"]) == (9, [])
