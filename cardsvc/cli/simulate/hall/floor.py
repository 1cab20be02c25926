"""The day on the floor, minute by minute: people take numbers, desks call them, machines make cards, buses drive.

All desks, kiosks and machines work at once within a minute; the clock goes on when all of them have ended.
"""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import partial

from cardsvc.cli.shared.progress import progress_bar
from cardsvc.cli.simulate.hall.buses import Bus
from cardsvc.cli.simulate.hall.clock import CLOSES, OPENS
from cardsvc.cli.simulate.hall.counter import Counter
from cardsvc.cli.simulate.hall.errands import Errands
from cardsvc.cli.simulate.hall.house import House
from cardsvc.cli.simulate.hall.making import Making
from cardsvc.cli.simulate.hall.plan import Guest, Ride
from cardsvc.cli.simulate.places import Place
from cardsvc.cli.simulate.town import OUTLET
from cardsvc.service.hall import desks, tickets
from cardsvc.store.records import Ticket
from cardsvc.units import LOCAL

SERVES = (
    *(("card", "collect", "loss"),) * 4,
    *(("fault", "card"),) * 2,
    *(("money", "application"),) * 6,
)
"""Kinds of tickets of each desk."""
LUNCH = (range(11 * 60 + 30, 12 * 60 + 15), range(12 * 60 + 15, 13 * 60))
"""Every other desk eats, then the others."""
MINUTES = {"card": 7, "collect": 3, "loss": 8, "fault": 6, "money": 3, "application": 5}
COMES_BACK, COLLECTS_AFTER, ASKS_AGAIN, AT_KIOSK = 6, 4, 10, 2
LATEST = 23 * 60

Action = Callable[[], None]


@dataclass
class Visit:
    """Who has a number. ``case_no``: a card to collect; ``waits_as``: the kind of number on the display, empty while called."""

    guest: Guest
    ticket: str
    misses: bool
    case_no: str | None = None
    waits_as: str = ""


