"""A form that is sent again because its answer was lost gets that answer, and nothing is done twice.

Each sending has a key of its own (pages.js); the same form sent again without an answer in between has the same one. Where the
service ended between the deed and keeping its answer, or there are no scripts, the deed decides itself: by the key of an
operation, or by the state that the form was shown with.
"""

import contextlib
import datetime as dt
import re
from typing import Final

from flask import Flask, g, redirect, request
from werkzeug.wrappers import Response

from cardsvc.bootstrap import Services, now
from cardsvc.errors import CardsvcError
from cardsvc.store import UnitOfWork
from cardsvc.store.records import FormAnswer

HEADER: Final = "Idempotency-Key"
KEY: Final = re.compile(r"[A-Za-z0-9-]{16,64}")
KEPT: Final = dt.timedelta(hours=1)
LONGEST: Final = 200
"""Characters of an address that is kept: as many as its column holds."""


def install(app: Flask, services: Services) -> None:
    """Before and after every form; behind the guard, which knows whose it is."""

    @app.before_request
    def _answered() -> Response | None:
        key, g.unanswered = _key(), None
        if key is None:
            return None
        with services.store.read() as uow:
            known = uow.form_answers.get(*key)
        if known is None:
            g.unanswered = key
            return None
        return redirect(known.location, 303)

    @app.after_request
    def _keep(response: Response) -> Response:
        key, location = g.get("unanswered"), response.headers.get("Location", "")
        if key and response.status_code == 303 and len(location) <= LONGEST:
            with contextlib.suppress(CardsvcError):  # what was done is done; its answer goes out whether or not it is kept
                answer = FormAnswer(key[0], key[1], location, now())
                services.store.transact(lambda uow: _add(uow, answer))
        return response


def _key() -> tuple[str, str] | None:
    """Sign-in and key of this form; None for a page, and for a form without."""
    key, signed_in = request.headers.get(HEADER, ""), g.get("signed_in")
    return (signed_in.session.session_id, key) if signed_in and request.method == "POST" and KEY.fullmatch(key) else None


def _add(uow: UnitOfWork, answer: FormAnswer) -> None:
    uow.form_answers.forget(answer.answered_at - KEPT)
    uow.form_answers.add(answer)
