"""A run on the readers of a workstation: its agent carries what the run begins, as it carries what staff begin at the desk.

One run at a workstation, in whichever process: ``claim`` says no while another one lives, and its process says every half
second that it does. What the run tells stands in the database, so any process shows it.
"""

import datetime as dt
import threading
import uuid
from collections.abc import Mapping, Sequence
from typing import Any

from cardsvc.errors import CardError, OperationError, ReaderError, RequestError
from cardsvc.service.bulk.batches import batch_view
from cardsvc.service.bulk.run import Carried
from cardsvc.service.desk.workstations import begin, lately, progress, workstation_view
from cardsvc.service.operations.engine import Engine
from cardsvc.store import Store, UnitOfWork
from cardsvc.store.records import BulkStation, Staff
from cardsvc.wire import OperationState

LOOK_SECONDS = 0.2
EVENTS_SHOWN = 15


class StationReader:
    """A reader of a workstation. A card is served once: it has to be taken out before the next one is seen."""

    def __init__(self, engine: Engine, workstation: str, name: str, by: Staff) -> None:
        self.name = name
        self._engine, self._workstation, self._by = engine, workstation, by
        self._served: str | None = None
        self._away = False

    def next_card(self, stop: threading.Event) -> "StationCard | None":
        """The next card; None when ``stop`` is set. Raises ReaderError ``reader_gone`` once when agent or reader go away,
        CardError ``card_unresponsive`` for a card that says nothing.
        """
        while not stop.is_set():
            reader = self._look()
            contact = reader["contact"] if reader else None
            if reader is None or contact is None or contact == self._served:
                stop.wait(LOOK_SECONDS)
                continue
            self._served = contact
            if not reader["atr"]:
                raise CardError("card_unresponsive")
            return StationCard(self._engine, self._workstation, (contact, bytes.fromhex(reader["atr"])), self._by)
        return None

    def _look(self) -> Mapping[str, Any] | None:
        seen = workstation_view(self._engine.store, self._workstation, self._engine.clock(), by=self._by)
        found = next((reader for reader in seen["readers"] if reader["name"] == self.name), None)
        if found is None and not self._away:
            self._away = True
            raise ReaderError("reader_gone")
        self._away = found is None
        return found


class StationCard:
    """One stay of a card in a reader of a workstation."""

    def __init__(self, engine: Engine, workstation: str, contact: tuple[str, bytes], by: Staff) -> None:
        self._engine, self._workstation, self._by = engine, workstation, by
        self._contact, self.atr = contact
        self._pause = threading.Event()

    def carry(self, kind: str, params: Mapping[str, Any], key: str) -> Carried:
        """See CardInHand.carry: begun as staff begin it; the agent brings the answers, or its time runs out."""
        engine, place, by = self._engine, self._workstation, self._by
        reply = begin(engine, place, self._contact, kind, params, by=by, idempotency_key=key)
        while reply.state is OperationState.CARD:
            self._pause.wait(LOOK_SECONDS)
            reply = progress(engine, place, reply.id, by=by)
        return Carried(reply.result if reply.state is OperationState.DONE else None, reply.problem)

    def close(self) -> None:
        """The agent has the card; there is nothing to let go of here."""


def claim(store: Store, workstation: str, batch_id: str, readers: Sequence[str], *, by: Staff, now: dt.datetime) -> str:
    """Begin to be the run at a workstation; gives the run's id. Raises OperationError ``bulk_station_busy``; RequestError
    ``bulk_readers_unknown``, and what ``workstation_view`` raises."""
    there = {reader["name"] for reader in workstation_view(store, workstation, now, by=by)["readers"]}
    if not readers or not set(readers) <= there:
        raise RequestError("bulk_readers_unknown")
    row = BulkStation(workstation, batch_id, str(uuid.uuid4()), by.staff_id, list(readers), now)

    def work(uow: UnitOfWork) -> str:
        uow.terminals.for_update(workstation)
        before = uow.bulk_stations.get(workstation)
        if before is None:
            uow.bulk_stations.add(row)
        elif _lives(before, now):
            raise OperationError("bulk_station_busy", workstation=workstation)
        else:
            given = {"batch_id": batch_id, "run_id": row.run_id, "staff_id": by.staff_id, "readers": row.readers}
            uow.bulk_stations.change(before, **given, alive_at=now, ended=None)
        return row.run_id

    return store.transact(work)


def still_running(store: Store, workstation: str, run_id: str, now: dt.datetime) -> None:
    """The process of the run is there."""
    _change(store, workstation, run_id, alive_at=now)


def ended(store: Store, workstation: str, run_id: str, why: str) -> None:
    """The run is over. ``why``: as ``BulkRun.go`` says it, or an error's code."""
    _change(store, workstation, run_id, ended=why[:64])


def _change(store: Store, workstation: str, run_id: str, **values: Any) -> None:
    def work(uow: UnitOfWork) -> None:
        row = uow.bulk_stations.for_update(workstation)
        if row is not None and row.run_id == run_id:
            uow.bulk_stations.change(row, **values)

    store.transact(work)


def _lives(row: BulkStation, now: dt.datetime) -> bool:
    return row.ended is None and lately(row.alive_at, now)


def live_batch(store: Store, batch_id: str, workstation: str | None, now: dt.datetime) -> dict[str, Any]:
    """A batch as it goes on: ``batch``; ``bins``: cards in each; ``events``: the last ones; ``station``: the run at this
    workstation (``runs``, ``here``: of this batch, ``readers``, ``ended``). Raises RequestError ``bulk_batch_unknown``."""
    with store.snapshot() as uow:
        shown = batch_view(uow, batch_id)
        bins = uow.bulk_events.bins(batch_id)
        events = uow.bulk_events.newest(batch_id, EVENTS_SHOWN)
        station = uow.bulk_stations.get(workstation) if workstation else None
    return {
        "batch": shown,
        "bins": bins,
        "events": [
            {"at": e.at.isoformat(), "reader": e.reader, "bin": e.bin, "line": e.line, "card_no": e.card_no, "code": e.code}
            for e in events
        ],
        "station": {
            "runs": _lives(station, now),
            "here": station.batch_id == batch_id,
            "readers": station.readers,
            "ended": station.ended or (None if _lives(station, now) else "lost"),
        }
        if station
        else None,
    }
