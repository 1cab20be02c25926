"""Telling people that their card can be collected: by the phone that was left for it, and only once it lies there.

Who applied left a phone with the application, who had a card replaced left one then; re-notices also use an older one.
"""

import datetime as dt
from dataclasses import dataclass

from cardsvc.service.cards.faces import face_view
from cardsvc.service.messages import notices
from cardsvc.service.operations.known_card import known_card
from cardsvc.service.operations.rule_book import local_day
from cardsvc.store import UnitOfWork
from cardsvc.store.handout_states import HandoutState
from cardsvc.store.records import Card, CardRequest, Replacement
from cardsvc.text import Text
from cardsvc.units import LOCAL

READY = Text("市民卡已制好", "The citizen card is ready")
UNCOLLECTED = Text("市民卡已制好，还没有领取", "The citizen card is ready and was not collected yet")


@dataclass(frozen=True, slots=True)
class Reach:
    """By which phone somebody is told of a card, and what they left it with: an application or a replacement."""

    phone: str
    request: CardRequest | None
    own: bool
    """It was left for this very card."""


def reach_of(uow: UnitOfWork, card: Card) -> Reach | None:
    """How a card's holder is told of it: by what they left for this card, the later before the earlier, else by the last phone
    that they, or their parent, left at all."""
    replaced, asked = uow.replacements.by_new_card(card.card_no), uow.card_requests.by_card(card.card_no)
    if replaced is not None and replaced.phone:
        return Reach(replaced.phone, None, own=True)
    if asked is not None and asked.phone:
        return Reach(asked.phone, asked, own=True)
    return _older(uow.card_requests.with_phone(card.citizen_id), uow.replacements.with_phone(card.citizen_id))


def _older(asked: CardRequest | None, replaced: Replacement | None) -> Reach | None:
    if replaced is not None and replaced.phone and (asked is None or replaced.asked_at >= asked.applied_at):
        return Reach(replaced.phone, None, own=False)
    return Reach(asked.phone, asked, own=False) if asked is not None and asked.phone else None


def tell_ready(uow: UnitOfWork, card_no: str, now: dt.datetime) -> None:
    """The card lies where it is collected and its face, where one is due, is right: who left a phone for it is told.

    Whatever made one of these true calls this; until both are, nobody is told.
    """
    row, face = uow.handouts.get(card_no), face_view(uow, card_no)
    if row is None or row.state != HandoutState.READY or row.outlet_id is None or (face and face["state"] != "right"):
        return
    card = known_card(uow, card_no)
    reach, asked = reach_of(uow, card), uow.card_requests.by_card(card_no)
    if reach is None or not reach.own:
        reach = Reach("", asked, own=True) if asked is not None else None
    if reach is not None:
        tell(uow, card, reach, row.outlet_id, READY, now)


def tell(uow: UnitOfWork, card: Card, reach: Reach, outlet_id: str, what: Text, now: dt.datetime) -> None:
    """Queue the message, in place of those that are not sent yet. The friend who may collect, whom the person named with the
    application for this card, hears of it too."""
    citizen, outlet = uow.citizens.get_one(card.citizen_id), uow.outlets.get_one(outlet_id)
    asked, tail = uow.card_requests.by_card(card.card_no), card.card_no[-4:]
    which = Text(asked.case_no, asked.case_no) if asked else Text(f"尾号 {tail}", f"ending in {tail}")
    since = asked.promised_at.astimezone(LOCAL) if asked and asked.promised_at else now.astimezone(LOCAL)
    day = Text("", "") if since.date() <= local_day(now) else Text(f"{since:%m-%d %H:%M}起", f"from {since:%m-%d %H:%M} on ")
    who, papers = _who_comes(reach)
    told = Text(
        f"{what.zh}（{which.zh}），请{who.zh}{day.zh}带{papers.zh}到{outlet.name}领取",
        f"{what.en} ({which.en}): to be collected {who.en} {day.en}with {papers.en}, at {outlet.name}",
    )
    friend = Text(
        f"{what.zh}（{which.zh}），您可以{day.zh}带双方身份证原件到{outlet.name}代领",
        f"{what.en} ({which.en}): you may collect it {day.en}with both ID cards, at {outlet.name}",
    )
    notices.drop_card(uow, card.card_no, now)
    by = reach.request or asked
    if by is not None:
        notices.drop(uow, by.case_no, now)
    about = notices.About("made", by.case_no if by else None, card.card_no)
    name = reach.request.comer_name if reach.request and reach.request.comer_name else citizen.name
    notices.queue_one(uow, about, name, reach.phone, told, now)
    if asked is not None:
        notices.queue_friend(uow, about, asked, citizen, friend, now)


def _who_comes(reach: Reach) -> tuple[Text, Text]:
    """Who collects, and with which papers. At a replacement nobody says who came."""
    if reach.request is None:
        return Text("本人（未成年人由父母）", "in person, for a minor by a parent"), Text("证件原件", "their documents")
    if reach.request.came == "parent":
        return Text("父母", "by a parent"), Text("双方证件原件", "both documents")
    return Text("本人", "in person"), Text("身份证原件", "the ID card")
