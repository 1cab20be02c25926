"""``cardsvc notices``: messages to citizens and their friends, sent by a program or a folder of the installation's own."""

import json
import shlex
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import click

from cardsvc.cli.shared.database import database
from cardsvc.cli.shared.days import local_time
from cardsvc.cli.shared.output import json_option, listed, said, say, show, t

SECONDS_A_MESSAGE = 60


@click.group(help=t("给市民和朋友的通知：发送、列表、重发", "Messages to citizens and their friends: send, list, try again"))
def notices() -> None:
    """Group of commands on messages."""


@notices.command(
    help=t(
        "发送到期的通知：交给一个命令（每条一次，标准输入是 JSON，退出码 0 表示收下），或写成目录里的文件",
        "Send what is due: to a command (JSON on its stdin, exit code 0 takes it), or as files into a folder",
    )
)
@click.option("--command", "program", help=t("发送命令", "The command that sends one"))
@click.option(
    "--folder",
    type=click.Path(exists=True, file_okay=False, writable=True, path_type=Path),
    help=t("写入的目录", "The folder that they are written into"),
)
@click.option(
    "--every", type=click.FloatRange(0.1), help=t("每隔几秒再发，直到 SIGTERM", "Again every so many seconds, until SIGTERM")
)
@json_option
def send(program: str | None, folder: Path | None, every: float | None, *, as_json: bool) -> None:
    """Send what is due."""
    import threading

    from cardsvc.bootstrap import now
    from cardsvc.cli.shared.stopping import until_stopped
    from cardsvc.errors import StoreError
    from cardsvc.service.messages.notices import NOTICES
    from cardsvc.service.messages.outbox import Transport

    if (program is None) == (folder is None):
        raise click.UsageError(t("给出 --command 或 --folder", "Give --command or --folder"))
    transport: Transport = _Command(shlex.split(program)) if program is not None else _Folder(folder or Path())

    def again(stop: threading.Event) -> None:
        """A database that is away is tried again."""
        try:
            counts = NOTICES.send_due(store, transport, now, stop)
        except StoreError as error:
            say(f"稍后再试：{error.code}", f"Will be tried again: {error.code}")
            return
        if any(counts.values()):
            _tell(counts, as_json=as_json)

    with database() as store:
        if every is None:
            _tell(NOTICES.send_due(store, transport, now, threading.Event()), as_json=as_json)
        else:
            until_stopped(again, every)


def _tell(counts: Mapping[str, int], *, as_json: bool) -> None:
    sent, not_sent = counts["sent"], counts["not_sent"]
    show(counts, as_json=as_json, lines=lambda: [t(f"发出 {sent}，没发出 {not_sent}", f"{sent} sent, {not_sent} not sent")])


class _Command:
    """A program that is run for each message."""

    def __init__(self, command: list[str]) -> None:
        self._command = command

    def __call__(self, message: Mapping[str, Any]) -> str | None:
        """Run it; what it says on stderr is why it did not take the message."""
        text = json.dumps(message, ensure_ascii=False).encode()
        try:
            done = subprocess.run(self._command, input=text, capture_output=True, timeout=SECONDS_A_MESSAGE, check=False)
        except subprocess.TimeoutExpired:
            return f"no end after {SECONDS_A_MESSAGE} s"
        except OSError as error:
            return error.strerror or type(error).__name__
        said = done.stderr.decode(errors="replace").strip()
        return f"exit code {done.returncode} {said}".strip() if done.returncode else None


class _Folder:
    """A folder where each message is a file by its id, whole as soon as it has its name."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def __call__(self, message: Mapping[str, Any]) -> str | None:
        """Write it. The same message again is the same file."""
        unfinished = self._folder / f".{message['notice_id']}.tmp"
        try:
            unfinished.write_text(json.dumps(message, ensure_ascii=False) + "\n", "utf-8")
            unfinished.rename(self._folder / f"{message['notice_id']}.json")
        except OSError as error:
            return error.strerror or type(error).__name__
        return None


@notices.command("list", help=t("最近的通知和发送情况", "The newest messages and whether they went out"))
@json_option
def list_(*, as_json: bool) -> None:
    """List messages."""
    from cardsvc.service.messages.notices import list_notices
    from cardsvc.service.words.codes import NOTICES

    with database() as store:
        found = list_notices(store)
    rows = [
        (
            one["notice_id"],
            local_time(one["queued_at"]),
            said(NOTICES, one["state"]),
            str(one["attempts"]),
            one["to_name"],
            one["phone"],
            t(one["zh"], one["en"]),
        )
        for one in found
    ]
    head = (
        t("编号", "Id"),
        t("时间", "Time"),
        t("状态", "State"),
        t("次数", "Tries"),
        t("给谁", "To"),
        t("电话", "Phone"),
        t("内容", "Text"),
    )
    show(found, as_json=as_json, lines=lambda: listed(rows, t("没有通知", "No messages"), head))


@notices.command(help=t("一条发送失败的通知再发", "Try a message again that failed"))
@click.argument("notice_id")
def again(notice_id: str) -> None:
    """Try one again."""
    from cardsvc.bootstrap import now
    from cardsvc.service.messages.notices import try_again

    with database() as store:
        try_again(store, notice_id, now())
    say("会再发送", "It will be sent again")
