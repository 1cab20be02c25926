"""Files of the insurance offices on the command line: imported one by one, and from a watched folder by a real process."""

import json
import re
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from cardsvc.bootstrap import now
from tests import waiting
from tests.cli.test_cli import as_json, run
from tests.day.outlet import PASSWORD
from tests.service.bulk.bulk_people import hire
from tests.service.cards.test_card_requests import take
from tests.service.rights.rights_people import as_csv, said
from tests.service.rights.rights_people import as_json as in_json
from tests.world import World

PROGRAM = [sys.executable, "-c", "from cardsvc.cli.main import main; main()"]


@pytest.fixture
def office(home: dict[str, str], tmp_path: Path) -> dict[str, str]:
    """A clerk in the database of the command line, and an application that was taken."""
    world = World(tmp_path / "cards.db", now(), url=home["CARDSVC_DATABASE_URL"])
    take(world, hire(world), world.citizen(5), phone="13000000001")
    world.close()
    (tmp_path / "password").write_text(PASSWORD)
    return {**home, "CARDSVC_STAFF_PASSWORD_FILE": str(tmp_path / "password"), "CARDSVC_STAFF": "clerk"}


def test_a_file_is_imported_once_and_its_bad_lines_are_named(office: dict[str, str], tmp_path: Path) -> None:
    """Exit code 2 with every bad line; the same file again is told."""
    good, bad = tmp_path / "good.csv", tmp_path / "bad.json"
    good.write_bytes(as_csv([said(1), said(2)]))
    bad.write_bytes(in_json([said(1), said(2, sex="x"), said(3, name="")]))
    done = as_json(office, "rights", "import", str(good), "--office", "medical")
    assert (done["lines"], done["news"], done["again"]) == (2, 2, False)
    assert "imported before" in run(office, "rights", "import", str(good), "--office", "medical").stdout
    refused = run(office, "rights", "import", str(bad), "--office", "medical", code=2).stderr
    assert "line 2: sex must be 男" in refused
    assert "line 3: name is empty" in refused
    assert [file["file_name"] for file in as_json(office, "rights", "list")] == ["good.csv"]
    head, row = run({**office, "CARDSVC_LANG": "zh"}, "rights", "list").stdout.splitlines()
    assert head.split() == ["导入", "机构", "文件", "人数", "办理人"]
    assert re.fullmatch(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d +医保 +good\.csv +2 +\w+", row)
    run(office, "rights", "import", str(good), "--office", "tax", code=2)


def until(found: Callable[[], bool], process: subprocess.Popen[str]) -> None:
    """Wait until something is so, while the process lives."""
    waiting.until(lambda: process.poll() is not None or found())
    assert process.poll() is None, process.communicate()


def test_a_watched_folder_is_emptied_until_the_process_is_told_to_stop(office: dict[str, str], tmp_path: Path) -> None:
    """What is written beside is left until it is renamed; good and bad files are put away with reports; SIGTERM ends it."""
    folder = tmp_path / "incoming"
    folder.mkdir()
    (folder / "before.csv").write_bytes(as_csv([said(1)]))
    (folder / "half.csv.part").write_bytes(as_csv([said(2)])[:-30])
    arguments = ["rights", "watch", str(folder), "--office", "social", "--interval", "0.1"]
    with subprocess.Popen(
        [*PROGRAM, *arguments], env=office, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        until((folder / "done" / "before.csv").exists, process)
        assert (folder / "half.csv.part").exists()
        (folder / "half.csv.part").write_bytes(as_csv([said(2)]))
        (folder / "half.csv.part").rename(folder / "half.csv")
        (folder / "wrong.csv").write_bytes(as_csv([said(3, sex="x")]))
        (folder / "before.csv").write_bytes(as_csv([said(1)]))
        until(lambda: len(list((folder / "done").glob("*.csv"))) == 3 and (folder / "bad" / "wrong.csv").exists(), process)
        process.send_signal(signal.SIGTERM)
        out, err = process.communicate(timeout=waiting.PATIENCE)
    assert (process.returncode, err) == (0, "")
    assert "bad/wrong.csv: bulk_lines_wrong" in out
    report = json.loads((folder / "bad" / "wrong.csv.report.json").read_text())
    assert report["lines"] == ["line 2: sex must be 男, 女 or a code of GB/T 2261.1"]
    reports = [json.loads(path.read_text()) for path in (folder / "done").glob("before*.report.json")]
    assert sorted(report["again"] for report in reports) == [False, True]
    assert sorted(path.name for path in folder.iterdir()) == ["bad", "done"]
    assert {file["file_name"] for file in as_json(office, "rights", "list")} == {"before.csv", "half.csv"}


def test_messages_go_out_by_a_command_or_a_folder(office: dict[str, str], tmp_path: Path) -> None:
    """A feed holds an application and another frees it; a command that fails leaves its message for later."""
    files, outbox = (tmp_path / "held.csv", tmp_path / "freed.csv"), tmp_path / "outbox"
    files[0].write_bytes(as_csv([said(5, name="测试乙")]))
    files[1].write_bytes(as_csv([said(5, changed_at="2026-11-21T08:00:00")]))
    outbox.mkdir()
    (case_no,) = as_json(office, "rights", "import", str(files[0]), "--office", "medical")["held"]
    took = f"{sys.executable} -c \"import sys; open({str(tmp_path / 'took')!r}, 'wb').write(sys.stdin.buffer.read())\""
    assert as_json(office, "notices", "send", "--command", took) == {"sent": 1, "not_sent": 0}
    message = json.loads((tmp_path / "took").read_text("utf-8"))
    assert (message["case_no"], message["kind"], message["phone"]) == (case_no, "held", "13000000001")
    assert f"Go on: {case_no}" in run(office, "rights", "import", str(files[1]), "--office", "medical").stdout
    no = f"{sys.executable} -c \"import sys; sys.exit('no line')\""
    assert as_json(office, "notices", "send", "--command", no) == {"sent": 0, "not_sent": 1}
    (waiting,) = [one for one in as_json(office, "notices", "list") if one["state"] == "waiting"]
    assert (waiting["attempts"], waiting["error"], waiting["phone"]) == (1, "exit code 1 no line", "130******01")
    assert as_json(office, "notices", "send", "--folder", str(outbox)) == {"sent": 0, "not_sent": 0}
    assert "notice_not_failed" in run(office, "notices", "again", waiting["notice_id"], code=2).stderr
    run(office, "notices", "send", code=2)


def test_a_sender_runs_until_it_is_told_to_stop(office: dict[str, str], tmp_path: Path) -> None:
    """What is queued while it runs is a file a moment later; SIGTERM ends it."""
    file, outbox = tmp_path / "held.csv", tmp_path / "outbox"
    file.write_bytes(as_csv([said(5, name="测试乙")]))
    outbox.mkdir()
    arguments = ["notices", "send", "--folder", str(outbox), "--every", "0.1"]
    with subprocess.Popen(
        [*PROGRAM, *arguments], env=office, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        run(office, "rights", "import", str(file), "--office", "social")
        until(lambda: any(outbox.glob("*.json")), process)
        process.send_signal(signal.SIGTERM)
        out, err = process.communicate(timeout=waiting.PATIENCE)
    assert (process.returncode, out, err) == (0, "1 sent, 0 not sent\n", "")
    (written,) = outbox.iterdir()
    assert json.loads(written.read_text("utf-8"))["notice_id"] == written.stem
