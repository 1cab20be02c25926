"""``cardsvc vcard``: a virtual card in a slot of the real pcscd, for training and for trying things out."""

import contextlib
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

import click

from cardsvc.cli.output import say, t

if TYPE_CHECKING:
    from cardsvc.vcard import VirtualCard
    from cardsvc.vcard.vpcd import VpcdSlot


@click.command(
    help=t(
        "把虚拟卡插进 pcscd 的虚拟读卡器（vpcd），任何 PC/SC 程序都能看到",
        "Put a virtual card into pcscd's virtual reader (vpcd)",
    )
)
@click.option("--profile", default="fudan-fmcos2", show_default=True, help=t("新卡的卡型", "Family of a new card"))
@click.option(
    "--file",
    "path",
    type=click.Path(dir_okay=False, path_type=Path),
    help=t(
        "卡内存文件：有则读入，没有则新建；退出和拔卡时保存", "The card's memory: read if there, else made; saved on removal"
    ),
)
@click.option(
    "--slot", type=click.IntRange(0, 1), default=0, show_default=True, help=t("虚拟读卡器的卡槽", "Slot of the virtual reader")
)
@click.option("--host", default="127.0.0.1", show_default=True, help=t("vpcd 所在主机", "Host of vpcd"))
@click.option(
    "--start-pcscd",
    is_flag=True,
    help=t("没有运行的 pcscd 时启动一个（需 root）", "Start a pcscd where none runs (needs root)"),
)
def vcard(profile: str, path: Path | None, slot: int, host: str, *, start_pcscd: bool) -> None:
    """Serve a virtual card."""
    from cardsvc.readers import pcscd
    from cardsvc.vcard import PROFILES, VirtualCard
    from cardsvc.vcard.vpcd import DEFAULT_PORT, VpcdSlot

    if profile not in PROFILES:
        raise click.BadParameter(f"{profile}: {', '.join(PROFILES)}", param_hint="--profile")
    if start_pcscd and not pcscd.is_running():
        pcscd.start()
    card = VirtualCard.load(path) if path and path.exists() else VirtualCard.blank(profile)
    place = VpcdSlot(host, DEFAULT_PORT + slot)
    place.insert(card)
    say(
        f"卡已插入（{card.dialect.name}，ATR {card.atr.hex().upper()}）",
        f"Card inserted ({card.dialect.name}, ATR {card.atr.hex().upper()})",
    )
    try:
        with contextlib.suppress(KeyboardInterrupt):
            _converse(place, card, path)
    finally:
        place.remove()
        _save(card, path)


def _save(card: "VirtualCard", path: Path | None) -> None:
    if path is not None:
        card.save(path)
        say(f"已保存到 {path}", f"Saved to {path}")


def _converse(place: "VpcdSlot", card: "VirtualCard", path: Path | None) -> None:
    """Commands of the person at the terminal; without one, serve until stopped."""
    if not sys.stdin.isatty():
        while True:
            time.sleep(3600)
    say("命令：i 插入  r 拔出  s 保存  q 退出", "Commands: i insert  r remove  s save  q quit")
    for line in sys.stdin:
        match line.strip().lower():
            case "i":
                place.insert(card)
            case "r":
                place.remove()
                _save(card, path)
            case "s":
                _save(card, path)
            case "q":
                return
            case _:
                say("命令：i 插入  r 拔出  s 保存  q 退出", "Commands: i insert  r remove  s save  q quit")
