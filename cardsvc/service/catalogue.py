"""All kinds of operation, by name."""

from collections.abc import Mapping

from cardsvc.service.applications import BLOCK, CLOSE, OPEN, REVIEW, UNBLOCK
from cardsvc.service.carry_over import CARRY_OVER
from cardsvc.service.diagnose import DIAGNOSE
from cardsvc.service.fetch import FETCH
from cardsvc.service.first_article import FIRST_ARTICLE
from cardsvc.service.identity import IDENTITY
from cardsvc.service.inspect import INSPECT
from cardsvc.service.issuing import PERSONALISE
from cardsvc.service.kinds import OperationKind
from cardsvc.service.legacy import MIGRATE
from cardsvc.service.purchase import PURCHASE
from cardsvc.service.refund import REFUND_OF_CARD
from cardsvc.service.repair import REPAIR
from cardsvc.service.topup import TOP_UP
from cardsvc.service.transfer_in import TRANSFER_IN
from cardsvc.service.transfer_out import TRANSFER_OUT

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
        PURCHASE,
        REFUND_OF_CARD,
        TRANSFER_OUT,
        TRANSFER_IN,
        INSPECT,
        IDENTITY,
        DIAGNOSE,
        REPAIR,
        BLOCK,
        UNBLOCK,
        MIGRATE,
    )
}
