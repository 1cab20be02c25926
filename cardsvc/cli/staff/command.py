"""``cardsvc staff``: people who work with the service, and their outlets."""

import click

from cardsvc.cli.shared.database import database
from cardsvc.cli.shared.days import local_time
from cardsvc.cli.shared.output import json_option, listed, said, show, t
from cardsvc.cli.shared.person import (
    administrator,
    as_option,
    from_where,
    password_of,
    sign_in_here,
    sign_out_here,
    signed_in,
    with_password,
)
from cardsvc.service.staff.accounts import ROLE_NAMES, NewStaff

ROLES = click.Choice(["clerk", "cashier", "supervisor", "stock_keeper", "auditor", "administrator", "service"])


@click.group(help=t("员工和网点", "Staff and outlets"))
def staff() -> None:
    """Group of staff commands."""


@staff.command(help=t("登记网点", "Add an outlet"))
@click.argument("outlet_id")
@click.argument("name")
@as_option
@json_option
def outlet(outlet_id: str, name: str, staff_id: str, *, as_json: bool) -> None:
    """Add an outlet."""
    from cardsvc.bootstrap import now
    from cardsvc.service.management.staff_admin import open_outlet

    with database() as store:
        open_outlet(store, outlet_id, name, by=administrator(store, staff_id), now=now())
    line = t(f"已登记网点 {outlet_id}", f"Added outlet {outlet_id}")
    show({"outlet_id": outlet_id, "name": name}, as_json=as_json, lines=lambda: [line])


@staff.command(
    help=t(
        "登记员工。第一位必须是管理员，之后由管理员登记（--as）；新密码从提示或 CARDSVC_NEW_PASSWORD_FILE 读取",
        "Add a person. The first must be an administrator; later ones are added by one (--as)",
    )
)
@click.argument("new_id")
@click.option("--name", required=True, help=t("姓名", "Name"))
@click.option(
    "--role", required=True, type=ROLES, help=t("岗位；service：定时任务用的账号", "Role; service: the account of timers")
)
@click.option("--outlet", "outlet_id", required=True, help=t("网点编号", "Outlet id"))
@as_option
@json_option
def add(new_id: str, name: str, role: str, outlet_id: str, staff_id: str, *, as_json: bool) -> None:
    """Add a person."""
    from cardsvc.bootstrap import now
    from cardsvc.service.staff.accounts import add_staff

    with database() as store:
        by = administrator(store, staff_id)
        password = password_of(t(f"{new_id} 的新密码", f"New password of {new_id}"), "CARDSVC_NEW_PASSWORD_FILE", confirm=True)
        add_staff(store, NewStaff(new_id, name, role, outlet_id), password, now(), by=by, where=from_where())
    line = t(f"已登记 {new_id}（{role}）", f"Added {new_id} ({role})")
    show({"staff_id": new_id, "role": role, "outlet_id": outlet_id}, as_json=as_json, lines=lambda: [line])


@staff.command("list", help=t("列出员工", "List staff"))
@json_option
def list_(*, as_json: bool) -> None:
    """List staff."""
    from cardsvc.service.staff.accounts import ROLE_NAMES, STATE_NAMES, staff_view
    from cardsvc.text import language_of_environment

    language = language_of_environment()
    with database() as store:
        found = staff_view(store)
    rows = [
        (
            person["staff_id"],
            person["name"],
            ROLE_NAMES[person["role"]].into(language),
            person["outlet_id"],
            STATE_NAMES[person["state"]].into(language),
        )
        for person in found
    ]
    head = (t("工号", "Staff id"), t("姓名", "Name"), t("岗位", "Role"), t("网点", "Outlet"), t("账号", "Account"))
    show(found, as_json=as_json, lines=lambda: listed(rows, t("还没有员工", "No staff yet"), head))


@staff.command(
    "sign-in",
    help=t("登录：之后的命令不用再给 --as；十分钟不用即失效", "Sign in for the commands to come; ten idle minutes end it"),
)
@click.argument("who")
def sign_in(who: str) -> None:
    """Sign in."""
    with database() as store:
        sign_in_here(store, who)
    click.echo(t(f"{who} 已登录", f"{who} is signed in"))


@staff.command("sign-out", help=t("退出登录", "Sign out"))
def sign_out() -> None:
    """Sign out."""
    with database() as store:
        sign_out_here(store)
    click.echo(t("已退出登录", "Signed out"))


