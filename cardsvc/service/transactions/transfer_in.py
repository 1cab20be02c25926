"""The money of an old card goes onto the new one: a load as any other, paid from what is held of the old card.

One operation writes one part (one purse of the old card): the part that is asked for, or the first whose application is open on
the new card; it is asked again until nothing is held. Money of a withdrawn product goes where its holder now pays from. On the
day that the books decide about an unreadable card, the first transfer moves its money from the books, and what was paid for it
and never written waits for the new card. What a suspect kept back is moved by a later one, when it is settled.
"""

import datetime as dt
from typing import Any, cast

from pydantic import Field

from cardsvc.errors import CardError, RequestError, RuleError
from cardsvc.iso7816.exchange import Procedure
from cardsvc.rules import RuleSet, check_moved
from cardsvc.rules.ruleset import Area
from cardsvc.service.operations.kinds import Context, Effect, OperationKind, Params, Phase, silent
from cardsvc.service.purse.areas import CITY_PURSE
from cardsvc.service.purse.open_money import refuse_while_open
from cardsvc.service.purse.orders import move_orders
from cardsvc.service.purse.payments import OLD_CARD
from cardsvc.service.purse.ways import booked_purses
from cardsvc.service.stock.finished import check_face
from cardsvc.service.transactions.contact import CONTACT
from cardsvc.service.transactions.takeovers import destination, good_parts, is_gone, move_from_books, reference_of
from cardsvc.service.transactions.topup import LOAD, break_off_load
from cardsvc.store import UnitOfWork
from cardsvc.store.records import TakeoverPart
from cardsvc.store.states import OldCardState
from cardsvc.units import LOCAL


class TransferInParams(Params):
    """Parameters: which old card's money; ``part_id``: one part of it (takeover view)."""

    old_card_no: str = Field(pattern="^[0-9]{16}$")
    part_id: str | None = Field(default=None, pattern="^[0-9a-f-]{36}$")


def _nothing(_context: Context, _uow: UnitOfWork) -> Procedure[None]:
    return silent()


def _find(context: Context, uow: UnitOfWork, _value: Any, now: dt.datetime) -> Effect:
    """The part takes the place of a top-up's parameters.

    Raises RequestError ``face_not_looked_at``, ``nothing_held``; CardError ``transfer_other_holder``.
    """
    refuse_while_open(context.facts["settled"])
    check_face(uow, context.card_no)
    old_no = context.params["old_card_no"]
    uow.cards.lock(old_no)
    old, new, takeover = uow.cards.get(old_no), uow.cards.get(context.card_no), uow.old_cards.get(old_no)
    if old is None or new is None or takeover is None:
        raise RequestError("nothing_held", card_no=old_no)
    if old.citizen_id != new.citizen_id or old_no == context.card_no:
        raise CardError("transfer_other_holder")
    if takeover.state != OldCardState.READING:
        takeover = move_from_books(uow, takeover, now)
    if takeover.state == OldCardState.MOVED:
        move_orders(uow, old_no, new.card_no, now)
    today = now.astimezone(LOCAL).date()
    part = _part(context, uow, old_no, today)
    if part is None:
        return Effect(failed=RequestError("nothing_held", card_no=old_no))
    return Effect(facts={"order": _job(context.rules, part, today)})


def _part(context: Context, uow: UnitOfWork, old_no: str, today: dt.date) -> TakeoverPart | None:
    """The part to write: one that does not fit on the new card yet must not keep the others waiting."""
    asked = context.params.get("part_id")
    parts = [part for part in good_parts(uow, old_no) if not is_gone(uow, part) and asked in (None, part.part_id)]
    opened = {row.application for row in uow.applications.of_card(context.card_no) if row.state == "open"}
    closed = {part.part_id for part in parts if part.application not in {CITY_PURSE.application, *opened}}
    parts.sort(key=lambda part: part.part_id in closed or not _fits(context, uow, part, today))
    return parts[0] if parts else None


def _fits(context: Context, uow: UnitOfWork, part: TakeoverPart, today: dt.date) -> bool:
    """Whether the books expect it to stay below the cap: which part comes first. Whether it does, the card says."""
    product, area, goal = destination(context.rules, part, today)
    booked = dict(booked_purses(uow, context.card_no)).get(goal, 0)
    try:
        check_moved(context.rules, product, cast("Area", area), booked + part.amount, today)
    except RuleError:
        return False
    return True


def _job(rules: RuleSet, part: TakeoverPart, today: dt.date) -> dict[str, Any]:
    """Month money whose month ended while it waited is good for the month in which it is written."""
    month = max(part.first_month, today.replace(day=1)) if part.first_month else None
    product, area, _goal = destination(rules, part, today)
    return {
        "product": None if product == "citizen" else product,
        "area": area,
        "month": f"{month:%Y-%m}" if month else None,
        "amount": part.amount,
        "payment": {"method": OLD_CARD, "reference": reference_of(part)},
    }


TRANSFER_IN = OperationKind(
    "transfer_in",
    TransferInParams,
    (*CONTACT, Phase("part", _nothing, _find), *LOAD),
    roles=frozenset({"desk"}),
    broken_off=break_off_load,
)
