"""A staffed desk: its clerk begins a job at the workstation, and the agent's side is played over HTTP.

What the clerk takes and pays in cash is counted here, by what the page says, without looking at the books.
"""

import datetime as dt
import uuid
from collections.abc import Mapping
from typing import Any

from cardsvc.card.periods import following
from cardsvc.cli.simulate.places import Place
from cardsvc.cli.simulate.town import Holder, Paid
from cardsvc.client import ApiClient
from cardsvc.client.http import reply_of
from cardsvc.iso7816.channel import Channel
from cardsvc.readers.carry import finish
from cardsvc.service.desk.workstations import begin
from cardsvc.service.operations.engine import Engine
from cardsvc.store.records import Staff
from cardsvc.units import LOCAL
from cardsvc.vcard import FaultPlan


class Counter(Place):
    """One desk. ``fees`` and ``paid_out``: cash in fen, beside what top-ups brought."""

    def __init__(self, name: str, client: ApiClient, channel: ApiClient, engine: Engine, clerk: Staff) -> None:
        super().__init__(name, client, channel)
        self.engine, self.clerk = engine, clerk
        self.fees = self.paid_out = 0
        self._session = str(uuid.uuid4())
        self._new = True

    def run(self, channel: Channel, kind: str, params: Mapping[str, Any]) -> Mapping[str, Any]:
        """The card comes in, its job is begun and carried, it leaves. Raises as ``begin`` and ``finish`` do."""
        contact, key = str(uuid.uuid4()), str(uuid.uuid4())
        self._report(channel.atr.hex(), contact)
        try:
            reply = begin(self.engine, self.name, contact, kind, params, by=self.clerk, idempotency_key=key)
            asked = {"session": self._session, "last": None, "wait": 0}
            work = self._client.call("POST", "/workstations/self/work", asked)
            if work["operation"] is not None and work["operation"]["id"] == reply.id:
                reply = reply_of(work["operation"])
            return finish(self._client, channel, reply)
        finally:
            self._report(None, None)

    def _report(self, atr: str | None, contact: str | None) -> None:
        reader = {"name": "R", "atr": atr, "contact": contact}
        self._client.call(
            "POST", "/workstations/self/readers", {"session": self._session, "new": self._new, "readers": [reader]}
        )
        self._new = False

    def do(self, holder: Holder, kind: str, **params: Any) -> Mapping[str, Any] | None:
        """A job that takes no money, on a card that stays."""
        return self.carry(holder, kind, params, None, FaultPlan())


def top_up(
    place: Place, holder: Holder, amount: int, method: str, today: dt.datetime, plan: FaultPlan, *, next_month: bool = False
) -> Mapping[str, Any] | None:
    """Top the city purse up, or the bus's next month; fen."""
    paid = Paid(place.name, amount, method, None if method == "cash" else f"sim-{uuid.uuid4().hex[:16]}")
    params: dict[str, Any] = {"amount": amount, "payment": {"method": method, "reference": paid.reference}}
    if next_month:
        params |= {"area": "month", "month": f"{following(today.astimezone(LOCAL).date()):%Y-%m}"}
    return place.carry(holder, "topup", params, paid, plan)
