"""``cardsvc vcard``: a virtual card in a slot of the real pcscd, for training and for trying things out."""

import contextlib
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

import click

from cardsvc.cli.shared.output import say, t

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
@click.option(
    "--contacts",
    is_flag=True,
    help=t("双界面卡用触点（不是感应）对着读卡器", "A card with both sides turns its contacts to the reader, not its antenna"),
)
@click.option("--host", default="127.0.0.1", show_default=True, help=t("vpcd 所在主机", "Host of vpcd"))
@click.option(
    "--fault",
    "faults",
    multiple=True,
    metavar=t("名称[:参数]", "NAME[:PARAMETER]"),
    help=t("给卡加故障，可多次；见 --faults", "Put a fault on the card, more than once if wanted; see --faults"),
)
@click.option(
    "--fault-file",
    type=click.Path(dir_okay=False, exists=True, path_type=Path),
    help=t("故障文件（TOML：seed、faults）", "A file of faults (TOML: seed, faults)"),
)
@click.option("--seed", default=None, type=int, help=t("没给的参数由它决定", "Chooses the parameters that are left out"))
@click.option("--faults", "list_faults", is_flag=True, help=t("列出各种故障后退出", "List the faults and leave"))
@click.option(
    "--inflict-only",
    is_flag=True,
    help=t("只新建或改 --file 里的卡，不插入", "Only make or change the card in --file; do not insert it"),
)
@click.option(
    "--start-pcscd",
    is_flag=True,
    help=t("没有运行的 pcscd 时启动一个（需 root）", "Start a pcscd where none runs (needs root)"),
)
def vcard(
    profile: str,
    path: Path | None,
    slot: int,
    host: str,
    faults: tuple[str, ...],
    fault_file: Path | None,
    seed: int | None,
    *,
    contacts: bool,
    list_faults: bool,
    inflict_only: bool,
    start_pcscd: bool,
) -> None:
    """Serve a virtual card."""
    from cardsvc.vcard import PROFILES, VirtualCard

    if list_faults:
        return _list_faults()
    if profile not in PROFILES:
        raise click.BadParameter(f"{profile}: {', '.join(PROFILES)}", param_hint="--profile")
    if inflict_only and path is None:
        raise click.UsageError(t("--inflict-only 要与 --file 同用", "--inflict-only wants --file"))
    card = VirtualCard.load(path) if path and path.exists() else VirtualCard.blank(profile)
    card.through_contacts = contacts
    _inflict(card, faults, fault_file, seed)
    if inflict_only:
        return _keep(card, path)
    _serve(card, path, host, slot, start_pcscd=start_pcscd)


def _list_faults() -> None:
    """Every fault with what its parameter means."""
    from cardsvc.cli.shared.output import table
    from cardsvc.text import language_of_environment
    from cardsvc.vcard import FAULTS

    language = language_of_environment()
    for line in table([(name, kind.parameter, kind.what.into(language)) for name, kind in FAULTS.items()]):
        click.echo(line)


def _inflict(card: "VirtualCard", faults: tuple[str, ...], fault_file: Path | None, seed: int | None) -> None:
    from cardsvc.vcard import Fault, inflict, load_faults

    from_file, file_seed = load_faults(fault_file) if fault_file else ((), 0)
    inflict(card, (*from_file, *(Fault.parse(text) for text in faults)), file_seed if seed is None else seed)


def _keep(card: "VirtualCard", path: Path | None) -> None:
    """Store the card as it is now. Faults that strike while a card runs cannot be stored in it."""
    from cardsvc.vcard import FaultPlan

    if card.plan != FaultPlan():
        raise click.UsageError(
            t("这种故障在卡运行时才发生，不能存进卡里", "Such a fault strikes while the card runs; it cannot be stored in it")
        )
    _save(card, path)


def _serve(card: "VirtualCard", path: Path | None, host: str, slot: int, *, start_pcscd: bool) -> None:
    from cardsvc.readers import pcscd
    from cardsvc.vcard.vpcd import DEFAULT_PORT, VpcdSlot

    _save(card, path)
    if start_pcscd and not pcscd.is_running():
        pcscd.start()
    place = VpcdSlot(host, DEFAULT_PORT + slot)
    place.insert(card, comes_back=card.bounces)
    _tell(card)
    try:
        with contextlib.suppress(KeyboardInterrupt):
            _converse(place, card, path)
    finally:
        place.remove()
        _save(card, path)


def _save(card: "VirtualCard", path: Path | None) -> None:
    from cardsvc.cli.shared.local import keep_card

    if path is not None:
        keep_card(card, path)
        say(f"已保存到 {path}", f"Saved to {path}")


COMMANDS = (
    "命令：i 插入  r 拔出  t 翻面  s 保存  q 退出",
    "Commands: i insert  r remove  t turn over  s save  q quit",
)


def _tell(card: "VirtualCard") -> None:
    atr = card.atr.hex().upper() or t("无，读卡器看不见它", "none, no reader notices it")
    say(f"卡已插入（{card.dialect.name}，ATR {atr}）", f"Card inserted ({card.dialect.name}, ATR {atr})")


def _converse(place: "VpcdSlot", card: "VirtualCard", path: Path | None) -> None:
    """Commands of the person at the terminal; without one, serve until stopped."""
    if not sys.stdin.isatty():
        while True:
            time.sleep(3600)
    say(*COMMANDS)
    for line in sys.stdin:
        match line.strip().lower():
            case "i":
                place.insert(card, comes_back=card.bounces)
            case "r":
                place.remove()
                _save(card, path)
            case "t":
                place.remove()
                card.through_contacts = not card.through_contacts
                place.insert(card, comes_back=card.bounces)
                _tell(card)
            case "s":
                _save(card, path)
            case "q":
                return
            case _:
                say(*COMMANDS)
