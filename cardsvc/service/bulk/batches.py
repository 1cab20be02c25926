"""Batches as people handle them: begin and pause a run, give a card up, list, show, report."""

import datetime as dt
from collections.abc import Mapping
from typing import Any

from cardsvc.errors import OperationError, RequestError
from cardsvc.service.bulk.loading import MAY_LOAD
from cardsvc.service.bulk.making import LOCAL, OPEN, recover, spoil
from cardsvc.service.cards.first_article import WRONG_CARD, WRONG_CODE
from cardsvc.service.cards.wrong_card import card_was_wrong
from cardsvc.service.operations.engine import Engine
from cardsvc.service.operations.known_card import busy
from cardsvc.service.people.register import masked
from cardsvc.service.staff.accounts import require_role
from cardsvc.service.stock.use import void_card
from cardsvc.store import Store, UnitOfWork
from cardsvc.store.records import BulkBatch, BulkLine, Citizen, Staff
from cardsvc.store.states import BulkLineState, BulkState


def begin_run(engine: Engine, batch_id: str, *, by: Staff) -> BulkBatch:
    """A batch may be made from now on; what an earlier run left is cleared up. Raises RequestError ``not_permitted``,
    ``bulk_batch_unknown``; OperationError ``bulk_batch_done``.
    """
    require_role(by, *MAY_LOAD)

    def work(uow: UnitOfWork) -> BulkBatch:
        batch = _batch(uow, batch_id, locked=True)
        if batch.state == BulkState.DONE:
            raise OperationError("bulk_batch_done")
        return uow.bulk_batches.change(batch, state=BulkState.RUNNING, run_by=by.staff_id)

    batch = engine.store.transact(work)
    recover(engine, batch_id)
    return batch


def pause(store: Store, batch_id: str) -> BulkBatch:
    """No further card is begun; those on the readers are finished. Raises RequestError, OperationError ``bulk_batch_done``."""

    def work(uow: UnitOfWork) -> BulkBatch:
        batch = _batch(uow, batch_id, locked=True)
        if batch.state == BulkState.DONE:
            raise OperationError("bulk_batch_done")
        return uow.bulk_batches.change(batch, state=BulkState.PAUSED)

    return store.transact(work)


def is_on(store: Store, batch_id: str) -> bool:
    """Whether cards of this batch may be begun."""
    with store.read() as uow:
        return _batch(uow, batch_id).state == BulkState.RUNNING


def give_up(engine: Engine, batch_id: str, number: int, *, by: Staff) -> BulkLine:
    """The card that was begun for a line is lost or broken: it is void, and the person gets another one.

    Raises RequestError ``not_permitted``, ``bulk_batch_unknown``; OperationError ``bulk_line_not_begun``, ``card_busy``.
    """
    require_role(by, *MAY_LOAD)
    recover(engine, batch_id)
    now = engine.clock()

    def work(uow: UnitOfWork) -> BulkLine:
        _batch(uow, batch_id)
        line = uow.bulk_lines.for_update(batch_id, number)
        begun = [card for card in uow.cards.of_citizen(line.citizen_id) if card.state == "personalising"] if line else []
        if line is None or line.state != BulkLineState.MAKING or not begun:
            raise OperationError("bulk_line_not_begun", line=number)
        for card in begun:
            uow.cards.lock(card.card_no)
            live = uow.operations.live_on(card.card_no)
            if live is not None:
                raise busy(live)
        for older in begun[1:]:
            void_card(uow, older, now, by=by.staff_id, reason="bulk_card_given_up")
        return spoil(uow, line, begun[0], "bulk_card_given_up", line.operation_id, now)

    return engine.store.transact(work)


