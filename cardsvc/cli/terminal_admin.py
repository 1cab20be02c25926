"""What an administrator does about terminals: look at one, limit it, change its keys, bind it to a certificate."""

import ssl
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from cardsvc.cli.output import json_option, show, t
from cardsvc.units import parse_yuan

if TYPE_CHECKING:
    from cardsvc.store import Store


def _with_store(work: Callable[["Store"], Any]) -> Any:
    from cardsvc.bootstrap import open_database
    from cardsvc.config import Settings

    store = open_database(Settings())
    try:
        return work(store)
    finally:
        store.close()


@click.command("show", help=t("一台终端的资料、限额和密钥", "A terminal: place, limits, keys"))
@click.argument("terminal_id")
def show_one(terminal_id: str) -> None:
    """Show a terminal."""
    from cardsvc.service.terminals import terminal_view

    show(_with_store(lambda store: terminal_view(store, terminal_id)), as_json=True)


@click.command(help=t("设定终端限额：不给的一项即不限", "Limit a terminal; what is not given is unlimited"))
@click.argument("terminal_id")
@click.option("--largest-load", help=t("单笔最高，元", "Largest load, yuan"))
@click.option("--daily-loads", type=int, help=t("每日笔数", "Loads a day"))
@click.option("--daily-amount", help=t("每日总额，元", "Amount a day, yuan"))
@click.option("--operation", "operations", multiple=True, help=t("只允许的业务，可多次给出", "The only kinds it may ask for"))
def limit(
    terminal_id: str,
    largest_load: str | None,
    daily_loads: int | None,
    daily_amount: str | None,
    operations: tuple[str, ...],
) -> None:
    """Set the limits of a terminal."""
    from cardsvc.service.terminals import change_terminal

    values = {
        "largest_load": int(parse_yuan(largest_load)) if largest_load else None,
        "daily_loads": daily_loads,
        "daily_amount": int(parse_yuan(daily_amount)) if daily_amount else None,
        "operations": list(operations) or None,
    }
    _with_store(lambda store: change_terminal(store, terminal_id, **values))
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
@json_option
def rotate(terminal_id: str, public_key: str | None, *, hmac: bool, as_json: bool) -> None:
    """Rotate the key of a terminal."""
    from cardsvc.bootstrap import build, now
    from cardsvc.config import Settings
    from cardsvc.service import terminal_keys

    if hmac == (public_key is not None):
        raise click.UsageError(t("--public-key 和 --hmac 二选一", "Give either --public-key or --hmac"))
    if public_key is not None:
        key = _with_store(lambda store: terminal_keys.rotate(store, terminal_id, public_key, now(), "administrator"))
    else:
        services = build(Settings())
        shared, secret = terminal_keys.share_secret(
            services.store, services.engine.keystore, terminal_id, now(), "administrator"
        )
        services.close()
        key = {**shared, "secret": secret.hex()}
    show(key, as_json=as_json, lines=lambda: [f"{name}: {value}" for name, value in key.items() if value is not None])


@click.command(help=t("立即作废一把密钥", "Let a key count no longer, at once"))
@click.argument("terminal_id")
@click.argument("key_id")
def retire(terminal_id: str, key_id: str) -> None:
    """Retire a key."""
    from cardsvc.service import terminal_keys

    _with_store(lambda store: terminal_keys.retire(store, terminal_id, key_id))
    click.echo(f"{terminal_id}/{key_id}: retired")


@click.command(
    help=t("绑定 TLS 客户端证书（mTLS）；不给文件即解除", "Bind to a TLS client certificate; without a file: unbind")
)
@click.argument("terminal_id")
@click.option("--file", "file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
def certificate(terminal_id: str, file: Path | None) -> None:
    """Bind a terminal to a certificate."""
    import hashlib

    from cardsvc.errors import RequestError
    from cardsvc.service.terminals import change_terminal

    try:
        shown = hashlib.sha256(ssl.PEM_cert_to_DER_cert(file.read_text("ascii"))).hexdigest() if file else None
    except ValueError:
        raise RequestError("certificate_unreadable", file=file) from None
    _with_store(lambda store: change_terminal(store, terminal_id, certificate=shown))
    click.echo(f"{terminal_id}: {shown or '-'}")


ADMINISTRATION = (show_one, limit, rotate, retire, certificate)
