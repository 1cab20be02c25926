"""Shifts over HTTP: desks' own programs open, close and count the drawer of their workstation; offices see a day's shifts."""

from typing import Any

from flask import Flask, g, request
from spectree import SpecTree

from cardsvc.bootstrap import Services
from cardsvc.errors import RequestError
from cardsvc.service.books.shift_requests import close_by, open_by, own_shift, shifts_of_day
from cardsvc.service.operations.kinds import Actor
from cardsvc.service.terminals.registry import OFFICE
from cardsvc.service.terminals.tellers import Teller
from cardsvc.web.api.models import Problem
from cardsvc.web.api.models_day import CloseShift, CountShift, DayQuery, OpenShift, Shifts, ShiftView
from cardsvc.web.api.operations import key_of_request
from cardsvc.web.api.problems import ERRORS, Answers
from cardsvc.web.api.reports import office_outlet

PATH = "/api/v1/shifts"
KEY_LENGTHS = range(8, 129)
SIGNED_IN = {**ERRORS, "HTTP_429": Problem}
"""What a call may answer in which somebody signs in: too many wrong passwords, too."""


def install_shifts(app: Flask, spec: SpecTree, services: Services) -> None:
    """The routes of shifts."""

    @app.post(PATH)
    @spec.validate(json=OpenShift, resp=Answers(HTTP_201=ShiftView, **SIGNED_IN), tags=["shifts"])
    def open_shift() -> Any:
        """Open a shift at this desk with a counted float. Needs the header Idempotency-Key; again it is the same one."""
        key = key_of_request()
        if len(key) not in KEY_LENGTHS:
            raise RequestError("idempotency_key_malformed")
        body = OpenShift.model_validate(request.get_json())
        teller, moment = Teller(**body.teller.model_dump()), services.engine.clock()
        found, replayed = open_by(services.store, _desk(), key, teller, body.pieces, moment)
        return found, 201, {"Idempotency-Replayed": "true"} if replayed else {}

    @app.post(f"{PATH}/<shift_id>/close")
    @spec.validate(json=CloseShift, resp=Answers(HTTP_200=ShiftView, **SIGNED_IN), tags=["shifts"])
    def close_shift(shift_id: str) -> Any:
        """Take no more cash: the drawer is about to be counted. Again is no error."""
        body = CloseShift.model_validate(request.get_json())
        return close_by(services.store, _desk(), shift_id, Teller(**body.teller.model_dump()), None, services.engine.clock())

    @app.post(f"{PATH}/<shift_id>/count")
    @spec.validate(json=CountShift, resp=Answers(HTTP_200=ShiftView, **SIGNED_IN), tags=["shifts"])
    def count_shift(shift_id: str) -> Any:
        """The count at the close. One that differs waits for its explanation and a second person, on the desk page."""
        body = CountShift.model_validate(request.get_json())
        teller, moment = Teller(**body.teller.model_dump()), services.engine.clock()
        return close_by(services.store, _desk(), shift_id, teller, body.pieces, moment)

    @app.get(f"{PATH}/<shift_id>")
    @spec.validate(resp=Answers(HTTP_200=ShiftView, **ERRORS), tags=["shifts"])
    def get_shift(shift_id: str) -> Any:
        """A shift of this desk, for a program that lost the last reply. What the books expect shows after the count."""
        return own_shift(services.store, _desk(), shift_id)

    @app.get(PATH)
    @spec.validate(query=DayQuery, resp=Answers(HTTP_200=Shifts, **ERRORS), tags=["shifts"])
    def get_shifts() -> Any:
        """Shifts that ran on a day, newest first; only for offices."""
        if g.actor.role != OFFICE:
            raise RequestError("operation_not_permitted", kind="shifts")
        query = DayQuery.model_validate(request.args.to_dict())
        return {"shifts": shifts_of_day(services.store, query.day, office_outlet(services, query.outlet))}


def _desk() -> Actor:
    if g.actor.role != "desk":
        raise RequestError("operation_not_permitted", kind="shift")
    actor: Actor = g.actor
    return actor
