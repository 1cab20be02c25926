"""``cardsvc desk``: the desk page, in a process of its own."""

from pathlib import Path

import click

from cardsvc.cli.shared.output import say, t


@click.command(help=t("启动窗口网页（工作台）", "Serve the desk page"))
@click.option("--host", default=None, help=t("监听地址", "Address to listen on"))
@click.option("--port", default=None, type=int, help=t("端口", "Port"))
@click.option(
    "--samples",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    default=None,
    help=t(
        "练习：网页可以把这个目录里的虚拟卡插进虚拟读卡器", "Training: the page may insert the virtual cards of this folder"
    ),
)
def desk(host: str | None, port: int | None, samples: Path | None) -> None:
    """Serve the desk page."""
    from cardsvc.cli.serve.ports import refuse_taken, refuse_wrong_tls
    from cardsvc.config import Settings
    from cardsvc.wsgi import serve_desk

    given = {"desk_host": host, "desk_port": port}
    settings = Settings().model_copy(update={name: value for name, value in given.items() if value is not None})
    refuse_wrong_tls(settings)
    refuse_taken((settings.desk_host, settings.desk_port))
    scheme = "http" if settings.tls_cert is None else "https"
    say(
        f"工作台 {scheme}://{settings.desk_host}:{settings.desk_port}/",
        f"Work place at {scheme}://{settings.desk_host}:{settings.desk_port}/",
    )
    if samples is None:
        serve_desk(settings)
        return
    from cardsvc.cli.serve.samples import SampleTray

    serve_desk(settings, lambda: SampleTray(samples))
