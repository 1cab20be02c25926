"""Receipts over HTTP: for terminals that print them, and for citizens who scan one."""

from typing import Any, Literal

from flask import Flask, Response, g, request
from pydantic import BaseModel
from spectree import SpecTree

from cardsvc.bootstrap import Services
from cardsvc.errors import KeystoreError, RequestError
from cardsvc.keystore.receipt_key import ReceiptKey
from cardsvc.service.books.receipts import check_receipt, printed, receipt_of
from cardsvc.service.purse.orders import CHANNEL
from cardsvc.service.terminals.registry import OFFICE
from cardsvc.text import Language
from cardsvc.units import parse_card_no
from cardsvc.web.api.models import ReceiptCheck
from cardsvc.web.api.problems import ERRORS, Answers

Form = Literal["text58", "text80", "escpos58", "escpos80", "pdf"]
MEDIA_TYPES = {"text": "text/plain", "escpos": "application/octet-stream", "pdf": "application/pdf"}


class ReceiptForm(BaseModel):
    """How a receipt is printed, and in which language."""

    form: Form = "text80"
    lang: Language = "zh"


def install_receipts(app: Flask, spec: SpecTree, services: Services) -> None:
    """The routes of receipts."""

    @app.get("/api/v1/cards/<card_no>/transactions/<transaction_id>/receipt")
    @spec.validate(query=ReceiptForm, resp=Answers(**ERRORS), tags=["cards"])
    def get_receipt(card_no: str, transaction_id: str) -> Any:
        """The receipt of a load, purchase or refund: text for 58 and 80 mm rolls, ESC/POS with the QR code, or PDF."""
        if g.actor.role in (CHANNEL, OFFICE):
            raise RequestError("operation_not_permitted", kind="receipt")
        form = request.args.get("form", "text80")
        language: Language = "en" if request.args.get("lang") == "en" else "zh"
        found = receipt_of(services.store, _key(services), parse_card_no(card_no), transaction_id)
        content = printed(found, form, language, services.settings.public_url)
        return Response(content, content_type=MEDIA_TYPES[form.rstrip("058")])

    @app.get("/receipts/<text>")
    @spec.validate(resp=Answers(HTTP_200=ReceiptCheck, **ERRORS), tags=["service"])
    def check(text: str) -> Any:
        """What a receipt's QR code says, if it was signed here, and what the books say now. For anybody who has the receipt."""
        return check_receipt(services.store, _key(services).public_hex, text)


def _key(services: Services) -> ReceiptKey:
    if services.receipt_key is None:
        raise KeystoreError("receipt_key_missing")
    return services.receipt_key
