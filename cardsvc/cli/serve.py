"""``cardsvc serve``: the HTTP API."""

import click

from cardsvc.cli.output import say, t


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
    run(settings)
