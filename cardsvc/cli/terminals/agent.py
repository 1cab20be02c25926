"""``cardsvc agent``: the readers of a desk PC, for the service."""

from pathlib import Path

import click

from cardsvc.cli.shared.output import say, t
from cardsvc.cli.terminals.terminal import id_option, key_option, url_option


@click.command(
    help=t("把本机读卡器接到服务上，等窗口的业务；按 Ctrl-C 停止", "Offer this PC's readers to the service; Ctrl-C stops it")
)
@url_option
@id_option
@key_option
def agent(url: str, terminal_id: str, key_file: Path) -> None:
    """Run the agent."""
    from cardsvc.client import ApiClient, load_key
    from cardsvc.client.agent import Agent

    key = load_key(key_file)
    with ApiClient(url, terminal_id, key) as client, ApiClient(url, terminal_id, key) as work_client:
        say(f"工作台 {terminal_id} 连接 {url}", f"Workstation {terminal_id} calls {url}")
        Agent(client, work_client, lambda what, about: say(f"{what} {about}", f"{what} {about}")).run()
