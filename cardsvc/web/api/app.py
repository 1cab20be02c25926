"""The API application, put together: authentication, the routes of each file beside this one, the API document."""

import datetime as dt
import json
from collections.abc import Callable
from functools import cache
from typing import Any

from flask import Flask, Response, g, request
from flask.json.provider import DefaultJSONProvider
from spectree import SpecTree
from spectree.model_adapter.protocol import SchemaMode
from spectree.model_adapter.pydantic_adapter import PydanticModelAdapter

from cardsvc import __version__
from cardsvc.bootstrap import Services, now
from cardsvc.errors import RequestError
from cardsvc.errors.fields import reasons
from cardsvc.json_text import read_json
from cardsvc.web.api.auth import authenticate
from cardsvc.web.api.cards import install_cards
from cardsvc.web.api.document import patched
from cardsvc.web.api.floods import Unproven
from cardsvc.web.api.handouts import install_handouts
from cardsvc.web.api.models import Health, Problem
from cardsvc.web.api.operations import install_operations
from cardsvc.web.api.orders import install_orders
from cardsvc.web.api.problems import Answers, install_problems
from cardsvc.web.api.receipts import install_receipts
from cardsvc.web.api.reports import install_reports
from cardsvc.web.api.shifts import install_shifts
from cardsvc.web.api.terminals import install_terminals
from cardsvc.web.api.workstations import install_workstations

MAX_BODY = 64 * 1024
PREFIX = "/api/v1"


class _Json(DefaultJSONProvider):
    """Bodies are read once, and so that they say one thing only; answers keep their Chinese."""

    ensure_ascii = False

    def loads(self, s: str | bytes, **_: Any) -> Any:
        """See ``read_json``."""
        return read_json(s)


class _Models(PydanticModelAdapter):
    """Spectree asks for the schema of a model at every route that has it: made anew each time, that was most of a start."""

    def json_schema(self, model: Any, *, ref_template: str, mode: SchemaMode = "validation") -> dict[str, Any]:
        """A model's JSON schema, made once; spectree copies it before it changes anything."""
        return _schema(model, ref_template, mode)


@cache
def _schema(model: Any, ref_template: str, mode: SchemaMode) -> dict[str, Any]:
    return PydanticModelAdapter().json_schema(model, ref_template=ref_template, mode=mode)


def _refuse_invalid(_request: Any, _response: Any, error: Any, _instance: Any, _adapter: Any) -> None:
    """A body that does not fit its model: name the fields, never their values."""
    if error is not None:
        raise RequestError("params_invalid", reason=reasons(error))


def create_api(services: Services, clock: Callable[[], dt.datetime] = now) -> Flask:
    """The WSGI application over services that are put together. ``clock``: what requests are found fresh by."""
    app = Flask("cardsvc.api", static_folder=None)
    app.config["MAX_CONTENT_LENGTH"] = MAX_BODY
    app.json = _Json(app)
    install_problems(app)
    spec = SpecTree(
        "flask",
        before=_refuse_invalid,
        title="cardsvc",
        version=__version__,
        path="internal-apidoc",
        page_templates={},
        annotations=False,
        validation_error_model=Problem,
        model_adapter=_Models(),  # type: ignore[arg-type] # spectree's own adapter does not fit its protocol either
    )

    unproven = Unproven(services.settings.refused_per_minute, services.settings.workers)

    @app.before_request
    def _authenticate() -> None:
        if request.path.startswith(PREFIX):
            g.actor = authenticate(services, unproven, request, clock())
            if request.method == "POST":
                _require_json()

    install_operations(app, spec, services)
    install_cards(app, spec, services)
    install_orders(app, spec, services)
    install_handouts(app, spec, services)
    install_receipts(app, spec, services)
    install_reports(app, spec, services)
    install_shifts(app, spec, services)
    install_terminals(app, spec, services)
    install_workstations(app, spec, services)
    _service(app, spec, services)
    return app


def _require_json() -> None:
    """The body is a JSON object that says one thing only, and is said to be JSON."""
    if request.mimetype != "application/json":
        raise RequestError("http_media_type")
    if not isinstance(request.get_json(silent=True), dict):
        raise RequestError("http_malformed")


def _service(app: Flask, spec: SpecTree, services: Services) -> None:
    @app.get("/healthz")
    @spec.validate(resp=Answers(HTTP_200=Health), tags=["service"])
    def health() -> Any:
        """The process runs."""
        return {"status": "ok"}

    @app.get("/readyz")
    @spec.validate(resp=Answers(HTTP_200=Health, HTTP_503=Problem), tags=["service"])
    def ready() -> Any:
        """The database answers."""
        services.store.ping()
        return {"status": "ok"}

    @app.get("/openapi.json")
    def document() -> Response:
        """The API document, OpenAPI 3.1."""
        return Response(json.dumps(patched(spec.spec, MAX_BODY), ensure_ascii=False), mimetype="application/json")

    spec.register(app)
