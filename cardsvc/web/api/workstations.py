"""The door of desk agents: they show what is in their readers and wait for work."""

import threading
import time
from typing import Any

from flask import Flask, g, request
from spectree import Response as Answers
from spectree import SpecTree

from cardsvc.bootstrap import Services, now
from cardsvc.service.desk.workstations import report, still_there, waiting_work
from cardsvc.web.api.models import AgentPoll, AgentReport, AgentSeen, AgentWork
from cardsvc.web.api.problems import ERRORS
from cardsvc.wire import reply_to_json

PREFIX = "/api/v1"
LOOK_SECONDS = 0.1
WAITING = threading.BoundedSemaphore(2)
"""So many agents wait inside one process; the others are answered at once and come again, so nobody else is starved."""


def install_workstations(app: Flask, spec: SpecTree, services: Services) -> None:
    """Add the routes."""

    @app.post(f"{PREFIX}/workstations/self/readers")
    @spec.validate(json=AgentReport, resp=Answers(HTTP_200=AgentSeen, **ERRORS), tags=["workstations"])
    def report_readers() -> Any:
        """What is in the readers now; sent whenever a card comes or goes."""
        body = AgentReport.model_validate(request.get_json())
        report(services.engine, g.actor.id, body.session, [reader.model_dump() for reader in body.readers], new=body.new)
        return {"time": now().isoformat()}

    @app.post(f"{PREFIX}/workstations/self/work")
    @spec.validate(json=AgentPoll, resp=Answers(HTTP_200=AgentWork, **ERRORS), tags=["workstations"])
    def wait_for_work() -> Any:
        """The next operation for a card in a reader here, or none after a few seconds."""
        body = AgentPoll.model_validate(request.get_json())
        still_there(services.store, g.actor.id, body.session, services.engine.clock())
        found = _waited(services, g.actor.id, body)
        if found is None:
            return {"reader": None, "contact": None, "operation": None}
        relayed, reply = found
        return {"reader": relayed.reader, "contact": relayed.contact, "operation": reply_to_json(reply)}


def _waited(services: Services, terminal_id: str, body: AgentPoll) -> Any:
    found = waiting_work(services.engine, terminal_id, body.last)
    if found is not None or not WAITING.acquire(blocking=False):
        return found
    try:
        until = time.monotonic() + body.wait
        while found is None and time.monotonic() < until:
            time.sleep(LOOK_SECONDS)
            found = waiting_work(services.engine, terminal_id, body.last)
        return found
    finally:
        WAITING.release()
