"""State machines of rows that hold no money. The same lists are CHECKs and triggers in the database (triggers.py)."""

from collections.abc import Mapping
from enum import StrEnum, unique

from cardsvc.wire import OperationState

RESTORED = "books_restored"
"""The decision of two people that the database was restored, and what time is missing from it."""


@unique
class ApprovalState(StrEnum):
    """A decision that needs two people.

    proposed   one person asks for it and says why; nothing is done yet
    approved   another person agreed, and it was carried out in the same transaction
    rejected   another person refused it
    withdrawn  the proposer took it back
    lapsed     nobody decided it: what it was about settled itself meanwhile
    """

    PROPOSED = "proposed"
    APPROVED = "approved"
    REJECTED = "rejected"
    WITHDRAWN = "withdrawn"
    LAPSED = "lapsed"


APPROVAL_ALLOWED: Mapping[ApprovalState, frozenset[ApprovalState]] = {
    ApprovalState.PROPOSED: frozenset(
        {ApprovalState.APPROVED, ApprovalState.REJECTED, ApprovalState.WITHDRAWN, ApprovalState.LAPSED}
    ),
    ApprovalState.APPROVED: frozenset(),
    ApprovalState.REJECTED: frozenset(),
    ApprovalState.WITHDRAWN: frozenset(),
    ApprovalState.LAPSED: frozenset(),
}


@unique
class BatchState(StrEnum):
    """An imported file.

    loading  its records are being taken, a part at a time; broken off, the same file goes on where it stopped
    applied  every record was taken
    """

    LOADING = "loading"
    APPLIED = "applied"


BATCH_ALLOWED: Mapping[BatchState, frozenset[BatchState]] = {
    BatchState.LOADING: frozenset({BatchState.APPLIED}),
    BatchState.APPLIED: frozenset(),
}


@unique
class DifferenceState(StrEnum):
    """A difference that a reconciliation found.

    open       somebody has to see to it
    explained  there is a reason and nothing to book
    corrected  two people agreed and the correcting entry was booked
    """

    OPEN = "open"
    EXPLAINED = "explained"
    CORRECTED = "corrected"


DIFFERENCE_ALLOWED: Mapping[DifferenceState, frozenset[DifferenceState]] = {
    DifferenceState.OPEN: frozenset({DifferenceState.EXPLAINED, DifferenceState.CORRECTED}),
    DifferenceState.EXPLAINED: frozenset(),
    DifferenceState.CORRECTED: frozenset(),
}


@unique
class BicycleState(StrEnum):
    """A bicycle rented with a card.

    held      it is out: the guarantee is held
    released  it was brought back
    """

    HELD = "held"
    RELEASED = "released"


BICYCLE_ALLOWED: Mapping[BicycleState, frozenset[BicycleState]] = {
    BicycleState.HELD: frozenset({BicycleState.RELEASED}),
    BicycleState.RELEASED: frozenset(),
}


@unique
class LegacyCardState(StrEnum):
    """An old card that is taken over; see service/transactions/legacy.py."""

    TAKEN = "taken"
    MOVED = "moved"


LEGACY_CARD_ALLOWED: Mapping[LegacyCardState, frozenset[LegacyCardState]] = {
    LegacyCardState.TAKEN: frozenset({LegacyCardState.MOVED}),
    LegacyCardState.MOVED: frozenset(),
}


@unique
class OldCardState(StrEnum):
    """An old card whose money goes to a new one.

    waiting  the card cannot be read: the books decide from a day on
    reading  the card can be read and gives its money itself
    moved    nothing more comes from it: the card gave all, or the books did
    """

    WAITING = "waiting"
    READING = "reading"
    MOVED = "moved"


OLD_CARD_ALLOWED: Mapping[OldCardState, frozenset[OldCardState]] = {
    OldCardState.WAITING: frozenset({OldCardState.READING, OldCardState.MOVED}),
    OldCardState.READING: frozenset({OldCardState.WAITING, OldCardState.MOVED}),
    OldCardState.MOVED: frozenset(),
}


@unique
class DepositState(StrEnum):
    """A card's deposit.

    taken     it is held for the card
    returned  what was left of it went back
    """

    TAKEN = "taken"
    RETURNED = "returned"


DEPOSIT_ALLOWED: Mapping[DepositState, frozenset[DepositState]] = {
    DepositState.TAKEN: frozenset({DepositState.RETURNED}),
    DepositState.RETURNED: frozenset(),
}


