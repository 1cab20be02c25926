"""Who is at the command line: people sign in with their staff id and password for what only people may decide.

Either for one command (``--as ID``, the password is asked for) or for a while (``cardsvc staff sign-in ID``): then a token is
kept in a file that only its owner can read, and counts as a sign-in on the desk page does: ten idle minutes end it, an
administrator can end it, and it says who acts. The password itself is kept nowhere.
"""

import getpass
import json
import os
import platform
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from cardsvc.cli.shared.output import t

if TYPE_CHECKING:
    from cardsvc.store import Store
    from cardsvc.store.records import Staff

PASSWORD_FILE = "CARDSVC_STAFF_PASSWORD_FILE"  # noqa: S105 - the name of a variable
SESSION_FILE = "CARDSVC_STAFF_SESSION"
STDIN = "-"
COMMAND_LINE = "command line"
"""What a sign-in from here is called among a person's sign-ins."""

as_option = click.option(
    "--as",
    "staff_id",
    envvar="CARDSVC_STAFF",
    default="",
    help=t(
        f"办理人的工号；密码从提示或 {PASSWORD_FILE} 读取；已用 staff sign-in 登录的可以不给",
        "Your staff id; the password is asked for; not needed after staff sign-in",
    ),
)


def signed_in(store: "Store", staff_id: str, *, once: bool = False, job: bool = False) -> "Staff":
    """The person: whoever is signed in, or ``staff_id`` after their password. ``once``: one that must be replaced is enough;
    ``job``: a timer may do this, as a service account.

    Raises RequestError ``staff_not_signed_in``, ``sign_in_wrong``, ``sign_in_locked``, ``password_once``, ``service_account``.
    """
    from cardsvc.errors import RequestError

    told = PASSWORD_FILE in os.environ
    kept = None if staff_id and told else _kept(store, once=once)
    if kept is not None and staff_id in ("", kept.staff_id):
        return kept
    if not staff_id:
        raise RequestError("staff_not_signed_in")
    return with_password(store, staff_id, once=once, job=job)


def with_password(store: "Store", staff_id: str, *, once: bool = False, job: bool = False) -> "Staff":
    """The person, after their password here and now. Raises as ``signed_in`` does."""
    from cardsvc.bootstrap import now
    from cardsvc.errors import RequestError
    from cardsvc.service.staff.accounts import sign_in

    person = sign_in(store, staff_id, password_of(t(f"{staff_id} 的密码", f"Password of {staff_id}")), now(), job=job)
    if person.password_once and not once:
        raise RequestError("password_once")
    return person


def from_where() -> str:
    """Where this command runs, as it is kept with what it changes about staff: who the machine says it is."""
    try:
        user = getpass.getuser()
    except (KeyError, OSError):
        user = "?"
    return f"cli {user}@{platform.node()}"


def administrator(store: "Store", staff_id: str) -> "Staff | None":
    """Who administers: None while the service is set up and has no staff yet, else somebody who is signed in.

    Raises as ``signed_in`` does; whether they are an administrator, the service asks.
    """
    from cardsvc.service.staff.accounts import has_staff

    return signed_in(store, staff_id) if staff_id or has_staff(store) else None


def sign_in_here(store: "Store", staff_id: str) -> None:
    """Sign a person in for the commands to come. Raises RequestError ``sign_in_wrong``, ``sign_in_locked``."""
    from cardsvc.bootstrap import now
    from cardsvc.service.desk.sessions import open_session

    typed = password_of(t(f"{staff_id} 的密码", f"Password of {staff_id}"))
    token, _ = open_session(store, staff_id, typed, None, COMMAND_LINE, now())
    file = _session_file()
    file.parent.mkdir(parents=True, exist_ok=True)
    file.unlink(missing_ok=True)
    descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as opened:
        json.dump({"staff_id": staff_id, "token": token}, opened)


def sign_out_here(store: "Store") -> None:
    """End the sign-in of this file, in the database and here."""
    from cardsvc.bootstrap import now
    from cardsvc.service.desk.sessions import end_own

    end_own(store, _token(), now())
    _session_file().unlink(missing_ok=True)


def _session_file() -> Path:
    from cardsvc.config import state_folder

    return Path(os.environ.get(SESSION_FILE) or state_folder() / "staff-session")


def _token() -> str | None:
    """The token that is kept, if nobody but its owner can read it. Raises RequestError ``session_file_open``."""
    from cardsvc.errors import RequestError

    file = _session_file()
    try:
        if os.name == "posix" and file.stat().st_mode & 0o077:
            raise RequestError("session_file_open", file=file)
        kept = json.loads(file.read_text("utf-8"))
        return str(kept["token"])
    except (OSError, ValueError, KeyError, TypeError):
        return None


def _kept(store: "Store", *, once: bool) -> "Staff | None":
    from cardsvc.bootstrap import now
    from cardsvc.errors import RequestError
    from cardsvc.service.desk.sessions import signed_in as found

    try:
        return found(store, _token(), now(), act=True, once=once).staff
    except RequestError as error:
        if error.code in ("desk_session_ended", "desk_session_locked"):
            return None
        raise


def password_of(prompt: str, variable: str = PASSWORD_FILE, *, confirm: bool = False) -> str:
    """A password: from the file that a variable names (``-``: a line of standard input), or typed unseen.

    Raises RequestError ``password_file_unreadable``, ``password_missing`` where there is no terminal to type it at.
    """
    from cardsvc.errors import RequestError

    file = os.environ.get(variable)
    if file == STDIN:
        return sys.stdin.readline().rstrip("\r\n")
    if file is not None:
        try:
            return Path(file).read_text("utf-8").rstrip("\r\n")
        except (OSError, UnicodeDecodeError):
            raise RequestError("password_file_unreadable", variable=variable) from None
    if not _somebody_can_type():
        raise RequestError("password_missing", variable=variable)
    typed: str = click.prompt(prompt, hide_input=True, confirmation_prompt=confirm, err=True)
    return typed


def _somebody_can_type() -> bool:
    """Whether there is a terminal, on standard input or behind the process, as getpass looks for one."""
    if sys.stdin.isatty() or os.name != "posix":
        return True
    try:
        os.close(os.open("/dev/tty", os.O_RDWR | os.O_NOCTTY))
    except OSError:
        return False
    return True
