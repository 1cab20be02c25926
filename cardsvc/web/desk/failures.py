"""What the page says when something goes wrong: what happened, what became of it, what to do next. Never a stack trace."""

import logging
import uuid
from typing import Any

from flask import Flask, Response, make_response, redirect, render_template, request, url_for
from werkzeug.exceptions import HTTPException

from cardsvc.errors import CardsvcError, RequestError
from cardsvc.service.operations.problem import problem_of
from cardsvc.web.desk.guard import COOKIE, FOLLOWING, HALL_SCREENS

_LOG = logging.getLogger(__name__)
_HTTP_CODES = {404: "http_not_found", 405: "http_method", 413: "http_too_large"}
DOORS = {
    "desk_session_ended": "sign_in_form",
    "desk_session_locked": "unlock_form",
    "workstation_not_chosen": "choose_workstation",
    "password_once": "new_password_form",
}
"""Where a person is sent instead of being told."""
UNSENT, OVER = "unsent", "over"
"""Why they stand at a door: what they sent was not taken, or they were signed in before."""


def install(app: Flask) -> None:
    """Turn every exception into a page."""
    app.register_error_handler(CardsvcError, _told)
    app.register_error_handler(HTTPException, _http)
    app.register_error_handler(Exception, _unexpected)


def _told(error: CardsvcError) -> Any:
    door = DOORS.get(error.code)
    if door is None or request.endpoint in FOLLOWING:
        return page(problem_of(error))
    if request.method == "POST":
        return redirect(url_for(door, next=within(request.headers.get("Referer", "")), why=UNSENT), 303)
    return redirect(url_for(door, next=within(request.full_path), why=OVER if COOKIE in request.cookies else None), 303)


def within(address: str) -> str:
    """The path of an address of this page; the work place for any other."""
    path = address[address.find("/desk") :] if "/desk" in address else ""
    good = path.startswith("/desk") and "//" not in path and "\\" not in path and len(path) <= 200
    return path.rstrip("?") if good else "/desk/"


def page(problem: dict[str, Any]) -> Response:
    """A problem as a page."""
    template = "hall_problem.html" if request.endpoint in HALL_SCREENS else "problem.html"
    return make_response(render_template(template, problem=problem), problem["status"])


def _http(error: HTTPException) -> Any:
    if error.code is not None and error.code < 400:
        return error
    return page(problem_of(RequestError(_HTTP_CODES.get(error.code or 0, "http_malformed"))))


def _unexpected(error: Exception) -> Response:
    """A defect: the person gets a number, the log gets the trace."""
    incident = uuid.uuid4().hex[:12]
    _LOG.error("incident %s", incident, exc_info=error)
    return page(problem_of(CardsvcError("internal_error", incident=incident)))
