"""What an administrator does about terminals: register one, suspend it, limit it, change its keys, bind it to a certificate."""

import ssl
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from cardsvc.cli.shared.database import database
from cardsvc.cli.shared.output import json_option, said, show, t, table
from cardsvc.cli.shared.person import administrator, as_option
from cardsvc.cli.staff.audit import act_lines
from cardsvc.service.staff.acts import Act, acts_view
from cardsvc.service.terminals import admin as terminal_admin
from cardsvc.units import format_yuan, parse_yuan

if TYPE_CHECKING:
    from cardsvc.store import Store


def _with_store(work: Callable[["Store"], Any]) -> Any:

    with database() as store:
        return work(store)


def _administer(staff_id: str, work: Callable[..., Any]) -> Any:
    """Do something as the administrator who is at the command line; ``work`` is told who (``by``) and when (``now``)."""
    from cardsvc.bootstrap import now

    return _with_store(lambda store: work(store, by=administrator(store, staff_id), now=now()))


@click.command(help=t("登记终端", "Register a terminal"))
@click.argument("terminal_id")
@click.option("--public-key", required=True, help=t("终端公钥（64 个十六进制数字）", "Public key, 64 hex digits"))
@click.option(
    "--terminal-no",
    required=True,
    help=t("写进卡里的 6 字节终端机编号（12 个十六进制数字）", "6-byte PBOC terminal number, hex"),
)
@click.option("--name", default="", help=t("名称", "Name"))
@click.option(
    "--role",
    type=click.Choice(["topup", "desk", "channel", "workstation", "office", "bureau"]),
    default="topup",
    show_default=True,
    help=t("角色", "Role"),
)
@click.option("--type", "type", default="", help=t("机型", "Type of machine"))
@click.option("--place", default="", help=t("安装地点", "Where it stands"))
@click.option("--operator", default="", help=t("运营单位", "Who runs it"))
@click.option("--outlet", "outlet_id", default=None, help=t("网点编号", "Outlet id"))
@as_option
@json_option
def register(terminal_id: str, staff_id: str, *, as_json: bool, **about: Any) -> None:
    """Register a terminal."""
    made = _administer(
        staff_id,
        lambda store, **who: terminal_admin.register(store, terminal_id, **who, **about),
    )
    found = {"terminal_id": made.terminal_id, "terminal_no": made.terminal_no, "role": made.role}
    show(found, as_json=as_json, lines=lambda: [t(f"已登记终端 {terminal_id}", f"Registered terminal {terminal_id}")])


def _set_state(staff_id: str, terminal_id: str, act: Act, state: str) -> None:
    from cardsvc.service.words.codes import TERMINAL_STATES

    _administer(staff_id, lambda store, **who: terminal_admin.change(store, terminal_id, act, state=state, **who))
    click.echo(f"{terminal_id}: {said(TERMINAL_STATES, state)}")


@click.command(help=t("停用终端", "Suspend a terminal"))
@click.argument("terminal_id")
@as_option
def suspend(terminal_id: str, staff_id: str) -> None:
    """Suspend a terminal."""
    _set_state(staff_id, terminal_id, Act.TERMINAL_SUSPEND, "suspended")


@click.command(help=t("启用终端", "Enable a terminal"))
@click.argument("terminal_id")
@as_option
def enable(terminal_id: str, staff_id: str) -> None:
    """Enable a terminal."""
    _set_state(staff_id, terminal_id, Act.TERMINAL_ENABLE, "enabled")


@click.command("show", help=t("一台终端的资料、限额和密钥", "A terminal: place, limits, keys"))
@click.argument("terminal_id")
@json_option
def show_one(terminal_id: str, *, as_json: bool) -> None:
    """Show a terminal, and who changed what about it."""
    from cardsvc.service.terminals.registry import terminal_view

    def seen(store: "Store") -> dict[str, Any]:
        acts = acts_view(store, subject=terminal_admin.subject_of(terminal_id))
        return {**terminal_view(store, terminal_id), "history": acts}

    found = _with_store(seen)
    show(found, as_json=as_json, lines=lambda: _all_lines(found))


def _all_lines(found: dict[str, Any]) -> list[str]:
    """A terminal with its limits, its keys and who changed what."""
    from cardsvc.service.books.figures import JOB_NAMES
    from cardsvc.service.words.codes import KEY_STATES, ROLES, TERMINAL_STATES

    def limit(value: Any, *, fen: bool = False) -> str:
        return t("不限", "unlimited") if value is None else format_yuan(value) if fen else str(value)

    jobs = limit(None)
    if found["operations"] is not None:
        jobs = t("、", ", ").join(said(JOB_NAMES, kind) for kind in found["operations"])
    rows = [
        (t("终端", "Terminal"), found["terminal_id"]),
        (t("名称", "Name"), found["name"] or "-"),
        (t("终端号", "Number"), found["terminal_no"]),
        (t("角色", "Role"), said(ROLES, found["role"])),
        (t("状态", "State"), said(TERMINAL_STATES, found["state"])),
        (t("机型", "Type"), found["type"] or "-"),
        (t("地点", "Place"), found["place"] or "-"),
        (t("运营单位", "Operator"), found["operator"] or "-"),
        (t("网点", "Outlet"), found["outlet_id"] or "-"),
        (t("单笔最高（元）", "Largest load (yuan)"), limit(found["largest_load"], fen=True)),
        (t("每日笔数", "Loads a day"), limit(found["daily_loads"])),
        (t("每日总额（元）", "Amount a day (yuan)"), limit(found["daily_amount"], fen=True)),
        (t("每分钟请求数", "Requests a minute"), limit(found["requests_per_minute"])),
        (t("允许的业务", "Kinds it may ask for"), jobs),
        (t("证书", "Certificate"), found["certificate"] or "-"),
        *((t("密钥", "Key"), f"{key['key_id']}  {said(KEY_STATES, key['state'])}") for key in found["keys"]),
    ]
    return [*table(rows), *act_lines(found["history"])]


