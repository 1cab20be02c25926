"""Messages to citizens and to the friends they named: an outbox. They are queued with what they tell, in one transaction.

How they go out is said in outbox.py; a message is known again by its ``notice_id``. What is true no longer is not sent.
"""

import datetime as dt
import uuid
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from typing import Any

from cardsvc.service.messages.outbox import Outbox
from cardsvc.store import Store, UnitOfWork
from cardsvc.store.records import CardRequest, Citizen, Notice
from cardsvc.store.states import NoticeState
from cardsvc.text import Text
from cardsvc.units import LOCAL

TOLD = ("notice_id", "case_no", "card_no", "kind", "to_name", "phone", "zh", "en")


@dataclass(frozen=True, slots=True)
class About:
    """What messages are about: an application, a card that was made, or both. ``kind``: held, freed, made."""

    kind: str
    case_no: str | None
    card_no: str | None = None


def queue(uow: UnitOfWork, about: About, request: CardRequest, citizen: Citizen, told: Text, now: dt.datetime) -> None:
    """Queue a message to the phone of an application, and to its friend. Whoever left no phone gets none."""
    queue_one(uow, about, request.comer_name or citizen.name, request.phone, told, now)
    queue_friend(uow, about, request, citizen, told, now)


def queue_one(uow: UnitOfWork, about: About, name: str | None, phone: str | None, told: Text, now: dt.datetime) -> None:
    """Queue a message to one person, where they left name and phone."""
    if name and phone:
        new = (str(uuid.uuid4()), about.case_no, about.card_no, about.kind, name, phone, told.zh, told.en)
        uow.notices.add(Notice(*new, NoticeState.WAITING, attempts=0, next_at=now, queued_at=now))


def queue_friend(uow: UnitOfWork, about: About, request: CardRequest, citizen: Citizen, told: Text, now: dt.datetime) -> None:
    """Queue a message to the friend who was named with an application, if any."""
    theirs = Text(f"您的朋友{citizen.name}的{told.zh}", f"For your friend {citizen.name}: {told.en}")
    queue_one(uow, about, request.friend_name, request.friend_phone, theirs, now)


def drop(uow: UnitOfWork, case_no: str, now: dt.datetime) -> None:
    """What is waiting to be sent about an application is true no longer."""
    _drop(uow, uow.notices.waiting_of(case_no), now)


def drop_card(uow: UnitOfWork, card_no: str, now: dt.datetime) -> None:
    """What is waiting to be sent about a card is true no longer."""
    _drop(uow, uow.notices.waiting_of_card(card_no), now)


def _drop(uow: UnitOfWork, waiting: Iterable[Notice], now: dt.datetime) -> None:
    for notice in waiting:
        uow.notices.change(notice, state=NoticeState.DROPPED, ended_at=now)


def _told(notice: Notice) -> dict[str, Any]:
    return {name: getattr(notice, name) for name in TOLD}


NOTICES: Outbox[Notice] = Outbox(
    rows=lambda uow: uow.notices,
    due=lambda uow, now, limit: uow.notices.due(now, limit),
    key=lambda notice: (notice.notice_id,),
    told=_told,
)


def try_again(store: Store, notice_id: str, now: dt.datetime) -> None:
    """A message that failed is tried anew. Raises RequestError ``notice_not_failed``."""
    store.transact(lambda uow: NOTICES.try_again(uow, (notice_id,), now))


def list_notices(store: Store, limit: int = 50) -> list[dict[str, Any]]:
    """The newest messages, for whoever sees to it that they go out. Phones with the middle left out."""
    with store.read() as uow:
        return [notice_view(notice) for notice in uow.notices.latest(limit)]


def notice_view(notice: Notice) -> dict[str, Any]:
    """A message as it is shown. Times are local."""
    shown = {name: value for name, value in asdict(notice).items() if name not in ("phone", "next_at", "queued_at", "ended_at")}
    phone = f"{notice.phone[:3]}{'*' * max(0, len(notice.phone) - 5)}{notice.phone[-2:]}"
    return {**shown, "phone": phone, "queued_at": _local(notice.queued_at), "next_at": _local(notice.next_at)}


def _local(moment: dt.datetime) -> str:
    return moment.astimezone(LOCAL).isoformat(timespec="minutes")
