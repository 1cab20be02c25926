"""Operations over HTTP: the side with the card begins one, posts the card's answers, and gets the next commands."""

from typing import Any

from flask import Flask, g, request
from spectree import SpecTree

from cardsvc.bootstrap import Services
from cardsvc.errors import CardError, RequestError
from cardsvc.iso7816.exchange import Answers as CardAnswers
from cardsvc.service.faults.reader_health import watched
from cardsvc.signature import IDEMPOTENCY_KEY
from cardsvc.web.api.models import Abandon, MeasuredReader, OperationReply, StartOperation, StepAnswers
from cardsvc.web.api.problems import ERRORS, Answers
from cardsvc.wire import OperationPort, ReaderFacts, Reply, answers_from_json, reply_to_json

PATH = "/api/v1/operations"


def install_operations(app: Flask, spec: SpecTree, services: Services) -> None:
    """The routes of operations."""

    @app.post(PATH)
    @spec.validate(json=StartOperation, resp=Answers(HTTP_201=OperationReply, **ERRORS), tags=["operations"])
    def start_operation() -> Any:
        """Begin a job on the card in the reader. Needs the header Idempotency-Key, made and stored by the caller first."""
        key, body = key_of_request(), request.get_json()
        atr = bytes.fromhex(body["reader"]["atr"])
        return _reply(_port(services).start(body["kind"], body["params"], atr=atr, idempotency_key=key), 201)

    @app.post(f"{PATH}/<operation_id>/steps/<int:step>")
    @spec.validate(json=StepAnswers, resp=Answers(HTTP_200=OperationReply, **ERRORS), tags=["operations"])
    def answer_step(operation_id: str, step: int) -> Any:
        """Post the card's answers to the commands of a step. The same step with the same answers gives the same reply."""
        body = StepAnswers.model_validate(request.get_json())
        answers = _answers(body.answers, body.timings)
        return _reply(_port(services).answer(operation_id, step, answers, _reader(body.reader)))

    @app.get(f"{PATH}/<operation_id>")
    @spec.validate(resp=Answers(HTTP_200=OperationReply, **ERRORS), tags=["operations"])
    def get_operation(operation_id: str) -> Any:
        """Where an operation stands, for a caller that lost the last reply."""
        return _reply(_port(services).status(operation_id))

    @app.post(f"{PATH}/<operation_id>/abandon")
    @spec.validate(json=Abandon, resp=Answers(HTTP_200=OperationReply, **ERRORS), tags=["operations"])
    def abandon_operation(operation_id: str) -> Any:
        """The card left or the customer went. What is open is settled at the card's next contact."""
        body = Abandon.model_validate(request.get_json())
        answers = _answers(body.answers, body.timings)
        return _reply(_port(services).abandon(operation_id, body.step, answers, body.reason, _reader(body.reader)))


def key_of_request() -> str:
    """The idempotency key that the caller made. Raises RequestError ``idempotency_key_missing``."""
    key = request.headers.get(IDEMPOTENCY_KEY)
    if key is None:
        raise RequestError("idempotency_key_missing")
    return key


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
    if not reply.replayed:
        g.problem = reply.problem
    return reply_to_json(reply), status, {"Idempotency-Replayed": "true"} if reply.replayed else {}