@unique
class TicketState(StrEnum):
    """A number of the queue.

    waiting  it has not been called, or goes back into the queue
    called   a desk has called it and waits for the person
    serving  the person is at the desk
    missed   nobody came; it may go in again
    done     the person was served
    left     the person does not want it any more
    """

    WAITING = "waiting"
    CALLED = "called"
    SERVING = "serving"
    MISSED = "missed"
    DONE = "done"
    LEFT = "left"


TICKET_ALLOWED: Mapping[TicketState, frozenset[TicketState]] = {
    TicketState.WAITING: frozenset({TicketState.CALLED, TicketState.LEFT}),
    TicketState.CALLED: frozenset({TicketState.SERVING, TicketState.MISSED, TicketState.WAITING}),
    TicketState.SERVING: frozenset({TicketState.DONE, TicketState.WAITING}),
    TicketState.MISSED: frozenset({TicketState.WAITING, TicketState.LEFT}),
    TicketState.DONE: frozenset(),
    TicketState.LEFT: frozenset(),
}


@unique
class CardLife(StrEnum):
    """A card of ours.

    personalising  it was begun for a person; pulled in the middle it stays so until it is finished or given up
    issued         finished and read back: its holder's
    blocked        its holder's, and blocked as a whole
    replaced       taken in: its money goes, or went, to another card or waits for its day
    void           spoiled while it was made, or cancelled
    """

    PERSONALISING = "personalising"
    ISSUED = "issued"
    BLOCKED = "blocked"
    REPLACED = "replaced"
    VOID = "void"


CARD_ALLOWED: Mapping[CardLife, frozenset[CardLife]] = {
    CardLife.PERSONALISING: frozenset({CardLife.ISSUED, CardLife.VOID}),
    CardLife.ISSUED: frozenset({CardLife.BLOCKED, CardLife.REPLACED, CardLife.VOID}),
    CardLife.BLOCKED: frozenset({CardLife.ISSUED, CardLife.REPLACED, CardLife.VOID}),
    CardLife.REPLACED: frozenset(),
    CardLife.VOID: frozenset(),
}


OPERATION_ALLOWED: Mapping[OperationState, frozenset[OperationState]] = {
    OperationState.CARD: frozenset({OperationState.DONE, OperationState.FAILED, OperationState.ABANDONED}),
    OperationState.ABANDONED: frozenset({OperationState.DONE, OperationState.FAILED}),
    OperationState.DONE: frozenset(),
    OperationState.FAILED: frozenset(),
}
"""Answers that arrive after an operation was abandoned are still evidence, and may end it otherwise."""


@unique
class ComplaintStage(StrEnum):
    """The last step of a complaint. ``answered``: its person was told, and it is over."""

    RECEIVED = "received"
    ASSIGNED = "assigned"
    NOTED = "noted"
    ANSWERED = "answered"


_WORKED_ON = frozenset({ComplaintStage.ASSIGNED, ComplaintStage.NOTED, ComplaintStage.ANSWERED})
COMPLAINT_ALLOWED: Mapping[ComplaintStage, frozenset[ComplaintStage]] = {
    ComplaintStage.RECEIVED: _WORKED_ON,
    ComplaintStage.ASSIGNED: _WORKED_ON,
    ComplaintStage.NOTED: _WORKED_ON,
    ComplaintStage.ANSWERED: frozenset(),
}


@unique
class CardRequestState(StrEnum):
    """An application for a card (申领).

    held       taken, but something is waited for: data that agree, or a right that comes into force; nothing is promised yet
    applied    checked and promised; the card is not made yet
    made       the card is issued and waits for its holder
    handed     the card was given to the person who may collect it
    cancelled  withdrawn before the card was made

    A card that was begun before its application was held is finished: held goes to made as well. One whose face was spoiled is
    void: made goes back to applied.
    """

    HELD = "held"
    APPLIED = "applied"
    MADE = "made"
    HANDED = "handed"
    CANCELLED = "cancelled"


CARD_REQUEST_ALLOWED: Mapping[CardRequestState, frozenset[CardRequestState]] = {
    CardRequestState.HELD: frozenset({CardRequestState.APPLIED, CardRequestState.MADE, CardRequestState.CANCELLED}),
    CardRequestState.APPLIED: frozenset({CardRequestState.HELD, CardRequestState.MADE, CardRequestState.CANCELLED}),
    CardRequestState.MADE: frozenset({CardRequestState.APPLIED, CardRequestState.HANDED, CardRequestState.CANCELLED}),
    CardRequestState.HANDED: frozenset(),
    CardRequestState.CANCELLED: frozenset(),
}


