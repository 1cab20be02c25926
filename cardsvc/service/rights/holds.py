"""Applications that wait for the offices: held while data differ or a right is to come, freed by a feed or a day.

An application that is held is in state ``held`` and nothing else: why it waits is compared anew whenever somebody asks, so that
what is shown is never older than the data. It goes on with a promise counted from then, and who left a phone is told.
"""

import datetime as dt
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from cardsvc.errors import RequestError
from cardsvc.ledger.states import advance
from cardsvc.rules import RuleSet
from cardsvc.rules.desk import card_ready, hours_of
from cardsvc.service.messages import notices
from cardsvc.service.operations.rule_book import RuleBook, local_day
from cardsvc.service.people.register import RESIDENT_ID
from cardsvc.service.rights.comparing import WINDOW_NAMES, Compared, compare
from cardsvc.store import Store, UnitOfWork
from cardsvc.store.records import CardRequest, Citizen, InsuranceRight
from cardsvc.store.repositories.card_requests import NotMade
from cardsvc.store.states import CARD_REQUEST_ALLOWED, CardRequestState
from cardsvc.text import Text
from cardsvc.units import LOCAL


@dataclass(frozen=True, slots=True)
class Rechecked:
    """Case numbers of the applications that go on now, and of those that have to wait now."""

    freed: tuple[str, ...] = ()
    held: tuple[str, ...] = ()


def compared(uow: UnitOfWork, rules: RuleSet, citizen: Citizen, day: dt.date) -> Compared:
    """A person beside what the offices say now."""
    return compare(rules, citizen, _rights(uow, [citizen]).get(citizen.id_number, []), day)


def _rights(uow: UnitOfWork, citizens: Iterable[Citizen]) -> dict[str, list[InsuranceRight]]:
    return uow.rights.of_numbers({citizen.id_number for citizen in citizens if citizen.id_type == RESIDENT_ID})


def check_before_making(uow: UnitOfWork, rules: RuleSet, citizen: Citizen, now: dt.datetime) -> None:
    """Refuse a card that would carry data that an office has otherwise, or whose application waits.

    Raises RequestError ``citizen_data_differ``, ``card_request_held``.
    """
    differences = compared(uow, rules, citizen, local_day(now)).differences
    if differences:
        told = [one.told() for one in differences]
        raise RequestError(
            "citizen_data_differ", what_zh="；".join(one.zh for one in told), what_en="; ".join(one.en for one in told)
        )
    request = uow.card_requests.open_of(citizen.citizen_id)
    if request is not None and request.state == CardRequestState.HELD:
        raise RequestError("card_request_held", case_no=request.case_no)


def recheck(uow: UnitOfWork, book: RuleBook, now: dt.datetime) -> Rechecked:
    """Compare every application whose card is not made: those that wait for nothing go on, others wait from now on."""
    rules, freed, held = book.in_force(uow, local_day(now)), [], []
    for case_no, found in _changes(uow, rules, now):
        request = uow.card_requests.for_update(case_no)
        citizen = uow.citizens.get(request.citizen_id) if request else None
        if request is None or citizen is None:
            continue
        if request.state == CardRequestState.HELD and not found.holds(pre=request.pre):
            _free(uow, rules, request, citizen, now)
            freed.append(case_no)
        elif request.state == CardRequestState.APPLIED and found.holds(pre=request.pre):
            _hold(uow, request, citizen, found, now)
            held.append(case_no)
    return Rechecked(tuple(freed), tuple(held))


def recheck_all(store: Store, book: RuleBook, now: dt.datetime) -> int:
    """The same in its own transaction, where there is something to do: a day may bring a right into force. How many changed."""
    with store.read() as uow:
        if not _changes(uow, book.in_force(uow, local_day(now)), now):
            return 0
    done = store.transact(lambda uow: recheck(uow, book, now))
    return len(done.freed) + len(done.held)


def _changes(uow: UnitOfWork, rules: RuleSet, now: dt.datetime) -> list[tuple[str, Compared]]:
    """The applications that are held and need not be, or are not and must be."""
    return [
        (one.case_no, found)
        for one, found in _all(uow, rules, now)
        if found.holds(pre=one.pre) != (one.state == CardRequestState.HELD)
    ]


