"""Every kind of decision that needs two people, by name."""

from collections.abc import Mapping

from cardsvc.service.books.corrections import CORRECTION
from cardsvc.service.cards.deaths import CITIZEN_DEATH
from cardsvc.service.cards.hold_approval import HOLD_UNIDENTIFIED
from cardsvc.service.cards.person_changes import CITIZEN_CHANGE
from cardsvc.service.cards.retiring import RETIRE
from cardsvc.service.cash.drawer import DRAWER_CASH
from cardsvc.service.cash.shifts import SHIFT_DIFFERENCE
from cardsvc.service.faults.repair import CARD_REPAIR
from cardsvc.service.loss.hotlist import RELEASE_FROM_HOT_LIST
from cardsvc.service.management.rule_versions import RULE_SET
from cardsvc.service.purse.restored import BOOKS_RESTORED
from cardsvc.service.purse.suspects import SETTLE_BY_HAND
from cardsvc.service.reconcile.correct import CORRECT_DIFFERENCE
from cardsvc.service.staff.approvals import ApprovalKind
from cardsvc.service.stock.decisions import DESTROY, DIFFERENCE
from cardsvc.service.transactions.held_payout import HELD_PAYOUT

APPROVALS: Mapping[str, ApprovalKind] = {
    kind.name: kind
    for kind in (
        BOOKS_RESTORED,
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
        RETIRE,
        RULE_SET,
        SETTLE_BY_HAND,
        SHIFT_DIFFERENCE,
    )
}
