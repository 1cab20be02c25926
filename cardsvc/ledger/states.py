"""State machines of money on its way. The same lists are CHECKs and triggers in the database (store/triggers.py)."""

from collections.abc import Mapping
from enum import StrEnum, unique
from typing import TypeVar

from cardsvc.errors import OperationError


@unique
class LoadState(StrEnum):
    """A top-up.

    requested    asked for, nothing promised
    refused      a rule or the card said no before money was taken
    authorised   money taken; committed before MAC2 leaves; the card may or may not have it
    confirmed    the card has it: its TAC or its proof verified
    suspect      the answer was not seen or not good: only the card can settle it
    not_written  the card proved that it does not have it
    refunded     the money went back to the payer
    rewritten    the money went onto the card with another load
    """

    REQUESTED = "requested"
    REFUSED = "refused"
    AUTHORISED = "authorised"
    CONFIRMED = "confirmed"
    SUSPECT = "suspect"
    NOT_WRITTEN = "not_written"
    REFUNDED = "refunded"
    REWRITTEN = "rewritten"


LOAD_ALLOWED: Mapping[LoadState, frozenset[LoadState]] = {
    LoadState.REQUESTED: frozenset({LoadState.AUTHORISED, LoadState.REFUSED}),
    LoadState.AUTHORISED: frozenset({LoadState.CONFIRMED, LoadState.SUSPECT}),
    LoadState.SUSPECT: frozenset({LoadState.CONFIRMED, LoadState.NOT_WRITTEN}),
    LoadState.NOT_WRITTEN: frozenset({LoadState.REFUNDED, LoadState.REWRITTEN}),
    LoadState.REFUSED: frozenset(),
    LoadState.CONFIRMED: frozenset(),
    LoadState.REFUNDED: frozenset(),
    LoadState.REWRITTEN: frozenset(),
}


@unique
class FeeState(StrEnum):
    """The fee of opening an application.

    authorised   paid; committed before the application is written; the card may or may not have it
    confirmed    the card has the application: it was read back, or seen later
    suspect      the card left, or did not show what was written: only the card can settle it
    not_written  the card showed that it does not have it: the money waits for the same opening, or for its payer
    refunded     the money went back to the payer
    """

    AUTHORISED = "authorised"
    CONFIRMED = "confirmed"
    SUSPECT = "suspect"
    NOT_WRITTEN = "not_written"
    REFUNDED = "refunded"


FEE_ALLOWED: Mapping[FeeState, frozenset[FeeState]] = {
    FeeState.AUTHORISED: frozenset({FeeState.CONFIRMED, FeeState.SUSPECT}),
    FeeState.SUSPECT: frozenset({FeeState.CONFIRMED, FeeState.NOT_WRITTEN}),
    FeeState.NOT_WRITTEN: frozenset({FeeState.AUTHORISED, FeeState.REFUNDED}),
    FeeState.CONFIRMED: frozenset(),
    FeeState.REFUNDED: frozenset(),
}


@unique
class PurchaseKind(StrEnum):
    """How money is taken off a purse.

    purchase  by DEBIT FOR PURCHASE: every purse; proven by a TAC, counted by the offline counter
    unload    by DEBIT FOR UNLOAD: an electronic deposit whose application has the key; proven by MAC3, counted by the online
              counter
    """

    PURCHASE = "purchase"
    UNLOAD = "unload"


@unique
class PurchaseState(StrEnum):
    """A purchase made through this service, or an unload.

    authorised   committed before MAC1 of a purchase, MAC2 of an unload, leaves; the card may or may not have paid
    confirmed    the card paid: its TAC, its MAC3 or its proof verified
    suspect      the answer was not seen or not good
    not_debited  the card proved that it did not pay
    """

    AUTHORISED = "authorised"
    CONFIRMED = "confirmed"
    SUSPECT = "suspect"
    NOT_DEBITED = "not_debited"


PURCHASE_ALLOWED: Mapping[PurchaseState, frozenset[PurchaseState]] = {
    PurchaseState.AUTHORISED: frozenset({PurchaseState.CONFIRMED, PurchaseState.SUSPECT}),
    PurchaseState.SUSPECT: frozenset({PurchaseState.CONFIRMED, PurchaseState.NOT_DEBITED}),
    PurchaseState.CONFIRMED: frozenset(),
    PurchaseState.NOT_DEBITED: frozenset(),
}


@unique
class OrderState(StrEnum):
    """A load that was paid online.

    paid      the money waits; a terminal may be writing it just now
    written   a load of it was confirmed
    returned  the money went back to the payer
    """

    PAID = "paid"
    WRITTEN = "written"
    RETURNED = "returned"


ORDER_ALLOWED: Mapping[OrderState, frozenset[OrderState]] = {
    OrderState.PAID: frozenset({OrderState.WRITTEN, OrderState.RETURNED}),
    OrderState.WRITTEN: frozenset(),
    OrderState.RETURNED: frozenset(),
}


@unique
class ShiftState(StrEnum):
    """A teller's shift with its cash drawer.

    open                cash taken at the workstation goes into the drawer
    closing             no more money moves; the drawer is being counted
    difference_pending  counted, and not what the ledger has: waits for an explanation and another person
    closed              the drawer is empty, its cash is in the vault, a difference is booked
    """

    OPEN = "open"
    CLOSING = "closing"
    DIFFERENCE_PENDING = "difference_pending"
    CLOSED = "closed"


SHIFT_ALLOWED: Mapping[ShiftState, frozenset[ShiftState]] = {
    ShiftState.OPEN: frozenset({ShiftState.CLOSING}),
    ShiftState.CLOSING: frozenset({ShiftState.CLOSED, ShiftState.DIFFERENCE_PENDING}),
    ShiftState.DIFFERENCE_PENDING: frozenset({ShiftState.CLOSED}),
    ShiftState.CLOSED: frozenset(),
}

S = TypeVar("S", bound=StrEnum)


def advance(allowed: Mapping[S, frozenset[S]], now: S, to: S) -> S:
    """The next state. Raises OperationError ``state_not_allowed`` for a step that is not in the list."""
    if to not in allowed[now]:
        raise OperationError("state_not_allowed", now=now, to=to)
    return to
