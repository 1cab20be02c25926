"""Bodies of requests and answers about handing out, as the API document shows them."""

from typing import Any

from pydantic import BaseModel, Field

from cardsvc.service.cards.handing_out import Collector
from cardsvc.web.api.models_day import TellerSignIn


class HandOut(Collector):
    """Who takes the card, and the teller who compared document, face and photo."""

    teller: TellerSignIn


class HandoutView(BaseModel):
    """A made card on its way to its holder. ``waiting``: it can be given. ``collector``, ``comer``, ``handed_by`` and
    ``handed_at``: to whom it was given; numbers of documents with the middle left out."""

    card_no: str
    holder: dict[str, Any] = Field(examples=[{"name": "测试一", "id_number": "330*************14"}])
    outlet_id: str | None
    made_at: str
    case_no: str | None
    replaces: str | None
    face: str | None = Field(description="state of its printed face, where one is due: right before it is given")
    state: str = Field(description="to_send, sent or missing: it did not arrive where it is collected; ready; handed")
    waiting: bool
    collector: str | None
    comer: dict[str, str] | None
    rules: str | None
    handed_by: str | None
    handed_at: str | None
    early_reason: str | None
