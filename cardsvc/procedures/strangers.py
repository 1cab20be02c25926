"""What a card of no known family is: a bank card, a SIM, an identity card ... told by its ATR, or by names that it has.

Asked with SELECT, and READ BINARY in the MF of a known chip, which change nothing and cost no try. What is known of such cards
is data (strangers.toml).
"""

import tomllib
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from cardsvc.card.commands import CLA_ISO, read_binary, select_by_id, select_by_name
from cardsvc.card.layout import Items
from cardsvc.card.profile import Profile, fits
from cardsvc.card.records import PurseApplication, city_of_purse
from cardsvc.iso7816.apdu import Command
from cardsvc.iso7816.exchange import Ask, Procedure
from cardsvc.iso7816.status import SW, is_status
from cardsvc.text import Text

Kind = Literal["storage", "access", "bank", "sim", "id", "city", "factory", "deaf", "agreeing", "other", "nameless"]
WORDS: dict[Kind, Text] = {
    "storage": Text("非接触存储卡", "contactless storage card"),
    "access": Text("门禁或园区卡", "access or campus card"),
    "bank": Text("银行卡", "bank card"),
    "sim": Text("手机卡", "SIM card"),
    "id": Text("证件卡", "identity or key card"),
    "city": Text("芯片不认得的城市卡", "city card on an unknown chip"),
    "factory": Text("未发行的芯片卡", "chip card that nobody issued"),
    "deaf": Text("不认任何标准命令的卡", "card that knows no standard command"),
    "agreeing": Text("什么都答应的卡", "card that agrees to everything"),
    "other": Text("别的发卡方的卡", "another issuer's card"),
    "nameless": Text("没有已知应用的卡", "card without any application known here"),
}
"""In no table: ``deaf`` refuses every SELECT as a command that it does not know; ``agreeing`` selects a name that no card has,
so that what it agrees to says nothing; ``other`` is a chip of a known family with files that are not ours; ``nameless`` is a
chip of no known family that answered, and has no name of the table, ours among them."""
ELSEWHERE: tuple[Kind, ...] = ("bank", "sim", "id")
"""Kinds whose names no card of this city has, made, half made or blank."""
THERE = (SW.OK, SW.SELECTED_FILE_INVALID, 0x6281, 0x6282, 0x6982)
"""Answers to READ BINARY of a file that is there: read, never written, shorter than asked, or not for everybody."""

ANY = ("xxxx",)
NOBODYS_NAME = bytes.fromhex("F0434152445356433F")
"""No card has it."""
SELECTED = (SW.OK, SW.SELECTED_FILE_INVALID)
NO_COMMANDS = (0x67, 0x6D, 0x6E, 0x6F)
"""First bytes of status words that refuse a command as such: wrong length, unknown instruction, unknown class, no diagnosis."""


class _Data(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)


class ClassSelect(_Data):
    """A command of another class, and the first byte of the status word that answers it."""

    command: str = Field(pattern="^([0-9A-F]{2}){4,21}$")
    sw1: str = Field(pattern="^[0-9A-F]{2}$")

    @property
    def ask(self) -> Ask:
        """To be sent; any answer will do."""
        return Ask(Command.parse(bytes.fromhex(self.command)), "SELECT", ANY)

    def answered_by(self, sw: int) -> bool:
        """Whether this status word is the answer of such a card."""
        return sw >> 8 == int(self.sw1, 16)


class Stranger(_Data):
    """One kind of card. See strangers.toml."""

    kind: Kind
    atr: Items[str] = ()
    names: Items[str] = ()
    class_select: Items[ClassSelect] = ()
    source: str


class FilesOfOthers(_Data):
    """Short identifiers of files in the MF by which a chip of a known family is another issuer's."""

    sfis: Items[Annotated[int, Field(ge=1, le=30)]]
    source: str


class _Table(_Data):
    stranger: Items[Stranger]
    files_of_others: FilesOfOthers


@cache
def _table() -> _Table:
    text = resources.files(__package__).joinpath("strangers.toml").read_text("utf-8")
    return _Table.model_validate(tomllib.loads(text))


