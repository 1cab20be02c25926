"""Sample cards for training: made once for a demo service, and the tray that puts them into the virtual reader and shows what
the virtual card printer printed."""

import re
from collections.abc import Sequence
from pathlib import Path

from cardsvc.errors import RequestError
from cardsvc.printing.folder import SUFFIX as SUFFIX_OF_PRINTS
from cardsvc.text import Text
from cardsvc.vcard import FAULTS, Fault, VirtualCard, inflict
from cardsvc.vcard.classic import ClassicCard
from cardsvc.vcard.kept import AnyCard, KeptCard, load_card
from cardsvc.vcard.vpcd import VpcdSlot

SUFFIX = ".vcard"
PRINTS_SHOWN = 12
STRIKES = {
    **dict.fromkeys(("torn-before-write", "torn-after-write", "torn-at-byte", "lost-answer", "worn-eeprom"), 1),
    **dict.fromkeys(("torn-before-command", "torn-after-command", "bouncing-contact"), 5),
}
"""When a fault that counts strikes: a top-up writes once."""
BLANKS = ("fudan-fmcos2", "mingwah-smartcos", "huada-city")


class SampleTray:
    """The virtual cards of a folder and one slot of the virtual reader. A card is stored again when it is taken out."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._slot = VpcdSlot()
        self._card: tuple[str, KeptCard] | None = None

    def cards(self) -> Sequence[tuple[str, Text]]:
        """The cards, by name."""
        names = sorted(path.name.removesuffix(SUFFIX) for path in self._folder.glob(f"*{SUFFIX}"))
        return [(name, self._about(name)) for name in names]

    def _about(self, name: str) -> Text:
        card = load_card(self._path(name))
        if isinstance(card, ClassicCard):
            return Text("旧公交卡（M1）", "old bus card (MIFARE Classic)")
        return Text(card.dialect.name, card.dialect.name)

    def faults(self) -> Sequence[tuple[str, Text]]:
        """The faults that a card may be given, by name."""
        return [_at_once(name, kind.what) for name, kind in FAULTS.items()]

    def inside(self) -> str | None:
        """The name of the card in the reader; one that lost its power has fallen out."""
        return self._card[0] if self._card is not None and self._slot.occupied else None

    def insert(self, name: str, fault: str) -> None:
        """Put a card in. Raises RequestError ``sample_card_unknown``, ``fault_unknown``, ``fault_does_not_fit``."""
        if name not in dict(self.cards()):
            raise RequestError("sample_card_unknown", name=name[:64])
        self.remove()
        card = load_card(self._path(name))
        if fault:
            inflict(card, [Fault.parse(fault)])
        kept = KeptCard(card, self._path(name))
        self._card = name, kept
        self._slot.insert(kept, comes_back=kept.comes_back)

    def remove(self) -> None:
        """Take the card out and store it."""
        self._slot.remove()
        if self._card is not None:
            self._card[1].save()
            self._card = None

    def printed(self) -> Sequence[str]:
        """The newest prints of the virtual card printer, by name."""
        files = sorted(printed_in(self._folder).glob(f"[!.]*{SUFFIX_OF_PRINTS}"), key=lambda file: file.stat().st_mtime)
        return [file.name.removesuffix(SUFFIX_OF_PRINTS) for file in files[: -PRINTS_SHOWN - 1 : -1]]

    def picture(self, name: str) -> bytes:
        """What was printed, a PNG. Raises RequestError ``http_not_found``."""
        if name not in self.printed():
            raise RequestError("http_not_found")
        return (printed_in(self._folder) / f"{name}{SUFFIX_OF_PRINTS}").read_bytes()

    def _path(self, name: str) -> Path:
        return self._folder / f"{name}{SUFFIX}"


def _at_once(name: str, what: Text) -> tuple[str, Text]:
    """A fault as it is offered, with the number at which one that counts strikes."""
    if name not in STRIKES:
        return name, what
    number = str(STRIKES[name])
    return f"{name}:{number}", Text(*(re.sub(r"\bN\b", number, said) for said in what))


def printed_in(folder: Path) -> Path:
    """Where the virtual card printer beside these samples puts its cards."""
    printed = folder / "printed"
    printed.mkdir(exist_ok=True)
    return printed


def make_blanks(folder: Path) -> None:
    """Blank cards of the families that are issued, two of each."""
    folder.mkdir(exist_ok=True)
    for number in (1, 2):
        for family in BLANKS:
            VirtualCard.blank(family).save(folder / f"blank-{family}-{number}{SUFFIX}")


def keep_sample(card: AnyCard, folder: Path, name: str) -> None:
    """One more sample card."""
    card.save(folder / f"{name}{SUFFIX}")
