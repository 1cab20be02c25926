"""A terminal's jobs across crashes: each is in the journal before its first request leaves, and is asked for again after.

The same idempotency key finds the same operation, so nothing is begun twice. The card has been without power since the crash:
an operation that still waits for it is over, and what it left open is settled at the card's next contact. An operation that the
service had and knows no more is lost: its books were restored from a backup, and only the card knows what it did.
"""

import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from cardsvc.client.http import ServiceRefused
from cardsvc.client.journal import Begun, Journal
from cardsvc.errors import Outcome
from cardsvc.iso7816.channel import Channel
from cardsvc.readers.carry import CarriedOut, Progress, finish, no_progress
from cardsvc.wire import OperationPort, OperationState

RESTARTED = "client_restarted"
LOST = "lost"


@dataclass(frozen=True, slots=True)
class Recovered:
    """What became of a job that a crash left. ``state``: done, failed, abandoned, refused, lost, or unknown (it stays open);
    ``result`` of a done one, ``problem`` of one that ended otherwise at the service."""

    job: Begun
    state: str
    result: Mapping[str, Any] | None = None
    problem: Mapping[str, Any] | None = None


def recover(port: OperationPort, journal: Journal) -> list[Recovered]:
    """End every job that the journal leaves open, but for those of which nobody can tell. Raises ReaderError
    ``service_unreachable``, ``service_answer_malformed`` when the service is away: the rest stays open."""
    found = []
    for job in journal.open_jobs():
        recovered = _recovered(port, job)
        if recovered.state != Outcome.UNKNOWN:
            journal.end(job.key, recovered.state)
        found.append(recovered)
    return found


def _recovered(port: OperationPort, job: Begun) -> Recovered:
    try:
        if job.operation is None:
            reply = port.start(job.kind, job.params, atr=job.atr, idempotency_key=job.key)
        else:
            reply = port.status(job.operation)
        if reply.state is OperationState.CARD:
            reply = port.abandon(reply.id, reply.step, (), RESTARTED)
    except ServiceRefused as refused:
        return Recovered(job, _of_refusal(job, refused))
    return Recovered(job, str(reply.state), reply.result, reply.problem)


def _of_refusal(job: Begun, refused: ServiceRefused) -> str:
    if job.operation is not None:  # the card was told something: a refusal of the question says nothing about it
        return LOST if refused.problem.get("code") == "operation_unknown" else Outcome.UNKNOWN
    return Outcome.UNKNOWN if refused.problem.get("outcome") == Outcome.UNKNOWN else "refused"


def run_job(
    port: OperationPort,
    journal: Journal,
    channel: Channel,
    kind: str,
    params: Mapping[str, Any],
    *,
    progress: Progress = no_progress,
) -> Mapping[str, Any]:
    """Carry one job out. An error that leaves its outcome unknown leaves it open in the journal, for ``recover``: also a step
    that was refused, for what the card did before is not undone by that.

    Raises as ``carry_out`` does.
    """
    key = str(uuid.uuid4())
    journal.begin(key, kind, params, channel.atr)
    try:
        reply = port.start(kind, params, atr=channel.atr, idempotency_key=key)
    except ServiceRefused as refused:
        if refused.problem.get("outcome") != Outcome.UNKNOWN:
            journal.end(key, "refused")
        raise
    journal.carry(key, reply.id)
    try:
        result = finish(port, channel, reply, progress=progress)
    except CarriedOut:
        journal.end(key, "refused")
        raise
    except ServiceRefused as refused:
        raise ServiceRefused({**refused.problem, "outcome": Outcome.UNKNOWN}) from refused
    journal.end(key, "done")
    return result