def _all(uow: UnitOfWork, rules: RuleSet, now: dt.datetime) -> Iterator[tuple[NotMade, Compared]]:
    """Every application whose card is not made, compared."""
    waiting = uow.card_requests.not_made()
    citizens = uow.citizens.by_ids({one.citizen_id for one in waiting})
    rights, day = _rights(uow, citizens.values()), local_day(now)
    for one in waiting:
        citizen = citizens[one.citizen_id]
        yield one, compare(rules, citizen, rights.get(citizen.id_number, []), day)


def _free(uow: UnitOfWork, rules: RuleSet, request: CardRequest, citizen: Citizen, now: dt.datetime) -> None:
    """It is an ordinary application from now on."""
    promised, rule = card_ready(rules, hours_of(rules, request.outlet_id), now.astimezone(LOCAL))
    state = advance(CARD_REQUEST_ALLOWED, CardRequestState(request.state), CardRequestState.APPLIED)
    used = request.rules if rule in request.rules.split(", ") else f"{request.rules}, {rule}"
    uow.card_requests.change(request, state=state, promised_at=promised, rules=used)
    notices.drop(uow, request.case_no, now)
    why = Text("待遇已生效", "the right is in force") if request.pre else Text("数据已核对一致", "the data agree")
    told = Text(
        f"市民卡申领 {request.case_no}：{why.zh}，开始制卡，预计 {promised:%m-%d %H:%M} 制好",
        f"Card application {request.case_no}: {why.en}; the card will be ready by {promised:%m-%d %H:%M}",
    )
    notices.queue(uow, notices.About("freed", request.case_no), request, citizen, told, now)


def _hold(uow: UnitOfWork, request: CardRequest, citizen: Citizen, found: Compared, now: dt.datetime) -> None:
    """What was promised is promised no longer."""
    state = advance(CARD_REQUEST_ALLOWED, CardRequestState(request.state), CardRequestState.HELD)
    uow.card_requests.change(request, state=state, promised_at=None)
    notices.drop(uow, request.case_no, now)
    windows = [WINDOW_NAMES[name] for name in dict.fromkeys(one.window for one in found.differences)]
    where = Text("、".join(one.zh for one in windows), " and ".join(one.en for one in windows))
    told = Text(
        f"市民卡申领 {request.case_no} 暂停："
        + (f"登记数据不一致，请到{where.zh}更正，更正后自动继续" if windows else "待遇不再有效，生效后自动继续"),
        f"Card application {request.case_no} waits: "
        + (f"data differ; have them put right at {where.en}, it then goes on by itself" if windows else "no right is in force"),
    )
    notices.queue(uow, notices.About("held", request.case_no), request, citizen, told, now)


def why_held(store: Store, book: RuleBook, case_no: str, now: dt.datetime) -> dict[str, Any]:
    """What an application waits for: ``differences`` with both values and the window, ``right`` with its day, ``notices``.

    Raises RequestError ``card_request_unknown``.
    """
    with store.read() as uow:
        request = uow.card_requests.get(case_no)
        citizen = uow.citizens.get(request.citizen_id) if request else None
        if request is None or citizen is None:
            raise RequestError("card_request_unknown", case_no=case_no[:24])
        day = local_day(now)
        found = compared(uow, book.in_force(uow, day), citizen, day)
        return {**found.view(), "notices": [notices.notice_view(one) for one in uow.notices.of_request(case_no)]}


def why_all_held(store: Store, book: RuleBook, now: dt.datetime) -> dict[str, dict[str, Any]]:
    """What every application that is held waits for, by case number."""
    with store.read() as uow:
        everyone = _all(uow, book.in_force(uow, local_day(now)), now)
        return {one.case_no: found.view() for one, found in everyone if one.state == CardRequestState.HELD}


def offices_say(store: Store, book: RuleBook, id_number: str, now: dt.datetime) -> dict[str, Any]:
    """What the offices say of a person who comes to apply, registered or not."""
    with store.read() as uow:
        day = local_day(now)
        citizen, rights = uow.citizens.by_id_number(RESIDENT_ID, id_number), uow.rights.of_numbers([id_number])
        return compare(book.in_force(uow, day), citizen, rights.get(id_number, []), day).view()