@staff.command(help=t("修改密码：自己的，或由管理员重设", "Change a password: one's own, or as administrator"))
@click.argument("whose")
@as_option
def password(whose: str, staff_id: str) -> None:
    """Change a password. Being signed in is not enough: whoever finds an open sign-in must not keep it."""
    from cardsvc.bootstrap import now
    from cardsvc.service.staff.accounts import change_password

    with database() as store:
        who = staff_id or whose
        by = with_password(store, who, once=whose == who)
        new = password_of(t(f"{whose} 的新密码", f"New password of {whose}"), "CARDSVC_NEW_PASSWORD_FILE", confirm=True)
        change_password(store, whose, new, by=by, now=now(), where=from_where())
    click.echo(t("密码已修改", "The password was changed"))


def _set_state(whose: str, staff_id: str, state: str) -> None:
    from cardsvc.bootstrap import now
    from cardsvc.service.management.staff_admin import set_staff_state

    with database() as store:
        set_staff_state(store, whose, state, by=signed_in(store, staff_id), now=now(), where=from_where())
    click.echo(f"{whose}: {state}")


@staff.command(help=t("停用账号", "Suspend an account"))
@click.argument("whose")
@as_option
def suspend(whose: str, staff_id: str) -> None:
    """Suspend an account."""
    _set_state(whose, staff_id, "suspended")


@staff.command(help=t("恢复账号", "Let an account in again"))
@click.argument("whose")
@as_option
def enable(whose: str, staff_id: str) -> None:
    """Let an account in again."""
    _set_state(whose, staff_id, "active")


@staff.command(
    help=t(
        "员工变动记录：谁、何时、从哪里、改了什么；不写工号则列出所有人的",
        "What was changed about a person, or about everybody: when, what, by whom, from where",
    )
)
@click.argument("whose", required=False)
@json_option
def history(whose: str | None, *, as_json: bool) -> None:
    """List what was changed about staff."""
    from cardsvc.service.staff.history import staff_history

    with database() as store:
        found = staff_history(store, whose)
    rows = [
        (local_time(row["at"]), row["staff_id"], t(row["text"]["zh"], row["text"]["en"]), row["by"] or "-", row["place"])
        for row in found
    ]
    head = (t("时间", "Time"), t("工号", "Id"), t("变动", "Change"), t("经手", "By"), t("从哪里", "From where"))
    show(found, as_json=as_json, lines=lambda: listed(rows, t("没有变动", "Nothing was changed"), head))


@staff.command(help=t("调岗：换岗位，也可换网点", "Give a person another role, or another outlet as well"))
@click.argument("whose")
@click.argument("new_role", metavar="ROLE", type=ROLES)
@click.option("--outlet", "outlet_id", help=t("网点编号；不写则不变", "Outlet id; as it is where none is given"))
@as_option
def role(whose: str, new_role: str, outlet_id: str | None, staff_id: str) -> None:
    """Give a person another post."""
    from cardsvc.bootstrap import now
    from cardsvc.service.management.staff_admin import change_post

    with database() as store:
        change_post(store, whose, new_role, outlet_id, by=signed_in(store, staff_id), now=now(), where=from_where())
    click.echo(f"{whose}: {said(ROLE_NAMES, new_role)}" + (f" ({outlet_id})" if outlet_id else ""))


@staff.command(
    help=t(
        "技能：写出全部技能（sign_language、english、dialect），不写则清空",
        "Skills: all that a person has (sign_language, english, dialect); none given: none",
    )
)
@click.argument("whose")
@click.argument("skills", nargs=-1)
@as_option
def skill(whose: str, skills: tuple[str, ...], staff_id: str) -> None:
    """Note what a person can do beyond the ordinary."""
    from cardsvc.bootstrap import now
    from cardsvc.service.management.staff_admin import set_skills

    with database() as store:
        set_skills(store, whose, skills, by=signed_in(store, staff_id), now=now(), where=from_where())
    click.echo(f"{whose}: {', '.join(skills) or '-'}")


@staff.command(help=t("重设为一次性密码，只显示这一次", "Give a one-time password, shown this once"))
@click.argument("whose")
@click.option("--keep-passkeys", is_flag=True, help=t("保留通行密钥（否则一并删除）", "Their passkeys stay (else they go too)"))
@as_option
def reset(whose: str, staff_id: str, *, keep_passkeys: bool) -> None:
    """Give a person a one-time password; passkeys, which sign in without it, go too."""
    from cardsvc.bootstrap import now
    from cardsvc.service.management.staff_admin import reset_password

    with database() as store:
        by = signed_in(store, staff_id)
        made = reset_password(store, whose, by=by, now=now(), where=from_where(), keep_passkeys=keep_passkeys)
    click.echo(made)
