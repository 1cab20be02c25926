"""Whether a made card is finished: where its face is due, it is printed and found right before anything more is done with it.

Who gives the card away, and who writes money or applications of an old card onto it, asks here; printing is in cards/faces.py.
"""

from cardsvc.errors import RequestError
from cardsvc.store import UnitOfWork
from cardsvc.store.states import FacePrintState


def face_is_open(uow: UnitOfWork, card_no: str) -> bool:
    """Whether a face that was due is not printed and found right."""
    newest = uow.face_prints.newest_of(card_no)
    return newest is not None and newest.state != FacePrintState.RIGHT


def check_face(uow: UnitOfWork, card_no: str) -> None:
    """Raises RequestError ``face_not_looked_at`` while a face that was due is not printed and found right: a spoiled face must
    never have money."""
    if face_is_open(uow, card_no):
        raise RequestError("face_not_looked_at", card_no=card_no)
