"""What is wrong with a command, its settings or its files is told with a code and a next step, in the language asked for."""

import socket
import subprocess
import sys
from pathlib import Path

import pytest

from cardsvc.cli.scratch.processes import free_port
from cardsvc.cli.shared.output import UNKNOWN_EXIT, guarded
from tests.cli.test_cli import run
from tests.waiting import PATIENCE


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("nothing",), "没有命令 nothing"),
        (("order", "create"), "缺少参数"),
        (("db", "statement", "x"), "缺少选项"),
        (("order", "list", "--wrong"), "没有选项 --wrong"),
        (("order", "list", "a", "b"), "多出参数 b"),
        (("card", "inspect", "--wait", "x"), "x 不是数"),
        (("batch", "import", "nofile", "--operator", "bus"), "没有这个文件：nofile"),
        (("reconcile", "run", "--day", "x"), "的写法"),
        (("staff", "add", "x", "--role", "king"), "不是其中之一"),
        (("audit", "acts", "--limit", "0"), "之内"),
    ],
)
def test_a_command_that_cannot_be_understood(home: dict[str, str], words: tuple[str, ...], told: str) -> None:
    """Code, outcome, next step; nothing of it in English."""
    lines = run({**home, "CARDSVC_LANG": "zh"}, *words, code=2).stderr.splitlines()
    assert lines[0].startswith("错误 usage_wrong: 命令写法不对：")
    assert told in lines[0]
    assert lines[1] == "结果: 没有办成，没有改动"
    assert lines[2].startswith("下一步: cardsvc")
    assert lines[2].endswith(" --help 说明写法")


def test_help_has_chinese_headings(home: dict[str, str]) -> None:
    """And English ones for those who read English."""
    chinese = run({**home, "CARDSVC_LANG": "zh"}, "order", "--help").stdout
    assert all(word in chinese for word in ("用法:", "选项:", "命令:", "显示本说明"))
    assert not any(word in chinese for word in ("Usage", "Options:", "Show this"))
    assert "Usage:" in run(home, "order", "--help").stdout


@pytest.mark.parametrize(
    ("name", "value", "code", "exit_code"),
    [
        ("CARDSVC_PORT", "sesame", "settings_wrong", 2),
        ("CARDSVC_CONFIG", "/nowhere/cardsvc.toml", "settings_wrong", 2),
        ("CARDSVC_DATABASE_URL", "sesame", "store_url_wrong", 8),
        ("CARDSVC_DATABASE_URL", "mysql://sesame@localhost/x", "store_url_wrong", 8),
        ("CARDSVC_DATABASE_URL", "postgresql+nothing://sesame@localhost/x", "store_url_wrong", 8),
        ("CARDSVC_STAFF_PASSWORD_FILE", "/nowhere/password", "password_file_unreadable", 2),
    ],
)
def test_settings_that_are_wrong_are_named_and_not_repeated(
    home: dict[str, str], name: str, value: str, code: str, exit_code: int
) -> None:
    """They may be secrets."""
    told = run({**home, name: value}, "outbox", "again", "x", "--as", "li", code=exit_code).stderr
    assert told.startswith(f"Error {code}: ")
    assert "sesame" not in told
    assert name in told or name.removeprefix("CARDSVC_").lower() in told


def test_a_settings_file_that_is_none(home: dict[str, str], tmp_path: Path) -> None:
    """With where it is wrong."""
    (tmp_path / "x.toml").write_text("port = [")
    told = run({**home, "CARDSVC_CONFIG": str(tmp_path / "x.toml")}, "staff", "list", code=2).stderr
    assert "settings_wrong" in told
    assert "at end of document" in told


def test_nobody_is_asked_where_nobody_sits(home: dict[str, str]) -> None:
    """Without a terminal the variable that names a password file is told, at once."""
    command = [sys.executable, "-c", "from cardsvc.cli.main import main; main()", "outbox", "again", "x", "--as", "li"]
    done = subprocess.run(
        command, env=home, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False, start_new_session=True
    )
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith("Error password_missing: ")
    assert "CARDSVC_STAFF_PASSWORD_FILE" in done.stderr


def test_a_terminals_key_is_not_the_key_store(home: dict[str, str], tmp_path: Path) -> None:
    """The next step is the file of --key."""
    (tmp_path / "junk").write_text("junk")
    for file, code in (("nofile", "terminal_key_missing"), ("junk", "terminal_key_damaged")):
        told = run(home, "terminal", "inspect", "--id", "kiosk-7", "--key", str(tmp_path / file), code=7).stderr
        assert told.startswith(f"Error {code}: ")
        assert "cardsvc terminal key" in told


NOWHERE = "/proc/nowhere"
"""A folder that nobody can make, root included."""


