"""Photos of holders for the faces of their cards: of the last application, or taken at a desk for a card that had none.

A replacement, a renewal and a card of a bulk run take the newest photo on file; where there is none the desk takes one.
"""

import datetime as dt
import uuid
from typing import NamedTuple

from cardsvc.errors import RequestError
from cardsvc.printing.photo import measure
from cardsvc.rules.desk import check_photo
from cardsvc.service.cash.shifts import TELLERS
from cardsvc.service.operations.known_card import known_card
from cardsvc.service.operations.rule_book import RuleBook, local_day
from cardsvc.service.people.died import refuse_dead
from cardsvc.service.staff.accounts import require_role
from cardsvc.store import Store, UnitOfWork
from cardsvc.store.records import CitizenPhoto, Staff
from cardsvc.store.states import FacePrintState
from cardsvc.text import Text

PHOTO_CONSENT_VERSION = "2026-11-2"
PHOTO_CONSENT = Text(
    "本人（未满 14 岁由监护人）同意市民卡公司保存这张照片，只用于制作本人的市民卡；可随时要求删除，不再有卡后按规定期限删除",
    "The person (under 14 a guardian) agrees that the card company keeps this photo, to make their citizen card alone; it is "
    "deleted when asked for, and after a time when there is no card",
)
UNDER_WAY = frozenset({FacePrintState.WANTED, FacePrintState.SENT})


class OnFile(NamedTuple):
    """A person's photo, a JPEG file, and since when it is there."""

    photo: bytes
    since: dt.datetime


def photo_on_file(uow: UnitOfWork, citizen_id: str) -> OnFile | None:
    """The newest photo of a person."""
    newest = uow.citizen_photos.newest_of(citizen_id)
    return OnFile(newest.photo, newest.taken_at) if newest else None


def take_photo(
    store: Store, rules: RuleBook, card_no: str, photo: bytes, *, consent: bool, by: Staff, now: dt.datetime
) -> CitizenPhoto:
    """Keep a photo of a card's holder, for its face and those of their later cards.

    Raises RequestError ``not_permitted``, ``consent_missing``, ``photo_unreadable``, ``citizen_died``, ``face_moved_on`` while
    a print is under way; CardError ``card_unknown``; RuleError ``rule_photo``.
    """
    require_role(by, *TELLERS)
    if not consent:
        raise RequestError("consent_missing")
    measured = measure(photo)

    def work(uow: UnitOfWork) -> CitizenPhoto:
        card = known_card(uow, card_no)
        refuse_dead(uow, card.citizen_id)
        check_photo(rules.in_force(uow, local_day(now)), measured, local_day(now))
        newest = uow.face_prints.newest_of(card_no)
        if newest is not None and newest.state in UNDER_WAY:
            raise RequestError("face_moved_on")
        return uow.citizen_photos.add(
            CitizenPhoto(str(uuid.uuid4()), card.citizen_id, photo, PHOTO_CONSENT_VERSION, by.staff_id, now)
        )

    return store.transact(work)


def holder_photo(store: Store, card_no: str) -> bytes:
    """The photo that a card's face has. Raises CardError ``card_unknown``; RequestError ``face_photo_missing``."""
    with store.read() as uow:
        found = photo_on_file(uow, known_card(uow, card_no).citizen_id)
    if found is None:
        raise RequestError("face_photo_missing", card_no=card_no)
    return found.photo
