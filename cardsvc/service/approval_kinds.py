"""Every kind of decision that needs two people, by name."""

from collections.abc import Mapping

from cardsvc.service.approvals import ApprovalKind
from cardsvc.service.corrections import CORRECTION
from cardsvc.service.hold_approval import HOLD_UNIDENTIFIED
from cardsvc.service.reconcile.correct import CORRECT_DIFFERENCE
from cardsvc.service.rule_versions import RULE_SET
from cardsvc.service.shifts import SHIFT_DIFFERENCE
from cardsvc.service.suspects import SETTLE_BY_HAND

APPROVALS: Mapping[str, ApprovalKind] = {
    kind.name: kind for kind in (SETTLE_BY_HAND, SHIFT_DIFFERENCE, CORRECTION, CORRECT_DIFFERENCE, RULE_SET, HOLD_UNIDENTIFIED)
}
