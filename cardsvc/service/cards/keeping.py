"""Personal data that nothing needs any more: photos, and applications that were withdrawn. They end when their purpose does.

A photo is needed while it is its person's newest and they have a card that is being made or in use, or wait for one. A timer
notes when it first found one that nothing needs, and deletes it after the rule's days; a withdrawn application goes with its
messages, and its person with it where nothing else is kept of them. Each deletion is an act of the audit trail, which does not
have what was deleted. A person may have their photos deleted at once.
"""

import datetime as dt
from functools import partial

from cardsvc.errors import RequestError
from cardsvc.rules.desk import keeping_rule
from cardsvc.service.cards.photos import UNDER_WAY
from cardsvc.service.cash.shifts import TELLERS
from cardsvc.service.operations.rule_book import RuleBook, local_day
from cardsvc.service.staff.accounts import require_role
from cardsvc.service.staff.acts import BOOKKEEPERS, Act, note_act
from cardsvc.service.stock.blanks import reason_of
from cardsvc.store import Store, UnitOfWork
from cardsvc.store.records import Staff
from cardsvc.store.states import CardRequestState

AT_ONCE = 500
"""People or applications in one transaction."""


def forget(store: Store, rules: RuleBook, *, by: Staff, now: dt.datetime) -> dict[str, int]:
    """Delete what is over: ``noted`` (photos that nothing needs from now on), ``photos``, ``requests``, ``people`` deleted. Run
    again at once it does nothing more; broken off, the next run goes on.

    Raises RequestError ``not_permitted``.
    """
    require_role(by, *BOOKKEEPERS)
    today = local_day(now)
    with store.read() as uow:
        in_force = rules.in_force(uow, today)
    photo, request = keeping_rule(in_force, "photo", today), keeping_rule(in_force, "request", today)
    done = {"noted": 0, "photos": 0, "requests": 0, "people": 0}
    done["noted"] = store.transact(lambda uow: uow.citizen_photos.note_need(today, now))
    for name, rule, over in (("photos", photo, _photos_over), ("requests", request, _requests_over)):
        while rule is not None:
            until = now - dt.timedelta(days=rule.days)
            deleted, people = store.transact(partial(over, until=until, rule=rule.id, by=by, now=now))
            done[name], done["people"] = done[name] + deleted, done["people"] + people
            if not deleted:
                break
    return done


def _photos_over(uow: UnitOfWork, *, until: dt.datetime, rule: str, by: Staff, now: dt.datetime) -> tuple[int, int]:
    """The photos of some people that nothing needed since; how many, and how many people went with them."""
    found, people = uow.citizen_photos.unneeded_since(until, AT_ONCE), 0
    for citizen_id, photo_ids in found.items():
        uow.citizen_photos.delete_ids(photo_ids)
        person = uow.citizens.delete_if_unused(citizen_id)
        people += person
        note_act(uow, by, Act.PHOTO_DELETE, citizen_id, {"photos": len(photo_ids), "rule": rule, "person": person}, now)
    return sum(map(len, found.values())), people


def _requests_over(uow: UnitOfWork, *, until: dt.datetime, rule: str, by: Staff, now: dt.datetime) -> tuple[int, int]:
    """Some applications that were withdrawn before; how many, and how many people went with them."""
    found, people = uow.card_requests.withdrawn_before(until, AT_ONCE), 0
    for row in found:
        uow.notices.delete_of(row.case_no)
        uow.face_prints.forget_case(row.case_no)
        uow.card_requests.delete(row.case_no)
        person = uow.citizens.delete_if_unused(row.citizen_id)
        people += person
        note_act(uow, by, Act.REQUEST_DELETE, row.case_no, {"rule": rule, "person": person}, now)
    return len(found), people


def delete_photos(store: Store, citizen_id: str, reason: str, *, by: Staff, now: dt.datetime) -> int:
    """Delete a person's photos because they ask for it; how many there were. Their next card needs a new one.

    Raises RequestError ``not_permitted``, ``reason_missing``, ``citizen_unknown``, ``photo_needed`` while a card is to be made
    from it, ``face_moved_on`` while a face is printed.
    """
    require_role(by, *TELLERS)
    why = reason_of(reason)

    def work(uow: UnitOfWork) -> int:
        if uow.citizens.for_update(citizen_id) is None:
            raise RequestError("citizen_unknown")
        request = uow.card_requests.open_of(citizen_id)
        if request is not None and request.state != CardRequestState.MADE:
            raise RequestError("photo_needed", case_no=request.case_no)
        for card in uow.cards.of_citizen(citizen_id):
            newest = uow.face_prints.newest_of(card.card_no)
            if newest is not None and newest.state in UNDER_WAY:
                raise RequestError("face_moved_on")
        found = uow.citizen_photos.ids_of(citizen_id)
        if found:
            uow.citizen_photos.delete_ids(found)
            note_act(uow, by, Act.PHOTO_DELETE, citizen_id, {"photos": len(found), "reason": why}, now)
        return len(found)

    return store.transact(work)


def photos_kept(store: Store, citizen_id: str) -> int:
    """How many photos of a person are kept."""
    with store.read() as uow:
        return len(uow.citizen_photos.ids_of(citizen_id))
