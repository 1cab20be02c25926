"""Identity for other windows: is this card genuine, is it valid, whose is it. Never the purse.

The window of another bureau (the housing fund asks for a citizen card) puts the card on its reader. The card proves itself
by INTERNAL AUTHENTICATE; the answer is signed by the service, so that the bureau can keep it. Purpose and consent are kept with
the operation. The ID number goes out masked: the bureau reads it from the card itself, where it is free to read, and the digest
in the answer tells it that what it read is what the card company has on record.
"""

import datetime as dt
import hashlib
import json
import secrets
from typing import Any, Literal

from pydantic import Field, model_validator

from cardsvc.card.holder import Holder
from cardsvc.errors import RequestError
from cardsvc.errors.fields import FieldsError
from cardsvc.iso7816.exchange import Procedure
from cardsvc.procedures.identify import CardSight, identify
from cardsvc.procedures.prove import IdentitySight, prove_identity
from cardsvc.service.cards.data import card_data
from cardsvc.service.operations.kinds import Context, Effect, OperationKind, Params, Phase
from cardsvc.service.operations.rule_book import local_day
from cardsvc.service.people.register import masked
from cardsvc.service.terminals.registry import BUREAU
from cardsvc.service.transactions.contact import seen_card
from cardsvc.store import UnitOfWork
from cardsvc.store.records import Card
from cardsvc.text import Text


class IdentityParams(Params):
    """Who asks, what for, and that the holder agreed: ``holder`` in person, or the ``law`` that allows it without."""

    bureau: str = Field(min_length=1, max_length=40)
    purpose: str = Field(min_length=1, max_length=100)
    consent: Literal["holder", "law"]
    basis: str | None = Field(default=None, min_length=1, max_length=100, description="the law, where consent is 'law'")

    @model_validator(mode="after")
    def _named_law(self) -> "IdentityParams":
        if self.consent == "law" and self.basis is None:
            raise FieldsError("basis：没有本人同意的，写明法律依据", "basis: without the holder's consent, name the law")
        return self


def _identify(context: Context, uow: UnitOfWork) -> Procedure[CardSight]:
    """A bureau's own window asks in no other bureau's name."""
    terminal = uow.terminals.get(context.actor.id) if context.actor.role == BUREAU else None
    if terminal is not None and terminal.operator != context.params["bureau"]:
        name = terminal.operator
        raise RequestError(
            "params_invalid", reason=Text(f"bureau：这个窗口登记的单位是{name}", f"bureau: this window is of {name}")
        )
    return identify(context.profile)


def _bind(context: Context, uow: UnitOfWork, sight: CardSight, _now: dt.datetime) -> Effect:
    """A card of any state may be asked about. The challenge is drawn here, once: a worker that carries on has the same."""
    card = seen_card(context, uow, sight)
    return Effect(facts={"challenge": secrets.token_hex(8)}, card_no=card.card_no, key_versions=card.key_versions)


def _prove(context: Context, _uow: UnitOfWork) -> Procedure[IdentitySight]:
    return prove_identity(context.profile, bytes.fromhex(context.facts["challenge"]))


def _answered(context: Context, uow: UnitOfWork, sight: IdentitySight, now: dt.datetime) -> Effect:
    card = uow.cards.get_one(context.card_no)
    data, citizen = card_data(uow, card), uow.citizens.get_one(card.citizen_id)
    challenge = bytes.fromhex(context.facts["challenge"])
    genuine = context.keystore.proves_itself(card.card_no, "mf", challenge, sight.answer, context.versions)
    reasons = validity_problems(uow, card, sight, data.holder, now)
    statement = {
        "bureau": context.params["bureau"],
        "purpose": context.params["purpose"],
        "consent": context.params["consent"],
        "basis": context.params["basis"],
        "operation_id": context.operation.operation_id,
        "at": now.isoformat(timespec="seconds"),
        "card_no": card.card_no,
        "expiry_date": card.expiry_date.isoformat(),
        "genuine": genuine,
        "valid": genuine and not reasons,
        "reasons": reasons,
        "holder": {
            "name": citizen.name,
            "chip_name": citizen.chip_name,
            "id_number": masked(data.holder.id_number),
            "digest": holder_digest(data.holder.name, data.holder.id_number),
        }
        if genuine
        else None,
    }
    text = json.dumps(statement, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    return Effect(
        done={
            **statement,
            "statement": text,
            "signature": context.keystore.sign(text.encode()).hex(),
            "public_key": context.keystore.signing_public_key().hex(),
        }
    )


def holder_digest(name: str, id_number: str) -> str:
    """SHA-256, hex, over name, line feed and ID number in UTF-8, as the chip carries them: what the bureau compares with
    what it read."""
    return hashlib.sha256(f"{name}\n{id_number}".encode()).hexdigest()


def validity_problems(uow: UnitOfWork, card: Card, sight: IdentitySight, holder: Holder, now: dt.datetime) -> list[str]:
    """Why a genuine card is not valid: ``state_...``, ``expired``, ``hot_listed``, ``holder_differs``."""
    checks: dict[str, Any] = {
        f"state_{card.state}": card.state != "issued",
        "expired": local_day(now) > card.expiry_date,
        "hot_listed": uow.hotlist.is_listed(card.card_no),
        "holder_differs": sight.holder != holder,
    }
    return [reason for reason, found in checks.items() if found]


IDENTITY = OperationKind(
    "identity",
    IdentityParams,
    (Phase("identify", _identify, _bind), Phase("prove", _prove, _answered)),
    roles=frozenset({"desk", BUREAU}),
)
