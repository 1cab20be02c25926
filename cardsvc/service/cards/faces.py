"""The face of a card that was made: due where its outlet has a card printer, and looked at before the card is handed out.

Every card that is made gets one: for an application, as a replacement, in bulk. Its photo is the one on file (photos.py);
without one nothing is printed: the desk takes a photo first.

Where no workstation of the outlet offers a printer nothing is due: the face is printed from the PDF by hand, as it always
could be. What staff and agents do with a print is in service/desk/faces.py.
"""

import datetime as dt
import uuid
from typing import Any

from cardsvc.errors import CardsvcError, RequestError
from cardsvc.printing.card_face import Face, card_face
from cardsvc.service.cards.photos import photo_on_file
from cardsvc.service.operations.known_card import known_card
from cardsvc.service.people.register import citizen_json
from cardsvc.store import Store, UnitOfWork
from cardsvc.store.records import Card, CardRequest, FacePrint, Replacement, Workstation
from cardsvc.store.states import FacePrintState
from cardsvc.units import LOCAL

PRINTS_SHOWN = 5
LIST_LIMIT = 200


def made_at_outlet(
    uow: UnitOfWork, operation_id: str, citizen_id: str, request: CardRequest | None, replaced: Replacement | None
) -> str | None:
    """The outlet where a card was made: of the workstation that wrote it, else of what it was made for; None where nobody
    asked for it at an outlet (the command line)."""
    relayed = uow.relayed.get(operation_id)
    terminal = uow.terminals.get(relayed.terminal_id) if relayed else None
    if terminal is not None and terminal.outlet_id is not None:
        return terminal.outlet_id
    asked = request or replaced
    if asked is not None:
        return asked.outlet_id
    line = uow.bulk_lines.open_of([citizen_id]).get(citizen_id)
    batch = uow.bulk_batches.get(line.batch_id) if line else None
    runner = uow.staff.get(batch.run_by) if batch and batch.run_by else None
    return runner.outlet_id if runner else None


def face_is_due(
    uow: UnitOfWork, card: Card, operation_id: str, outlet_id: str | None, request: CardRequest | None, now: dt.datetime
) -> bool:
    """Whether the face of a card that was just made is to be printed here; if so it is noted, in the same transaction.

    A card that was written by the reader inside the printer lies in the printer: its face follows by itself, where it can be
    drawn.
    """
    printers = uow.workstations.printing_at(outlet_id) if outlet_id else []
    if outlet_id is None or not printers:
        return False
    of_card = card.card_no, 1, outlet_id, request.case_no if request else None
    place = _lies_in(uow, printers, operation_id)
    if place is not None and _can_be_drawn(uow, card.card_no):
        wanted: dict[str, Any] = {"terminal_id": place, "wanted_at": now}
        uow.face_prints.add(FacePrint(str(uuid.uuid4()), *of_card, FacePrintState.WANTED, now, **wanted))
    else:
        uow.face_prints.add(FacePrint(str(uuid.uuid4()), *of_card, FacePrintState.DUE, now))
    return True


def _can_be_drawn(uow: UnitOfWork, card_no: str) -> bool:
    try:
        face_pdf(uow, card_no)
    except CardsvcError:
        return False
    return True


def _lies_in(uow: UnitOfWork, printers: list[Workstation], operation_id: str) -> str | None:
    """The workstation inside whose printer the card was written."""
    relayed = uow.relayed.get(operation_id)
    if relayed is None:
        return None
    written_in = relayed.terminal_id, relayed.reader
    return next((one.terminal_id for one in printers if (one.terminal_id, one.face_reader) == written_in), None)


def face_goes_with_card(uow: UnitOfWork, card_no: str, why: str, now: dt.datetime) -> None:
    """The card is void: a face that has not left for the printer never will. What has left is looked at by its desk."""
    newest = uow.face_prints.newest_of(card_no)
    if newest is None or newest.state in (FacePrintState.SENT, FacePrintState.RIGHT, FacePrintState.WRONG):
        return
    if newest.state == FacePrintState.WANTED:
        newest = uow.face_prints.change(newest, state=FacePrintState.FAILED, job_ended_at=now)
    uow.face_prints.change(newest, state=FacePrintState.WRONG, looked_at=now, verdict=why)


def face_pdf(uow: UnitOfWork, card_no: str) -> bytes:
    """What is printed onto the card. Raises CardError ``card_unknown``; RequestError ``face_photo_missing``; OperationError
    ``glyph_missing``, ``font_missing``."""
    card = known_card(uow, card_no)
    citizen, found = uow.citizens.get_one(card.citizen_id), photo_on_file(uow, card.citizen_id)
    if found is None:
        raise RequestError("face_photo_missing", card_no=card_no)
    dates = f"{card.issue_date:%Y.%m}", f"{card.expiry_date:%Y.%m}"
    return card_face(Face(citizen.name, citizen.id_number, card.card_no, *dates, found.photo))


def face_of(store: Store, card_no: str) -> bytes:
    """The same, for a page."""
    with store.read() as uow:
        return face_pdf(uow, card_no)


def card_face_view(store: Store, card_no: str) -> dict[str, Any]:
    """A card and its face: ``card_no``, ``state``, ``holder``, ``case_no`` of its application, ``replaces`` (the old card),
    ``photo`` (since when one is on file, None without), ``face`` (``face_view``). Raises CardError ``card_unknown``."""
    with store.read() as uow:
        card = known_card(uow, card_no)
        found = photo_on_file(uow, card.citizen_id)
        return {**_of_card(uow, card), "photo": _local(found.since) if found else None, "face": face_view(uow, card_no)}


def open_faces(store: Store, outlet_id: str) -> list[dict[str, Any]]:
    """The cards of an outlet whose face is not over, the first made first; ``photo``: whether one is on file."""
    with store.read() as uow:
        prints = uow.face_prints.open_at(outlet_id, LIST_LIMIT)
        cards = uow.cards.by_numbers([one.card_no for one in prints])
        known = uow.citizen_photos.people_with({card.citizen_id for card in cards.values()})
        found = [(cards[one.card_no], one) for one in prints]
        return [{**_of_card(uow, card), "photo": card.citizen_id in known, "face": _shown(one)} for card, one in found]


def _of_card(uow: UnitOfWork, card: Card) -> dict[str, Any]:
    holder, newest = uow.citizens.get_one(card.citizen_id), uow.face_prints.newest_of(card.card_no)
    replaced = uow.replacements.by_new_card(card.card_no)
    return {
        "card_no": card.card_no,
        "state": card.state,
        "holder": citizen_json(holder),
        "case_no": newest.case_no if newest else None,
        "replaces": replaced.old_card_no if replaced else None,
    }


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
        "at": _local(moment),
        "reason": one.reason,
        "note": one.note,
        "given_up": one.given_up_by is not None,
        "by": one.looked_by or one.wanted_by,
        "verdict": one.verdict,
        "read_in": one.read_in,
    }


def _local(moment: dt.datetime) -> str:
    return moment.astimezone(LOCAL).isoformat(timespec="minutes")
