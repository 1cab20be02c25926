"""Application for a card (申领): who it is for, who came, the photo, the promise, the making.

An application is checked whole before anything is kept. Personalising the person's card (issuing.py) makes it, handing_out.py
gives it to its holder. The promise is the rules' (``card_ready``); the board shows who will be late before they are.
"""

import datetime as dt
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from pydantic import Field

from cardsvc.errors import RequestError, RuleError
from cardsvc.ledger.states import advance
from cardsvc.printing.photo import measure
from cardsvc.rules import RuleSet
from cardsvc.rules.desk import Visitor, card_ready, check_person, check_photo, hours_of
from cardsvc.service.cards.faces import face_view
from cardsvc.service.cards.handing_out import handout_view, waiting_at
from cardsvc.service.cards.making_places import made_for
from cardsvc.service.cards.photos import photo_on_file
from cardsvc.service.cash.shifts import TELLERS
from cardsvc.service.machines import CARD_REQUEST
from cardsvc.service.messages import notices
from cardsvc.service.operations.kinds import Params
from cardsvc.service.operations.known_card import IN_HAND, refuse_live
from cardsvc.service.operations.rule_book import RuleBook, local_day
from cardsvc.service.people.comers import PHONE, Comer, check_comer
from cardsvc.service.people.died import refuse_dead
from cardsvc.service.people.register import CitizenData, citizen_json, masked, take_in
from cardsvc.service.rights.comparing import Standing
from cardsvc.service.rights.holds import compared
from cardsvc.service.staff.accounts import require_role
from cardsvc.store import Store, UnitOfWork
from cardsvc.store.records import CardRequest, Citizen, CitizenPhoto, Handout, Staff
from cardsvc.store.states import CARD_REQUEST_ALLOWED, CardRequestState
from cardsvc.text import Text
from cardsvc.units import LOCAL

APPLY = "apply"
CONSENT_VERSION = "2026-11-2"
CONSENT = Text(
    "同意市民卡公司为制卡、发卡和卡内应用核对并保存姓名、证件号、照片；不作他用；可随时到窗口查询、更正；"
    "照片可随时要求删除，不再有卡后按规定期限删除",
    "Agrees that the card company checks and keeps name, document number and photo to make and run the card, for nothing else; "
    "they can be seen and corrected at any desk; the photo is deleted when asked for, and after a time when there is no card",
)
FRIEND_CONSENT_VERSION = "2026-11"
FRIEND_CONSENT = Text(
    "申领人同意把本次申领的进度告诉这位朋友；朋友的姓名、手机号只用于这些通知",
    "The person agrees that this friend is told how the application goes on; the friend's name and phone serve for that alone",
)
BOARD_LIMIT = 100
PACE_CARDS = 10
FEW_GAPS = 2
SLOWEST_PACE = dt.timedelta(minutes=30)
USUAL_PACE = dt.timedelta(minutes=8)
"""While too few cards were made today: with no pace at all, nobody would be shown as late before they are."""


class CardApplication(Params):
    """What is asked for. ``citizen_id``: for whom; none for one who is taken in with it. ``comer``: name and ID number of a
    parent or agent; ``agent_papers``: both originals were shown; ``consent``: the text CONSENT was read and agreed to, under 14
    by a guardian. ``pre``: to wait for a right that is to come into force; a friend is then told too, where FRIEND_CONSENT was
    agreed to (``friend_consent``)."""

    citizen_id: str | None = Field(default=None, min_length=36, max_length=36)
    came: Comer = "holder"
    comer_name: str | None = Field(default=None, min_length=1, max_length=30)
    comer_id_number: str | None = Field(default=None, pattern="^[0-9]{17}[0-9X]$")
    agent_papers: bool = False
    phone: str | None = Field(default=None, pattern=PHONE)
    consent: bool
    pre: bool = False
    friend_name: str | None = Field(default=None, min_length=1, max_length=30)
    friend_phone: str | None = Field(default=None, pattern=PHONE)
    friend_consent: bool = False


@dataclass(frozen=True, slots=True)
class Board:
    """The making and handing out of an outlet. ``expected``: made elsewhere and not there yet. ``pace``: minutes a card, as it
    went today; None before the second card."""

    waits: tuple[dict[str, Any], ...]
    to_make: tuple[dict[str, Any], ...]
    expected: tuple[dict[str, Any], ...]
    to_hand: tuple[dict[str, Any], ...]
    pace: float | None


