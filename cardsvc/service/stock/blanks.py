"""Stock of blank cards (白卡库存): delivered in batches, handed to desks and back, sent to other outlets, counted.

Nothing is ever edited: each step is a movement between two places, and what a place holds is their sum, as in the ledger.
Making takes its blank in use.py; what needs two people (destroying void cards, putting a count right) is in
decisions.py; management/stock_figures.py tells what there is and whether it lasts the day.
"""

import datetime as dt
import re
import uuid
from typing import Any

from pydantic import Field, ValidationError

from cardsvc.errors import KeystoreError, OperationError, RequestError
from cardsvc.errors.fields import reasons
from cardsvc.keystore.keys import TRANSPORT
from cardsvc.service.operations.engine import Engine
from cardsvc.service.operations.kinds import Params
from cardsvc.service.staff.accounts import require_role
from cardsvc.store import Store, UnitOfWork
from cardsvc.store.records import BlankBatch, BlankCount, BlankMovement, Staff

KEEPERS = ("stock_keeper", "supervisor")
SUPPLIER, MADE, DESTROYED, MISSING = "supplier", "made", "destroyed", "missing"
MOST = 1_000_000


class Delivery(Params):
    """A delivery of blanks. ``family``: profile id; serials in hex, both included; ``transport_version``: of the key store's
    ``transport`` key, under which the factory delivered these chips."""

    batch_id: str = Field(pattern="^[A-Za-z0-9._-]{1,32}$")
    family: str = Field(min_length=1, max_length=64)
    supplier: str = Field(min_length=1, max_length=64, pattern="^[^\\x00-\\x1f]+$")
    count: int = Field(gt=0, le=MOST)
    first_serial: str = Field(pattern="^(?:[0-9A-F]{2}){1,10}$")
    last_serial: str = Field(pattern="^(?:[0-9A-F]{2}){1,10}$")
    transport_version: int = Field(ge=1, le=255)


def delivery_of(**given: Any) -> Delivery:
    """A delivery as it was typed. Raises RequestError ``params_invalid`` naming the fields."""
    typed = {name: value.strip().upper() if name.endswith("_serial") else value for name, value in given.items()}
    try:
        return Delivery(**typed)
    except ValidationError as error:
        raise RequestError("params_invalid", reason=reasons(error)) from None


def store_place(outlet_id: str) -> str:
    """The store room of an outlet."""
    return f"store:{outlet_id}"


def void_place(outlet_id: str) -> str:
    """Where an outlet keeps its void cards apart until they are destroyed."""
    return f"void:{outlet_id}"


def desk_place(actor_kind: str, actor_id: str) -> str:
    """A desk, by whoever carries operations out there."""
    return f"desk:{actor_kind}:{actor_id}"


def receive(engine: Engine, delivery: Delivery, *, by: Staff) -> BlankBatch:
    """Take a delivery into the store room of the keeper's outlet. The same delivery again is the same batch.

    Raises RequestError ``not_permitted``, ``stock_family_unknown``, ``stock_serials_wrong``, ``stock_batch_exists``,
    ``stock_serials_taken``; KeystoreError ``key_missing`` where the key store lacks the transport key's version.
    """
    require_role(by, *KEEPERS)
    profile = next((one for one in engine.profiles if one.id == delivery.family and one.issuable), None)
    if profile is None:
        raise RequestError("stock_family_unknown", family=delivery.family)
    first, last = delivery.first_serial, delivery.last_serial
    wide = {2 * pattern.chip_serial_length for pattern in profile.atr}
    if len(first) != len(last) or len(first) not in wide or not 0 < delivery.count <= int(last, 16) - int(first, 16) + 1:
        raise RequestError("stock_serials_wrong")
    if not engine.keystore.usable(TRANSPORT, delivery.transport_version):
        raise KeystoreError("key_missing", key=f"{TRANSPORT} {delivery.transport_version}")
    now = engine.clock()
    batch = BlankBatch(**delivery.model_dump(), outlet_id=by.outlet_id, received_by=by.staff_id, received_at=now)

    def work(uow: UnitOfWork) -> BlankBatch:
        uow.outlets.lock(by.outlet_id)
        known = uow.blank_batches.get(batch.batch_id)
        if known is not None:
            if Delivery(**{name: getattr(known, name) for name in Delivery.model_fields}) != delivery:
                raise RequestError("stock_batch_exists", batch=batch.batch_id)
            return known
        taken = uow.blank_batches.overlapping(batch.family, first, last)
        if taken:
            raise RequestError("stock_serials_taken", batch=taken[0].batch_id)
        uow.blank_batches.add(batch)
        move(uow, batch, "received", (SUPPLIER, store_place(by.outlet_id)), batch.count, by, now)
        return batch

    return engine.store.transact(work)


def move(
    uow: UnitOfWork, batch: BlankBatch, kind: str, way: tuple[str, str], count: int, by: Staff, now: dt.datetime, **more: Any
) -> BlankMovement:
    """Book a movement by a person, from one place to another."""
    movement = BlankMovement(str(uuid.uuid4()), batch.batch_id, kind, *way, count, by.outlet_id, by.staff_id, now, **more)
    return uow.blank_movements.add(movement)


