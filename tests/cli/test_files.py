"""Files and reconciliation on the command line."""

import json
from pathlib import Path

from cardsvc.bootstrap import now
from cardsvc.units import LOCAL
from tests.batches.merchant import Ride, spending_file
from tests.cli.test_cli import as_json, run

CARD = "3100010100000001"
RIDE = Ride("bus", "330100000042", "00000001", CARD, "purse", "ep", 200, 0, "20261124120000", "06", "12345678", "")


def test_a_file_is_imported_and_the_day_reconciled(home: dict[str, str], tmp_path: Path) -> None:
    """Bad lines are named for people and programs; what was not booked is a difference that somebody owns; acts are named."""
    run(home, "keys", "init")
    file, password = tmp_path / "bus.csv", tmp_path / "password"
    password.write_text("only for tests\n")
    home |= {"CARDSVC_STAFF_PASSWORD_FILE": str(password), "CARDSVC_NEW_PASSWORD_FILE": str(password)}
    take_in = ("batch", "import", str(file), "--operator", "bus")
    file.write_text(spending_file([RIDE]))
    assert "staff_not_signed_in" in run(home, *take_in, code=2).stderr
    run(home, "staff", "outlet", "hall", "Hall")
    run(home, "staff", "add", "root", "--name", "root", "--role", "administrator", "--outlet", "hall")
    run(home, "staff", "add", "nightly", "--name", "nightly", "--role", "cashier", "--outlet", "hall", "--as", "root")
    assert "not_permitted" in run(home, *take_in, "--as", "root", code=2).stderr
    home["CARDSVC_STAFF"] = "nightly"  # as cron names who it is
    file.write_text(spending_file([RIDE.with_(amount=-1), RIDE], trailer="END,2,199\n"))
    refused = run(home, *take_in, "--json", code=2)
    assert json.loads(refused.stderr)["problems"] == ["2 amount not_an_amount_in_fen"]
    assert "line 2, amount: must be an amount: whole fen" in run(home, *take_in, code=2).stderr
    assert "第 2 行 amount：应为金额：整数，单位分" in run({**home, "CARDSVC_LANG": "zh"}, *take_in, code=2).stderr
    assert as_json(home, "batch", "list") == []
    file.write_text(spending_file([RIDE]))
    first = as_json(home, *take_in)
    assert (first["counts"], first["again"]) == ({"rejected": 1}, False)
    assert as_json(home, *take_in)["again"]
    assert as_json(home, "batch", "show", first["batch_id"])["not_booked"][0]["reason"] == "card_unknown"
    today = now().astimezone(LOCAL).date().isoformat()
    done = as_json(home, "reconcile", "run", "--day", today)
    assert done["counts"] == {"reference_unknown.open": 1}
    assert as_json(home, "reconcile", "show", done["run_id"]) == done
    assert "counter 0, terminal 330100000042" in run(home, "reconcile", "show", done["run_id"]).stdout
    listed = run({**home, "CARDSVC_LANG": "zh"}, "reconcile", "list").stdout.splitlines()
    assert listed[0].split() == ["编号", "日期", "范围", "结果"]
    assert listed[1].split() == [done["run_id"], today, "全部", "对方文件里的交易，我方没有（未处理）", "1"]
    (difference,) = done["differences"]
    assert as_json(home, "reconcile", "show", done["run_id"], "--outlet", "hall")["differences"] == []
    acts = [(act["staff_id"], act["act"], act["subject"]) for act in as_json(home, "audit", "acts", "--by", "nightly")]
    run_done = ("nightly", "reconcile_run", f"reconciliation:{done['run_id']}")
    assert acts == [run_done, ("nightly", "batch_import", f"batch:{first['batch_id']}")]
    assert as_json(home, "reconcile", "run", "--day", today, "--outlet", "hall")["counts"] == {}
    run(home, "reconcile", "run", "--day", today, "--outlet", "moon", code=2)
    taken = as_json(home, "reconcile", "take", difference["difference"], "--as", "root")
    assert taken["owner"] == "root"
    run(home, "reconcile", "propose", difference["difference"], "--reason", "x", "--as", "root", code=2)
    run(home, "reconcile", "run", "--day", "2999-01-01", code=2)
    run(home, "reconcile", "show", "nothing", code=2)
