"""Making takes a blank from the desk's stock; a card that was spoiled, or was cancelled and kept, goes to the void ones.

Both are booked in the transaction that begins the card or gives it up, so stock and cards never differ. A chip is used once and
spoiled once: the database itself refuses a second time.
"""

import datetime as dt
import uuid
from collections.abc import Mapping
from typing import Any

from cardsvc.errors import OperationError
from cardsvc.keystore.keys import TRANSPORT
from cardsvc.rules.desk import stock_rule
from cardsvc.rules.desk_rules import StockRule
from cardsvc.rules.loading import refusal
from cardsvc.service.machines import CARD
from cardsvc.service.operations.kinds import Context
from cardsvc.service.operations.known_card import known_card, refuse_live
from cardsvc.service.operations.rule_book import local_day
from cardsvc.service.staff.accounts import require_role
from cardsvc.service.stock.blanks import KEEPERS, MADE, desk_place, reason_of, void_place
from cardsvc.service.stock.making import check_making
from cardsvc.store import Store, UnitOfWork
from cardsvc.store.records import BlankBatch, BlankMovement, Card, Staff

UNKNOWN, EMPTY = "stock_serial_unknown", "stock_desk_empty"


def take_blank(uow: UnitOfWork, context: Context, card: Card, now: dt.datetime) -> Mapping[str, Any]:
    """A new card was begun on this chip: its blank leaves the desk's stock.

    Gives what the operation notes: the batch, and a ``warning`` (code) where a rule only warns; nothing where blanks of this
    family are not kept in stock. Raises RuleError ``stock_serial_unknown``, ``stock_desk_empty`` where the rule refuses, and
    what ``check_making`` finds.
    """
    rule = stock_rule(context.rules, local_day(now))
    batch = uow.blank_batches.of_serial(card.profile, card.chip_serial)
    if batch is None:
        kept = rule is not None and (rule.unknown == "refuse" or uow.blank_batches.any_of(card.profile))
        return _told(context, rule, UNKNOWN, None) if kept and rule else {}
    uow.blank_batches.for_update(batch.batch_id)
    place = desk_place(context.actor.kind, context.actor.id)
    check_making(uow, context.rules, place, batch, now)
    empty = uow.blank_movements.held(place, batch.batch_id) < 1
    noted = _told(context, rule, EMPTY, batch) if empty and rule else {"batch": batch.batch_id}
    outlet_id = _outlet(uow, place, batch, context.actor.id)
    _book(uow, card, batch.batch_id, "used", (place, MADE), outlet_id, place.partition(":")[2], now)
    return noted


def _book(
    uow: UnitOfWork,
    card: Card,
    batch_id: str,
    kind: str,
    way: tuple[str, str],
    outlet_id: str,
    by: str,
    now: dt.datetime,
    reason: str | None = None,
) -> None:
    chip = (card.chip_serial, card.card_no)
    uow.blank_movements.add(BlankMovement(str(uuid.uuid4()), batch_id, kind, *way, 1, outlet_id, by, now, None, *chip, reason))


def _told(context: Context, rule: StockRule, code: str, batch: BlankBatch | None) -> dict[str, Any]:
    """Refuse, or note the warning."""
    if (rule.unknown if code == UNKNOWN else rule.empty) == "refuse":
        if code == UNKNOWN:
            raise refusal("stock_serial_unknown", context.rules, rule)
        raise refusal("stock_desk_empty", context.rules, rule, batch=batch.batch_id if batch else "")
    return {"batch": batch.batch_id if batch else None, "warning": code}


def _outlet(uow: UnitOfWork, place: str, batch: BlankBatch, actor_id: str) -> str:
    """Whose stock it was: the workstation's outlet, else that of whoever handed blanks there, else the batch's."""
    terminal = uow.terminals.get(actor_id) if place.startswith("desk:terminal:") else None
    if terminal is not None and terminal.outlet_id is not None:
        return terminal.outlet_id
    handed = uow.blank_movements.last_to(place)
    return handed.outlet_id if handed else batch.outlet_id


def transport_version(uow: UnitOfWork, family: str, serial: str) -> Mapping[str, int]:
    """The version of the transport key under which this chip was delivered; empty where its batch is not known."""
    batch = uow.blank_batches.of_serial(family, serial)
    return {TRANSPORT: batch.transport_version} if batch else {}


def void_card(
    uow: UnitOfWork, card: Card, now: dt.datetime, *, by: str, reason: str | None = None, outlet_id: str | None = None
) -> Card:
    """A card was begun and given up, made wrong, or cancelled: it is void, and counts among the void ones of the outlet where
    it is (``outlet_id``; else where it was made), until they are destroyed."""
    used = _not_kept(uow, card)
    if used is not None:
        where = outlet_id or used.outlet_id
        _book(uow, card, used.batch_id, "spoiled", (MADE, void_place(where)), where, by, now, reason)
    return uow.cards.change(card, state="void")


def _not_kept(uow: UnitOfWork, card: Card) -> BlankMovement | None:
    """How this card's blank left the stock, where it is not among the void ones."""
    spoiled = uow.blank_movements.of_chip(card.profile, card.chip_serial, "spoiled")
    return None if spoiled else uow.blank_movements.of_chip(card.profile, card.chip_serial, "used")


def is_void_elsewhere(uow: UnitOfWork, card: Card) -> bool:
    """Whether a card is void and nobody has it: it was given up on its way, and may turn up."""
    return card.state == "void" and _not_kept(uow, card) is not None


def give_card_up(store: Store, card_no: str, reason: str, *, by: Staff, now: dt.datetime) -> Card:
    """A card that was begun at a desk and cannot be finished is void; its person gets another one.

    Raises RequestError ``not_permitted``, ``reason_missing``; CardError ``card_unknown``; OperationError
    ``stock_card_not_begun``, ``card_busy``.
    """
    require_role(by, *KEEPERS, "clerk", "cashier")
    told = reason_of(reason)

    def work(uow: UnitOfWork) -> Card:
        uow.cards.lock(card_no)
        card = known_card(uow, card_no)
        if card.state != "personalising":
            raise OperationError("stock_card_not_begun", card_no=card_no, state=CARD.words[card.state])
        refuse_live(uow, card_no, now)
        return void_card(uow, card, now, by=by.staff_id, reason=told)

    return store.transact(work)