@click.command(help=t("设定终端限额：不给的一项即不限", "Limit a terminal; what is not given is unlimited"))
@click.argument("terminal_id")
@click.option("--largest-load", help=t("单笔最高，元", "Largest load, yuan"))
@click.option("--daily-loads", type=int, help=t("每日笔数", "Loads a day"))
@click.option("--daily-amount", help=t("每日总额，元", "Amount a day, yuan"))
@click.option("--operation", "operations", multiple=True, help=t("只允许的业务，可多次给出", "The only kinds it may ask for"))
@click.option(
    "--requests",
    "requests_per_minute",
    type=int,
    help=t("每分钟请求数，不给即用服务的默认值", "Requests a minute; else the default"),
)
@as_option
def limit(
    terminal_id: str,
    largest_load: str | None,
    daily_loads: int | None,
    daily_amount: str | None,
    operations: tuple[str, ...],
    requests_per_minute: int | None,
    staff_id: str,
) -> None:
    """Set the limits of a terminal."""
    from cardsvc.errors import RequestError
    from cardsvc.service.operation_kinds import KINDS

    if not KINDS.keys() >= set(operations):
        raise RequestError("terminal_field_wrong", field="operations")
    values: dict[str, Any] = {
        "largest_load": int(parse_yuan(largest_load)) if largest_load else None,
        "daily_loads": daily_loads,
        "daily_amount": int(parse_yuan(daily_amount)) if daily_amount else None,
        "operations": list(operations) or None,
        "requests_per_minute": requests_per_minute,
    }
    _administer(staff_id, lambda store, **who: terminal_admin.change(store, terminal_id, Act.TERMINAL_LIMIT, **who, **values))
    click.echo(t(f"已设定 {terminal_id} 的限额", f"Limits of {terminal_id} are set"))


@click.command(
    help=t(
        "换密钥：新旧并用七天；--hmac 由系统生成共享密钥，只显示一次",
        "Follow a key by another; --hmac: a shared secret, shown once",
    )
)
@click.argument("terminal_id")
@click.option("--public-key", help=t("新公钥（Ed25519，64 个十六进制数字）", "The new public key, Ed25519, 64 hex digits"))
@click.option("--hmac", is_flag=True, help=t("改用 HMAC-SHA256 共享密钥", "A shared secret for HMAC-SHA256 instead"))
@as_option
@json_option
def rotate(terminal_id: str, public_key: str | None, staff_id: str, *, hmac: bool, as_json: bool) -> None:
    """Rotate the key of a terminal."""
    from cardsvc.bootstrap import now
    from cardsvc.cli.shared.local import books

    if hmac == (public_key is not None):
        raise click.UsageError(t("--public-key 和 --hmac 二选一", "Give either --public-key or --hmac"))
    if public_key is not None:
        key = _administer(staff_id, lambda store, **who: terminal_admin.rotate(store, terminal_id, public_key, **who))
    else:
        with books() as opened:
            by = administrator(opened.store, staff_id)
            shared, secret = terminal_admin.share_secret(opened.store, opened.engine.keystore, terminal_id, by=by, now=now())
        key = {**shared, "secret": secret.hex()}
    told = t(
        "新密钥马上受理，旧密钥再并用七天；因时钟曾经快过而等待的旧密钥照样等待",
        "The new key is served at once, the old one for seven days more; one that waits for the clock still waits",
    )
    lines = [f"{name}: {value}" for name, value in key.items() if value is not None]
    show(key, as_json=as_json, lines=lambda: [*lines, told])


@click.command(help=t("立即作废一把密钥", "Let a key count no longer, at once"))
@click.argument("terminal_id")
@click.argument("key_id")
@as_option
def retire(terminal_id: str, key_id: str, staff_id: str) -> None:
    """Retire a key."""
    _administer(staff_id, lambda store, **who: terminal_admin.retire(store, terminal_id, key_id, **who))
    click.echo(t(f"{terminal_id} 的密钥 {key_id} 已作废", f"Key {key_id} of {terminal_id} is retired"))


@click.command(
    help=t("绑定 TLS 客户端证书（mTLS）；不给文件即解除", "Bind to a TLS client certificate; without a file: unbind")
)
@click.argument("terminal_id")
@click.option(
    "--file",
    "file",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help=t("证书文件（PEM）；不给则解除绑定", "Its certificate (PEM); without one it is bound to none"),
)
@as_option
def certificate(terminal_id: str, file: Path | None, staff_id: str) -> None:
    """Bind a terminal to a certificate."""
    import hashlib

    from cardsvc.errors import RequestError

    try:
        shown = hashlib.sha256(ssl.PEM_cert_to_DER_cert(file.read_text("ascii"))).hexdigest() if file else None
    except ValueError:
        raise RequestError("certificate_unreadable", file=file) from None
    _administer(
        staff_id,
        lambda store, **who: terminal_admin.change(store, terminal_id, Act.TERMINAL_CERTIFICATE, certificate=shown, **who),
    )
    click.echo(f"{terminal_id}: {shown or '-'}")


ADMINISTRATION = (register, suspend, enable, show_one, limit, rotate, retire, certificate)
