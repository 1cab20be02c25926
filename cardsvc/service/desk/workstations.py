"""Workstations: a desk PC whose agent shows its readers and carries what signed-in staff begin to the card in them.

The workstation's own key begins nothing: its role is in no kind of operation. Staff begin, bound to one *contact* (one stay of
one card in one reader), so a job that was meant for the card on the screen never goes to the next one. The operation belongs
to the workstation's terminal, because its answers come through that door and its cash goes into the drawer of the shift there;
who began it stands in ``relayed_operation``. Everything is in the database, so any worker answers the agent and the page.
"""

import datetime as dt
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from cardsvc.errors import OperationError, RequestError
from cardsvc.service.cash.shifts import TELLERS
from cardsvc.service.faults.reader_health import Use, note
from cardsvc.service.operations.engine import Engine, EnginePort
from cardsvc.service.operations.kinds import Actor
from cardsvc.service.staff.accounts import require_role
from cardsvc.store import Store, UnitOfWork
from cardsvc.store.records import Operation, RelayedOperation, Staff, Terminal, Workstation
from cardsvc.wire import OperationState, Reply

WORKSTATION = "workstation"
INSPECT, DIAGNOSE, STRANGER = "inspect", "diagnose", "stranger"
LOOKS: Mapping[str, Mapping[str, Any]] = {INSPECT: {}, DIAGNOSE: {"quick": True}, STRANGER: {}}
"""What is done with a card by itself when it comes in, and again after each job."""
Readers = Sequence[Mapping[str, Any]]
AWAY_AFTER = dt.timedelta(seconds=20)
"""An agent reports every few seconds, also while it carries a job; one that was silent for so long is gone."""


class FacePrinter(NamedTuple):
    """The card printer beside a workstation: its CUPS queue, and the reader inside it where it has one."""

    queue: str | None = None
    reader: str | None = None


NO_PRINTER = FacePrinter()


def report(
    engine: Engine, terminal_id: str, session: str, readers: Readers, *, new: bool, printer: FacePrinter = NO_PRINTER
) -> None:
    """What an agent sees now, and the card printer that it offers.

    A new ``session`` is an agent that was started anew: the cards of the one before have lost
    power, so what it had under way is over. Only a run that begins (``new``) takes over from another.

    Raises RequestError ``workstation_unknown``, ``workstation_taken_over``.
    """
    now = engine.clock()

    def work(uow: UnitOfWork) -> list[RelayedOperation]:
        known_workstation(uow, terminal_id, lock=True)
        before = uow.workstations.for_update(terminal_id)
        if not new and (before is None or before.session != session):
            raise RequestError("workstation_taken_over")
        rows = [dict(reader) for reader in readers]
        _note_mute(uow, terminal_id, before.readers if before else [], rows, now)
        if before is None:
            uow.workstations.add(Workstation(terminal_id, session, rows, now, *printer))
            return []
        told = {"face_queue": printer.queue, "face_reader": printer.reader}
        uow.workstations.change(before, session=session, readers=rows, seen_at=now, **told)
        return uow.relayed.open_at(terminal_id) if before.session != session else []

    left = engine.store.transact(work)
    for relayed in left:
        port = _port(engine, terminal_id)
        port.abandon(relayed.operation_id, port.status(relayed.operation_id).step, (), "client_restarted")


def _note_mute(
    uow: UnitOfWork,
    terminal_id: str,
    before: Sequence[Mapping[str, Any]],
    readers: Sequence[Mapping[str, Any]],
    now: dt.datetime,
) -> None:
    """A card that came in and gave no ATR: no operation will ever tell of it."""
    known = {reader["contact"] for reader in before}
    for reader in readers:
        if reader["contact"] and not reader["atr"] and reader["contact"] not in known:
            note(uow, terminal_id, reader["name"], Use("", "", reader["contact"], "card_unresponsive"), now)


def still_there(store: Store, terminal_id: str, session: str, now: dt.datetime) -> None:
    """The agent calls. Raises RequestError ``workstation_unknown``, ``workstation_taken_over``."""
    store.transact(lambda uow: heard(uow, terminal_id, session, now))


def heard(uow: UnitOfWork, terminal_id: str, session: str, now: dt.datetime) -> None:
    """This run of the agent calls; its workstation is locked."""
    known_workstation(uow, terminal_id)
    known = uow.workstations.for_update(terminal_id)
    if known is None or known.session != session:
        raise RequestError("workstation_taken_over")
    uow.workstations.change(known, seen_at=now)


def is_there(seen: Workstation | None, now: dt.datetime) -> bool:
    """Whether the workstation's agent was heard a moment ago."""
    return seen is not None and lately(seen.seen_at, now)


def lately(heard_at: dt.datetime, now: dt.datetime) -> bool:
    """Whether an agent, or a run on its readers, that was heard last at this time counts as there."""
    return heard_at + AWAY_AFTER > now


def waiting_work(engine: Engine, terminal_id: str, last: str | None) -> tuple[RelayedOperation, Reply] | None:
    """The oldest operation that waits for this agent, other than the ``last`` it was given: asked again after a lost reply,
    the same one comes again."""
    with engine.store.read() as uow:
        found = [relayed for relayed in uow.relayed.open_at(terminal_id) if relayed.operation_id != last]
    for relayed in found:
        reply = _port(engine, terminal_id).status(relayed.operation_id)
        if reply.state is OperationState.CARD:
            return relayed, reply
    return None


