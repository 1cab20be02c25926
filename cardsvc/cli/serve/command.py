"""``cardsvc serve``: the HTTP API; with ``--desk`` or ``--demo`` the desk page beside it, with ``--workstation`` the agent of
this PC's readers and card printer, and the sender of the library's notices where there is one: under one supervisor."""

from collections.abc import Mapping, Sequence
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
@click.option(
    "--workstation", metavar="ID", default=None, help=t("这台电脑的读卡器作为这个工作台", "This PC's readers, as a workstation")
)
@click.option("--workstation-key", type=FILE, default=None, help=t("工作台的密钥文件", "The workstation's key"))
@click.option(
    "--face-queue",
    metavar=t("队列", "NAME"),
    default=None,
    help=t("旁边证卡打印机的 CUPS 队列", "CUPS queue of the card printer here"),
)
@click.option(
    "--face-reader",
    metavar=t("读卡器", "READER"),
    default=None,
    help=t("打印机里的读卡器（全名）", "Reader inside that printer"),
)
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
    from cardsvc.cli.serve.ports import refuse_taken, refuse_wrong_tls
    from cardsvc.config import Settings
    from cardsvc.wsgi import serve as run

    _check_tls(given)
    agent = _agent(given)
    settings = Settings().model_copy(update={key: value for key, value in given.items() if value is not None})
    page = [(settings.desk_host, settings.desk_port)] if desk or demo else []
    refuse_wrong_tls(settings)
    refuse_taken((settings.host, settings.port), *page)
    if demo:
        from cardsvc.cli.serve.training import serve_training

        return serve_training(given["host"], given["port"])
    if desk or agent or settings.library_url is not None:
        return _side_by_side(settings, given, agent, desk=desk)
    scheme = "http" if settings.tls_cert is None else "https"
    say(
        f"接口 {scheme}://{settings.host}:{settings.port}/api/v1，按 Ctrl-C 停止",
        f"API at {scheme}://{settings.host}:{settings.port}/api/v1, Ctrl-C stops it",
    )
    run(settings)
    return None


def _agent(given: dict[str, Any]) -> Sequence[str]:
    """The command of this PC's agent, its options taken out of ``given``; empty where the PC is no workstation."""
    place, key, queue, reader = (given.pop(name) for name in ("workstation", "workstation_key", "face_queue", "face_reader"))
    if (place is None) != (key is None) or (place is None and (queue or reader)):
        raise click.UsageError(
            t(
                "--workstation 和 --workstation-key 要一起给；--face-queue、--face-reader 需要它们",
                "--workstation and --workstation-key go together, --face-queue and --face-reader need them",
            )
        )
    printer = {"--face-queue": queue, "--face-reader": reader}
    options = [part for name, value in printer.items() if value for part in (name, value)]
    return ["agent", "--id", place, "--key", str(key), *options] if place else []


def _side_by_side(settings: "Settings", given: Mapping[str, Any], agent: Sequence[str], *, desk: bool) -> int:
    """API, desk page, this PC's agent and the sender of notices to the library in processes of their own."""
    from cardsvc.cli.serve.supervise import Child, supervise

    options = [
        part for name, value in given.items() if value is not None for part in (f"--{name.replace('_', '-')}", str(value))
    ]
    tls = {f"CARDSVC_{name.upper()}": str(given[name]) for name in ("tls_cert", "tls_key") if given[name] is not None}
    children = [Child("API", ["serve", *options], environment={"CARDSVC_LIBRARY_URL": ""})]
    if desk:
        children.append(Child("desk", ["desk"], environment=tls))
    if agent:
        url = settings.public_url or f"{'http' if settings.tls_cert is None else 'https'}://{settings.host}:{settings.port}"
        children.append(Child("agent", [*agent, "--url", url]))
    if settings.library_url is not None:
        children.append(Child("outbox", ["outbox", "run", "--every", f"{SEND_EVERY_SECONDS}"]))
    return supervise(children)


def _check_tls(given: Mapping[str, Any]) -> None:
    """Certificate and key come together, and client certificates only over TLS."""
    if (given["tls_cert"] is None) != (given["tls_key"] is None) or (given["client_ca"] and not given["tls_cert"]):
        raise click.UsageError(
            t(
                "--tls-cert 和 --tls-key 要一起给；--client-ca 需要它们",
                "--tls-cert and --tls-key go together, --client-ca needs them",
            )
        )