def strangers() -> tuple[Stranger, ...]:
    """The packaged table."""
    return _table().stranger


def by_atr(atr: bytes) -> Kind | None:
    """What the ATR alone tells."""
    return next((s.kind for s in strangers() if any(fits(pattern, atr) for pattern in s.atr)), None)


def who_is_it(
    kinds: Collection[Kind] = tuple(WORDS), *, classes: bool = True, ours: Collection[bytes] = ()
) -> Procedure[Kind | None]:
    """Which of these kinds it is by the names that it has; None where they tell nothing. Less than two dozen SELECTs, at once.

    ``classes``: whether commands of another class may go out too; ``ours``: names that our cards have too."""
    signs = [sign for stranger in strangers() if stranger.kind in kinds for sign in _signs(stranger, ours)]
    signs = [sign for sign in signs if classes or sign.ask.command.cla == CLA_ISO]
    answers = yield (select_by_name(NOBODYS_NAME, ANY), *(sign.ask for sign in signs))
    heard = [answer.sw for answer in answers]
    if heard[0] in SELECTED:
        return "agreeing"
    shown = (sign.kind for sign, sw in zip(signs, heard[1:], strict=True) if sign.shown_by(sw))
    return next(shown, "deaf" if all(_says_nothing(sw) for sw in heard) else None)


def _says_nothing(sw: int) -> bool:
    """Refused as a command, or no status word at all."""
    return sw >> 8 in NO_COMMANDS or not is_status(sw)


def names_of(kind: Kind | None) -> Procedure[tuple[bytes, ...]]:
    """The names of a kind that the card has, as far as they are known."""
    names = [bytes.fromhex(name) for stranger in strangers() if stranger.kind == kind for name in stranger.names]
    answers = (yield tuple(select_by_name(name, ANY) for name in names)) if names else ()
    return tuple(name for name, answer in zip(names, answers, strict=True) if answer.sw in SELECTED)


@dataclass(frozen=True, slots=True)
class _Sign:
    """A question of which one kind of card alone gives this answer."""

    kind: Kind
    ask: Ask
    shown_by: Callable[[int], bool]


def _signs(stranger: Stranger, ours: Collection[bytes]) -> Iterator[_Sign]:
    for name in map(bytes.fromhex, stranger.names):
        if name not in ours:
            yield _Sign(stranger.kind, select_by_name(name, ANY), SELECTED.__contains__)
    for other in stranger.class_select:
        yield _Sign(stranger.kind, other.ask, other.answered_by)


def whose_chip(profile: Profile, *, has_mf: bool) -> Procedure[Kind | None]:
    """Of a chip of a known family that is no citizen card: whose it is. None: nothing speaks against a blank, or one half made.

    The same chips and the same ATR are sold to banks, schools and other cities, so an ATR alone makes no card ours. A card of
    ours has names of a city card as soon as it has an MF, and some come with the issuer's security domain.
    """
    ours = [application.aid_bytes for application in profile.layout.applications] if has_mf else ()
    kind = yield from who_is_it((*ELSEWHERE, "city"), classes=False, ours=ours)
    if kind is None and has_mf and (yield from _holds_files_of_others(profile)):
        return "other"
    return kind


def _holds_files_of_others(profile: Profile) -> Procedure[bool]:
    """Whether the MF holds files that no layout of ours has there, or the purse is another city's."""
    mf, purse = profile.layout.mf, profile.layout.find("purse")
    ours = {file.sfi for file in mf.file}
    asks = tuple(read_binary(sfi, 1, ANY) for sfi in _table().files_of_others.sfis if sfi not in ours)
    public = read_binary(purse.find("application").sfi, PurseApplication.LENGTH, ANY)
    answers = yield (select_by_id(mf.id_bytes, ANY), *asks, select_by_name(purse.aid_bytes, ANY), public)
    selected, ef15 = answers[-2:]
    if selected.sw in SELECTED and city_of_purse(ef15.data) not in (None, profile.layout.issuer.city):
        return True
    there = (answer.sw in THERE or answer.sw >> 8 == 0x6C for answer in answers[1:-2])
    return answers[0].sw in SELECTED and any(there)