def begin(
    engine: Engine,
    workstation: str,
    contact: str,
    kind: str,
    params: Mapping[str, Any],
    *,
    by: Staff,
    idempotency_key: str,
    after: str | None = None,
) -> Reply:
    """Begin an operation on the card of this contact. The same key again gives the same operation, where it stands.
    ``after``: the newest job on the card that whoever asks has seen, empty for none; None where nobody looked.

    Raises RequestError ``not_permitted``, ``workstation_unknown``, ``workstation_elsewhere``, ``workstation_away``,
    ``workstation_card_changed``, ``desk_job_between``, and whatever the engine refuses.
    """
    require_role(by, *TELLERS)
    now = engine.clock()
    with engine.store.read() as uow:
        terminal = workstation_of(uow, workstation, by)
        known = uow.operations.by_idempotency_key("terminal", workstation, idempotency_key)
        reader = {"name": "", "atr": known.atr} if known else _reader_of(uow, workstation, contact, now)

    def relay(uow: UnitOfWork, operation: Operation) -> None:
        """Its workstation is locked: of two that begin at the same moment, the second sees the first."""
        uow.workstations.for_update(workstation)
        if after is not None and newest_job(uow, workstation, contact) != after:
            raise RequestError("desk_job_between")
        uow.relayed.add(RelayedOperation(operation.operation_id, workstation, by.staff_id, reader["name"], contact, now))

    atr = bytes.fromhex(reader["atr"] or "")
    return _port(engine, workstation, terminal).start(kind, params, atr=atr, idempotency_key=idempotency_key, beside=relay)


def newest_job(uow: UnitOfWork, workstation: str, contact: str) -> str:
    """What was begun last on a card by somebody's wish, not as a look at it; empty for nothing."""
    relayed = uow.relayed.on_contact(workstation, contact)
    found = uow.operations.by_ids([row.operation_id for row in relayed])
    jobs = [row.operation_id for row in relayed if row.operation_id in found and found[row.operation_id].kind not in LOOKS]
    return jobs[-1] if jobs else ""


def progress(engine: Engine, workstation: str, operation_id: str, *, by: Staff) -> Reply:
    """Where an operation of a workstation stands, for staff of its outlet.

    Raises RequestError ``workstation_unknown``, ``workstation_elsewhere``; OperationError ``operation_unknown``.
    """
    with engine.store.read() as uow:
        workstation_of(uow, workstation, by)
        if uow.relayed.get(operation_id) is None:
            raise OperationError("operation_unknown")
    return _port(engine, workstation).status(operation_id)


def workstation_view(store: Store, workstation: str, now: dt.datetime, *, by: Staff) -> dict[str, Any]:
    """What is in the readers: ``online``, ``readers`` (name, atr, contact), and the ids of operations under way."""
    with store.read() as uow:
        workstation_of(uow, workstation, by)
        seen = uow.workstations.get(workstation)
        under_way = [relayed.operation_id for relayed in uow.relayed.open_at(workstation)]
    online = is_there(seen, now)
    readers = seen.readers if seen is not None and online else []
    return {"workstation": workstation, "online": online, "readers": readers, "under_way": under_way}


def workstations_of(store: Store, outlet_id: str, now: dt.datetime) -> list[dict[str, Any]]:
    """The workstations of an outlet: ``workstation``, ``name``, ``state``, and whether the agent is there (``online``)."""
    with store.read() as uow:
        places = [
            terminal for terminal in uow.terminals.all() if (terminal.role, terminal.outlet_id) == (WORKSTATION, outlet_id)
        ]
        seen = {place.terminal_id: uow.workstations.get(place.terminal_id) for place in places}
    found = []
    for place in sorted(places, key=lambda place: place.terminal_id):
        online = is_there(seen[place.terminal_id], now)
        found.append({"workstation": place.terminal_id, "name": place.name, "state": place.state, "online": online})
    return found


def _port(engine: Engine, terminal_id: str, terminal: Terminal | None = None) -> EnginePort:
    """The engine as the workstation sees it; with its ``terminal``, as staff see it who begin there."""
    return engine.port(_actor(terminal) if terminal else Actor("terminal", terminal_id, bytes(6), "desk"))


def _actor(terminal: Terminal) -> Actor:
    operations = frozenset(terminal.operations) if terminal.operations is not None else None
    return Actor("terminal", terminal.terminal_id, bytes.fromhex(terminal.terminal_no), "desk", operations)


def actor_of(store: Store, workstation: str, *, by: Staff) -> Actor:
    """The workstation as the one who takes money there. Raises RequestError ``workstation_unknown``,
    ``workstation_elsewhere``, ``terminal_suspended``."""
    with store.read() as uow:
        return _actor(workstation_of(uow, workstation, by))


def known_workstation(uow: UnitOfWork, terminal_id: str, *, lock: bool = False) -> Terminal:
    """The workstation of an agent. Raises RequestError ``workstation_unknown``."""
    terminal = uow.terminals.for_update(terminal_id) if lock else uow.terminals.get(terminal_id)
    if terminal is None or terminal.role != WORKSTATION:
        raise RequestError("workstation_unknown", workstation=terminal_id[:64])
    return terminal


def workstation_of(uow: UnitOfWork, workstation: str, by: Staff) -> Terminal:
    """The workstation, of this person's outlet. Raises RequestError ``workstation_unknown``, ``workstation_elsewhere``,
    ``terminal_suspended``."""
    terminal = known_workstation(uow, workstation)
    if terminal.outlet_id != by.outlet_id:
        raise RequestError("workstation_elsewhere", workstation=workstation)
    if terminal.state != "enabled":
        raise RequestError("terminal_suspended")
    return terminal


def _reader_of(uow: UnitOfWork, workstation: str, contact: str, now: dt.datetime) -> dict[str, Any]:
    """The reader that this contact is in."""
    seen = uow.workstations.get(workstation)
    if seen is None or not is_there(seen, now):
        raise RequestError("workstation_away", workstation=workstation)
    for reader in seen.readers:
        if reader["contact"] == contact:
            return reader
    raise RequestError("workstation_card_changed")
