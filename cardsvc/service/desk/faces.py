"""Printing card faces: what staff ask for, and what the agent of the workstation beside the printer is given and tells.

The chip is written and read back first; then the card goes into the printer and its face is asked for. That the agent has the
job is kept before the job leaves (``sent``), so a card may be printed on only in a state that says so. An agent that is started
again is given the job ``again``: it looks for it in CUPS by its title and never sends it. So nothing prints twice by itself;
printing again is a person's decision, with a reason, after a look at the card.

In the end somebody has looked: the face is right, and the card may be handed out; or it is wrong, and the card is printed again
or void. Each call names the print that the page showed: what has moved on meanwhile is refused, not guessed.

Which card lies in a printer that has no reader only its clerk knows. So where the desk has a reader, a face is right only with
its card in it, read after the print: a face on another card's chip is found there. A desk without a reader has eyes alone, and
the print says so (``read_in``).
"""

import datetime as dt
import uuid
from collections.abc import Callable, Set
from typing import Any, Literal, NamedTuple

from cardsvc.errors import RequestError
from cardsvc.ledger.states import advance
from cardsvc.service.cards.faces import face_pdf
from cardsvc.service.cards.photos import photo_on_file
from cardsvc.service.cards.telling import tell_ready
from cardsvc.service.cards.wrong_card import card_was_wrong, refuse_used
from cardsvc.service.cash.shifts import TELLERS
from cardsvc.service.desk.offers import offers
from cardsvc.service.desk.work_place import CardOnDesk, WorkPlace, work_place
from cardsvc.service.desk.workstations import heard, is_there, workstation_of
from cardsvc.service.operations.engine import Engine
from cardsvc.service.operations.known_card import IN_HAND, card_in_hand, refuse_live
from cardsvc.service.staff.accounts import require_role
from cardsvc.service.stock.blanks import reason_of
from cardsvc.service.stock.finished import face_is_open
from cardsvc.service.stock.use import void_card
from cardsvc.store import Store, UnitOfWork
from cardsvc.store.records import CardRequest, FacePrint, Staff
from cardsvc.store.states import FACE_PRINT_ALLOWED, CardRequestState, FacePrintState

Told = Literal["sent", "printed", "failed", "unknown"]
MOST_NOTE = 200
TO_LOOK_AT = frozenset({FacePrintState.PRINTED, FacePrintState.FAILED, FacePrintState.UNKNOWN})
"""States in which nothing is under way and somebody has to look."""
BY_HAND = TO_LOOK_AT | {FacePrintState.DUE}
"""States in which a person may say how the face is: it may have been printed from the PDF."""
WRONG_CODE = "bulk_face_wrong"
CARRIED = frozenset({"carry_over", "transfer_in"})
"""What a new card gets of the one that it replaces."""
Decided = Callable[[UnitOfWork, CardRequest | None, FacePrint], FacePrint]


class FaceJob(NamedTuple):
    """What the agent gets. ``again``: an earlier run had it: find it by its title, never send it; ``stop``: cancel it;
    ``pdf``: what to print, None where nothing may be sent any more."""

    print_id: str
    title: str
    again: bool
    stop: bool
    pdf: bytes | None


def next_face(store: Store, terminal_id: str, session: str, last: str | None, now: dt.datetime) -> FaceJob | None:
    """The oldest print that this agent has to see to. One that was wanted is kept as sent before it is given away.
    ``last``: the print that this run was given already, whose PDF it does not need again.

    Raises RequestError ``workstation_unknown``, ``workstation_taken_over``.
    """

    def work(uow: UnitOfWork) -> FaceJob | None:
        heard(uow, terminal_id, session, now)
        found = uow.face_prints.next_for(terminal_id)
        if found is None:
            return None
        if found.state == FacePrintState.WANTED:
            found = _moved(uow, found, FacePrintState.SENT, session=session, sent_at=now)
        again, stop = found.session != session, found.given_up_by is not None
        to_send = not (again or stop or last == found.print_id)
        return FaceJob(found.print_id, found.title, again, stop, face_pdf(uow, found.card_no) if to_send else None)

    return store.transact(work)


