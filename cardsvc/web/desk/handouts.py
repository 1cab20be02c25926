"""Handing out of made cards: a card's page, which is its receipt afterwards; holders of uncollected cards are told again."""

from collections.abc import Mapping
from typing import Any

from flask import Flask, redirect, render_template, request, url_for
from pydantic import ValidationError

from cardsvc.bootstrap import Services, now
from cardsvc.errors import CardsvcError, RequestError
from cardsvc.errors.fields import reasons
from cardsvc.service.cards.consignments import COUNTED
from cardsvc.service.cards.handing_out import Collector, hand_out, handout_of, remind, told_otherwise
from cardsvc.service.cards.requests import request_of
from cardsvc.service.operations.problem import problem_of
from cardsvc.service.words.codes import COMERS
from cardsvc.units import parse_card_no
from cardsvc.web.desk.guard import here


def install(app: Flask, services: Services) -> None:
    """Add the routes."""

    @app.get("/desk/handouts/<card_no>")
    def handout(card_no: str) -> Any:
        return _page(services, parse_card_no(card_no))

    @app.post("/desk/handouts/<card_no>")
    def hand_out_card(card_no: str) -> Any:
        """Give the card; its receipt is shown then."""
        number, typed = parse_card_no(card_no), request.form.to_dict()
        try:
            hand_out(services.store, services.rules, number, _collector(typed), by=here().staff, now=now())
        except CardsvcError as error:
            return _page(services, number, error, typed), error.http_status
        return redirect(url_for("handout", card_no=number), 303)

    @app.post("/desk/handouts/<card_no>/told")
    def handout_told(card_no: str) -> Any:
        number = parse_card_no(card_no)
        try:
            told_otherwise(services.store, number, by=here().staff, now=now())
        except CardsvcError as error:
            return _page(services, number, error), error.http_status
        return redirect(url_for("handout", card_no=number), 303)

    @app.post("/desk/handouts")
    def remind_uncollected() -> Any:
        who = here().staff
        remind(services.store, services.rules, who.outlet_id, by=who, now=now())
        return redirect(url_for("card_requests"), 303)


def _collector(typed: Mapping[str, str]) -> Collector:
    """Raises RequestError ``params_invalid``. What was typed for somebody else is left out where the holder came."""
    other = typed.get("came", "holder") != "holder"
    given = {
        "came": typed.get("came", "holder"),
        "comer_name": (typed.get("comer_name", "").strip() or None) if other else None,
        "comer_id_number": (typed.get("comer_id_number", "").strip().upper() or None) if other else None,
        "agent_papers": typed.get("agent_papers") == "1",
        "compared": typed.get("compared") == "1",
        "early_reason": typed.get("early_reason", "").strip() or None,
    }
    try:
        return Collector.model_validate(given)
    except ValidationError as error:
        raise RequestError("params_invalid", reason=reasons(error)) from None


def _page(services: Services, card_no: str, error: CardsvcError | None = None, typed: Mapping[str, str] | None = None) -> str:
    found = handout_of(services.store, card_no)
    if found is None:
        raise error or RequestError("handout_not_waiting", card_no=card_no)
    problem = problem_of(error) if error else None
    counted = COUNTED.get(request.args.get("counted", ""))
    friend = request_of(services.store, found["case_no"])["friend"] if found["case_no"] else None
    shown = {"handout": found, "friend": friend, "comers": COMERS, "typed": typed, "problem": problem, "counted": counted}
    return render_template("handout.html", **shown)
