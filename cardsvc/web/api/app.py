"""The API application: authentication, routes, the API document."""

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
from cardsvc.errors import CardError, RequestError
from cardsvc.errors.fields import reasons
from cardsvc.iso7816.exchange import Answers as CardAnswers
from cardsvc.json_text import read_json
from cardsvc.service.cards.views import card_view, transactions_view
from cardsvc.service.desk.workstations import WORKSTATION
from cardsvc.service.faults.reader_health import watched
from cardsvc.service.purse.orders import CHANNEL
from cardsvc.service.terminals.registry import OFFICE
from cardsvc.units import parse_card_no
from cardsvc.web.api.auth import authenticate
from cardsvc.web.api.document import patched
from cardsvc.web.api.floods import Unproven
from cardsvc.web.api.models import (
    Abandon,
    CardView,
    Health,
    MeasuredReader,
    OperationReply,
    Problem,
    StartOperation,
    StepAnswers,
    Transactions,
)
from cardsvc.web.api.orders import install_orders
from cardsvc.web.api.problems import ERRORS, Answers, install_problems
from cardsvc.web.api.receipts import install_receipts
from cardsvc.web.api.reports import install_reports
from cardsvc.web.api.shifts import install_shifts
from cardsvc.web.api.terminals import install_terminals
from cardsvc.web.api.workstations import install_workstations
from cardsvc.wire import OperationPort, ReaderFacts, Reply, answers_from_json, reply_to_json

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

    _operations(app, spec, services)
    _cards(app, spec, services)
    install_orders(app, spec, services)
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


def _port(services: Services) -> OperationPort:
    return watched(services.engine, g.actor)


def _answers(values: list[str], timings: list[float | None] | None) -> CardAnswers:
    try:
        return answers_from_json(values, timings)
    except (ValueError, CardError):
        raise RequestError("answers_malformed") from None


def _reader(told: MeasuredReader | None) -> ReaderFacts | None:
    return None if told is None else ReaderFacts(**told.model_dump())


def _reply(reply: Reply, status: int = 200) -> tuple[dict[str, Any], int, dict[str, str]]:
    return reply_to_json(reply), status, {"Idempotency-Replayed": "true"} if reply.replayed else {}


def _operations(app: Flask, spec: SpecTree, services: Services) -> None:
    @app.post(f"{PREFIX}/operations")
    @spec.validate(json=StartOperation, resp=Answers(HTTP_201=OperationReply, **ERRORS), tags=["operations"])
    def start_operation() -> Any:
        """Begin a job on the card in the reader. Needs the header Idempotency-Key, made and stored by the caller first."""
        key = request.headers.get("Idempotency-Key")
        if key is None:
            raise RequestError("idempotency_key_missing")
        body = request.get_json()
        atr = bytes.fromhex(body["reader"]["atr"])
        return _reply(_port(services).start(body["kind"], body["params"], atr=atr, idempotency_key=key), 201)

    @app.post(f"{PREFIX}/operations/<operation_id>/steps/<int:step>")
    @spec.validate(json=StepAnswers, resp=Answers(HTTP_200=OperationReply, **ERRORS), tags=["operations"])
    def answer_step(operation_id: str, step: int) -> Any:
        """Post the card's answers to the commands of a step. The same step with the same answers gives the same reply."""
        body = StepAnswers.model_validate(request.get_json())
        answers = _answers(body.answers, body.timings)
        return _reply(_port(services).answer(operation_id, step, answers, _reader(body.reader)))

    @app.get(f"{PREFIX}/operations/<operation_id>")
    @spec.validate(resp=Answers(HTTP_200=OperationReply, **ERRORS), tags=["operations"])
    def get_operation(operation_id: str) -> Any:
        """Where an operation stands, for a caller that lost the last reply."""
        return _reply(_port(services).status(operation_id))

    @app.post(f"{PREFIX}/operations/<operation_id>/abandon")
    @spec.validate(json=Abandon, resp=Answers(HTTP_200=OperationReply, **ERRORS), tags=["operations"])
    def abandon_operation(operation_id: str) -> Any:
        """The card left or the customer went. What is open is settled at the card's next contact."""
        body = Abandon.model_validate(request.get_json())
        answers = _answers(body.answers, body.timings)
        return _reply(_port(services).abandon(operation_id, body.step, answers, body.reason, _reader(body.reader)))


def _refuse_blind() -> None:
    """A payment channel sees its own orders and no cards, an office its reports, an agent only carries: staff look on their own
    page."""
    if g.actor.role in (CHANNEL, OFFICE, WORKSTATION):
        raise RequestError("operation_not_permitted", kind="card")


def _cards(app: Flask, spec: SpecTree, services: Services) -> None:
    @app.get(f"{PREFIX}/cards/<card_no>")
    @spec.validate(resp=Answers(HTTP_200=CardView, **ERRORS), tags=["cards"])
    def get_card(card_no: str) -> Any:
        """A card as it stands in the books; the holder only for desks."""
        _refuse_blind()
        view = card_view(services.store, parse_card_no(card_no))
        return {**view, "holder": view["holder"] if g.actor.role == "desk" else None}

    @app.get(f"{PREFIX}/cards/<card_no>/transactions")
    @spec.validate(resp=Answers(HTTP_200=Transactions, **ERRORS), tags=["cards"])
    def get_transactions(card_no: str) -> Any:
        """Loads and purchases of a card, newest first."""
        _refuse_blind()
        return {"transactions": transactions_view(services.store, parse_card_no(card_no))}


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
