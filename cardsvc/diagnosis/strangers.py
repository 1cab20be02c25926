"""What a card of no known family is: a bank card, a SIM, an identity card ... told by its ATR, or by names that it has.

Asked with SELECT alone, which changes nothing and costs no try. What is known of such cards is data (strangers.toml).
"""

import tomllib
from collections.abc import Iterable
from functools import cache
from importlib import resources
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from cardsvc.card.commands import select_by_name
from cardsvc.card.layout import Items
from cardsvc.card.profile import fits
from cardsvc.iso7816.apdu import Command
from cardsvc.iso7816.exchange import Ask, Procedure
from cardsvc.iso7816.status import SW
from cardsvc.text import Text

Kind = Literal["storage", "access", "bank", "sim", "id", "city", "factory", "deaf"]
WORDS: dict[Kind, Text] = {
    "storage": Text("非接触存储卡", "contactless storage card"),
    "access": Text("门禁或园区卡", "access or campus card"),
    "bank": Text("银行卡", "bank card"),
    "sim": Text("手机卡", "SIM card"),
    "id": Text("证件卡", "identity or key card"),
    "city": Text("芯片不认得的城市卡", "city card on an unknown chip"),
    "factory": Text("未发行的芯片卡", "chip card that nobody issued"),
    "deaf": Text("不认任何标准命令的卡", "card that knows no standard command"),
}
"""``deaf`` refuses every SELECT as a command that it does not know; it is in no table."""

ANY = ("xxxx",)
NOBODYS_NAME = bytes.fromhex("F0434152445356433F")
"""No card has it: a card that selects it selects anything, and its names say nothing."""
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


class _Table(_Data):
    stranger: Items[Stranger]


@cache
def strangers() -> tuple[Stranger, ...]:
    """The packaged table."""
    text = resources.files(__package__).joinpath("strangers.toml").read_text("utf-8")
    return _Table.model_validate(tomllib.loads(text)).stranger


def by_atr(atr: bytes) -> Kind | None:
    """What the ATR alone tells."""
    return next((s.kind for s in strangers() if any(fits(pattern, atr) for pattern in s.atr)), None)


def who_is_it() -> Procedure[Kind | None]:
    """Which kind it is by the names that it has; None where they tell nothing. At most two dozen SELECTs."""
    answers = yield (select_by_name(NOBODYS_NAME, ANY),)
    if answers[0].sw in SELECTED:
        return None
    heard = [answers[0].sw]
    for stranger in strangers():
        names = tuple(select_by_name(bytes.fromhex(name), ANY) for name in stranger.names)
        if names:
            found = [answer.sw for answer in (yield names)]
            if _any_selected(found):
                return stranger.kind
            heard += found
        for other in stranger.class_select:
            answers = yield (other.ask,)
            if other.answered_by(answers[0].sw):
                return stranger.kind
    return "deaf" if all(sw >> 8 in NO_COMMANDS for sw in heard) else None


def _any_selected(heard: Iterable[int]) -> bool:
    return any(sw in SELECTED for sw in heard)
