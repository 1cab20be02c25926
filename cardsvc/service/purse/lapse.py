"""Month money that is over makes room for the next: it is taken off the card, then the purse is marked for its new period.

Money of a month is void at 00:00 on the 1st, whoever paid it: it was on the card in its month. (What was paid online and not
fetched goes back to the payer, see orders.py.) The card still has it, so it is drawn down with the card's proof, by unload
where the card can (drawdown.py), and becomes income of the card company; only then is the record, under the maintenance key,
written for the new period. Broken off between the two the purse is empty and still marked for the period that is over: the
next load goes on from there.
"""

import datetime as dt
from typing import Any

from cardsvc.card.records import ApplicationRecord
from cardsvc.iso7816.exchange import Procedure
from cardsvc.ledger import postings
from cardsvc.procedures.applications import write_application
from cardsvc.service.operations.kinds import Context, Effect, Phase
from cardsvc.service.purse.areas import target_of
from cardsvc.service.purse.card_keys import CardKeys
from cardsvc.service.purse.drawdown import (
    Drawn,
    authorise_drawdown,
    draw_down,
    end_drawdown,
    initialize_drawdown,
)
from cardsvc.store import UnitOfWork

LAPSED_MONTH = "lapsed_month"


def _lapses(context: Context) -> bool:
    return "lapsing" in context.facts


def _marks(context: Context) -> bool:
    return "record" in context.facts


def _initialize(context: Context, _uow: UnitOfWork) -> Procedure[Drawn]:
    return initialize_drawdown(context, target_of(context).ref, context.facts["lapsing"])


def _authorise(context: Context, uow: UnitOfWork, init: Drawn, now: dt.datetime) -> Effect:
    payment = context.facts["lapsing"], LAPSED_MONTH, postings.fee_account(LAPSED_MONTH)
    return Effect(facts=authorise_drawdown(context, uow, target_of(context).ref, init, payment, now))


def _mark(context: Context, _uow: UnitOfWork) -> Procedure[ApplicationRecord]:
    application, record = target_of(context).ref.application, bytes.fromhex(context.facts["record"])
    keys = CardKeys(context.keystore, context.card_no, context.versions)
    return write_application(
        context.profile, application, record, lambda challenge, text: keys.line_mac(application, challenge, text)
    )


def _marked(_context: Context, _uow: UnitOfWork, _record: Any, _now: dt.datetime) -> Effect:
    return Effect()


MAKE_ROOM = (
    Phase("lapse", _initialize, _authorise, needed=_lapses),
    Phase("lapse_debit", draw_down, end_drawdown, late=True, needed=_lapses),
    Phase("mark", _mark, _marked, needed=_marks),
)
"""Phases of a load into a purse that holds a period which is over, or none."""
