"""What ``cardsvc doctor`` looks at on the machine itself: rights, clock, fonts, disk, and the files that hold secrets."""

import ctypes
import datetime as dt
import os
import pwd
import shutil
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import NamedTuple

from cardsvc.cli.shared.output import t
from cardsvc.units import LOCAL

POLKIT_ACTION = "org.debian.pcsc-lite.access_pcsc"
POLKIT_POLICIES, POLKIT_RULES = "usr/share/polkit-1/actions", ("etc/polkit-1/rules.d", "usr/share/polkit-1/rules.d")
TIME_SERVICES = frozenset({"systemd-timesyn", "chronyd", "ntpd", "ntpd-rs", "openntpd"})
"""As the kernel names their processes: at most 15 characters."""
CLOCK_STATES, NOT_SYNCHRONISED = range(6), 5
TOLERATED_SECONDS = 2.0
GIGABYTE = 1024**3


class Unwell(Exception):
    """What was found, and the cure, both in the language of the terminal."""

    def __init__(self, note: str, cure: str) -> None:
        super().__init__(note)
        self.note, self.cure = note, cure


class Machine(NamedTuple):
    """What is checked: the root of its files, the service's user, and the least room on a disk in bytes."""

    root: Path
    user: str
    least_free: int

    @property
    def is_this(self) -> bool:
        """Whether it is the running machine, and not the files of another one."""
        return self.root == Path("/")


def polkit(machine: Machine) -> str:
    """Whether the service's user may speak to pcscd, which asks polkit for everybody but root."""
    if machine.user == "root":
        return t("服务用户是 root，不受限制", "the service's user is root, who may")
    policies = machine.root / POLKIT_POLICIES
    if not any(POLKIT_ACTION in _text(file) for file in _files(policies, "*pcsc*.policy")):
        return t("pcscd 不用 polkit", "pcscd does not use polkit")
    rules = [file for folder in POLKIT_RULES for file in _files(machine.root / folder, "*.rules")]
    fitting = [file for file in rules if "pcsc-lite" in _text(file) and f'"{machine.user}"' in _text(file)]
    if fitting:
        return fitting[0].name
    rule = (
        'polkit.addRule(function(action, subject) { if (action.id.indexOf("org.debian.pcsc-lite.") == 0 && '
        f'subject.user == "{machine.user}") return polkit.Result.YES; }});'
    )
    raise Unwell(
        t(f"没有让用户 {machine.user} 使用读卡器的规则", f"no rule lets {machine.user} use readers"),
        t(f"新建 /etc/polkit-1/rules.d/50-cardsvc.rules：{rule}", f"write /etc/polkit-1/rules.d/50-cardsvc.rules: {rule}"),
    )


def _files(folder: Path, pattern: str) -> list[Path]:
    """In order; none where the folder is not there or not ours to read."""
    try:
        return sorted(folder.glob(pattern))
    except OSError:
        return []


def _text(file: Path) -> str:
    try:
        return file.read_text("utf-8", "replace")
    except OSError:
        return ""


def time_service(machine: Machine) -> str:
    """Whether something keeps the clock right: the kernel says so, or a time service runs."""
    running = sorted({_text(file).strip() for file in _files(machine.root / "proc", "[0-9]*/comm")} & TIME_SERVICES)
    if running:
        return ", ".join(running)
    if machine.is_this and _kernel_clock() in (state for state in CLOCK_STATES if state != NOT_SYNCHRONISED):
        return t("内核时钟已同步", "the kernel's clock is synchronised")
    raise Unwell(
        t("没有对时服务，时钟会慢慢走偏", "no time service runs: the clock drifts"),
        t("安装 chrony：sudo apt install chrony；容器里由宿主机对时", "sudo apt install chrony; in a container, on its host"),
    )


def _kernel_clock() -> int:
    """The state of the kernel's clock by adjtimex(2), which here only asks; -1 where that is not allowed."""
    room = ctypes.create_string_buffer(512)
    return int(ctypes.CDLL(None).adjtimex(room))


