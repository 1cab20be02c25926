"""The local door: this machine's reader, this machine's service. Shared by the commands that work on a card."""

import uuid
from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from typing import TYPE_CHECKING, Any

import click

from cardsvc.bootstrap import Services, build
from cardsvc.cli.shared.output import say, t
from cardsvc.config import Settings
from cardsvc.iso7816.channel import Channel
from cardsvc.iso7816.exchange import Ask
from cardsvc.iso7816.links import Exchange, TraceLink
from cardsvc.readers.carry import carry_out
from cardsvc.service.faults.reader_health import watched
from cardsvc.service.operations.kinds import Actor

if TYPE_CHECKING:
    pass

HERE = Actor("local", "cli", bytes.fromhex("310000000001"), "desk")
"""This machine, as operations, shifts and drawers know it (``local:cli``)."""
reader_option = click.option(
    "--reader", metavar=t("名称", "NAME"), help=t("读卡器名称或正则式", "Name of the reader, or a pattern")
)
wait_option = click.option("--wait", default=15.0, show_default=True, help=t("等待放卡的秒数", "Seconds to wait for a card"))
file_option = click.option(
    "--vcard",
    "card_file",
    type=click.Path(dir_okay=False, exists=True),
    help=t("不用读卡器，直接用虚拟卡文件", "Use a virtual card's file instead of a reader"),
)

trace_option = click.option(
    "--trace", is_flag=True, help=t("显示与卡的往来（数据已遮盖）", "Show the exchange with the card (data masked)")
)


@contextmanager
def services(*, keys_when_used: bool = False) -> Iterator[Services]:
    """The service with the settings of the environment, for one command.

    What goes to a card has its keys open before it asks for the card; for the rest ``books`` opens them where one is used.
    """
    opened = build(Settings(), keys_when_used=keys_when_used)
    try:
        yield opened
    finally:
        opened.close()


def books() -> AbstractContextManager[Services]:
    """The service for a command that looks, or works on the books alone: most ask for no passphrase."""
    return services(keys_when_used=True)


@contextmanager
def card_channel(reader: str | None, wait: float, card_file: str | None, *, trace: bool = False) -> Iterator[Channel]:
    """The card: in a PC/SC reader, or a virtual one from its file, stored again afterwards."""
    with _virtual(card_file) if card_file is not None else _real(reader, wait) as channel:
        yield TraceLink(channel, _tell) if trace else channel


def _tell(exchange: Exchange) -> None:
    """One exchange on stderr, masked by the link."""
    click.echo(f"{exchange.command}  ->  {exchange.answer or '-'}  {exchange.milliseconds:.1f} ms", err=True)


@contextmanager
def _real(reader: str | None, wait: float) -> Iterator[Channel]:
    from cardsvc.readers.directory import open_card, wait_for_card

    say("请放卡……", "Put the card on the reader ...")
    channel = open_card(wait_for_card(reader, wait))
    try:
        yield channel
    finally:
        channel.close()


@contextmanager
def _virtual(card_file: str) -> Iterator[Channel]:
    from pathlib import Path

    from cardsvc.vcard.kept import KeptCard, load_card

    file = Path(card_file)
    card = load_card(file)
    KeptCard(card, file).save()  # a place that takes no file is told now, not when money was moved and the card forgets it
    channel = card.channel()
    try:
        yield channel
    finally:
        channel.close()
        card.save(file)


def do(opened: Services, channel: Channel, kind: str, params: Mapping[str, Any]) -> Mapping[str, Any]:
    """Carry an operation out through the local door, with progress on a terminal."""
    port = watched(opened.engine, HERE)
    with _progress(kind) as progress:
        return carry_out(port, channel, kind, params, idempotency_key=str(uuid.uuid4()), progress=progress)


@contextmanager
def _progress(kind: str) -> Iterator[Any]:
    import sys

    if not sys.stderr.isatty():
        yield lambda _ask: None
        return
    from rich.console import Console

    with Console(stderr=True).status(kind) as status:
        count = 0

        def update(ask: Ask) -> None:
            nonlocal count
            count += 1
            status.update(f"{kind}: {count} {ask.name}")

        yield update
