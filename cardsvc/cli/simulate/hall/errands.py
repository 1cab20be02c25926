"""What is done at a desk for one visit: each errand as the page's flows do it, by the same services."""

from collections import Counter as Tally
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from cardsvc.cli.simulate.hall.counter import Counter, top_up
from cardsvc.cli.simulate.hall.house import House
from cardsvc.cli.simulate.hall.plan import TORN, Guest, Task
from cardsvc.cli.simulate.places import PLANS, Place
from cardsvc.cli.simulate.town import Holder
from cardsvc.errors import RequestError
from cardsvc.printing.photo import sample_photo
from cardsvc.service.approval_kinds import APPROVALS
from cardsvc.service.cards.handing_out import Collector, hand_out
from cardsvc.service.cards.replacement import ReplacementRequest, begin_replacement
from cardsvc.service.cards.requests import CardApplication, apply_for
from cardsvc.service.desk.workstations import actor_of
from cardsvc.service.faults.repair import propose_repair
from cardsvc.service.loss.reports import report_loss
from cardsvc.service.purse.payments import Payment
from cardsvc.service.purse.suspects import suspects
from cardsvc.service.staff.approvals import approve
from cardsvc.store.records import CardRequest
from cardsvc.vcard import Fault, FaultPlan, inflict

CASH = Payment(method="cash")
NOT_REPAIRED: Mapping[str, Any] = {"waiting": (), "healthy": False}
PARTS = 6
"""More parts than a card has purses: transfers end before."""


@dataclass
class Book:
    """What the simulation itself keeps of the day. ``found``: ailments with what the diagnosis put first."""

    jobs: Tally[str] = field(default_factory=Tally)
    requests: dict[str, tuple[Guest, CardRequest]] = field(default_factory=dict)
    found: Tally[str] = field(default_factory=Tally)
    missed: list[str] = field(default_factory=list)
    cured: Tally[str] = field(default_factory=Tally)
    false_alarms: list[str] = field(default_factory=list)


