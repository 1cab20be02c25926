"""A card from its power-up to its report: measure the contact, then let the service ask it; a card that cannot be asked is
judged from what was measured."""

import uuid
from collections.abc import Callable, Mapping
from typing import Any

from cardsvc.diagnosis.contact import Contact
from cardsvc.errors import CardError, CardsvcError, ReaderError
from cardsvc.iso7816.channel import Channel
from cardsvc.iso7816.exchange import run_procedure
from cardsvc.iso7816.links import ResponseLink, TraceLink
from cardsvc.procedures.strangers import Kind, who_is_it
from cardsvc.readers.carry import carry_out
from cardsvc.readers.measure import POWER_UPS, QUICK_POWER_UPS, Measured, measure
from cardsvc.service.faults.diagnose import diagnose_reader
from cardsvc.service.faults.reader_health import FAILURES, Use, note, watched
from cardsvc.service.operations.engine import Engine
from cardsvc.service.operations.kinds import Actor


def examine(
    engine: Engine,
    actor: Actor,
    connect: Callable[[], Channel],
    *,
    quick: bool = False,
    card_no: str | None = None,
    **about: Any,
) -> Mapping[str, Any]:
    """The report on the card that ``connect`` powers up. ``card_no``: as printed on its face, for a card that is mute;
    ``about``: further parameters of the diagnosis.

    Whatever card or reader do becomes part of the report; what fails in the service itself comes out as its error.
    """
    stranger: Kind | None = None
    measured = measure(connect, QUICK_POWER_UPS if quick else POWER_UPS)
    asked = bool(measured.atrs) and not measured.stuck
    if asked:
        params = {"quick": quick, "reader": measured.facts(), **about}
        try:
            return _ask(engine, actor, connect, params)
        except (CardError, ReaderError) as error:
            measured.failures.append(error.code)
        except CardsvcError as error:
            if error.code not in ("card_family_unknown", "card_family_ambiguous"):
                raise
            stranger = _who(connect, measured)
    place, reader = _where(actor, measured)
    contact = Contact(
        tuple(measured.atrs),
        tuple(measured.milliseconds),
        tuple(measured.failures),
        stranger,
        tuple(measured.power_ups),
        measured.reconnects,
    )
    report = diagnose_reader(engine, contact, atr=measured.atr, card_no=card_no, place=place, reader=reader)
    if not asked and measured.failures[-1] in FAILURES:
        family = report["evidence"].get("profile.id", "")
        mute = Use(measured.atr.hex().upper(), family, str(uuid.uuid4()), measured.failures[-1])
        engine.store.transact(lambda uow: note(uow, place, reader, mute, engine.clock()))
    return report


def _ask(engine: Engine, actor: Actor, connect: Callable[[], Channel], params: Mapping[str, Any]) -> Mapping[str, Any]:
    channel = connect()
    try:
        return carry_out(watched(engine, actor), channel, "diagnose", params, idempotency_key=str(uuid.uuid4()))
    finally:
        channel.close()


def _who(connect: Callable[[], Channel], measured: Measured) -> Kind | None:
    """A card of no known family is asked which names it has; one that falls silent says nothing more. Its quickest answer is
    one time more, as it is of a diagnosis."""
    times: list[float] = []
    try:
        channel = connect()
        try:
            link = ResponseLink(TraceLink(channel, lambda exchange: times.append(exchange.milliseconds)))
            kind = run_procedure(link, who_is_it()) or "nameless"
        finally:
            channel.close()
        measured.milliseconds.append(min(times))
        return kind
    except (CardError, ReaderError) as error:
        measured.failures.append(error.code)
        return None


def _where(actor: Actor, measured: Measured) -> tuple[str, str]:
    """Place and name of the reader, as reader_health.py has them."""
    if measured.reader is None:
        return actor.id, ""
    return measured.reader.machine or actor.id, measured.reader.name
