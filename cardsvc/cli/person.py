"""Who is at the command line: people sign in with their staff id and password for what only people may decide."""

import getpass
import os
import platform
from pathlib import Path
from typing import TYPE_CHECKING

import click

from cardsvc.cli.output import t

if TYPE_CHECKING:
    from cardsvc.store import Store
    from cardsvc.store.records import Staff

as_option = click.option(
    "--as",
    "staff_id",
    envvar="CARDSVC_STAFF",
    required=True,
    help=t("办理人的工号；密码从提示或 CARDSVC_STAFF_PASSWORD_FILE 读取", "Your staff id; the password is asked for"),
)


def signed_in(store: "Store", staff_id: str, *, once: bool = False) -> "Staff":
    """The person, after their password. ``once``: one that must be replaced is enough.

    Raises RequestError ``sign_in_wrong``, ``sign_in_locked``, ``password_once``.
    """
    from cardsvc.bootstrap import now
    from cardsvc.errors import RequestError
    from cardsvc.service.staff import sign_in

    person = sign_in(store, staff_id, password_of(t(f"{staff_id} 的密码", f"Password of {staff_id}")), now())
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


def password_of(prompt: str, variable: str = "CARDSVC_STAFF_PASSWORD_FILE", *, confirm: bool = False) -> str:
    """A password: from the file that a variable names, or typed unseen."""
    file = os.environ.get(variable)
    if file is not None:
        try:
            return Path(file).read_text("utf-8").rstrip("\r\n")
        except (OSError, UnicodeDecodeError):
            raise click.ClickException(t(f"读不了 {variable} 所指的文件", f"Cannot read the file of {variable}")) from None
    typed: str = click.prompt(prompt, hide_input=True, confirmation_prompt=confirm, err=True)
    return typed
