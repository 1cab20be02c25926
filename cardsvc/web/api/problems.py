"""Every error leaves as application/problem+json; none shows a stack trace or echoes what was sent."""

import json
import logging
import uuid
from collections.abc import Iterable
from typing import Any

import spectree
from flask import Flask, Response, g
from werkzeug.exceptions import HTTPException

from cardsvc.errors import CardsvcError, RequestError
from cardsvc.service.operations.problem import problem_of
from cardsvc.web.api.models import Problem

MEDIA_TYPE = "application/problem+json"
_LOG = logging.getLogger(__name__)
ERRORS = {f"HTTP_{status}": Problem for status in (400, 401, 403, 404, 409, 413, 415, 422, 429, 500, 503)}
"""What any call may answer instead of its result."""
_HTTP_CODES = {
    400: "http_malformed",
    404: "http_not_found",
    405: "http_method",
    413: "http_too_large",
    415: "http_media_type",
}


class Answers(spectree.Response):
    """What a route answers. Spectree describes each of its models anew: the one of eleven errors is told once."""

    @property
    def models(self) -> Iterable[Any]:
        """The models of all answers, each once."""
        return dict.fromkeys(super().models)


def install_problems(app: Flask) -> None:
    """Turn every exception into a problem."""
    app.register_error_handler(CardsvcError, lambda error: problem_response(problem_of(error)))
    app.register_error_handler(HTTPException, _http)
    app.register_error_handler(Exception, _unexpected)


def problem_response(problem: dict[str, Any]) -> Response:
    """A problem as an HTTP response."""
    g.problem = problem
    body = json.dumps(problem, ensure_ascii=False)
    wait = {"Retry-After": str(problem["retry_after"])} if "retry_after" in problem else {}
    return Response(body, status=problem["status"], headers=wait, content_type=f"{MEDIA_TYPE}; charset=utf-8")


def _http(error: HTTPException) -> Response:
    response = problem_response({**problem_of(RequestError(_HTTP_CODES.get(error.code or 0, "http_malformed")))})
    for name, value in error.get_headers():
        if name.lower() == "allow":
            response.headers[name] = value
    return response


def _unexpected(error: Exception) -> Response:
    """A defect: the caller gets a number, the log gets the trace."""
    incident = uuid.uuid4().hex[:12]
    _LOG.error("incident %s", incident, exc_info=error)
    return problem_response(problem_of(CardsvcError("internal_error", incident=incident)))
