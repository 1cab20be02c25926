"""A desk or kiosk of the simulation: one connection to the service, one visit after the other, and what came of it.

A place knows only what its own client was told. A payment whose load was broken off is remembered with its card, and decided
by what the card's next contact settles.
"""

import time
import uuid
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from cardsvc.bootstrap import now
from cardsvc.card.periods import following
from cardsvc.cli.simulate.town import Holder, Paid
from cardsvc.cli.simulate.visits import Visit
from cardsvc.client import ApiClient
from cardsvc.client.http import ServiceRefused
from cardsvc.errors import CardsvcError
from cardsvc.iso7816.channel import Channel
from cardsvc.readers.carry import CarriedOut, carry_out
from cardsvc.units import LOCAL
from cardsvc.vcard import FaultPlan

PLANS = {
    "pulled_before": FaultPlan(tear_before_write=1),
    "pulled_after": FaultPlan(tear_after_write=1),
    "lost_answer": FaultPlan(lose_answer_to_write=1),
}


@dataclass
class Seen:
    """What a place has seen of the day. ``taken``: payments that are on a card now; ``seconds`` of each job."""

    jobs: Counter[str] = field(default_factory=Counter)
    refused: Counter[str] = field(default_factory=Counter)
    faults: Counter[str] = field(default_factory=Counter)
    settled: Counter[str] = field(default_factory=Counter)
    hours: Counter[int] = field(default_factory=Counter)
    taken: list[Paid] = field(default_factory=list)
    seconds: list[float] = field(default_factory=list)
    apdus: int = 0


class Place:
    """One terminal with its client, and the payment channel's for orders."""

    def __init__(self, name: str, client: ApiClient, channel: ApiClient) -> None:
        self.name = name
        self.seen = Seen()
        self._client = client
        self._channel = channel

    def serve(self, holder: Holder, visit: Visit) -> None:
        """One visit, and after a broken one the same card once more."""
        with holder.lock:
            self.seen.hours[visit.hour] += 1
            if visit.job == "order":
                self.order(holder, visit.amount)
            kind, params, paid = self._job(visit)
            if self.carry(holder, kind, params, paid, PLANS[visit.fault] if visit.fault else FaultPlan()) is None:
                self.look(holder)

    def look(self, holder: Holder) -> int:
        """The card is presented again: what was broken off is settled. Returns what the card has on all its purses, in fen."""
        seen = self.carry(holder, "inspect", {}, None, FaultPlan())
        if not seen:
            return 0
        return int(seen["purse"]["balance"] + sum(area["balance"] for area in seen["areas"]))

    def sign(self, *, on: bool) -> None:
        """On in the morning, off at night."""
        self._client.call("POST", "/terminals/self/session", {"signed_on": on})

    def _job(self, visit: Visit) -> tuple[str, dict[str, Any], Paid | None]:
        if visit.job == "look":
            return "inspect", {}, None
        if visit.job == "order":
            return "fetch", {}, None
        if visit.job == "spend":
            return "purchase", {"amount": visit.amount, "merchant": "bus"}, None
        reference = None if visit.method == "cash" else f"sim-{uuid.uuid4().hex[:16]}"
        params: dict[str, Any] = {
            "amount": visit.amount,
            "payment": {"method": visit.method, "reference": reference},
            "area": "purse" if visit.job == "purse" else "month",
        }
        if visit.job == "next_month":
            params["month"] = f"{following(now().astimezone(LOCAL).date()):%Y-%m}"
        return "topup", params, Paid(self.name, visit.amount, visit.method, reference)

    def order(self, holder: Holder, amount: int) -> None:
        """Paid by phone on the way, in fen."""
        paid = Paid("app", amount, "mobile", f"app-{uuid.uuid4().hex[:16]}")
        payment = {"method": paid.method, "reference": paid.reference}
        try:
            self._channel.order({"card_no": holder.card_no, "amount": amount, "payment": payment})
        except ServiceRefused as refused:
            self.seen.refused[str(refused.problem["code"])] += 1
        else:
            self.seen.taken.append(paid)

    def run(self, channel: Channel, kind: str, params: Mapping[str, Any]) -> Mapping[str, Any]:
        """Carry one operation out, begun by the terminal itself. Raises as ``carry_out`` does."""
        return carry_out(self._client, channel, kind, params, idempotency_key=str(uuid.uuid4()))

    def carry(
        self, holder: Holder, kind: str, params: dict[str, Any], paid: Paid | None, plan: FaultPlan
    ) -> Mapping[str, Any] | None:
        """One job: its result, nothing where it was refused, None where the card did not stay to its end, by ``plan``."""
        holder.card.plan = plan if plan != FaultPlan() else holder.ails
        channel, started = holder.card.channel(), time.perf_counter()
        try:
            result = self.run(channel, kind, params)
        except (CarriedOut, ServiceRefused) as ended:
            problem = ended.problem if isinstance(ended, ServiceRefused) else ended.reply.problem or {}
            self.seen.refused[str(problem["code"])] += 1
            if problem["outcome"] != "unknown":
                return {}
            self._remember(holder, paid)
            return None
        except CardsvcError as error:
            self.seen.faults[error.code] += 1
            self._remember(holder, paid)
            return None
        finally:
            channel.close()
            self.seen.apdus += holder.card.commands
            holder.card.plan = FaultPlan()
        self.seen.jobs[kind] += 1
        self.seen.seconds.append(time.perf_counter() - started)
        if paid:
            self.seen.taken.append(paid)
        self._settle(holder, result)
        return result

    @staticmethod
    def _remember(holder: Holder, paid: Paid | None) -> None:
        """Whether this payment is on the card only its next contact tells."""
        if paid:
            holder.paid.setdefault(paid.amount, []).append(paid)

    def _settle(self, holder: Holder, result: Mapping[str, Any]) -> None:
        """What the card's contact settled decides about what was paid for it before."""
        for entry in result.get("settled", ()):
            self.seen.settled[f"{entry['state']} ({entry['rule']})"] += 1
            waiting = holder.paid.get(entry["amount"], [])
            if "load_id" in entry and waiting:
                paid = waiting.pop(0)
                if entry["state"] == "confirmed":
                    self.seen.taken.append(paid)
        if "settled" in result and not any(entry["rule"] == "undecided" for entry in result["settled"]):
            holder.paid.clear()
