"""Messages to citizens and to the friends they named: an outbox. They are queued with what they tell, in one transaction.

Who sends gets each message at least once and knows it again by ``notice_id``. An attempt that fails is made again after a pause
that doubles; after the last one a person has to see to it. What is true no longer is not sent.
"""

import datetime as dt
import threading
import uuid
from collections.abc import Callable, Mapping
from dataclasses import asdict
from functools import partial
from typing import Any

from cardsvc.errors import RequestError
from cardsvc.store import Store, UnitOfWork
from cardsvc.store.records import CardRequest, Citizen, Notice
from cardsvc.store.states import NoticeState
from cardsvc.text import Text
from cardsvc.units import LOCAL

MAX_ATTEMPTS = 12
"""With the pauses below: about a day."""
FIRST_PAUSE = dt.timedelta(minutes=1)
LONGEST_PAUSE = dt.timedelta(hours=6)
LEASE = dt.timedelta(minutes=5)
"""For so long an attempt belongs to one sender; a sender that died meanwhile is followed by another."""
AT_ONCE = 100
TOLD = ("notice_id", "case_no", "kind", "to_name", "phone", "zh", "en")

Transport = Callable[[Mapping[str, Any]], str | None]
"""Sends a message; gives None when it was taken, else why not."""


def queue(uow: UnitOfWork, request: CardRequest, citizen: Citizen, kind: str, told: Text, now: dt.datetime) -> None:
    """Queue a message to the phone of an application, and to its friend. Whoever left no phone gets none."""
    friend = Text(f"您的朋友{citizen.name}的{told.zh}", f"For your friend {citizen.name}: {told.en}")
    people = [(request.comer_name or citizen.name, request.phone, told), (request.friend_name, request.friend_phone, friend)]
    for name, phone, text in people:
        if name and phone:
            new = (str(uuid.uuid4()), request.case_no, kind, name, phone, text.zh, text.en)
            uow.notices.add(Notice(*new, NoticeState.WAITING, attempts=0, next_at=now, queued_at=now))


def drop(uow: UnitOfWork, case_no: str, now: dt.datetime) -> None:
    """What is waiting to be sent about an application is true no longer."""
    for notice in uow.notices.waiting_of(case_no):
        uow.notices.change(notice, state=NoticeState.DROPPED, ended_at=now)


def send_due(store: Store, transport: Transport, clock: Callable[[], dt.datetime], stop: threading.Event) -> dict[str, int]:
    """Send what is due; gives how many were sent, and how many were not. Ends between two messages when ``stop`` is set."""
    with store.read() as uow:
        due = uow.notices.due(clock(), AT_ONCE)
    counts = {"sent": 0, "not_sent": 0}
    for one in due:
        if stop.is_set():
            break
        notice = store.transact(partial(_claim, one.notice_id, clock()))
        if notice is not None:
            error = transport({name: getattr(notice, name) for name in TOLD})
            store.transact(partial(_settle, notice.notice_id, error, clock()))
            counts["not_sent" if error else "sent"] += 1
    return counts


def _claim(notice_id: str, now: dt.datetime, uow: UnitOfWork) -> Notice | None:
    """Take a message for one attempt; None when somebody else has it."""
    notice = uow.notices.for_update(notice_id)
    if notice is None or notice.state != NoticeState.WAITING or notice.next_at > now:
        return None
    return uow.notices.change(notice, attempts=notice.attempts + 1, next_at=now + LEASE)


def _settle(notice_id: str, error: str | None, now: dt.datetime, uow: UnitOfWork) -> None:
    notice = uow.notices.for_update(notice_id)
    if notice is None or notice.state != NoticeState.WAITING:
        return
    if error is None:
        uow.notices.change(notice, state=NoticeState.SENT, ended_at=now, error=None)
    elif notice.attempts >= MAX_ATTEMPTS:
        uow.notices.change(notice, state=NoticeState.FAILED, ended_at=now, error=error[:100])
    else:
        pause = min(LONGEST_PAUSE, FIRST_PAUSE * 2 ** (notice.attempts - 1))
        uow.notices.change(notice, next_at=now + pause, error=error[:100])


def try_again(store: Store, notice_id: str, now: dt.datetime) -> None:
    """A message that failed is tried anew. Raises RequestError ``notice_not_failed``."""

    def work(uow: UnitOfWork) -> None:
        notice = uow.notices.for_update(notice_id)
        if notice is None or notice.state != NoticeState.FAILED:
            raise RequestError("notice_not_failed")
        uow.notices.change(notice, state=NoticeState.WAITING, attempts=0, next_at=now, ended_at=None)

    store.transact(work)


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
