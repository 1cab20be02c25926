"""Every kind of decision that needs two people, by name."""

from collections.abc import Mapping

from cardsvc.service.approvals import ApprovalKind
from cardsvc.service.corrections import CORRECTION
from cardsvc.service.hold_approval import HOLD_UNIDENTIFIED
from cardsvc.service.hotlist import RELEASE_FROM_HOT_LIST
from cardsvc.service.reconcile.correct import CORRECT_DIFFERENCE
from cardsvc.service.repair import CARD_REPAIR
from cardsvc.service.rule_versions import RULE_SET
from cardsvc.service.shifts import SHIFT_DIFFERENCE
from cardsvc.service.stock_decisions import DESTROY, DIFFERENCE
from cardsvc.service.suspects import SETTLE_BY_HAND

APPROVALS: Mapping[str, ApprovalKind] = {
    kind.name: kind
    for kind in (
        CARD_REPAIR,
        CORRECTION,
        CORRECT_DIFFERENCE,
        DESTROY,
        DIFFERENCE,
        HOLD_UNIDENTIFIED,
        RELEASE_FROM_HOT_LIST,
        RULE_SET,
        SETTLE_BY_HAND,
        SHIFT_DIFFERENCE,
    )
}
