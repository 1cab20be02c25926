"""Cards over HTTP, as they stand in the books."""

from typing import Any

from flask import Flask, g
from spectree import SpecTree

from cardsvc.bootstrap import Services
from cardsvc.errors import RequestError
from cardsvc.service.cards.views import card_view, transactions_view
from cardsvc.service.desk.workstations import WORKSTATION
from cardsvc.service.purse.orders import CHANNEL
from cardsvc.service.terminals.registry import OFFICE
from cardsvc.units import parse_card_no
from cardsvc.web.api.models import CardView, Transactions
from cardsvc.web.api.problems import ERRORS, Answers

PATH = "/api/v1/cards"


def install_cards(app: Flask, spec: SpecTree, services: Services) -> None:
    """The routes of cards."""

    @app.get(f"{PATH}/<card_no>")
    @spec.validate(resp=Answers(HTTP_200=CardView, **ERRORS), tags=["cards"])
    def get_card(card_no: str) -> Any:
        """A card as it stands in the books; the holder only for desks."""
        _refuse_blind()
        view = card_view(services.store, parse_card_no(card_no))
        return {**view, "holder": view["holder"] if g.actor.role == "desk" else None}

    @app.get(f"{PATH}/<card_no>/transactions")
    @spec.validate(resp=Answers(HTTP_200=Transactions, **ERRORS), tags=["cards"])
    def get_transactions(card_no: str) -> Any:
        """Loads and purchases of a card, newest first."""
        _refuse_blind()
        return {"transactions": transactions_view(services.store, parse_card_no(card_no))}


def _refuse_blind() -> None:
    """A payment channel sees its own orders and no cards, an office its reports, an agent only carries: staff look on their own
    page."""
    if g.actor.role in (CHANNEL, OFFICE, WORKSTATION):
        raise RequestError("operation_not_permitted", kind="card")
