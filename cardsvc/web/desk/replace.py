"""Replacement at the desk: the fee and the old card; then the page leads on to the new one, or the fee goes back."""

from typing import Any

from flask import Flask, redirect, render_template, request, url_for

from cardsvc.bootstrap import Services, now
from cardsvc.errors import CardsvcError, RequestError
from cardsvc.service.cards.replacement import begin_replacement, give_fee_back, replacement_of
from cardsvc.service.desk.offers import gives_its_money
from cardsvc.service.desk.workstations import actor_of, begin
from cardsvc.service.operations.problem import problem_of
from cardsvc.service.transactions.takeovers import hold_card
from cardsvc.units import parse_card_no
from cardsvc.web.desk.cards import replacement_asked
from cardsvc.web.desk.guard import field, here, workstation
from cardsvc.web.desk.jobs import job_form_page, offered

KIND = "replace"


def install(app: Flask, services: Services) -> None:
    """Add the routes."""

    @app.post("/desk/replace")
    def begin_replace() -> Any:
        """Take the fee; a card that can be read then gives its money itself, another is taken in."""
        contact, key = field("contact"), field("key")
        card, offer = offered(services, KIND, contact)
        try:
            if card.books is None:
                raise RequestError("workstation_card_changed")
            number, readable = card.books["card_no"], gives_its_money(card)
            actor = actor_of(services.store, workstation(), by=here().staff)
            asked = replacement_asked(number, field("reason"), readable=readable)
            begin_replacement(services.store, services.rules, actor, asked, by=here().staff, now=now())
            if readable:
                place = workstation()
                reply = begin(services.engine, place, contact, "transfer_out", {}, by=here().staff, idempotency_key=key)
                return redirect(url_for("job_page", operation_id=reply.id), 303)
        except CardsvcError as error:
            return job_form_page(services, KIND, card, offer, request.form.to_dict(), error), error.http_status
        return redirect(url_for("replacement", card_no=number), 303)

    @app.get("/desk/replacements/<card_no>")
    def replacement(card_no: str) -> Any:
        """How far the replacement of a card is, and what comes next."""
        return _page(services, parse_card_no(card_no))

    @app.post("/desk/replacements/<card_no>/<deed>")
    def replacement_deed(card_no: str, deed: str) -> Any:
        """The fee goes back; or a card that was to give its money and cannot is taken in."""
        number, by = parse_card_no(card_no), here().staff
        try:
            if deed == "fee-back":
                give_fee_back(services.store, actor_of(services.store, workstation(), by=by), number, by=by, now=now())
            elif deed == "take-in":
                hold_card(services.store, services.rules, number, by=by, now=now())
            else:
                raise RequestError("http_not_found")
        except CardsvcError as error:
            return _page(services, number, error), error.http_status
        return redirect(url_for("replacement", card_no=number), 303)


def _page(services: Services, number: str, error: CardsvcError | None = None) -> str:
    found = replacement_of(services.store, number)
    if found is None:
        raise RequestError("http_not_found")
    return render_template("replacement.html", replacement=found, problem=problem_of(error) if error else None)
