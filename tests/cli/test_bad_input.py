"""What is wrong with a command, its settings or its files is told with a code and a next step, in the language asked for."""

import os
import signal
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from cardsvc.cli.scratch.processes import free_port
from cardsvc.cli.shared.output import UNKNOWN_EXIT, guarded
from tests.cli.test_cli import run
from tests.cli.test_words_cli import card_with_money
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
    told = run({**home, "CARDSVC_DATABASE_URL": f"sqlite:///{NOWHERE}/cards.db"}, "db", "upgrade", code=8).stderr
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


def test_a_file_that_is_full_is_not_told_as_an_answer_that_was_not_printed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Written through a handle, a file is not named in the system's error, and the output is well."""
    monkeypatch.setattr("cardsvc.config._STATE", tmp_path)

    def fill() -> None:
        with open("/dev/full", "w") as full:
            full.write("x")

    assert guarded(fill) == UNKNOWN_EXIT
    told = capsys.readouterr().err
    assert "错误 system_trouble: 操作系统报错：No space left on device，事件号 " in told
    (trace,) = tmp_path.rglob("incidents/*.txt")
    assert trace.stem in told


@pytest.mark.parametrize("arguments", [("--help",), ("rules", "show"), ("vcard", "--faults")])
def test_output_that_nobody_reads_ends_as_of_any_program(home: dict[str, str], arguments: tuple[str, ...]) -> None:
    """``| head`` closes the pipe: no word, and the exit code that a shell gives what SIGPIPE ends, not that of a failure."""
    command = [sys.executable, "-c", "from cardsvc.cli.main import main; main()", *arguments]
    read, write = os.pipe()
    os.close(read)
    try:
        ended = subprocess.run(
            command, env=home, stdout=write, stderr=subprocess.PIPE, text=True, timeout=PATIENCE, check=False
        )
    finally:
        os.close(write)
    assert (ended.returncode, ended.stderr) == (128 + signal.SIGPIPE, "")


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


@pytest.mark.parametrize(("command", "taken"), [("serve", "CARDSVC_PORT"), ("desk", "CARDSVC_DESK_PORT")])
def test_a_server_that_nobody_could_reach_does_not_start(hall: dict[str, str], command: str, taken: str) -> None:
    """On its own as well: no lines of the web server about the port, and no page that speaks to nobody."""
    run(hall, "keys", "init")
    with socket.create_server(("127.0.0.1", 0)) as somebody:
        env = {**hall, taken: str(somebody.getsockname()[1])}
        lines = run(env, command, code=2).stderr.splitlines()
        assert [line.split(":")[0] for line in lines] == ["Error address_taken", "Outcome", "Next"]
    no_certificate = hall["CARDSVC_PASSPHRASE_FILE"]
    env = {**hall, taken: str(free_port()), "CARDSVC_TLS_CERT": no_certificate, "CARDSVC_TLS_KEY": no_certificate}
    assert run(env, command, code=2).stderr.startswith("Error tls_files_wrong: ")


def test_a_terminals_key_is_made_once_and_shown_again(home: dict[str, str], tmp_path: Path) -> None:
    """Whoever lost the public half that was printed gets it again; it was refused as an existing key store."""
    ask = ("terminal", "key", "--key", str(tmp_path / "ws-1.pem"))
    made, pem = run(home, *ask).stdout, (tmp_path / "ws-1.pem").read_bytes()
    assert len(bytes.fromhex(made)) == 32
    assert run(home, *ask).stdout == made
    assert (tmp_path / "ws-1.pem").read_bytes() == pem
    (tmp_path / "ws-1.pem").write_text("junk")
    assert run(home, *ask, code=7).stderr.startswith("Error terminal_key_damaged: ")
    told = run(home, "terminal", "key", "--key", f"{NOWHERE}/x.pem", code=7).stderr
    assert told.startswith(f"Error keystore_unwritable: The key file {NOWHERE}/x.pem cannot be written")


@pytest.mark.parametrize(
    ("words", "zh", "en"),
    [
        (
            ("card", "topup", "50", "--area", "month", "--month", "2026-13"),
            "2026-13 不是 YYYY-MM 的写法",
            "not written YYYY-MM",
        ),
        (("day", "month-end", "2026", "--outlet", "hall", "--as", "x"), "2026 不是 YYYY-MM 的写法", "not written YYYY-MM"),
        (("reconcile", "run", "--day", "24.11.2026"), "24.11.2026 不是 YYYY-MM-DD 的写法", "not written YYYY-MM-DD"),
    ],
)
def test_a_day_or_month_is_told_how_to_write_it(home: dict[str, str], words: tuple[str, ...], zh: str, en: str) -> None:
    """Not by the format of a programming language, nor by a regular expression."""
    assert zh in run({**home, "CARDSVC_LANG": "zh"}, *words, code=2).stderr
    told = run(home, *words, code=2).stderr
    assert en in told
    assert "%" not in told + run(home, *words[:2], "--help").stdout


def test_settings_are_told_in_the_language_asked_for(home: dict[str, str]) -> None:
    """A file that is not there, and a form of our own."""
    for name, value, zh, en in (
        ("CARDSVC_CONFIG", "/nowhere/x.toml", "CARDSVC_CONFIG：没有文件 /nowhere/x.toml", "no file /nowhere/x.toml"),
        (
            "CARDSVC_PASSKEY_ORIGIN",
            "sesame",
            "passkey_origin：写成 https://主机[:端口]",
            "passkey_origin: is https://HOST[:PORT]",
        ),
    ):
        assert zh in run({**home, name: value, "CARDSVC_LANG": "zh"}, "staff", "list", code=2).stderr
        assert en in run({**home, name: value}, "staff", "list", code=2).stderr


def test_output_that_was_closed_is_no_defect(home: dict[str, str]) -> None:
    """Nor does the database, opened next, get the number of the output and what is printed there."""
    command = [sys.executable, "-c", "from cardsvc.cli.main import main; main()", "rules", "show"]
    closed = subprocess.run(
        ["sh", "-c", '"$@" >&- <&-', "sh", *command], env=home, stderr=subprocess.PIPE, text=True, timeout=PATIENCE, check=False
    )
    assert (closed.returncode, closed.stderr) == (0, "")


def test_a_virtual_card_that_cannot_be_kept_is_not_asked(hall: dict[str, str], tmp_path: Path) -> None:
    """The books would have had a load that the card forgot at the end of the command."""
    run(hall, "keys", "init")
    card_no, file = card_with_money(hall, tmp_path)
    before = run(hall, "card", "log", card_no).stdout
    Path(f"{file}.new").mkdir()  # nothing can be written there, by root neither
    lines = run(hall, "card", "topup", "50", "--vcard", file, code=2).stderr.splitlines()
    assert lines[0].startswith(f"Error file_unwritable: The file {file} cannot be written")
    assert lines[1] == "Outcome: not done"
    assert run(hall, "card", "log", card_no).stdout == before
