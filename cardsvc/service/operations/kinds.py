"""The vocabulary of operations: who asks, what a phase is, what an effect may say."""

import datetime as dt
import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from pydantic import BaseModel, ConfigDict

from cardsvc.card.profile import Profile
from cardsvc.errors import CardsvcError, ProfileError
from cardsvc.iso7816.exchange import Procedure
from cardsvc.keystore.protocol import KeyStore
from cardsvc.rules import RuleSet
from cardsvc.store import UnitOfWork
from cardsvc.store.records import Operation


class Params(BaseModel):
    """Parameters of an operation as they come in: strict types, no unknown fields."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)


@dataclass(frozen=True, slots=True)
class Actor:
    """Who asks. ``kind``: local, terminal or desk; ``role``: topup or desk; ``terminal_no``: 6 bytes, goes onto the card.

    ``operations``: the kinds it may ask for, None for all of its role; ``suspended``: it may only bring evidence of what is
    under way.
    """

    kind: str
    id: str
    terminal_no: bytes
    role: str = "topup"
    operations: frozenset[str] | None = None
    suspended: bool = False


LOOKS = "looks"
"""The fact of an operation that its looks at a card are made fresh by: drawn at its start, and sent to nobody."""
WRITES = "writes"
"""The fact of an operation whether a command was given out that may leave something on its card. One that began before there
was such a fact has none."""


def first_facts(actor: Actor) -> dict[str, Any]:
    """What is known of an operation before its card has said anything."""
    return {"terminal_no": actor.terminal_no.hex(), "role": actor.role, LOOKS: secrets.token_hex(16), WRITES: False}


@dataclass(frozen=True, slots=True)
class Context:
    """What a phase sees. Everything in it is durable, so that running a phase again gives the same bytes.

    ``family``: None for a card of no known family, which the kinds see that are for any (OperationKind)."""

    operation: Operation
    family: Profile | None
    keystore: KeyStore
    rules: RuleSet
    actor: Actor

    @property
    def profile(self) -> Profile:
        """The card's family. Raises ProfileError ``card_family_unknown``."""
        if self.family is None:
            raise ProfileError("card_family_unknown", atr=self.operation.atr)
        return self.family

    @property
    def params(self) -> Mapping[str, Any]:
        """The operation's parameters, validated."""
        return self.operation.params

    @property
    def facts(self) -> Mapping[str, Any]:
        """What the effects of earlier phases found out."""
        return self.operation.facts

    @property
    def versions(self) -> Mapping[str, int]:
        """Versions of keys in force for this operation."""
        return self.operation.key_versions

    @property
    def card_no(self) -> str:
        """The card this operation is bound to."""
        if self.operation.card_no is None:
            raise ValueError("the operation is not bound to a card yet")
        return self.operation.card_no


@dataclass(frozen=True, slots=True)
class Effect:
    """What an effect says: facts to keep, the card to bind to, and whether the operation ends here.

    ``failed`` ends it with a problem but keeps what the effect wrote (an exception would undo it).
    """

    facts: Mapping[str, Any] = field(default_factory=dict)
    card_no: str | None = None
    key_versions: Mapping[str, int] | None = None
    done: Mapping[str, Any] | None = None
    failed: CardsvcError | None = None


ProcedureOf = Callable[[Context, UnitOfWork], Procedure[Any]]
EffectOf = Callable[[Context, UnitOfWork, Any, dt.datetime], Effect]
EndOf = Callable[[Context, UnitOfWork, dt.datetime], None]
NeededIn = Callable[[Context], bool]


def nothing(_context: Context, _uow: UnitOfWork, _now: dt.datetime) -> None:
    """The end of an operation that leaves nothing behind."""


def always(_context: Context) -> bool:
    """A phase that every operation of its kind goes through."""
    return True


@dataclass(frozen=True, slots=True)
class Phase:
    """One procedure and the database effect that follows it, in one transaction with the move to the next phase.

    ``procedure`` may read rows that never change to build the procedure's arguments; the procedure itself is pure.
    ``late``: answers that arrive after the operation was abandoned are still taken, because they are evidence.
    ``needed``: whether this operation goes through it, by what the phases before it found out; the last phase is always needed.
    """

    name: str
    procedure: ProcedureOf
    effect: EffectOf
    late: bool = False
    needed: NeededIn = always


@dataclass(frozen=True, slots=True)
class OperationKind:
    """A kind of job. ``broken_off`` runs when the card left, time ran out or a phase failed; ``roles`` may ask for it;
    ``any_family``: it is for cards of no known family too."""

    name: str
    params: type[Params]
    phases: tuple[Phase, ...]
    roles: frozenset[str] = frozenset({"topup", "desk"})
    broken_off: EndOf = nothing
    any_family: bool = False


def silent() -> Procedure[None]:
    """A procedure that says nothing to the card, for phases that only decide."""
    return
    yield
