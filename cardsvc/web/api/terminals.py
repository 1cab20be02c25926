"""What a terminal asks about itself, and the hot list."""

from typing import Any

from flask import Flask, Response, g, jsonify, request
from spectree import SpecTree

from cardsvc.bootstrap import Services, now
from cardsvc.errors import RequestError
from cardsvc.service.loss.hotlist import acknowledge, snapshot, who_has_which
from cardsvc.service.loss.reports import end_lapsed
from cardsvc.service.terminals.keys import rotate
from cardsvc.service.terminals.registry import sign_on
from cardsvc.web.api.models import (
    HotList,
    HotListAck,
    HotListAcknowledged,
    HotListQuery,
    HotListStatus,
    NewKey,
    Session,
    SessionReply,
    TerminalKey,
)
from cardsvc.web.api.problems import ERRORS, Answers

PREFIX = "/api/v1"


def install_terminals(app: Flask, spec: SpecTree, services: Services) -> None:
    """Add the routes."""
    _self(app, spec, services)
    _hot_list(app, spec, services)


def _self(app: Flask, spec: SpecTree, services: Services) -> None:
    @app.post(f"{PREFIX}/terminals/self/session")
    @spec.validate(json=Session, resp=Answers(HTTP_200=SessionReply, **ERRORS), tags=["terminals"])
    def sign_terminal_on() -> Any:
        """Sign on in the morning and off at night; a day does not end while terminals are signed on."""
        return sign_on(
            services.store, g.actor.id, services.engine.clock(), on=Session.model_validate(request.get_json()).signed_on
        )

    @app.post(f"{PREFIX}/terminals/self/keys")
    @spec.validate(json=NewKey, resp=Answers(HTTP_201=TerminalKey, **ERRORS), tags=["terminals"])
    def register_next_key() -> Any:
        """Register the key that follows, in a request signed with the key before; that one counts for seven days more."""
        key = NewKey.model_validate(request.get_json())
        return rotate(services.store, g.actor.id, key.public_key, services.engine.clock(), f"terminal {g.actor.id}"), 201


def _hot_list(app: Flask, spec: SpecTree, services: Services) -> None:
    @app.get(f"{PREFIX}/hotlist")
    @spec.validate(query=HotListQuery, resp=Answers("HTTP_304", HTTP_200=HotList, **ERRORS), tags=["hot list"])
    def get_hot_list() -> Any:
        """What changed on the hot list after version ``since``, or all of it; signed, with an ETag."""
        end_lapsed(services.store, now())
        found = snapshot(services.store, services.engine.keystore, HotListQuery.model_validate(request.args.to_dict()).since)
        tag = f"{found['kind']}-{found['since']}-{found['version']}"
        response: Response = Response(status=304) if request.if_none_match.contains(tag) else jsonify(found)
        response.set_etag(tag)
        return response

    @app.post(f"{PREFIX}/hotlist/ack")
    @spec.validate(json=HotListAck, resp=Answers(HTTP_200=HotListAcknowledged, **ERRORS), tags=["hot list"])
    def acknowledge_hot_list() -> Any:
        """Say which version this terminal has."""
        version = HotListAck.model_validate(request.get_json()).version
        return acknowledge(services.store, g.actor.id, version, now())

    @app.get(f"{PREFIX}/hotlist/status")
    @spec.validate(resp=Answers(HTTP_200=HotListStatus, **ERRORS), tags=["hot list"])
    def get_hot_list_status() -> Any:
        """Who has which version of the hot list; only for desks."""
        if g.actor.role != "desk":
            raise RequestError("operation_not_permitted", kind="hotlist status")
        return who_has_which(services.store)