def hand_to_desk(
    store: Store, batch_id: str, count: int, desk: str, receiver: str, *, by: Staff, now: dt.datetime
) -> BlankMovement:
    """Give blanks from the store room to a desk, into the hands of ``receiver``, who is named.

    ``desk``: ``terminal:ID`` of a workstation of the keeper's outlet, or ``local:cli``, ``local:bulk`` for this machine.
    Raises RequestError ``not_permitted``, ``stock_batch_unknown``, ``stock_count_wrong``, ``stock_desk_unknown``,
    ``stock_receiver_wrong``; OperationError ``stock_short``.
    """
    require_role(by, *KEEPERS)

    def work(uow: UnitOfWork) -> BlankMovement:
        place = _desk(uow, desk, by)
        batch = locked(uow, batch_id)
        who = uow.staff.get(receiver)
        if who is None or who.state != "active" or who.outlet_id != by.outlet_id or who.staff_id == by.staff_id:
            raise RequestError("stock_receiver_wrong", staff=receiver[:32])
        way = (store_place(by.outlet_id), place)
        _enough(uow, batch, way[0], count)
        return move(uow, batch, "handed", way, count, by, now, receiver=who.staff_id)

    return store.transact(work)


def take_back(store: Store, batch_id: str, count: int, desk: str, *, by: Staff, now: dt.datetime) -> BlankMovement:
    """Blanks that a desk did not use go back into the store room. Raises as ``hand_to_desk`` does."""
    require_role(by, *KEEPERS)

    def work(uow: UnitOfWork) -> BlankMovement:
        way = (_desk(uow, desk, by), store_place(by.outlet_id))
        batch = locked(uow, batch_id)
        _enough(uow, batch, way[0], count)
        return move(uow, batch, "returned", way, count, by, now)

    return store.transact(work)


def send_to_outlet(store: Store, batch_id: str, count: int, outlet_id: str, *, by: Staff, now: dt.datetime) -> BlankMovement:
    """Blanks go to the store room of another outlet. Raises RequestError ``not_permitted``, ``outlet_unknown``,
    ``stock_batch_unknown``, ``stock_count_wrong``; OperationError ``stock_short``."""
    require_role(by, *KEEPERS)

    def work(uow: UnitOfWork) -> BlankMovement:
        if uow.outlets.get(outlet_id) is None or outlet_id == by.outlet_id:
            raise RequestError("outlet_unknown", outlet=outlet_id[:32])
        batch = locked(uow, batch_id)
        way = (store_place(by.outlet_id), store_place(outlet_id))
        _enough(uow, batch, way[0], count)
        return move(uow, batch, "sent", way, count, by, now)

    return store.transact(work)


def spoil_blanks(
    store: Store, batch_id: str, count: int, place: str, reason: str, *, by: Staff, now: dt.datetime
) -> BlankMovement:
    """Blanks that are no good before a card was begun on them (dead, bent) are kept apart with the void ones.

    ``place``: ``store``, or the desk. Raises as ``hand_to_desk`` does, and RequestError ``reason_missing``.
    """
    require_role(by, *KEEPERS, "clerk", "cashier")
    told = reason_of(reason)

    def work(uow: UnitOfWork) -> BlankMovement:
        way = (_desk(uow, place, by) if place != "store" else store_place(by.outlet_id), void_place(by.outlet_id))
        batch = locked(uow, batch_id)
        _enough(uow, batch, way[0], count)
        return move(uow, batch, "spoiled", way, count, by, now, reason=told)

    return store.transact(work)


def count_place(store: Store, batch_id: str, place: str, counted: int, *, by: Staff, now: dt.datetime) -> BlankCount:
    """A count (盘点) of one batch in one place: ``store``, ``void`` or a desk. It is kept as it was made; a difference is put
    right by two people (decisions.py).

    Raises RequestError ``not_permitted``, ``stock_batch_unknown``, ``stock_count_wrong``, ``stock_desk_unknown``.
    """
    require_role(by, *KEEPERS)
    if not 0 <= counted <= MOST:
        raise RequestError("stock_count_wrong")

    def work(uow: UnitOfWork) -> BlankCount:
        where = place_named(uow, place, by)
        batch = locked(uow, batch_id)
        expected = uow.blank_movements.held(where, batch.batch_id)
        made = BlankCount(str(uuid.uuid4()), batch.batch_id, where, by.outlet_id, expected, counted, by.staff_id, now)
        return uow.blank_counts.add(made)

    return store.transact(work)


def locked(uow: UnitOfWork, batch_id: str) -> BlankBatch:
    """The batch, held until the transaction ends: nobody else moves blanks of it. Raises RequestError
    ``stock_batch_unknown``."""
    batch = uow.blank_batches.for_update(batch_id)
    if batch is None:
        raise RequestError("stock_batch_unknown", batch=batch_id[:32])
    return batch


def reason_of(text: str) -> str:
    """A reason as it is kept. Raises RequestError ``reason_missing``."""
    if not 1 <= len(text.strip()) <= 200:
        raise RequestError("reason_missing", length=200)
    return text.strip()


def place_named(uow: UnitOfWork, name: str, by: Staff) -> str:
    """A place of the person's outlet: ``store``, ``void`` or a desk. Raises RequestError ``stock_desk_unknown``."""
    own = {"store": store_place(by.outlet_id), "void": void_place(by.outlet_id)}
    return own.get(name) or _desk(uow, name, by)


def _desk(uow: UnitOfWork, name: str, by: Staff) -> str:
    kind, _, actor_id = name.partition(":")
    if kind == "local" and re.fullmatch(r"cli|bulk", actor_id):
        return desk_place(kind, actor_id)
    terminal = uow.terminals.get(actor_id) if kind == "terminal" else None
    if terminal is None or terminal.outlet_id != by.outlet_id:
        raise RequestError("stock_desk_unknown", desk=name[:64])
    return desk_place(kind, actor_id)


def _enough(uow: UnitOfWork, batch: BlankBatch, place: str, count: int) -> None:
    if not 0 < count <= MOST:
        raise RequestError("stock_count_wrong")
    held = uow.blank_movements.held(place, batch.batch_id)
    if held < count:
        raise OperationError("stock_short", batch=batch.batch_id, held=max(0, held), count=count)
