"""The face of a card that was made: due where its outlet has a card printer, and looked at before the card is handed out.

Where no workstation of the outlet offers a printer nothing is due: the face is printed from the PDF by hand, as it always
could be. What staff and agents do with a print is in service/desk/faces.py.
"""

import datetime as dt
import uuid
from typing import Any

from cardsvc.errors import RequestError
from cardsvc.printing.card_face import Face, card_face
from cardsvc.store import UnitOfWork
from cardsvc.store.records import CardRequest, FacePrint, Workstation
from cardsvc.store.states import FacePrintState
from cardsvc.units import LOCAL

PRINTS_SHOWN = 5


def face_is_due(uow: UnitOfWork, request: CardRequest, card_no: str, operation_id: str, now: dt.datetime) -> bool:
    """Whether the face of a card that was just made is to be printed here; if so it is noted, in the same transaction.

    A card that was written by the reader inside the printer lies in the printer: its face follows by itself.
    """
    printers = uow.workstations.printing_at(request.outlet_id)
    if not printers:
        return False
    due = FacePrint(str(uuid.uuid4()), card_no, 1, request.case_no, FacePrintState.DUE, now)
    place = _lies_in(uow, printers, operation_id)
    uow.face_prints.add(due)
    if place is not None:
        uow.face_prints.change(due, state=FacePrintState.WANTED, terminal_id=place, wanted_at=now)
    return True


def _lies_in(uow: UnitOfWork, printers: list[Workstation], operation_id: str) -> str | None:
    """The workstation inside whose printer the card was written."""
    relayed = uow.relayed.get(operation_id)
    for printer in printers if relayed else []:
        if relayed and (printer.terminal_id, printer.face_reader) == (relayed.terminal_id, relayed.reader):
            return printer.terminal_id
    return None


def check_face(uow: UnitOfWork, card_no: str) -> None:
    """Raises RequestError ``face_not_looked_at`` while a face that was due is not printed and found right."""
    newest = uow.face_prints.newest_of(card_no)
    if newest is not None and newest.state != FacePrintState.RIGHT:
        raise RequestError("face_not_looked_at", card_no=card_no)


def face_goes_with_card(uow: UnitOfWork, card_no: str, why: str, now: dt.datetime) -> None:
    """The card is void: a face that has not left for the printer never will. What has left is looked at by its desk."""
    newest = uow.face_prints.newest_of(card_no)
    if newest is None or newest.state in (FacePrintState.SENT, FacePrintState.RIGHT, FacePrintState.WRONG):
        return
    if newest.state == FacePrintState.WANTED:
        newest = uow.face_prints.change(newest, state=FacePrintState.FAILED, job_ended_at=now)
    uow.face_prints.change(newest, state=FacePrintState.WRONG, looked_at=now, verdict=why)


def face_pdf(uow: UnitOfWork, request: CardRequest) -> bytes:
    """What is printed onto the card. Raises RequestError ``card_request_not_made``."""
    card, citizen = uow.cards.get(request.card_no or ""), uow.citizens.get(request.citizen_id)
    if card is None or citizen is None:
        raise RequestError("card_request_not_made", case_no=request.case_no, state=request.state)
    dates = f"{card.issue_date:%Y.%m}", f"{card.expiry_date:%Y.%m}"
    return card_face(Face(citizen.name, citizen.id_number, card.card_no, *dates, request.photo))


def face_view(uow: UnitOfWork, card_no: str | None) -> dict[str, Any] | None:
    """How far the face of a card is: the newest print, and those before it (``earlier``); None where none is due."""
    prints = uow.face_prints.of_card(card_no) if card_no else []
    if not prints:
        return None
    return {**_shown(prints[0]), "earlier": [_shown(one) for one in prints[1 : PRINTS_SHOWN + 1]]}


def _shown(one: FacePrint) -> dict[str, Any]:
    moment = one.looked_at or one.job_ended_at or one.sent_at or one.wanted_at or one.made_at
    return {
        "print_id": one.print_id,
        "attempt": one.attempt,
        "state": str(one.state),
        "workstation": one.terminal_id,
        "at": moment.astimezone(LOCAL).isoformat(timespec="minutes"),
        "reason": one.reason,
        "note": one.note,
        "given_up": one.given_up_by is not None,
        "by": one.looked_by or one.wanted_by,
        "verdict": one.verdict,
    }
