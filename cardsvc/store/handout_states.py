"""State machines of made cards on their way to their holders. The same lists are CHECKs and triggers in the database."""

from collections.abc import Mapping
from enum import StrEnum, unique


@unique
class HandoutState(StrEnum):
    """A made card, from the machine to its holder.

    to_send  it lies at another outlet than the one where it is collected
    sent     it is in a consignment, on its way
    missing  it was on a consignment's list and not in the bag; somebody looks for it
    ready    it lies where it is collected
    handed   its holder, or who may collect for them, has it

    A card is given away before it is ready only for a reason that is stated. One that turns up where it is not collected is
    sent from there.
    """

    TO_SEND = "to_send"
    SENT = "sent"
    MISSING = "missing"
    READY = "ready"
    HANDED = "handed"


HANDOUT_ALLOWED: Mapping[HandoutState, frozenset[HandoutState]] = {
    HandoutState.TO_SEND: frozenset({HandoutState.SENT, HandoutState.READY, HandoutState.HANDED}),
    HandoutState.SENT: frozenset({HandoutState.READY, HandoutState.MISSING, HandoutState.TO_SEND, HandoutState.HANDED}),
    HandoutState.MISSING: frozenset({HandoutState.READY, HandoutState.TO_SEND, HandoutState.HANDED}),
    HandoutState.READY: frozenset({HandoutState.HANDED}),
    HandoutState.HANDED: frozenset(),
}


@unique
class ConsignmentState(StrEnum):
    """A bag of cards from one outlet to another.

    sent      sealed and on its way
    received  opened and counted; what was missing or too many stands with its cards
    """

    SENT = "sent"
    RECEIVED = "received"


CONSIGNMENT_ALLOWED: Mapping[ConsignmentState, frozenset[ConsignmentState]] = {
    ConsignmentState.SENT: frozenset({ConsignmentState.RECEIVED}),
    ConsignmentState.RECEIVED: frozenset(),
}


@unique
class ConsignedState(StrEnum):
    """A card of a consignment.

    listed     on the list that went with the bag
    arrived    it was in the bag, or came after all
    missing    on the list and not in the bag; its owner looks for it
    elsewhere  it turned up at another outlet, and is sent again from there
    lost       given up: the card is void and on the hot list, another one is made
    surplus    in the bag and not on its list; its owner finds out why
    explained  somebody said why it was there
    """

    LISTED = "listed"
    ARRIVED = "arrived"
    MISSING = "missing"
    ELSEWHERE = "elsewhere"
    LOST = "lost"
    SURPLUS = "surplus"
    EXPLAINED = "explained"


CONSIGNED_ALLOWED: Mapping[ConsignedState, frozenset[ConsignedState]] = {
    ConsignedState.LISTED: frozenset({ConsignedState.ARRIVED, ConsignedState.MISSING, ConsignedState.ELSEWHERE}),
    ConsignedState.MISSING: frozenset({ConsignedState.ARRIVED, ConsignedState.ELSEWHERE, ConsignedState.LOST}),
    ConsignedState.ARRIVED: frozenset(),
    ConsignedState.ELSEWHERE: frozenset(),
    ConsignedState.LOST: frozenset(),
    ConsignedState.SURPLUS: frozenset({ConsignedState.EXPLAINED}),
    ConsignedState.EXPLAINED: frozenset(),
}