def face_told(
    store: Store, terminal_id: str, session: str, print_id: str, state: Told, note: str | None, now: dt.datetime
) -> None:
    """What became of a job: ``sent`` while CUPS still has it, else how it ended.

    Raises RequestError ``workstation_unknown``, ``workstation_taken_over``, ``face_print_unknown``.
    """

    def work(uow: UnitOfWork) -> None:
        heard(uow, terminal_id, session, now)
        known = uow.face_prints.for_update(print_id)
        if known is None or known.terminal_id != terminal_id:
            raise RequestError("face_print_unknown")
        if known.job_ended_at is None:
            told: dict[str, Any] = {"note": note[:MOST_NOTE] if note else None}
            if state != "sent":
                told["job_ended_at"] = now
            undecided = known.state in (FacePrintState.SENT, FacePrintState.UNKNOWN)
            if undecided and state not in ("sent", known.state):
                _moved(uow, known, FacePrintState(state), **told)
            else:
                uow.face_prints.change(known, **told)

    store.transact(work)


def print_face(store: Store, print_id: str, workstation: str, *, by: Staff, now: dt.datetime) -> FacePrint:
    """The card lies in the printer beside this workstation: print its face.

    Raises RequestError ``not_permitted``, ``face_moved_on``, ``face_photo_missing``, ``face_no_printer``, ``workstation_away``,
    OperationError ``glyph_missing``, and what ``workstation_of`` refuses.
    """

    def decide(uow: UnitOfWork, _request: CardRequest | None, known: FacePrint) -> FacePrint:
        return _moved(uow, known, FacePrintState.WANTED, **_wanted_at(uow, workstation, known.card_no, by, now))

    return _decided(store, print_id, {FacePrintState.DUE}, decide, by)


def print_again(store: Store, print_id: str, workstation: str, reason: str, *, by: Staff, now: dt.datetime) -> FacePrint:
    """Somebody looked: the face is not on the card, or not well, and the card can take it again. A new print is wanted.

    Raises as ``print_face``, and RequestError ``reason_missing``.
    """
    why = reason_of(reason)

    def decide(uow: UnitOfWork, _request: CardRequest | None, known: FacePrint) -> FacePrint:
        place = _wanted_at(uow, workstation, known.card_no, by, now)
        _moved(uow, known, FacePrintState.WRONG, looked_by=by.staff_id, looked_at=now, verdict=why)
        of_card = known.card_no, known.attempt + 1, known.outlet_id, known.case_no
        return uow.face_prints.add(FacePrint(str(uuid.uuid4()), *of_card, FacePrintState.WANTED, now, why, **place))

    return _decided(store, print_id, TO_LOOK_AT, decide, by)


def face_right(engine: Engine, print_id: str, workstation: str | None, *, by: Staff, now: dt.datetime) -> FacePrint:
    """Somebody looked: photo, name and numbers are right. The card may be handed out, and its holder is told.

    Where this person's workstation has a reader, the card lies in it and was read after the print. Raises RequestError
    ``not_permitted``, ``face_moved_on``, ``face_photo_missing``, ``face_card_not_read``, ``face_other_card``, and what
    ``work_place`` raises.
    """
    require_role(by, *TELLERS)
    with engine.store.read() as uow:
        printed = uow.face_prints.get(print_id)
    place = work_place(engine, workstation, by=by) if workstation and printed else None
    reader = _read_in(printed, place) if place and printed and place.readers else None

    def decide(uow: UnitOfWork, _request: CardRequest | None, known: FacePrint) -> FacePrint:
        _check_photo(uow, known.card_no)
        right = _moved(uow, known, FacePrintState.RIGHT, looked_by=by.staff_id, looked_at=now, read_in=reader)
        tell_ready(uow, known.card_no, now)
        return right

    return _decided(engine.store, print_id, BY_HAND, decide, by)