def test_files_that_cannot_be_written_are_named_and_nothing_is_half_done(home: dict[str, str], tmp_path: Path) -> None:
    """The database's folder, keys, a report: code, outcome, next step; never a trace."""
    told = run({**home, "CARDSVC_DATABASE_URL": f"sqlite:///{NOWHERE}/cards.db"}, "db", "balance", code=8).stderr
    assert f"store_unreachable: The database cannot be reached: {NOWHERE}" in told
    told = run({**home, "CARDSVC_KEYSTORE": f"{NOWHERE}/keys"}, "keys", "init", code=7).stderr
    assert f"keystore_unwritable: The key file {NOWHERE}/keys cannot be written: No such file" in told
    assert "keystore_unwritable" in run({**home, "CARDSVC_RECEIPT_KEY": f"{NOWHERE}/r"}, "receipt", "key", code=7).stderr
    run(home, "keys", "init")
    report = ("day", "report", "--format", "json", "--to", f"{NOWHERE}/day.json")
    lines = run(home, *report, code=2).stderr.splitlines()
    assert lines[0].startswith(f"Error file_unwritable: The file {NOWHERE}/day.json cannot be written")
    assert [line.split()[0] for line in lines] == ["Error", "Outcome:", "Next:"]


def test_an_answer_that_cannot_be_printed_says_so(home: dict[str, str]) -> None:
    """On a full disk what was done stays done, so its outcome is unknown."""
    command = [sys.executable, "-c", "from cardsvc.cli.main import main; main()", "rules", "show"]
    with open("/dev/full", "w") as full:
        told = subprocess.run(command, env=home, stdout=full, stderr=subprocess.PIPE, text=True, timeout=PATIENCE, check=False)
    assert told.returncode == 75
    assert told.stderr.startswith(
        "Error output_lost: The answer could not be printed: No space left on device\nOutcome: unknown\n"
    )
    assert "Traceback" not in told.stderr


def test_a_defect_is_told_by_a_number_and_its_trace_kept_for_its_owner(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Whatever a command raises, the person gets a code and what to do, and the technician the trace."""
    monkeypatch.setattr("cardsvc.config._STATE", tmp_path)

    def defect() -> None:
        raise ZeroDivisionError("a defect")

    assert guarded(defect) == UNKNOWN_EXIT
    told = capsys.readouterr().err
    assert "internal_error" in told
    assert "ZeroDivisionError" not in told
    (trace,) = tmp_path.rglob("incidents/*.txt")
    assert trace.stem in told
    assert "ZeroDivisionError: a defect" in trace.read_text()
    assert trace.stat().st_mode & 0o077 == 0


NOT_THERE = (
    (("audit", "verify", "--root", "ROOT"), 2, "root_wrong"),
    (("queue", "show", "--outlet", "nowhere"), 2, "outlet_unknown"),
    (("shift", "list", "--outlet", "nowhere"), 2, "outlet_unknown"),
    (("hall", "notes", "--outlet", "nowhere"), 2, "outlet_unknown"),
    (("keys", "ceremony", "nothing"), 7, "key_missing"),
    (("keys", "ceremony", "purse.load"), 2, "components_not_typed"),
    (("loss", "report", "3100010100000001", "--kind", "formal", "--as", "boss"), 4, "card_unknown"),
    (("serve", "--tls-cert", "passphrase", "--tls-key", "passphrase"), 2, "tls_files_wrong"),
    (("terminal", "list", "--wrong"), 2, "usage_wrong"),
)


@pytest.mark.parametrize("taken", ["CARDSVC_PORT", "CARDSVC_DESK_PORT"])
def test_a_port_that_somebody_has_is_told_before_anything_starts(hall: dict[str, str], taken: str) -> None:
    """It was tried again and again by a server of each kind, and nobody was told what to do."""
    with socket.create_server(("127.0.0.1", 0)) as somebody:
        free = {"CARDSVC_PORT": str(free_port()), "CARDSVC_DESK_PORT": str(free_port())}
        env = {**hall, **free, taken: str(somebody.getsockname()[1])}
        for way in ("--demo", "--desk"):
            lines = run(env, "serve", way, code=2).stderr.splitlines()
            assert lines[0].startswith(f"Error address_taken: Cannot listen on 127.0.0.1:{env[taken]}: "), lines


def test_what_is_not_there_is_told_by_its_code(hall: dict[str, str]) -> None:
    """An empty list would be no answer, and a wrong root no verdict on the books."""
    run(hall, "keys", "init")
    for words, code, told in NOT_THERE:
        given = [hall["CARDSVC_PASSPHRASE_FILE"] if word == "passphrase" else word for word in words]
        lines = run(hall, *given, code=code).stderr.splitlines()
        assert lines[0].startswith(f"Error {told}: "), lines
        assert lines[2].startswith("Next: "), lines
