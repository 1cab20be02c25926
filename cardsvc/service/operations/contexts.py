"""What the phases of an operation see, and the procedure of one, made from what is durable alone."""

from functools import partial
from typing import TYPE_CHECKING, Any

from cardsvc.iso7816.exchange import Procedure
from cardsvc.procedures.pin import with_pin
from cardsvc.service.operations.kinds import Actor, Context, Phase
from cardsvc.store import UnitOfWork
from cardsvc.store.records import Operation

if TYPE_CHECKING:
    from cardsvc.service.operations.engine import Engine


def context_of(engine: "Engine", operation: Operation, uow: UnitOfWork) -> Context:
    """What a phase of this operation sees; of the card's layout, what a card with these keys has."""
    terminal_no = bytes.fromhex(operation.facts["terminal_no"])
    actor = Actor(operation.actor_kind, operation.actor_id, terminal_no, operation.facts["role"])
    found = [profile for profile in engine.profiles if profile.id == operation.profile]
    family = found[0].with_keys(operation.key_versions) if found else None
    return Context(operation, family, engine.keystore, engine.rules.of_operation(uow, operation), actor)


def procedure_of(engine: "Engine", context: Context, phase: Phase, uow: UnitOfWork) -> Procedure[Any]:
    """A phase's procedure, with the PIN before its loads where the card's family wants it."""
    procedure = phase.procedure(context, uow)
    if context.operation.card_no is None or not context.profile.purse.pin_for_load:
        return procedure
    return with_pin(procedure, partial(engine.keystore.load_pin, context.card_no, context.versions))
