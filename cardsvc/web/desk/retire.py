"""Retiring a suspicious card at the desk: on the hot list at once, ended by a second person."""

from typing import Any

from flask import Flask, redirect, request, url_for

from cardsvc.bootstrap import Services, now
from cardsvc.errors import CardsvcError, RequestError
from cardsvc.service.cards.retiring import retire
from cardsvc.web.desk.guard import field, here
from cardsvc.web.desk.jobs import job_form_page, offered

KIND = "retire"


def install(app: Flask, services: Services) -> None:
    """Add the route."""

    @app.post("/desk/retire")
    def begin_retire() -> Any:
        """What waits for a second person is shown where it is decided, and can be taken back there."""
        card, offer = offered(services, KIND, field("contact"))
        try:
            if card.books is None:
                raise RequestError("workstation_card_changed")
            holder_here = request.form.get("new_card") == "1"
            about = card.books["card_no"], field("note")
            retire(services.store, services.rules, *about, new_card=holder_here, by=here().staff, now=now())
        except CardsvcError as error:
            return job_form_page(services, KIND, card, offer, request.form.to_dict(), error), error.http_status
        return redirect(url_for("approvals"), 303)