def apply_for(
    store: Store,
    rules: RuleBook,
    application: CardApplication,
    photo: bytes,
    *,
    by: Staff,
    now: dt.datetime,
    person: CitizenData | None = None,
) -> CardRequest:
    """Take an application. The same person again, while one is open, is told its number. ``person``: whoever is not in the
    register yet, who is taken in where the application is, and only then.

    Raises what ``take_in`` raises; RequestError ``not_permitted``, ``citizen_unknown``, ``citizen_died``, ``citizen_has_card``,
    ``card_request_open``, ``consent_missing``, ``comer_unknown``, ``friend_incomplete``, ``photo_unreadable``,
    ``right_not_in_force``; RuleError of persons, photos and promises. It is held where the offices' data differ or, asked for
    before its time, the right is to come.
    """
    require_role(by, *TELLERS)
    if not application.consent:
        raise RequestError("consent_missing")
    check_comer(application.came, application.comer_name, application.comer_id_number)
    _check_friend(application)
    measured = measure(photo)

    def work(uow: UnitOfWork) -> CardRequest:
        citizen = take_in(uow, person, now) if person else uow.citizens.get(application.citizen_id or "")
        if citizen is None:
            raise RequestError("citizen_unknown")
        refuse_dead(uow, citizen.citizen_id)
        _refuse_second(uow, citizen)
        ruling = rules.in_force(uow, local_day(now))
        who = _visitor(citizen, application.came, papers=application.agent_papers, consent=True)
        used = [*check_person(ruling, APPLY, who, local_day(now)), check_photo(ruling, measured, local_day(now))]
        found = compared(uow, ruling, citizen, local_day(now))
        if found.right.state == "later" and not application.pre:
            raise _not_in_force(found.right)
        held = found.holds(pre=application.pre)
        promised, rule = promise(ruling, by.outlet_id, now)
        case_no = _next_case(uow, local_day(now))
        rules_used = ", ".join([*used, rule] if not held else used)
        taken = uow.card_requests.add(_taken(citizen, case_no, application, None if held else promised, rules_used, by, now))
        uow.citizen_photos.add(CitizenPhoto(case_no, citizen.citizen_id, photo, CONSENT_VERSION, by.staff_id, now))
        return taken

    return store.transact(work)


def _taken(
    citizen: Citizen,
    case_no: str,
    asked: CardApplication,
    promised: dt.datetime | None,
    rules: str,
    by: Staff,
    now: dt.datetime,
) -> CardRequest:
    """The row of an application; without a promise it is held."""
    return CardRequest(
        case_no=case_no,
        citizen_id=citizen.citizen_id,
        outlet_id=by.outlet_id,
        state=CardRequestState.HELD if promised is None else CardRequestState.APPLIED,
        came=asked.came,
        comer_name=asked.comer_name,
        comer_id_number=asked.comer_id_number,
        phone=asked.phone,
        consent=CONSENT_VERSION,
        rules=rules,
        applied_by=by.staff_id,
        applied_at=now,
        promised_at=promised,
        pre=asked.pre,
        friend_name=asked.friend_name,
        friend_phone=asked.friend_phone,
        friend_consent=FRIEND_CONSENT_VERSION if asked.friend_name else None,
    )


def _check_friend(application: CardApplication) -> None:
    """A friend is named whole, agreed to, and only where there is something to wait for."""
    given = [bool(application.friend_name), bool(application.friend_phone), application.friend_consent]
    if any(given) and not (all(given) and application.pre):
        raise RequestError("friend_incomplete")


def _not_in_force(right: Standing) -> RequestError:
    day = right.day.isoformat() if right.day else None
    return RequestError("right_not_in_force", from_zh=day or "日期未定", from_en=day or "its day is not known")


def _refuse_second(uow: UnitOfWork, citizen: Citizen) -> None:
    if any(card.state in IN_HAND for card in uow.cards.of_citizen(citizen.citizen_id)):
        raise RequestError("citizen_has_card")
    known = uow.card_requests.open_of(citizen.citizen_id)
    if known is not None:
        raise RequestError("card_request_open", case_no=known.case_no)


def _visitor(citizen: Citizen, came: str, *, papers: bool, consent: bool) -> Visitor:
    return Visitor(citizen.birth_date, came == "parent", consent, came == "agent", papers)


def _next_case(uow: UnitOfWork, day: dt.date) -> str:
    """SL (受理), the day, a running number: two desks that take the same one meet in the database, and one goes again."""
    prefix = f"SL{day:%Y%m%d}-"
    highest = uow.card_requests.highest_case(prefix)
    return f"{prefix}{int(highest[-5:]) + 1 if highest else 1:05d}"


