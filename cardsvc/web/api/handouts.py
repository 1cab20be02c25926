"""Handing out over HTTP: a desk's own program that makes cards gives them to their holders, too."""

from collections.abc import Mapping
from typing import Any

from flask import Flask, g, request
from spectree import SpecTree

from cardsvc.bootstrap import Services
from cardsvc.errors import RequestError
from cardsvc.service.cards.handing_out import Collector, hand_out, handout_of
from cardsvc.service.terminals.tellers import Teller, teller_at
from cardsvc.units import parse_card_no
from cardsvc.web.api.models_handout import HandOut, HandoutView
from cardsvc.web.api.problems import ERRORS, Answers

PATH = "/api/v1/handouts/<card_no>"


def install_handouts(app: Flask, spec: SpecTree, services: Services) -> None:
    """The routes of handing out."""

    @app.get(PATH)
    @spec.validate(resp=Answers(HTTP_200=HandoutView, **ERRORS), tags=["handouts"])
    def get_handout(card_no: str) -> Any:
        """Whether a made card waits for its holder, or to whom it was given."""
        _require_desk()
        return _view(services, card_no)

    @app.post(PATH)
    @spec.validate(json=HandOut, resp=Answers(HTTP_200=HandoutView, **ERRORS), tags=["handouts"])
    def post_handout(card_no: str) -> Any:
        """Give it, once, to whom the rules allow. Sent again by the same teller for the same person, it is the same answer."""
        _require_desk()
        body, now = HandOut.model_validate(request.get_json()), services.engine.clock()
        by = teller_at(services.store, g.actor, Teller(**body.teller.model_dump()), now)
        collector = Collector(**body.model_dump(exclude={"teller"}))
        try:
            given = hand_out(services.store, services.rules, parse_card_no(card_no), collector, by=by, now=now)
        except RequestError as error:
            before = _view(services, card_no) if error.code == "handout_not_waiting" else None
            comer = (before or {}).get("comer") or {}
            same = (collector.came, by.staff_id, collector.comer_name)
            if before is None or same != (before["collector"], before["handed_by"], comer.get("name")):
                raise
            return before
        return _shown(given)


def _require_desk() -> None:
    if g.actor.role != "desk":
        raise RequestError("operation_not_permitted", kind="handout")


def _view(services: Services, card_no: str) -> dict[str, Any]:
    found = handout_of(services.store, parse_card_no(card_no))
    if found is None:
        raise RequestError("handout_not_waiting", card_no=card_no[:16])
    return _shown(found)


def _shown(view: Mapping[str, Any]) -> dict[str, Any]:
    face = view["face"]
    shown = {name: view[name] for name in HandoutView.model_fields if name != "face"}
    return shown | {"face": face["state"] if face else None, "waiting": view["waiting"] and view["not_given"] is None}
