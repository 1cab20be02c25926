"""State machines of rows that hold no money. The same lists are CHECKs and triggers in the database (triggers.py)."""

from collections.abc import Mapping
from enum import StrEnum, unique


@unique
class ApprovalState(StrEnum):
    """A decision that needs two people.

    proposed   one person asks for it and says why; nothing is done yet
    approved   another person agreed, and it was carried out in the same transaction
    rejected   another person refused it
    withdrawn  the proposer took it back
    """

    PROPOSED = "proposed"
    APPROVED = "approved"
    REJECTED = "rejected"
    WITHDRAWN = "withdrawn"


APPROVAL_ALLOWED: Mapping[ApprovalState, frozenset[ApprovalState]] = {
    ApprovalState.PROPOSED: frozenset({ApprovalState.APPROVED, ApprovalState.REJECTED, ApprovalState.WITHDRAWN}),
    ApprovalState.APPROVED: frozenset(),
    ApprovalState.REJECTED: frozenset(),
    ApprovalState.WITHDRAWN: frozenset(),
}
