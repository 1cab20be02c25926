"""Every kind of decision that needs two people, by name."""

from collections.abc import Mapping

from cardsvc.service.approvals import ApprovalKind
from cardsvc.service.corrections import CORRECTION
from cardsvc.service.deaths import CITIZEN_DEATH
from cardsvc.service.drawer import DRAWER_CASH
from cardsvc.service.held_payout import HELD_PAYOUT
from cardsvc.service.hold_approval import HOLD_UNIDENTIFIED
from cardsvc.service.hotlist import RELEASE_FROM_HOT_LIST
from cardsvc.service.person_changes import CITIZEN_CHANGE
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
        CITIZEN_CHANGE,
        CITIZEN_DEATH,
        CORRECTION,
        CORRECT_DIFFERENCE,
        DRAWER_CASH,
        HELD_PAYOUT,
        DESTROY,
        DIFFERENCE,
        HOLD_UNIDENTIFIED,
        RELEASE_FROM_HOT_LIST,
        RULE_SET,
        SETTLE_BY_HAND,
        SHIFT_DIFFERENCE,
    )
}
