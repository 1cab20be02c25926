"""``cardsvc serve``: the HTTP API; with ``--desk`` or ``--demo`` the desk page beside it, and the sender of the library's
notices where there is such a system, under one supervisor."""

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from cardsvc.cli.shared.output import say, t

if TYPE_CHECKING:
    from cardsvc.config import Settings

SEND_EVERY_SECONDS = 5
FILE = click.Path(exists=True, dir_okay=False, path_type=Path)


@click.command(help=t("启动 HTTP 接口服务（gunicorn，多进程）", "Serve the HTTP API (gunicorn, several workers)"))
@click.option("--host", default=None, help=t("监听地址", "Address to listen on"))
@click.option("--port", default=None, type=int, help=t("端口", "Port"))
@click.option("--workers", default=None, type=int, help=t("进程数", "Number of workers"))
@click.option("--tls-cert", type=FILE, default=None, help=t("HTTPS 证书", "Certificate for HTTPS"))
@click.option("--tls-key", type=FILE, default=None, help=t("HTTPS 私钥", "Its private key"))
@click.option("--client-ca", type=FILE, default=None, help=t("mTLS：终端证书的 CA", "mTLS: authority of the terminals"))
@click.option("--desk", is_flag=True, help=t("同时启动窗口网页", "The desk page beside it"))
@click.option(
    "--demo",
    is_flag=True,
    help=t(
        "练习：临时数据、窗口网页、虚拟读卡器和样卡",
        "Training: throw-away data, desk page, virtual cards",
    ),
)
def serve(*, desk: bool, demo: bool, **given: Any) -> int | None:
    """Serve the API."""
    from cardsvc.config import Settings
    from cardsvc.wsgi import serve as run

    _check_tls(given)
    if demo:
        from cardsvc.cli.serve.training import serve_training

        return serve_training(given["host"], given["port"])
    if desk or Settings().library_url is not None:
        return _side_by_side(given, desk=desk)
    settings = Settings().model_copy(update={key: value for key, value in given.items() if value is not None})
    _try_tls(settings)
    scheme = "http" if settings.tls_cert is None else "https"
    say(
        f"接口 {scheme}://{settings.host}:{settings.port}/api/v1，按 Ctrl-C 停止",
        f"API at {scheme}://{settings.host}:{settings.port}/api/v1, Ctrl-C stops it",
    )
    run(settings)
    return None


def _side_by_side(given: Mapping[str, Any], *, desk: bool) -> int:
    """API, desk page and the sender of notices to the library in processes of their own."""
    from cardsvc.cli.serve.supervise import Child, supervise
    from cardsvc.config import Settings

    options = [
        part for name, value in given.items() if value is not None for part in (f"--{name.replace('_', '-')}", str(value))
    ]
    tls = {f"CARDSVC_{name.upper()}": str(given[name]) for name in ("tls_cert", "tls_key") if given[name] is not None}
    children = [Child("API", ["serve", *options], environment={"CARDSVC_LIBRARY_URL": ""})]
    if desk:
        children.append(Child("desk", ["desk"], environment=tls))
    if Settings().library_url is not None:
        children.append(Child("outbox", ["outbox", "run", "--every", f"{SEND_EVERY_SECONDS}"]))
    return supervise(children)


def _try_tls(settings: "Settings") -> None:
    """Load the files before anything listens: a server with wrong ones would stand there and speak to nobody."""
    import ssl

    from cardsvc.errors import RequestError

    if settings.tls_cert is None:
        return
    try:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(settings.tls_cert, settings.tls_key)
        if settings.client_ca is not None:
            context.load_verify_locations(settings.client_ca)
    except OSError as error:
        raise RequestError("tls_files_wrong", reason=error.strerror or str(error)) from None


def _check_tls(given: Mapping[str, Any]) -> None:
    """Certificate and key come together, and client certificates only over TLS."""
    if (given["tls_cert"] is None) != (given["tls_key"] is None) or (given["client_ca"] and not given["tls_cert"]):
        raise click.UsageError(
            t(
                "--tls-cert 和 --tls-key 要一起给；--client-ca 需要它们",
                "--tls-cert and --tls-key go together, --client-ca needs them",
            )
        )