class Errands:
    """The flows of the desks."""

    def __init__(self, house: House) -> None:
        self.house, self.book = house, Book()
        self._photo = sample_photo()

    def at_desk(self, counter: Counter, guest: Guest) -> None:
        """The whole of a visit, once the person sits there."""
        match guest.errand:
            case "apply":
                self._apply(counter, guest)
            case "fault":
                self._examine(counter, guest)
            case "damaged":
                self._replace(counter, guest, "damaged", readable=True)
            case "lost":
                self._lost(counter, guest)
            case _:
                for task in guest.tasks:
                    self.task(counter, guest, task)

    def task(self, place: Place, guest: Guest, task: Task) -> None:
        """One job on the guest's card."""
        holder, plan = self.house.holders[guest.number], PLANS[task.fault] if task.fault else FaultPlan()
        self.book.jobs[task.name] += 1
        match task.name:
            case "purse" | "next_month":
                monthly, moment = task.name == "next_month", self.house.clock()
                done = top_up(place, holder, task.amount, task.method, moment, plan, next_month=monthly)
                if done is None and not guest.gone:
                    place.look(holder)
                elif done is None and not self._waits(holder):
                    holder.paid.clear()  # it broke off before the payment was booked: the cash goes back over the counter
            case "fetch":
                place.order(holder, task.amount)
                place.carry(holder, "fetch", {}, None, plan)
            case "refund" if isinstance(place, Counter):
                done = place.do(holder, "refund") or {}
                parts = [part for part in done.get("payouts", ()) if part["kind"] == "refund_cash"]
                place.paid_out += sum(part["amount"] for part in parts)
            case "library" | "park" if isinstance(place, Counter):
                opened = place.do(holder, "open", application=task.name, product="1") or {"terms": {"fee": 0}}
                place.fees += opened["terms"]["fee"]
            case _:
                place.look(holder)

    def _waits(self, holder: Holder) -> bool:
        """Whether the worklist shows money of this card whose fate is not known."""
        return any(row["card_no"] == holder.card_no for row in suspects(self.house.services.store, self.house.clock()))

    def _apply(self, counter: Counter, guest: Guest) -> None:
        application = CardApplication(citizen_id=self.house.citizens[guest.number], consent=True)
        services, now = self.house.services, self.house.clock()
        taken = apply_for(services.store, services.rules, application, self._photo, by=counter.clerk, now=now)
        self.book.requests[taken.case_no] = guest, taken
        self.book.jobs["apply"] += 1

    def collect(self, counter: Counter, case_no: str) -> None:
        """The card is given to its holder, who has the bus opened."""
        guest = self.book.requests[case_no][0]
        self._hand(counter, self.house.holders[guest.number])
        self.book.jobs["collect"] += 1
        counter.do(self.house.holders[guest.number], "open", application="bus", product="T")

    def _hand(self, counter: Counter, holder: Holder) -> None:
        """Document, face and photo compared, the card is given."""
        services, taker = self.house.services, Collector(compared=True)
        hand_out(services.store, services.rules, holder.card_no, taker, by=counter.clerk, now=self.house.clock())

    def _examine(self, counter: Counter, guest: Guest) -> None:
        """Diagnosed, repaired where that can be done, otherwise replaced."""
        holder = self.house.holders[guest.number]
        self._ail(holder, guest)
        self.book.jobs["diagnose"] += 1
        report = counter.do(holder, "diagnose", quick=False) or {"healthy": False, "findings": [{"code": "no answer"}]}
        findings, healthy = [str(finding["code"]) for finding in report["findings"]], report["healthy"]
        if not guest.ailment:
            self.book.false_alarms += [] if healthy else findings
            return
        if healthy:
            self.book.missed.append(f"{guest.ailment} on {holder.card.dialect.name}")
            return
        self.book.found[f"{guest.ailment}: {findings[0]}"] += 1
        if self._repaired(counter, holder):
            self.book.cured["repaired"] += 1
            return
        sight = counter.do(holder, "inspect") or {}
        readable = sight.get("state") == "citizen" and sight["purse"]["state"] == "open"
        self._replace(counter, guest, "fault", readable=readable)
        self.book.cured["replaced" if readable else "replaced, money waits"] += 1

    def _ail(self, holder: Holder, guest: Guest) -> None:
        """What happened to the card before its holder came."""
        if guest.ailment == "mute":
            holder.ails = FaultPlan(mute=True)
        elif guest.ailment == TORN:
            kiosk = self.house.kiosks[0]
            plan = PLANS["pulled_after" if guest.number % 2 else "pulled_before"]
            top_up(kiosk, holder, 5000, "mobile", self.house.clock(), plan)
        elif guest.ailment:
            try:
                inflict(holder.card, [Fault(guest.ailment)], guest.number)
            except RequestError:  # this family has no such thing on it
                guest.ailment = "blocked-application"
                inflict(holder.card, [Fault(guest.ailment)], guest.number)

    def _repaired(self, counter: Counter, holder: Holder) -> bool:
        """By its findings; what needs two people is proposed by the clerk and agreed to by the supervisor."""
        result = counter.do(holder, "repair") or NOT_REPAIRED
        if result["waiting"]:
            store, people, names = self.house.services.store, self.house.people, [step["name"] for step in result["waiting"]]
            now = self.house.clock()
            asked = propose_repair(store, APPROVALS, holder.card_no, names, "已核对本人", by=counter.clerk, now=now)
            approve(store, APPROVALS, asked.approval_id, by=people["boss"], now=self.house.clock())
            result = counter.do(holder, "repair") or NOT_REPAIRED
        self.book.jobs["repair"] += 1
        return not result["waiting"] and bool(result["healthy"])

    def _replace(self, counter: Counter, guest: Guest, reason: str, *, readable: bool) -> None:
        """The fee, the old card's money, a new card, its applications, the money."""
        services, old, now = self.house.services, self.house.holders[guest.number], self.house.clock()
        actor = actor_of(services.store, counter.name, by=counter.clerk)
        asked = ReplacementRequest(card_no=old.card_no, reason=reason, payment=CASH, readable=readable)
        row = begin_replacement(services.store, services.rules, actor, asked, by=counter.clerk, now=now)
        counter.fees += row.fee
        self.book.jobs["replace"] += 1
        if readable:
            self._parts(counter, old, "transfer_out", {})
        new = self.house.blank(guest.number)
        made = counter.do(new, "personalise", citizen_id=self.house.citizens[guest.number])
        new.card_no = str((made or {})["card_no"])
        self.house.holders[guest.number] = new
        counter.do(new, "open", application="bus", product="T")
        if readable:
            self._parts(counter, new, "transfer_in", {"old_card_no": old.card_no})
        self._hand(counter, new)

    @staticmethod
    def _parts(counter: Counter, holder: Holder, kind: str, params: dict[str, Any]) -> None:
        """Purse by purse, until nothing is left."""
        for _ in range(PARTS):
            result = counter.do(holder, kind, **params)
            if not result or not result.get("left", True):
                return

    def _lost(self, counter: Counter, guest: Guest) -> None:
        services, now = self.house.services, self.house.clock()
        number = self.house.holders[guest.number].card_no
        report_loss(services.store, services.rules, number, "formal", by=counter.clerk, now=now)
        self.book.jobs["loss"] += 1
        self._replace(counter, guest, "lost", readable=False)
