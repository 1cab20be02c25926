"""The door of desk agents: they show what is in their readers and wait for work."""

import base64
import threading
import time
from typing import Any

from flask import Flask, g, request
from spectree import SpecTree

from cardsvc.bootstrap import Services, now
from cardsvc.service.desk.faces import face_told, next_face
from cardsvc.service.desk.workstations import FacePrinter, report, still_there, waiting_work
from cardsvc.web.api.models import AgentPoll, AgentReport, AgentSeen, AgentWork, FacePoll, FaceTold, FaceWork
from cardsvc.web.api.problems import ERRORS, Answers
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
        readers, printer = [reader.model_dump() for reader in body.readers], FacePrinter(body.face_queue, body.face_reader)
        report(services.engine, g.actor.id, body.session, readers, new=body.new, printer=printer)
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

    _install_faces(app, spec, services)


def _install_faces(app: Flask, spec: SpecTree, services: Services) -> None:
    @app.post(f"{PREFIX}/workstations/self/faces/next")
    @spec.validate(json=FacePoll, resp=Answers(HTTP_200=FaceWork, **ERRORS), tags=["workstations"])
    def next_card_face() -> Any:
        """The card's face that this workstation has to print or to follow."""
        body = FacePoll.model_validate(request.get_json())
        found = next_face(services.store, g.actor.id, body.session, body.last, services.engine.clock())
        if found is None:
            return {"face": None}
        return {"face": {**found._asdict(), "pdf": base64.b64encode(found.pdf).decode() if found.pdf else None}}

    @app.post(f"{PREFIX}/workstations/self/faces/<print_id>")
    @spec.validate(json=FaceTold, resp=Answers(HTTP_200=AgentSeen, **ERRORS), tags=["workstations"])
    def card_face_told(print_id: str) -> Any:
        """How far the print of a card's face is."""
        body = FaceTold.model_validate(request.get_json())
        face_told(services.store, g.actor.id, body.session, print_id, body.state, body.note, services.engine.clock())
        return {"time": now().isoformat()}


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