def clock_drift(now: dt.datetime, database: dt.datetime | None, waiting: Mapping[str, dt.datetime]) -> str:
    """How far this machine's clock is from the database server's, and whether it was ahead: ``waiting`` says whose keys wait
    until when, for a clock that was ahead forgot their nonces."""
    if waiting:
        until = max(waiting.values()).astimezone(LOCAL).isoformat(" ", "seconds")
        names = ", ".join(waiting)
        raise Unwell(
            t(
                f"时钟曾经快到 {until}，这些终端的密钥到那时才受理：{names}",
                f"the clock was ahead; the keys of these terminals wait until {until}: {names}",
            ),
            t(
                "确认现在的时间是对的（chrony）；换密钥（cardsvc terminal rotate）的终端马上受理，见 docs/clock.md",
                "see that the time is right now (chrony); a terminal whose key is rotated is served at once (docs/clock.md)",
            ),
        )
    if database is None:
        return t("数据库在本机，同一个时钟", "the database is on this machine: one clock")
    seconds = (now - database).total_seconds()
    note = t(f"与数据库相差 {seconds:+.1f} 秒", f"{seconds:+.1f} s from the database")
    if abs(seconds) <= TOLERATED_SECONDS:
        return note
    raise Unwell(
        note,
        t(
            "两台机器用同一个对时服务（chrony）；对好之前不要开班",
            "set both by one time service (chrony), before any shift opens",
        ),
    )


def fonts(machine: Machine) -> str:
    """Receipts, reports and card faces need a font that has Chinese and may be embedded; rare names on faces others."""
    from cardsvc.printing.pdf import FONT_FILE, RARE_FONTS

    if all((machine.root / file.relative_to("/")).exists() for file in (FONT_FILE, *RARE_FONTS.values())):
        return FONT_FILE.name
    if (machine.root / FONT_FILE.relative_to("/")).exists():
        return t(
            f"{FONT_FILE.name}；姓名里的生僻字打不上卡面，要打就装 fonts-hanazono",
            f"{FONT_FILE.name}; faces with rare characters in the name want fonts-hanazono",
        )
    raise Unwell(t(f"没有 {FONT_FILE}", f"there is no {FONT_FILE}"), "sudo apt install fonts-wqy-microhei")


def disk(machine: Machine, folders: Iterable[Path]) -> str:
    """Room for database and logs; a full disk stops every desk."""
    rooms = {folder: shutil.disk_usage(_existing(folder)).free for folder in folders}
    folder, free = min(rooms.items(), key=lambda room: room[1])
    note = t(f"{folder} 剩 {free / GIGABYTE:.1f} GB", f"{free / GIGABYTE:.1f} GB free at {folder}")
    if free >= machine.least_free:
        return note
    raise Unwell(note, t("清理旧日志和备份，或扩大磁盘", "remove old logs and backups, or enlarge the disk"))


def _existing(folder: Path) -> Path:
    """The folder, or what of its path is there already."""
    return next(place for place in (folder, *folder.parents) if place.exists())


def secrets(machine: Machine, files: Iterable[Path]) -> str:
    """Key store, passphrase and private keys belong to the service's user and to nobody else."""
    present = [file for file in files if file.exists()]
    for file in present:
        found = file.stat()
        if found.st_mode & 0o077:
            note = t(
                f"{file} 别人也能读写（{found.st_mode & 0o777:o}）", f"{file} is open to others ({found.st_mode & 0o777:o})"
            )
            raise Unwell(note, f"chmod 600 {file}")
        if found.st_uid != _uid(machine.user):
            note = t(f"{file} 不属于 {machine.user}", f"{file} does not belong to {machine.user}")
            raise Unwell(note, f"sudo chown {machine.user} {file}")
    return ", ".join(file.name for file in present) or t("还没有", "none yet")


def _uid(user: str) -> int:
    """Raises Unwell where there is no such user."""
    try:
        return pwd.getpwnam(user).pw_uid
    except KeyError:
        raise Unwell(t(f"没有用户 {user}", f"there is no user {user}"), f"sudo useradd --system {user}") from None


def own_name() -> str:
    """The user who runs this command."""
    try:
        return pwd.getpwuid(os.geteuid()).pw_name
    except KeyError:
        return str(os.geteuid())
