"""Proposals to settle a suspect by hand, once the suspect is settled: its card came, or the operator's file.

They lapse by themselves, but not in the contact that settled it: the path of a top-up writes rows of its card only.
"""

import datetime as dt
from functools import partial

from cardsvc.ledger.states import LoadState, PurchaseState
from cardsvc.service.purse.suspects import SETTLE_BY_HAND
from cardsvc.service.staff.approvals import lapse
from cardsvc.store import Store, UnitOfWork
from cardsvc.store.records import Approval

OPEN = (LoadState.AUTHORISED, LoadState.SUSPECT, PurchaseState.AUTHORISED, PurchaseState.SUSPECT)


def end_settled(store: Store, now: dt.datetime) -> int:
    """Let the proposals lapse whose suspect was settled since; how many did. What a second person decides meanwhile stays."""
    with store.read() as uow:
        waiting = [approval for approval in uow.approvals.open() if approval.kind == SETTLE_BY_HAND.name]
        over = {approval.approval_id: rule for approval in waiting if (rule := _settled_by(uow, approval))}
    return sum(store.transact(partial(lapse, approval_id=it, settled_by=rule, now=now)) for it, rule in over.items())


def _settled_by(uow: UnitOfWork, approval: Approval) -> str | None:
    """The rule that settled what a proposal is about, None while it is open."""
    card_no = str(approval.payload["card_no"])
    row = uow.loads.get(card_no, approval.subject) or uow.purchases.get(card_no, approval.subject)
    return None if row is None or row.state in OPEN else row.settled_by
