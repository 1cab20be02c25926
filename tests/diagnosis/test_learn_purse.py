"""Which application of an unknown card is its city purse: by name, balance and files, whatever else is on it, and how sure."""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field

import pytest

from cardsvc.cli.card.learn import draft, who
from cardsvc.iso7816.atr import Atr
from cardsvc.iso7816.exchange import run_procedure
from cardsvc.iso7816.links import ResponseLink
from cardsvc.procedures.learn import learn
from tests.diagnosis.wild import NOT_FOUND, OK, WildCard, name_in

ATR = bytes.fromhex("3B6500002063CB6800")
CITY, UNION, UNNAMED, BIG = "A00000000386980701", "A000000632010105", "F043495459", "A0000000990102"


@dataclass
class App:
    """An application: binaries by SFI with their length, a log of so many records, purses by P2."""

    files: Mapping[int, int] = field(default_factory=dict)
    log: int = 0
    purses: tuple[int, ...] = ()


PURSE = App({0x15: 30, 0x16: 39}, log=2, purses=(2,))
OTHER = App(dict.fromkeys(range(2, 14), 60), purses=(1, 2))
"""More files and more balances than a purse has."""


def card(apps: Mapping[str, App]) -> WildCard:
    """Its directory, in the MF, lists them all."""
    here: list[App] = [App()]

    def answer(command: bytes) -> bytes:
        app = here[0]
        if command[1] == 0xA4:
            name = name_in(command).hex().upper()
            if name and name not in apps:
                return NOT_FOUND
            here[0] = apps[name] if name else App()
            return OK
        if command[1] == 0xB2:
            number, sfi = command[2], command[3] >> 3
            if sfi == 1 and not name_of(app, apps) and number <= len(apps):
                name = bytes.fromhex(list(apps)[number - 1])
                return bytes((0x61, len(name) + 2, 0x4F, len(name))) + name + OK
            return bytes((number,)) * 23 + OK if sfi == 0x18 and number <= app.log else bytes.fromhex("6A83")
        if command[1] == 0xB0:
            length = app.files.get(command[2] & 0x1F)
            return bytes(length) + OK if length else NOT_FOUND
        return bytes(4) + OK if command[1] == 0x5C and command[3] in app.purses else bytes.fromhex("6A86")

    return WildCard(ATR, answer)


def name_of(app: App, apps: Mapping[str, App]) -> str:
    return next((name for name, one in apps.items() if one is app), "")


@pytest.mark.parametrize(
    ("apps", "aid", "sure"),
    [
        ({BIG: OTHER, CITY: PURSE}, CITY, "certain"),
        ({BIG: OTHER, UNION: App({0x15: 60, 0x16: 55}, log=1, purses=(2,))}, UNION, "certain"),
        ({BIG: OTHER, CITY: App({0x15: 30})}, CITY, "likely"),
        ({BIG: OTHER, CITY: App()}, CITY, "likely"),
        ({BIG: OTHER, UNNAMED: PURSE}, UNNAMED, "likely"),
        ({BIG: OTHER}, BIG, "possible"),
    ],
    ids=["city", "union", "emptied", "blocked", "unnamed", "no-purse"],
)
def test_the_purse_is_known_by_what_the_protocol_gives_it(apps: Mapping[str, App], aid: str, sure: str) -> None:
    link = ResponseLink(card(apps))
    text = draft("odd", Atr.parse(ATR), run_procedure(link, learn()), who(link))
    told = tomllib.loads(text)
    assert told["foreign"]["aid"] == aid
    assert f"City purse, {sure}" in text
    assert sure in told["source"]["foreign"]


def test_a_card_that_selects_whatever_it_is_asked_for_has_no_purse_by_name() -> None:
    link = ResponseLink(WildCard(ATR, lambda command: OK if command[1] == 0xA4 else NOT_FOUND))
    text = draft("odd", Atr.parse(ATR), run_procedure(link, learn()), who(link))
    assert "No city purse was seen" in text