@dataclass
class Floor:
    """The running day. ``events``: what happens later, by minute; ``seen``: how the queue went."""

    house: House
    errands: Errands
    making: Making
    bus: Bus
    visits: dict[str, Visit] = field(default_factory=dict)
    events: dict[int, list[Action]] = field(default_factory=dict)
    seen: dict[str, int] = field(default_factory=lambda: dict.fromkeys(("missed", "swapped", "green", "collected"), 0))
    _busy: dict[str, int] = field(default_factory=dict)
    _serving: dict[str, Visit | None] = field(default_factory=dict)
    _kiosk_queue: list[Guest] = field(default_factory=list)
    minute: int = OPENS

    def later(self, minutes: int, action: Action) -> None:
        """Do something in so many minutes, or in the next one."""
        self.events.setdefault(self.minute + max(1, minutes), []).append(action)

    def run(self, guests: list[Guest], rides: list[Ride]) -> None:
        """Until the hall is closed and everybody was served."""
        for guest in guests:
            self.events.setdefault(guest.minute, []).append(partial(self._arrive, guest))
        for ride in rides:
            self.events.setdefault(ride.minute, []).append(partial(self._ride, ride))
        with ThreadPoolExecutor(len(self.house.places)) as pool, progress_bar("") as progress:
            for minute in range(OPENS - 30, LATEST):
                self.minute = minute
                self.house.clock.set(minute)
                for action in self.events.pop(minute, ()):
                    action()
                self._one_minute(pool)
                progress(min(minute, CLOSES) - OPENS + 30, CLOSES - OPENS + 30)
                if minute > CLOSES and self._empty():
                    break
        for counter in self.house.counters:
            desks.close_desk(self.house.services.store, by=counter.clerk, now=self.house.clock())

    def _empty(self) -> bool:
        return not (self.events or self.visits or self._kiosk_queue or any(self._serving.values())) and self.making.idle

    def _one_minute(self, pool: ThreadPoolExecutor) -> None:
        actions: list[Action] = [partial(self.making.make, *due) for due in self.making.due(self.minute)]
        for kiosk in self.house.kiosks:
            if self._kiosk_queue and self._busy.get(kiosk.name, 0) <= self.minute:
                self._busy[kiosk.name] = self.minute + AT_KIOSK
                actions.append(partial(self._at_kiosk, kiosk, self._kiosk_queue.pop(0)))
        if self.minute >= OPENS:
            actions += [partial(self._at_desk, number, desk) for number, desk in enumerate(self.house.counters)]
        for result in [pool.submit(action) for action in actions]:
            result.result()
        if not self.making.idle:
            self.making.watch()

    def _arrive(self, guest: Guest) -> None:
        if guest.errand == "kiosk":
            self._kiosk_queue.append(guest)
        else:
            self._take(Visit(guest, guest.ticket, guest.misses), guest.pulled, guest.green)

    def _take(self, visit: Visit, kind: str, green: str | None = None) -> None:
        house, by = self.house, self.house.people["guide"] if green else None
        ticket = tickets.take(house.services.store, house.rules, OUTLET, kind, house.clock(), by=by, green_reason=green)
        self.seen["green"] += green is not None
        visit.waits_as = kind
        self.visits[ticket.number] = visit

    def _ride(self, ride: Ride) -> None:
        """Cards on which something is open are left out: what a bus does to them is in the tests of settling."""
        holder = self.house.holders[ride.number]
        if not holder.paid and not holder.ails.mute:
            self.bus.ride(holder, ride.fare, self.house.clock())

    def _at_kiosk(self, kiosk: Place, guest: Guest) -> None:
        for task in guest.tasks:
            self.errands.task(kiosk, guest, task)

    def _at_desk(self, number: int, counter: Counter) -> None:
        """One minute of a desk: go on, end, eat, or call the next one."""
        store, clerk, clock = self.house.services.store, counter.clerk, self.house.clock
        if self._busy.get(counter.name, 0) > self.minute:
            return
        if self._serving.get(counter.name):
            self._serving[counter.name] = None
            desks.finish(store, self.house.rules, by=clerk, now=clock())
        lunch = LUNCH[number % 2]
        if self.minute in lunch:
            desks.close_desk(store, by=clerk, now=clock())
            self._busy[counter.name] = lunch.stop
            return
        if self.minute in (OPENS, lunch.stop):
            desks.open_desk(store, self.house.rules, str(number + 1), SERVES[number], by=clerk, now=clock())
        if not any(visit.waits_as in SERVES[number] for visit in list(self.visits.values())):
            return
        ticket = desks.call_next(store, by=clerk, now=clock())
        if ticket is not None:
            self._called(counter, ticket)

    def _called(self, counter: Counter, ticket: Ticket) -> None:
        store, clerk, clock = self.house.services.store, counter.clerk, self.house.clock
        visit = self.visits[ticket.number]
        visit.waits_as = ""
        if visit.misses:
            visit.misses = False
            desks.call_again(store, self.house.rules, by=clerk, now=clock())
            desks.pass_over(store, by=clerk, now=clock())
            self.seen["missed"] += 1
            self._busy[counter.name] = self.minute + 2
            self.later(COMES_BACK, partial(self._back, ticket.number, ticket.ticket_type))
            return
        desks.serve(store, by=clerk, now=clock())
        if ticket.ticket_type != visit.ticket:
            tickets.change_kind(store, self.house.rules, ticket.number, visit.ticket, by=clerk, now=clock())
            self.seen["swapped"] += 1
            visit.waits_as = visit.ticket
            self._busy[counter.name] = self.minute + 1
            return
        del self.visits[ticket.number]
        self._serving[counter.name] = visit
        self._busy[counter.name] = self.minute + MINUTES[ticket.ticket_type]
        self._serve(counter, visit)

    def _back(self, number: str, kind: str) -> None:
        guide = self.house.people["guide"]
        tickets.back_in(self.house.services.store, self.house.rules, number, by=guide, now=self.house.clock())
        self.visits[number].waits_as = kind

    def _serve(self, counter: Counter, visit: Visit) -> None:
        if visit.case_no is not None:
            self._collect(counter, visit.case_no)
            return
        before = set(self.errands.book.requests)
        self.errands.at_desk(counter, visit.guest)
        if visit.guest.errand != "apply":
            return
        own = [case for case, (guest, _) in self.errands.book.requests.items() if guest is visit.guest and case not in before]
        promise = self.errands.book.requests[own[0]][1].promised_at
        promised = promise.astimezone(LOCAL) if promise else None
        if promised and promised.date() == self.house.clock.day:
            minutes = promised.hour * 60 + promised.minute - self.minute + COLLECTS_AFTER
            self.later(minutes, partial(self._take, Visit(visit.guest, "collect", misses=False, case_no=own[0]), "collect"))

    def _collect(self, counter: Counter, case_no: str) -> None:
        """Given; or, where it is late, the person takes another number in a while."""
        guest = self.errands.book.requests[case_no][0]
        if guest.number in self.house.holders:
            self.errands.collect(counter, case_no)
            self.seen["collected"] += 1
        else:
            again = Visit(guest, "collect", misses=False, case_no=case_no)
            self.later(ASKS_AGAIN, partial(self._take, again, "collect"))