def _read_in(printed: FacePrint, place: WorkPlace) -> str:
    """The reader that has the printed card, read since it was printed. Raises RequestError ``face_card_not_read``,
    ``face_other_card``."""
    read = [card for card in place.cards if read_since(card, printed)]
    for card in read:
        if card.look.get("card_no") == printed.card_no:
            return card.reader
    if read:
        other = str(read[0].look.get("card_no") or "-")
        raise RequestError("face_other_card", card_no=printed.card_no, other=other)
    raise RequestError("face_card_not_read", card_no=printed.card_no)


def reading(engine: Engine, card_no: str, workstation: str | None, *, by: Staff) -> dict[str, Any]:
    """What this person's readers say of a printed card: ``readers`` (how many there are), ``read`` (number of the card that was
    read since the print, this one before any other; None before), ``stale`` (a card lies there that was read before), ``look``
    (the contact of a card that nobody looked at)."""
    with engine.store.read() as uow:
        printed = uow.face_prints.newest_of(card_no)
    place = _place(engine, workstation, by)
    if place is None or printed is None:
        return {"readers": 0, "read": None, "stale": False, "look": None}
    read = [card for card in place.cards if read_since(card, printed)]
    numbers = [str(card.look.get("card_no") or "-") for card in read]
    seen = card_no if card_no in numbers else next(iter(numbers), None)
    stale = not read and any(card.look for card in place.cards)
    return {"readers": len(place.readers), "read": seen, "stale": stale, "look": _to_look(place)}


def carried_on(engine: Engine, card_no: str, workstation: str | None, *, by: Staff) -> dict[str, Any] | None:
    """What comes next on a card whose face is right: ``contact`` where it lies, ``offers`` of what its old card had; None where
    it lies on no reader here, or there is nothing of the kind."""
    place = _place(engine, workstation, by)
    cards = [card for card in place.cards if card.look.get("card_no") == card_no] if place else []
    card = next((card for card in cards if not card.missing and not card.under_way), None)
    made = offers(engine, card, by=by) if card else ()
    wanted = [offer for offer in made if offer.kind in CARRIED and offer.possible]
    return {"contact": card.contact, "offers": wanted} if card and wanted else None


def on_reader(engine: Engine, workstation: str | None, *, by: Staff) -> dict[str, Any]:
    """The printed or to be printed card on this person's reader, for whoever works through a pile: ``card_no`` of the first one
    whose face is open, None without; ``look`` as in ``reading``."""
    place = _place(engine, workstation, by)
    numbers = [str(card.look["card_no"]) for card in place.cards if card.look.get("card_no")] if place else []
    with engine.store.read() as uow:
        found = next((number for number in numbers if face_is_open(uow, number)), None)
    return {"card_no": found, "look": _to_look(place)}


def _place(engine: Engine, workstation: str | None, by: Staff) -> WorkPlace | None:
    """A workstation of another outlet, or a suspended one, reads nothing for this desk."""
    try:
        return work_place(engine, workstation, by=by) if workstation else None
    except RequestError:
        return None


def _to_look(place: WorkPlace | None) -> str | None:
    return next((card.contact for card in place.cards if card.missing and not card.under_way), None) if place else None


def read_since(card: CardOnDesk, printed: FacePrint) -> bool:
    """Whether a card on the desk was read since the print: what was read before it went into the printer may be any card. One
    that was printed by hand was put on again: nothing was done with it since it came."""
    if card.looked_at is None or not card.look:
        return False
    if printed.job_ended_at is None:
        return card.job is None
    return dt.datetime.fromisoformat(card.looked_at) >= printed.job_ended_at


def face_spoiled(store: Store, print_id: str, reason: str, *, by: Staff, now: dt.datetime) -> FacePrint:
    """The card is spoiled: it is void and counted among the void ones, and who waits for it, by an application, a replacement
    or in a batch, waits for another card.

    Raises RequestError ``not_permitted``, ``reason_missing``, ``face_moved_on``, ``face_card_used`` for one that has money
    or applications; OperationError ``card_busy``; CardError ``card_not_issued``.
    """
    why = reason_of(reason)

    def decide(uow: UnitOfWork, _request: CardRequest | None, known: FacePrint) -> FacePrint:
        uow.cards.lock(known.card_no)
        card = card_in_hand(uow, known.card_no)
        refuse_live(uow, card.card_no, now)
        refuse_used(uow, card.card_no)
        spoiled = _moved(uow, known, FacePrintState.WRONG, looked_by=by.staff_id, looked_at=now, verdict=why)
        void_card(uow, card, now, by=by.staff_id, reason=why)
        card_was_wrong(uow, card, why, WRONG_CODE, now)
        return spoiled

    return _decided(store, print_id, BY_HAND, decide, by)


