"""What ``cardsvc doctor --face-queue`` asks of the CUPS queue of the card printer on this machine.

CUPS's own lpstat(8) is asked, not a library: a desk PC needs nothing installed for it, and macOS has it too.
"""

import os
import shutil
import subprocess
from collections.abc import Callable
from functools import partial

from cardsvc.cli.machine.here import Machine, Unwell
from cardsvc.cli.shared.output import t

TIMEOUT_S = 5


def printer_checks(queue: str | None) -> tuple[tuple[str, Callable[[Machine], str]], ...]:
    """The card printer's queue, where one is named."""
    return () if queue is None else ((t("卡面打印队列", "queue for card faces"), partial(_queue, queue)),)


def _queue(queue: str, _subject: Machine) -> str:
    """Known, not stopped, and takes jobs. What its printer itself reports is in lpstat's reason when CUPS stopped the queue."""
    missing = [program for program in ("lpstat", "lp", "cancel", "ipptool") if shutil.which(program) is None]
    if missing:
        raise Unwell(
            t(f"没有 {'、'.join(missing)}（CUPS）", f"no {', '.join(missing)} (CUPS)"),
            t(
                "sudo apt install cups-client cups-ipp-utils；Windows 没有 CUPS：用浏览器打开卡面 PDF，用打印机驱动打印",
                "sudo apt install cups-client cups-ipp-utils; Windows has no CUPS: print the PDF from the browser",
            ),
        )
    scheduler = _lpstat("-r")
    if "is running" not in scheduler:
        raise Unwell(scheduler, t("启动 CUPS：sudo systemctl start cups", "start CUPS: sudo systemctl start cups"))
    state = _lpstat("-l", "-p", queue)
    if not state.startswith(f"printer {queue} "):
        raise Unwell(state, t("lpstat -e 列出队列；用 lpadmin 建立", "lpstat -e lists the queues; make it with lpadmin"))
    head = " ".join(line.strip() for line in state.splitlines()[:2])  # the state, and the reason that CUPS or a person gave
    if state.startswith(f"printer {queue} disabled"):
        cure = t("看清原因、查看色带和卡槽后：", "see the reason, look at ribbon and cards, then: ")
        raise Unwell(head, f"{cure}sudo cupsenable {queue}")
    accepting = _lpstat("-a", queue)
    if not accepting.startswith(f"{queue} accepting"):
        raise Unwell(accepting, f"sudo cupsaccept {queue}")
    return state.splitlines()[0]


def _lpstat(*arguments: str) -> str:
    """What it says, in English whatever the desk's language is, of both outputs."""
    try:
        done = subprocess.run(
            ("lpstat", *arguments),
            capture_output=True,
            text=True,
            errors="replace",
            timeout=TIMEOUT_S,
            check=False,
            env={**os.environ, "LC_ALL": "C"},
        )
    except subprocess.TimeoutExpired:
        note = t(f"CUPS 在 {TIMEOUT_S} 秒内没有回答", f"CUPS did not answer within {TIMEOUT_S} seconds")
        raise Unwell(note, t("sudo systemctl restart cups", "sudo systemctl restart cups")) from None
    return (done.stdout + done.stderr).strip()
