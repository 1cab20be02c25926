"""A day at the queue, for tests: what guides and tellers do, with a clock that goes on."""

import datetime as dt
from dataclasses import dataclass

from cardsvc.rules import RuleSet
from cardsvc.service.hall import desks, tickets
from cardsvc.service.hall.forecast import hall_view
from cardsvc.store.records import Ticket
from tests.day.outlet import Hall


@dataclass
class Queue:
    """The queue of the outlet ``hall``."""

    hall: Hall
    rules: RuleSet

    def later(self, minutes: float) -> None:
        self.hall.world.now += dt.timedelta(minutes=minutes)

    def take(self, kind: str, green: str | None = None) -> str:
        """A number; the clock goes on a second, so that two are never at the same moment."""
        world = self.hall.world
        by = self.hall["teller"] if green else None
        ticket = tickets.take(world.store, self.rules, "hall", kind, world.now, by=by, green_reason=green)
        self.later(1 / 60)
        return ticket.number

    def open(self, who: str, desk: str, *serves: str) -> None:
        desks.open_desk(self.hall.world.store, self.rules, desk, serves, by=self.hall[who], now=self.hall.world.now)

    def next(self, who: str) -> str | None:
        ticket = desks.call_next(self.hall.world.store, by=self.hall[who], now=self.hall.world.now)
        return ticket.number if ticket else None

    def serve(self, who: str) -> Ticket:
        return desks.serve(self.hall.world.store, by=self.hall[who], now=self.hall.world.now)

    def finish(self, who: str) -> Ticket:
        return desks.finish(self.hall.world.store, self.rules, by=self.hall[who], now=self.hall.world.now)

    def again(self, who: str) -> Ticket:
        return desks.call_again(self.hall.world.store, self.rules, by=self.hall[who], now=self.hall.world.now)

    def miss(self, who: str) -> Ticket:
        return desks.pass_over(self.hall.world.store, by=self.hall[who], now=self.hall.world.now)

    def swap(self, number: str, kind: str) -> Ticket:
        world = self.hall.world
        return tickets.change_kind(world.store, self.rules, number, kind, by=self.hall["teller"], now=world.now)

    def back(self, number: str) -> Ticket:
        world = self.hall.world
        return tickets.back_in(world.store, self.rules, number, by=self.hall["teller"], now=world.now)

    def waiting(self) -> list[str]:
        """The numbers that wait, in the order in which they are called."""
        return [row["number"] for row in self.view()["waiting"]]

    def view(self) -> dict:  # type: ignore[type-arg] # JSON of many kinds
        world = self.hall.world
        with world.store.read() as uow:
            return hall_view(uow, self.rules, "hall", world.now)

    def serve_whole(self, who: str, minutes: float) -> str | None:
        """Call the next, serve for so long, finish."""
        number = self.next(who)
        if number is not None:
            self.serve(who)
            self.later(minutes)
            self.finish(who)
        return number
