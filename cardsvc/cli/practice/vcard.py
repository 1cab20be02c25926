"""``cardsvc vcard``: a virtual card in a slot of the real pcscd, for training and for trying things out."""

import contextlib
import signal
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

import click

from cardsvc.cli.shared.output import say, t

if TYPE_CHECKING:
    from cardsvc.vcard.kept import AnyCard, KeptCard
    from cardsvc.vcard.vpcd import VpcdSlot

OLD_CARD = "mifare-classic"
STOPS = ("SIGTERM", "SIGHUP")
"""A service manager stops the program, a terminal is closed: as Ctrl-C."""


@click.command(
    help=t(
        "把虚拟卡插进 pcscd 的虚拟读卡器（vpcd），任何 PC/SC 程序都能看到",
        "Put a virtual card into pcscd's virtual reader (vpcd)",
    )
)
@click.option(
    "--profile",
    default="fudan-fmcos2",
    show_default=True,
    help=t("新卡的卡型；mifare-classic 是本市旧公交卡", "Family of a new card; mifare-classic: an old bus card of this city"),
)
@click.option("--balance", metavar=t("元", "YUAN"), default="12.34", help=t("新的旧公交卡的余额", "On a new old bus card"))
@click.option(
    "--file",
    "path",
    type=click.Path(dir_okay=False, path_type=Path),
    help=t(
        "卡内存文件：有则读入，没有则新建；断电、拔卡和退出时保存",
        "The card's memory: read if there, else made; saved whenever its power goes",
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
    balance: str,
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
    from cardsvc.vcard import VirtualCard
    from cardsvc.vcard.kept import KeptCard, load_card

    if list_faults:
        return _list_faults()
    if inflict_only and path is None:
        raise click.UsageError(t("--inflict-only 要与 --file 同用", "--inflict-only wants --file"))
    card = load_card(path) if path and path.exists() else _new(profile, balance)
    if isinstance(card, VirtualCard):
        card.through_contacts = contacts
    _inflict(card, faults, fault_file, seed)
    kept = KeptCard(card, path)
    if inflict_only:
        return _keep(kept)
    _serve(kept, host, slot, start_pcscd=start_pcscd)


def _new(profile: str, balance: str) -> "AnyCard":
    """A blank card; or an old bus card with money, under the keys of this city's key store."""
    from cardsvc.vcard import PROFILES, VirtualCard

    if profile == OLD_CARD:
        from cardsvc.cli.scratch.old_card import old_bus_card
        from cardsvc.cli.shared.local import books
        from cardsvc.units import parse_yuan

        fen = parse_yuan(balance)
        with books() as opened:
            return old_bus_card(opened.engine.keystore, fen)
    if profile not in PROFILES:
        raise click.BadParameter(f"{profile}: {', '.join((*PROFILES, OLD_CARD))}", param_hint="--profile")
    return VirtualCard.blank(profile)


def _list_faults() -> None:
    """Every fault with what its parameter means."""
    from cardsvc.cli.shared.output import table
    from cardsvc.text import language_of_environment
    from cardsvc.vcard import FAULTS

    language = language_of_environment()
    for line in table([(name, kind.parameter, kind.what.into(language)) for name, kind in FAULTS.items()]):
        click.echo(line)


def _inflict(card: "AnyCard", faults: tuple[str, ...], fault_file: Path | None, seed: int | None) -> None:
    from cardsvc.vcard import Fault, inflict, load_faults

    from_file, file_seed = load_faults(fault_file) if fault_file else ((), 0)
    inflict(card, (*from_file, *(Fault.parse(text) for text in faults)), file_seed if seed is None else seed)


def _keep(kept: "KeptCard") -> None:
    """Store the card as it is now. Faults that strike while a card runs cannot be stored in it."""
    from cardsvc.vcard import FaultPlan

    if kept.card.plan != FaultPlan():
        raise click.UsageError(
            t("这种故障在卡运行时才发生，不能存进卡里", "Such a fault strikes while the card runs; it cannot be stored in it")
        )
    _save(kept)


def _serve(kept: "KeptCard", host: str, slot: int, *, start_pcscd: bool) -> None:
    from cardsvc.readers import pcscd
    from cardsvc.vcard.vpcd import DEFAULT_PORT, VpcdSlot

    kept.save()
    if start_pcscd and not pcscd.is_running():
        pcscd.start()
    _on_stop(signal.default_int_handler)
    place = VpcdSlot(host, DEFAULT_PORT + slot)
    place.insert(kept, comes_back=kept.comes_back)
    _tell(kept)
    try:
        with contextlib.suppress(KeyboardInterrupt):
            _converse(place, kept)
    finally:
        _on_stop(signal.SIG_IGN)  # a closed terminal says so twice
        place.remove()
        _save(kept)


def _on_stop(handler: "signal._HANDLER") -> None:
    for name in STOPS:
        if hasattr(signal, name):
            signal.signal(getattr(signal, name), handler)


def _save(kept: "KeptCard") -> None:
    if kept.save():
        with contextlib.suppress(OSError):  # the terminal may be gone
            say(f"已保存到 {kept.path}", f"Saved to {kept.path}")


COMMANDS = (
    "命令：i 插入  r 拔出  t 翻面  s 保存  q 退出",
    "Commands: i insert  r remove  t turn over  s save  q quit",
)


def _tell(kept: "KeptCard") -> None:
    from cardsvc.vcard.kept import name_of

    atr, name = kept.atr.hex().upper() or t("无，读卡器看不见它", "none, no reader notices it"), name_of(kept.card)
    say(f"卡已插入（{name}，ATR {atr}）", f"Card inserted ({name}, ATR {atr})")


def _converse(place: "VpcdSlot", kept: "KeptCard") -> None:
    """Commands of the person at the terminal; without one, serve until stopped."""
    if not sys.stdin.isatty():
        while True:
            time.sleep(3600)
    say(*COMMANDS)
    for line in sys.stdin:
        match line.strip().lower():
            case "i":
                place.insert(kept, comes_back=kept.comes_back)
            case "r":
                place.remove()
                _save(kept)
            case "t":
                place.remove()
                _turn(kept)
                place.insert(kept, comes_back=kept.comes_back)
                _tell(kept)
            case "s":
                _save(kept)
            case "q":
                return
            case _:
                say(*COMMANDS)


def _turn(kept: "KeptCard") -> None:
    """The other side; an old bus card has one."""
    from cardsvc.vcard import VirtualCard

    if isinstance(kept.card, VirtualCard):
        kept.card.through_contacts = not kept.card.through_contacts
