"""A card of no known family as an operation: asked which names it has, and told as what it is, as ``card diagnose`` does."""

import dataclasses
import datetime as dt

from cardsvc.diagnosis.contact import atr_evidence, contact_evidence, history_evidence, stranger_evidence
from cardsvc.iso7816.exchange import Procedure
from cardsvc.procedures.strangers import Kind, who_is_it
from cardsvc.service.faults.diagnose import ReaderFacts, report_of
from cardsvc.service.faults.reader_health import last_cards, reader_of_operation, times_of
from cardsvc.service.operations.engine import READER
from cardsvc.service.operations.kinds import Context, Effect, OperationKind, Params, Phase
from cardsvc.store import UnitOfWork


class StrangerParams(Params):
    """It takes none."""


def _ask(_context: Context, _uow: UnitOfWork) -> Procedure[Kind | None]:
    return who_is_it()


def _told(context: Context, uow: UnitOfWork, kind: Kind | None, now: dt.datetime) -> Effect:
    operation, atr = context.operation, context.operation.atr
    place, reader = reader_of_operation(operation)
    measured = ReaderFacts(atrs=[atr]).contact(context.facts.get(READER, {}), times_of(uow, operation.operation_id))
    contact = dataclasses.replace(measured, stranger=kind or "nameless")
    evidence = {
        **contact_evidence(contact),
        **history_evidence(reader, last_cards(uow, place, reader, atr)),
        **atr_evidence(atr, contact.atrs, context.family, None),
        **stranger_evidence(bytes.fromhex(atr), contact, face_is_ours=False),
        "books.known": False,
    }
    return Effect(done=report_of(context.rules, evidence, now, context.family, card_no=None, quick=True))


STRANGER = OperationKind("stranger", StrangerParams, (Phase("whose", _ask, _told),), roles=frozenset({"desk"}), any_family=True)
