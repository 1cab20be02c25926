"""What places and matters are called that the database names by strings of parts: where blank cards are, what a difference of
a reconciliation is about."""

import re

from cardsvc.service.cards.application_names import APPLICATIONS
from cardsvc.service.words.codes import METHODS, called, place_name
from cardsvc.text import Text

CARD_DIGITS, SHOWN = 16, 8
_LONG = re.compile(r"[0-9a-f]{8}-[0-9a-f-]{27}|[0-9a-f]{64}")
"""Ids and digests that nobody reads out."""
STOCK: dict[str, Text] = {
    "store": Text("库房", "store room"),
    "void": Text("废卡", "void cards"),
    "made": Text("已制成卡", "made into cards"),
    "supplier": Text("供应商", "supplier"),
    "destroyed": Text("已销毁", "destroyed"),
    "missing": Text("盘亏", "missing"),
    "local:cli": Text("本机（命令行）", "this machine (command line)"),
    "local:bulk": Text("本机（批量制卡）", "this machine (bulk issue)"),
}
"""Where blank cards are, besides at desks."""


def stock_place(place: str) -> Text:
    """A place of blank cards: of the stock, or a desk by whoever works there."""
    desk = place.removeprefix("desk:")
    kind, _, rest = desk.partition(":")
    if kind in STOCK or desk in STOCK:
        return STOCK[desk if desk in STOCK else kind]
    return place_name("desk" if kind == "terminal" else kind, rest)


def matter_name(subject: str) -> Text:
    """What a difference is about: a card's purse, a payment, a top-up, a line of a file. Long ids are cut short."""
    first, *rest = subject.split(":")
    if first.isdigit() and len(first) == CARD_DIGITS:
        where = called(APPLICATIONS, rest[0] if rest else None)
        return Text(f"卡内 {where.zh}", f"on the card, {where.en}")
    shown = cut_short(" ".join(rest))
    if first in METHODS:
        return Text(f"{METHODS[first].zh} {shown}".strip(), f"{METHODS[first].en} {shown}".strip())
    if first == "load":
        return Text(f"充值 {shown}", f"top-up {shown}")
    return Text(f"{cut_short(first)} {shown}".strip(), f"{cut_short(first)} {shown}".strip())


def cut_short(text: str) -> str:
    """A text with its long ids and digests cut: the whole of it is for programs."""
    return _LONG.sub(lambda found: f"{found[0][:SHOWN]}…", text)