def promise(rules: RuleSet, outlet_id: str, now: dt.datetime) -> tuple[dt.datetime, str]:
    """When a card that is applied for now is ready, and the rule. Raises RuleError ``rule_no_promise``."""
    return card_ready(rules, hours_of(rules, outlet_id), now.astimezone(LOCAL))


def card_was_made(uow: UnitOfWork, citizen_id: str, card_no: str, now: dt.datetime) -> CardRequest | None:
    """The person's card is issued: their application, if any, waits for its holder now (handing_out.py). One whose card was
    replaced before anybody took it goes on with the new card."""
    known = uow.card_requests.open_of(citizen_id)
    if known is not None and known.state == CardRequestState.MADE:
        return uow.card_requests.change(known, card_no=card_no, made_at=now)
    if known is not None:
        state = advance(CARD_REQUEST_ALLOWED, CardRequestState(known.state), CardRequestState.MADE)
        promised = known.promised_at or now
        return uow.card_requests.change(known, state=state, card_no=card_no, made_at=now, promised_at=promised)
    return None


def who_comes(store: Store, rules: RuleBook, birth_date: dt.date, now: dt.datetime) -> str:
    """Who has to come to apply for somebody born on this day: ``holder`` or ``parent``, by the rule."""
    with store.read() as uow:
        ruling = rules.in_force(uow, local_day(now))
    try:
        check_person(ruling, APPLY, Visitor(birth_date, consent=True), local_day(now))
    except RuleError as refused:
        return "parent" if refused.code == "rule_parent_needed" else "holder"
    return "holder"


def cancel_request(store: Store, case_no: str, why: str, *, by: Staff, now: dt.datetime) -> CardRequest:
    """Withdraw an application before its card is made; the photo that it brought goes with it.

    Raises RequestError ``not_permitted``, ``card_request_unknown``, ``card_request_made``; OperationError ``card_busy`` while
    its card is being made.
    """
    require_role(by, *TELLERS)

    def work(uow: UnitOfWork) -> CardRequest:
        known = _known(uow, case_no)
        if known.state not in (CardRequestState.HELD, CardRequestState.APPLIED):
            raise RequestError("card_request_made", case_no=case_no, state=CARD_REQUEST.words[known.state])
        uow.citizens.for_update(known.citizen_id)  # the making of a card ends under the same lock
        for begun in (card for card in uow.cards.of_citizen(known.citizen_id) if card.state == "personalising"):
            refuse_live(uow, begun.card_no, now)
        state = advance(CARD_REQUEST_ALLOWED, CardRequestState(known.state), CardRequestState.CANCELLED)
        notices.drop(uow, case_no, now)
        uow.citizen_photos.delete_ids([case_no])
        return uow.card_requests.change(known, state=state, cancelled_by=by.staff_id, cancelled_at=now, why=why[:64])

    return store.transact(work)


def _known(uow: UnitOfWork, case_no: str) -> CardRequest:
    known = uow.card_requests.for_update(case_no)
    if known is None:
        raise RequestError("card_request_unknown", case_no=case_no[:24])
    return known


def board(store: Store, rules: RuleBook, outlet_id: str, now: dt.datetime) -> Board:
    """What waits, is to be made (for outlets that make none, too), to arrive and to be given at an outlet, the first promised
    first; who will be late is marked before."""
    with store.read() as uow:
        ruling = rules.in_force(uow, local_day(now))
        made = made_for(uow, ruling, outlet_id, local_day(now))
        held = uow.card_requests.at((outlet_id,), CardRequestState.HELD, BOARD_LIMIT)
        waiting = uow.card_requests.at(made, CardRequestState.APPLIED, BOARD_LIMIT)
        pace = _pace(uow.card_requests.made_since(outlet_id, now - dt.timedelta(hours=4)))
        to_make = [_to_make(uow, row, place, pace, now) for place, row in enumerate(waiting, start=1)]
        expected = tuple(_expected(uow, row, now) for row in uow.handouts.expected(outlet_id, BOARD_LIMIT))
        to_hand = tuple(waiting_at(uow, ruling, outlet_id, now, BOARD_LIMIT))
        waits = tuple(request_view(uow, row) for row in held)
    return Board(waits, tuple(to_make), expected, to_hand, pace / dt.timedelta(minutes=1) if pace else None)