def first_article_wrong(engine: Engine, batch_id: str, number: int) -> None:
    """The first card of a run does not say what the file says: it is void before anybody gets it."""
    now = engine.clock()

    def work(uow: UnitOfWork) -> None:
        line = uow.bulk_lines.for_update(batch_id, number)
        card = uow.cards.get(line.card_no) if line and line.card_no else None
        if line and card and line.state == BulkLineState.MADE:
            void_card(uow, card, now, by=line.place or LOCAL, reason=WRONG_CODE)
            card_was_wrong(uow, card, WRONG_CARD, WRONG_CODE, now)

    engine.store.transact(work)


def _batch(uow: UnitOfWork, batch_id: str, *, locked: bool = False) -> BulkBatch:
    batch = uow.bulk_batches.for_update(batch_id) if locked else uow.bulk_batches.get(batch_id)
    if batch is None:
        raise RequestError("bulk_batch_unknown")
    return batch


def list_batches(store: Store) -> list[dict[str, Any]]:
    """Batches, newest first, with how many lines are in each state."""
    with store.read() as uow:
        found = uow.bulk_batches.recent()
        counts = uow.bulk_lines.counts([batch.batch_id for batch in found])
    return [_view(batch, counts[batch.batch_id]) for batch in found]


def show_batch(store: Store, batch_id: str) -> dict[str, Any]:
    """A batch, and its lines that are begun, spoiled or failed. Raises RequestError ``bulk_batch_unknown``."""
    report = report_batch(store, batch_id)
    told = [line for line in report["lines_told"] if line["state"] not in (BulkLineState.WAITING, BulkLineState.MADE)]
    return {**report, "lines_told": told}


def report_batch(store: Store, batch_id: str) -> dict[str, Any]:
    """A batch with every line, and the cards that were spoiled. Raises RequestError ``bulk_batch_unknown``."""
    with store.snapshot() as uow:
        batch = _batch(uow, batch_id)
        counts = uow.bulk_lines.counts([batch_id])[batch_id]
        lines = uow.bulk_lines.of_batch(batch_id)
        people = uow.citizens.by_ids({line.citizen_id for line in lines})
        void = uow.cards.of_citizens(set(people), "void")
    spoiled: dict[str, list[str]] = {}
    for card in sorted(void, key=lambda card: card.card_no):
        if card.created_at >= batch.loaded_at:
            spoiled.setdefault(card.citizen_id, []).append(card.card_no)
    told = [_line_view(line, people[line.citizen_id], spoiled.get(line.citizen_id, [])) for line in lines]
    return {**_view(batch, counts), "cards_to_destroy": sum(map(len, spoiled.values())), "lines_told": told}


def batch_view(uow: UnitOfWork, batch_id: str) -> dict[str, Any]:
    """A batch with how many lines are in each state. Raises RequestError ``bulk_batch_unknown``."""
    return _view(_batch(uow, batch_id), uow.bulk_lines.counts([batch_id])[batch_id])


def _view(batch: BulkBatch, counts: Mapping[str, int]) -> dict[str, Any]:
    return {
        "batch_id": batch.batch_id,
        "file_name": batch.file_name,
        "sha256": batch.sha256,
        "state": batch.state,
        "lines": batch.lines,
        "counts": {str(state): counts.get(state, 0) for state in BulkLineState},
        "left": sum(counts.get(state, 0) for state in OPEN),
        "loaded_by": batch.loaded_by,
        "loaded_at": batch.loaded_at.isoformat(),
        "run_by": batch.run_by,
        "ended_at": _iso(batch.ended_at),
    }


def _iso(moment: dt.datetime | None) -> str | None:
    return moment.isoformat() if moment else None


def _line_view(line: BulkLine, citizen: Citizen, spoiled: list[str]) -> dict[str, Any]:
    return {
        "line": line.line,
        "name": citizen.name,
        "id_number": masked(citizen.id_number),
        "state": line.state,
        "card_no": line.card_no,
        "bin": line.bin,
        "error": line.error,
        "attempts": line.attempt,
        "spoiled": spoiled,
        "reader": line.reader,
        "operation_id": line.operation_id,
        "changed_at": line.changed_at.isoformat(),
    }
