"""Retiring a suspicious card, as the desk offers it: what will happen, before it does."""

from collections.abc import Iterator
from dataclasses import replace

from cardsvc.service.cards.retiring import RETIRE, retirement, suspicions
from cardsvc.service.desk.choices import Choice, Offer
from cardsvc.service.desk.work_place import CardOnDesk
from cardsvc.service.operations.engine import Engine
from cardsvc.service.operations.known_card import IN_HAND
from cardsvc.store.states import ApprovalState
from cardsvc.text import Text
from cardsvc.units import format_yuan

WAITS = Text("已列入黑名单，等第二人复核（J）", "It is on the hot list; a second person decides (J)")
KEPT = Text("收下这张卡；卡不改写，它是证据", "The card is kept and not written: it is evidence")
REFUSED = Text(
    "主管不同意：由两人移出黑名单，卡还给持卡人",
    "If the supervisor refuses: two people release it, and the card goes back to its holder",
)
RETIRE_FIRST = Text("卡可疑，不能再写：先停用可疑卡", "Suspicious, not to be written: retire it first")
NOTHING_WRITTEN = ("identity", "diagnose")
"""Jobs that leave a card as it is: evidence may be looked at."""


def with_suspicions(engine: Engine, card: CardOnDesk, made: tuple[Offer, ...]) -> tuple[Offer, ...]:
    """The offers for a card of our books. One that the diagnosis calls suspicious is retired before all else, and until then
    nothing is written to it; but where two people looked and did not agree, it is a card like others."""
    if card.books is None or card.books["state"] not in IN_HAND or not suspicions(card.report):
        return made
    number = card.books["card_no"]
    with engine.store.read() as uow:
        asked = [row for row in uow.approvals.of_subject(number) if row.kind == RETIRE.name]
    state = asked[0].state if asked else None
    if state == ApprovalState.PROPOSED:
        return (Offer("retire", WAITS), *_held_back(made, WAITS))
    rest = made if state == ApprovalState.REJECTED else _held_back(made, RETIRE_FIRST)
    return (Offer("retire", None, tuple(_effects(engine, number))), *rest)


def _held_back(made: tuple[Offer, ...], why: Text) -> Iterator[Offer]:
    for offer in made:
        yield offer if offer.kind in NOTHING_WRITTEN else replace(offer, reason=why)


def _effects(engine: Engine, number: str) -> Iterator[Choice]:
    plan = retirement(engine.store, engine.rules, number, engine.clock())
    amount, due, version = format_yuan(plan["books"]), plan["due"], plan["version"]
    listed = Text(
        f"现在：卡号列入黑名单（第 {version} 版），联网终端和窗口马上拒收；离线读卡器取到新名单前还能刷",
        f"Now: its number goes on the hot list (version {version}); what is online refuses it at once, offline readers when "
        "they have the new list",
    )
    ends = Text(
        f"主管复核后：此卡停用；账上余额 {amount} 元从 {due} 起转入新卡，新卡免费",
        f"When a supervisor agrees: the card ends; from {due} on the {amount} yuan of the books go to a new card, free",
    )
    yield from (Choice(name, text) for name, text in {"list": listed, "keep": KEPT, "end": ends, "refuse": REFUSED}.items())
