"""``cardsvc serve``: the HTTP API."""

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from cardsvc.cli.output import say, t

if TYPE_CHECKING:
    from cardsvc.config import Settings


FILE = click.Path(exists=True, dir_okay=False, path_type=Path)


@click.command(help=t("启动 HTTP 接口服务（gunicorn，多进程）", "Serve the HTTP API (gunicorn, several workers)"))
@click.option("--host", default=None, help=t("监听地址", "Address to listen on"))
@click.option("--port", default=None, type=int, help=t("端口", "Port"))
@click.option("--workers", default=None, type=int, help=t("进程数", "Number of workers"))
@click.option("--tls-cert", type=FILE, default=None, help=t("HTTPS 证书", "Certificate for HTTPS"))
@click.option("--tls-key", type=FILE, default=None, help=t("HTTPS 私钥", "Its private key"))
@click.option("--client-ca", type=FILE, default=None, help=t("mTLS：终端证书的 CA", "mTLS: authority of the terminals"))
@click.option("--demo", is_flag=True, help=t("用一套临时的演示密钥和数据库", "With throw-away demo keys and database"))
def serve(*, demo: bool, **given: Any) -> None:
    """Serve the API."""
    from cardsvc.cli.scratch import scratch_settings
    from cardsvc.config import Settings
    from cardsvc.wsgi import serve as run

    base = scratch_settings() if demo else Settings()
    _check_tls(given)
    settings = base.model_copy(update={key: value for key, value in given.items() if value is not None})
    scheme = "http" if settings.tls_cert is None else "https"
    say(
        f"接口 {scheme}://{settings.host}:{settings.port}/api/v1，按 Ctrl-C 停止",
        f"API at {scheme}://{settings.host}:{settings.port}/api/v1, Ctrl-C stops it",
    )
    if demo:
        _explain(settings)
    run(settings)


def _check_tls(given: Mapping[str, Any]) -> None:
    """Certificate and key come together, and client certificates only over TLS."""
    if (given["tls_cert"] is None) != (given["tls_key"] is None) or (given["client_ca"] and not given["tls_cert"]):
        raise click.UsageError(
            t(
                "--tls-cert 和 --tls-key 要一起给；--client-ca 需要它们",
                "--tls-cert and --tls-key go together, --client-ca needs them",
            )
        )


def _explain(settings: "Settings") -> None:
    """How to use the demo service from another shell."""
    from cardsvc.bootstrap import open_database
    from cardsvc.cli.scratch import environment, scratch_terminal

    store = open_database(settings)
    key = scratch_terminal(settings, store, "kiosk-7", "310000000007", "topup")
    store.close()
    say("演示数据是临时的。另开一个终端窗口试试：", "The demo data are throw-away. Try from another shell:")
    for name, value in environment(settings).items():
        click.echo(f"  export {name}='{value}'", err=True)
    click.echo("  cardsvc vcard --start-pcscd &", err=True)
    click.echo(
        f"  cardsvc terminal topup 100 --id kiosk-7 --key '{key}' --url http://{settings.host}:{settings.port}", err=True
    )
