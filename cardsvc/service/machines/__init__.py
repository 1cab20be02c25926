"""Every state machine in one form (form.py): its states and their words, and of each step the event and who may cause it.

Which steps there are is said by the lists that the database enforces (store/states.py, ledger/states.py); here they get their
words, for pages and for docs/states.md, which is made from these tables. A test compares both.
"""

from cardsvc.service.machines.cards import CARD, OLD_CARD, OPERATION
from cardsvc.service.machines.hall import COMPLAINT, NOTICE, TICKET
from cardsvc.service.machines.handing import CONSIGNED_CARD, CONSIGNMENT, HANDOUT
from cardsvc.service.machines.making import BULK_BATCH, BULK_LINE, CARD_REQUEST, FACE_PRINT
from cardsvc.service.machines.money import DIFFERENCE, FEE, LOAD, ORDER, PURCHASE, SHIFT

__all__ = [
    "BULK_BATCH",
    "BULK_LINE",
    "CARD",
    "CARD_REQUEST",
    "COMPLAINT",
    "CONSIGNED_CARD",
    "CONSIGNMENT",
    "DIFFERENCE",
    "FACE_PRINT",
    "FEE",
    "HANDOUT",
    "LOAD",
    "MACHINES",
    "NOTICE",
    "OLD_CARD",
    "OPERATION",
    "ORDER",
    "PURCHASE",
    "SHIFT",
    "TICKET",
]

MACHINES = (
    *(CARD, CARD_REQUEST, FACE_PRINT, HANDOUT, CONSIGNMENT, CONSIGNED_CARD, BULK_BATCH, BULK_LINE),
    *(OPERATION, LOAD, PURCHASE, FEE, ORDER, OLD_CARD),
    *(TICKET, COMPLAINT, SHIFT, DIFFERENCE, NOTICE),
)
