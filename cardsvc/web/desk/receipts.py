"""Receipts from the desk: a PDF that prints."""

from typing import Any

from flask import Flask, Response

from cardsvc.bootstrap import Services
from cardsvc.errors import KeystoreError
from cardsvc.service.books.receipts import printed, receipt_of
from cardsvc.units import parse_card_no
from cardsvc.web.desk.guard import here


def install(app: Flask, services: Services) -> None:
    """Add the route."""

    @app.get("/desk/receipts/<card_no>/<identifier>.pdf")
    def receipt(card_no: str, identifier: str) -> Any:
        here()
        if services.receipt_key is None:
            raise KeystoreError("receipt_key_missing")
        found = receipt_of(services.store, services.receipt_key, parse_card_no(card_no), identifier)
        paper = printed(found, "pdf", "zh", services.settings.public_url)
        return Response(paper, mimetype="application/pdf", headers={"Content-Disposition": "inline"})