def give_print_up(store: Store, print_id: str, *, by: Staff, now: dt.datetime) -> FacePrint:
    """Print no more. What has not left is over; what has left is cancelled by its agent, which tells how far it came; with the
    agent gone it is unknown, and the agent cancels what CUPS still has when it comes back.

    Raises RequestError ``not_permitted``, ``face_moved_on``.
    """

    def decide(uow: UnitOfWork, _request: CardRequest | None, known: FacePrint) -> FacePrint:
        if known.state == FacePrintState.WANTED:
            return _moved(uow, known, FacePrintState.FAILED, given_up_by=by.staff_id, job_ended_at=now)
        seen = uow.workstations.get(known.terminal_id or "")
        if seen is not None and seen.face_queue is not None and is_there(seen, now):
            return uow.face_prints.change(known, given_up_by=by.staff_id)
        return _moved(uow, known, FacePrintState.UNKNOWN, given_up_by=by.staff_id)

    return _decided(store, print_id, {FacePrintState.WANTED, FacePrintState.SENT}, decide, by)


def face_printers(store: Store, outlet_id: str, now: dt.datetime) -> list[dict[str, Any]]:
    """The workstations of an outlet that have a card printer: ``workstation``, ``queue``, ``online``."""
    with store.read() as uow:
        found = uow.workstations.printing_at(outlet_id)
    return [{"workstation": one.terminal_id, "queue": one.face_queue, "online": is_there(one, now)} for one in found]


def _decided(store: Store, print_id: str, states: Set[FacePrintState], decide: Decided, by: Staff) -> FacePrint:
    """Decide about the newest print of a card, in one of these states: one that was made for an application and is not handed
    out, or any other that is in use."""
    require_role(by, *TELLERS)

    def work(uow: UnitOfWork) -> FacePrint:
        seen = uow.face_prints.get(print_id)
        request = uow.card_requests.for_update(seen.case_no) if seen and seen.case_no else None
        known = uow.face_prints.for_update(print_id)
        if known is None:
            raise RequestError("face_print_unknown")
        newest = uow.face_prints.newest_of(known.card_no)
        if known != newest or known.state not in states or not _to_be_handed(uow, known, request):
            raise RequestError("face_moved_on")
        return decide(uow, request, known)

    return store.transact(work)


def _to_be_handed(uow: UnitOfWork, known: FacePrint, request: CardRequest | None) -> bool:
    if request is not None:
        return request.state == CardRequestState.MADE and request.card_no == known.card_no
    return uow.cards.get_one(known.card_no).state in IN_HAND


def _wanted_at(uow: UnitOfWork, workstation: str, card_no: str, by: Staff, now: dt.datetime) -> dict[str, Any]:
    """Where a print is wanted, by whom and since when: a printer that is there, for a face that can be drawn."""
    workstation_of(uow, workstation, by)
    seen = uow.workstations.get(workstation)
    if seen is None or not is_there(seen, now):
        raise RequestError("workstation_away", workstation=workstation)
    if seen.face_queue is None:
        raise RequestError("face_no_printer", workstation=workstation)
    face_pdf(uow, card_no)
    return {"terminal_id": workstation, "wanted_by": by.staff_id, "wanted_at": now}


def _check_photo(uow: UnitOfWork, card_no: str) -> None:
    card = uow.cards.get(card_no)
    if card is None or photo_on_file(uow, card.citizen_id) is None:
        raise RequestError("face_photo_missing", card_no=card_no)


def _moved(uow: UnitOfWork, known: FacePrint, to: FacePrintState, **told: Any) -> FacePrint:
    return uow.face_prints.change(known, state=advance(FACE_PRINT_ALLOWED, FacePrintState(known.state), to), **told)
