"""The fee of an opening that is not on its card goes back to its payer, who does not want it any more (purse/fees.py)."""

import datetime as dt

from cardsvc.errors import RequestError
from cardsvc.ledger.postings import fee_refunded, payout_account
from cardsvc.ledger.states import FEE_ALLOWED, FeeState, advance
from cardsvc.service.cash.drawer import cash_out
from cardsvc.service.cash.shifts import TELLERS
from cardsvc.service.operations.kinds import Actor
from cardsvc.service.operations.known_card import known_card
from cardsvc.service.purse.payments import CASH
from cardsvc.service.purse.settle import record_evidence
from cardsvc.service.staff.accounts import require_role
from cardsvc.store import Store, UnitOfWork
from cardsvc.store.records import ApplicationFee, Staff

GIVEN_BACK = "given_back"


def return_fee(store: Store, actor: Actor, card_no: str, application: str, *, by: Staff, now: dt.datetime) -> ApplicationFee:
    """Give back what waits for opening this application, the way it came: cash from the drawer of ``by``, anything else through
    its channel.

    Raises RequestError ``not_permitted``, ``fee_not_waiting``; CardError ``card_unknown``; OperationError
    ``drawer_holds_less``, ``drawer_of_another``.
    """
    require_role(by, *TELLERS)

    def work(uow: UnitOfWork) -> ApplicationFee:
        uow.cards.lock(card_no)
        known_card(uow, card_no)
        waiting = [fee for fee in uow.application_fees.waiting_on(card_no) if fee.application == application]
        if not waiting:
            raise RequestError("fee_not_waiting", card_no=card_no, application=application[:16])
        fee = waiting[0]
        cash = fee.payment_method == CASH
        account = cash_out(uow, actor, fee.amount, by) if cash else payout_account(fee.payment_method)
        uow.ledger.post(card_no, fee_refunded(card_no, account, fee.amount), fee.fee_id, now)
        record_evidence(uow, fee, GIVEN_BACK, {"by": by.staff_id, "account": account}, now)
        state = advance(FEE_ALLOWED, FeeState(fee.state), FeeState.REFUNDED)
        return uow.application_fees.change(fee, state=state, ended_at=now)

    return store.transact(work)
