"""``cardsvc serve``: the HTTP API."""

from typing import TYPE_CHECKING

import click

from cardsvc.cli.output import say, t

if TYPE_CHECKING:
    from cardsvc.config import Settings


@click.command(help=t("启动 HTTP 接口服务（gunicorn，多进程）", "Serve the HTTP API (gunicorn, several workers)"))
@click.option("--host", default=None, help=t("监听地址", "Address to listen on"))
@click.option("--port", default=None, type=int, help=t("端口", "Port"))
@click.option("--workers", default=None, type=int, help=t("进程数", "Number of workers"))
@click.option("--demo", is_flag=True, help=t("用一套临时的演示密钥和数据库", "With throw-away demo keys and database"))
def serve(host: str | None, port: int | None, workers: int | None, *, demo: bool) -> None:
    """Serve the API."""
    from cardsvc.cli.scratch import scratch_settings
    from cardsvc.config import Settings
    from cardsvc.wsgi import serve as run

    base = scratch_settings() if demo else Settings()
    given = {"host": host, "port": port, "workers": workers}
    settings = base.model_copy(update={key: value for key, value in given.items() if value is not None})
    say(
        f"接口 http://{settings.host}:{settings.port}/api/v1，按 Ctrl-C 停止",
        f"API at http://{settings.host}:{settings.port}/api/v1, Ctrl-C stops it",
    )
    if demo:
        _explain(settings)
    run(settings)


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