def _to_make(uow: UnitOfWork, row: CardRequest, place: int, pace: dt.timedelta | None, now: dt.datetime) -> dict[str, Any]:
    """``minutes`` until the promise; ``will_be_late`` at today's pace, this many cards from now."""
    if row.promised_at is None:
        raise ValueError("an application that is to be made has its promise")
    left = row.promised_at - now
    late = left < dt.timedelta(0)
    will_be_late = place * (pace or USUAL_PACE) > left
    return {**request_view(uow, row), "minutes": int(left.total_seconds() // 60), "late": late, "will_be_late": will_be_late}


def _expected(uow: UnitOfWork, row: Handout, now: dt.datetime) -> dict[str, Any]:
    """A card that is collected here and is not here yet: ``consignment`` of the bag that it is in, ``promised_at`` and ``late``
    of the application that it was made for."""
    listed, asked = uow.consigned_cards.travelling(row.card_no), uow.card_requests.by_card(row.card_no)
    promised = asked.promised_at if asked else None
    return {
        **(handout_view(uow, row.card_no) or {}),
        "consignment": listed.consignment_id if listed else None,
        "promised_at": promised.astimezone(LOCAL).isoformat(timespec="minutes") if promised else None,
        "late": promised is not None and promised < now,
    }


def _pace(made: list[dt.datetime]) -> dt.timedelta | None:
    """Time a card, of the last ones: the mean, because machines that end together leave gaps of nothing beside the real ones.
    The longest gap of many is left out: a pause is no pace."""
    gaps = sorted(after - before for before, after in pairwise(made[-PACE_CARDS - 1 :]))
    kept = gaps[:-1] if len(gaps) > FEW_GAPS else gaps
    mean = sum(kept, dt.timedelta()) / len(kept) if kept else None
    return min(SLOWEST_PACE, mean) if mean else None


def request_of(store: Store, case_no: str) -> dict[str, Any]:
    """One application, with ``photo``: whether its person has one on file. Raises RequestError ``card_request_unknown``."""
    with store.read() as uow:
        row = uow.card_requests.get(case_no)
        if row is None:
            raise RequestError("card_request_unknown", case_no=case_no[:24])
        return {**request_view(uow, row), "photo": bool(uow.citizen_photos.people_with([row.citizen_id]))}


def open_request_of(store: Store, citizen_id: str) -> dict[str, Any] | None:
    """The application of a person that is not over."""
    with store.read() as uow:
        row = uow.card_requests.open_of(citizen_id)
        return request_view(uow, row) if row else None


def photo_of(store: Store, case_no: str) -> bytes:
    """The photo of an application's person, a JPEG file. Raises RequestError ``card_request_unknown``, ``photo_none``."""
    with store.read() as uow:
        row = uow.card_requests.get(case_no)
        found = photo_on_file(uow, row.citizen_id) if row else None
    if row is None:
        raise RequestError("card_request_unknown", case_no=case_no[:24])
    if found is None:
        raise RequestError("photo_none")
    return found.photo


def request_view(uow: UnitOfWork, row: CardRequest) -> dict[str, Any]:
    """An application as it is shown; numbers of documents with the middle left out. Times are local."""
    citizen = uow.citizens.get_one(row.citizen_id)
    comer = {"name": row.comer_name, "id_number": masked(row.comer_id_number)} if row.comer_id_number else None
    return {
        "case_no": row.case_no,
        "state": str(row.state),
        "holder": citizen_json(citizen),
        "outlet_id": row.outlet_id,
        "came": row.came,
        "comer": comer,
        "phone": row.phone,
        "pre": row.pre,
        "friend": {"name": row.friend_name, "phone": row.friend_phone} if row.friend_name else None,
        "rules": row.rules,
        "card_no": row.card_no,
        "face": face_view(uow, row.card_no),
        "handout": handout_view(uow, row.card_no) if row.card_no else None,
        "why": row.why,
        "applied_at": _local(row.applied_at),
        "promised_at": _local(row.promised_at) if row.promised_at else None,
        "made_at": _local(row.made_at) if row.made_at else None,
    }


def _local(moment: dt.datetime) -> str:
    return moment.astimezone(LOCAL).isoformat(timespec="minutes")


def waiting_for_card(store: Store, *outlets: str, limit: int = 5) -> list[dict[str, Any]]:
    """The applications of outlets whose card is to be made next."""
    with store.read() as uow:
        return [request_view(uow, row) for row in uow.card_requests.at(outlets, CardRequestState.APPLIED, limit)]