@unique
class BulkState(StrEnum):
    """A batch of cards to be made from a file.

    ready    it was checked and stored; nothing is made yet
    running  cards are being made, or were until a run broke off
    paused   no further card is begun
    done     every line is made or failed; a card that turns out wrong later pauses its batch again
    """

    READY = "ready"
    RUNNING = "running"
    PAUSED = "paused"
    DONE = "done"


BULK_ALLOWED: Mapping[BulkState, frozenset[BulkState]] = {
    BulkState.READY: frozenset({BulkState.RUNNING, BulkState.PAUSED}),
    BulkState.RUNNING: frozenset({BulkState.PAUSED, BulkState.DONE}),
    BulkState.PAUSED: frozenset({BulkState.RUNNING, BulkState.DONE}),
    BulkState.DONE: frozenset({BulkState.PAUSED}),
}


@unique
class BulkLineState(StrEnum):
    """A person of a batch.

    waiting  no card is begun for them
    making   a card is begun for them: it is in a reader, or was pulled and has to come back
    made     they have their card
    voided   the card begun for them is spoiled; another one will be
    failed   they get no card from this batch; ``error`` says why
    """

    WAITING = "waiting"
    MAKING = "making"
    MADE = "made"
    VOIDED = "voided"
    FAILED = "failed"


BULK_LINE_ALLOWED: Mapping[BulkLineState, frozenset[BulkLineState]] = {
    BulkLineState.WAITING: frozenset({BulkLineState.MAKING}),
    BulkLineState.MAKING: frozenset({BulkLineState.WAITING, BulkLineState.MADE, BulkLineState.VOIDED, BulkLineState.FAILED}),
    BulkLineState.MADE: frozenset({BulkLineState.VOIDED}),
    BulkLineState.VOIDED: frozenset({BulkLineState.MAKING}),
    BulkLineState.FAILED: frozenset(),
}


@unique
class NoticeState(StrEnum):
    """A message to a citizen or to the friend they named.

    waiting  it is to be sent, now or at the next attempt
    sent     the transport took it
    failed   it was tried as often as it may be; somebody has to see to it
    dropped  it is true no longer, and was not sent
    """

    WAITING = "waiting"
    SENT = "sent"
    FAILED = "failed"
    DROPPED = "dropped"


NOTICE_ALLOWED: Mapping[NoticeState, frozenset[NoticeState]] = {
    NoticeState.WAITING: frozenset({NoticeState.SENT, NoticeState.FAILED, NoticeState.DROPPED}),
    NoticeState.FAILED: frozenset({NoticeState.WAITING}),
    NoticeState.SENT: frozenset(),
    NoticeState.DROPPED: frozenset(),
}


@unique
class FacePrintState(StrEnum):
    """A try to print a card's face.

    due      the chip is written and read back; the card has to be put into the printer
    wanted   the card is in the printer: its workstation's agent is to take the job
    sent     the agent was given it, which is kept before the job leaves: from here on the card may have been printed on
    printed  CUPS has sent all of it to the printer; somebody has to look at the card
    failed   CUPS never began it: the card is as it was
    unknown  it broke off, or nobody knows: only a look at the card tells
    right    somebody looked: the face is right
    wrong    somebody looked: it is printed again (another row), or the card is void
    """

    DUE = "due"
    WANTED = "wanted"
    SENT = "sent"
    PRINTED = "printed"
    FAILED = "failed"
    UNKNOWN = "unknown"
    RIGHT = "right"
    WRONG = "wrong"


FACE_PRINT_ALLOWED: Mapping[FacePrintState, frozenset[FacePrintState]] = {
    FacePrintState.DUE: frozenset({FacePrintState.WANTED, FacePrintState.RIGHT, FacePrintState.WRONG}),
    FacePrintState.WANTED: frozenset({FacePrintState.SENT, FacePrintState.FAILED}),
    FacePrintState.SENT: frozenset({FacePrintState.PRINTED, FacePrintState.FAILED, FacePrintState.UNKNOWN}),
    FacePrintState.PRINTED: frozenset({FacePrintState.RIGHT, FacePrintState.WRONG}),
    FacePrintState.FAILED: frozenset({FacePrintState.RIGHT, FacePrintState.WRONG}),
    FacePrintState.UNKNOWN: frozenset(
        {FacePrintState.PRINTED, FacePrintState.FAILED, FacePrintState.RIGHT, FacePrintState.WRONG}
    ),
    FacePrintState.RIGHT: frozenset(),
    FacePrintState.WRONG: frozenset(),
}
