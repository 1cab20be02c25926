"""All kinds of operation, by name."""

from collections.abc import Mapping

from cardsvc.service.cards.applications import BLOCK, CLOSE, OPEN, REVIEW, UNBLOCK
from cardsvc.service.cards.carry_over import CARRY_OVER
from cardsvc.service.cards.first_article import FIRST_ARTICLE
from cardsvc.service.cards.identity import IDENTITY
from cardsvc.service.cards.inspect import INSPECT
from cardsvc.service.cards.issuing import PERSONALISE
from cardsvc.service.faults.diagnose import DIAGNOSE
from cardsvc.service.faults.repair import REPAIR
from cardsvc.service.faults.stranger import STRANGER
from cardsvc.service.operations.kinds import OperationKind
from cardsvc.service.transactions.catch_up import CATCH_UP
from cardsvc.service.transactions.fetch import FETCH
from cardsvc.service.transactions.legacy import MIGRATE
from cardsvc.service.transactions.purchase import PURCHASE
from cardsvc.service.transactions.refund import REFUND_OF_CARD
from cardsvc.service.transactions.swap import SWAP_PRODUCT
from cardsvc.service.transactions.topup import TOP_UP
from cardsvc.service.transactions.transfer_in import TRANSFER_IN
from cardsvc.service.transactions.transfer_out import TRANSFER_OUT

KINDS: Mapping[str, OperationKind] = {
    kind.name: kind
    for kind in (
        PERSONALISE,
        FIRST_ARTICLE,
        OPEN,
        CARRY_OVER,
        REVIEW,
        CLOSE,
        TOP_UP,
        FETCH,
        CATCH_UP,
        PURCHASE,
        REFUND_OF_CARD,
        TRANSFER_OUT,
        TRANSFER_IN,
        SWAP_PRODUCT,
        INSPECT,
        IDENTITY,
        DIAGNOSE,
        STRANGER,
        REPAIR,
        BLOCK,
        UNBLOCK,
        MIGRATE,
    )
}
