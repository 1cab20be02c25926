"""``cardsvc agent``: the readers of a desk PC, for the service."""

from contextlib import ExitStack
from pathlib import Path

import click

from cardsvc.cli.shared.connection import Connection, connection_options
from cardsvc.cli.shared.output import say, t


@click.command(
    help=t("把本机读卡器接到服务上，等窗口的业务；按 Ctrl-C 停止", "Offer this PC's readers to the service; Ctrl-C stops it")
)
@connection_options
@click.option(
    "--face-queue",
    metavar=t("队列", "NAME"),
    help=t("旁边证卡打印机的 CUPS 队列：打新卡的卡面", "CUPS queue of the card printer here: faces of new cards"),
)
@click.option(
    "--face-reader",
    metavar=t("读卡器", "READER"),
    help=t("打印机里的读卡器（全名）：写好的卡接着自动打", "Reader inside that printer (full name): prints at once"),
)
@click.option(
    "--face-folder",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    help=t("练习：卡面打成图片放进这个目录", "Training: faces become pictures in this folder"),
)
def agent(connection: Connection, face_queue: str | None, face_reader: str | None, face_folder: Path | None) -> None:
    """Run the agent."""
    from cardsvc.client.agent import Agent
    from cardsvc.client.faces import FaceLoop
    from cardsvc.printing.cups import CupsQueue
    from cardsvc.printing.folder import FolderPrinter

    if face_reader and not face_queue:
        raise click.UsageError(t("--face-reader 要和 --face-queue 一起用", "--face-reader goes with --face-queue"))
    if face_queue and face_folder:
        raise click.UsageError(t("--face-queue 和 --face-folder 只给一个", "--face-queue or --face-folder, not both"))
    printer = CupsQueue(face_queue) if face_queue else FolderPrinter(face_folder) if face_folder else None

    def tell(what: str, about: str) -> None:
        say(f"{what} {about}", f"{what} {about}")

    with ExitStack() as stack:
        client, work_client, face_client = (stack.enter_context(connection.open()) for _ in range(3))
        where = connection.terminal_id, connection.url
        say("工作台 {} 连接 {}".format(*where), "Workstation {} calls {}".format(*where))
        faces = FaceLoop(face_client, printer, tell, face_reader) if printer else None
        Agent(client, work_client, tell, faces=faces).run()
