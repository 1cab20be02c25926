"""The machines that make cards, and the one who looks at the board: whether each late card was shown as late before it was."""

import datetime as dt
from dataclasses import dataclass, field

from cardsvc.cli.simulate.hall.counter import Counter
from cardsvc.cli.simulate.hall.errands import Book
from cardsvc.cli.simulate.hall.house import House
from cardsvc.cli.simulate.town import OUTLET
from cardsvc.service.cards.requests import board, request_of

MINUTES_A_CARD = 3
BROKEN = range(10 * 60 + 15, 11 * 60 + 35)
"""Both machines stand still: the late morning of a bad day."""


@dataclass
class Making:
    """The making of a day. ``warned``: when the board first said that a card will be late; ``surprises``: late ones that it
    had not said it of; ``late``: those that were made after their promise."""

    house: House
    book: Book
    warned: dict[str, dt.datetime] = field(default_factory=dict)
    surprises: set[str] = field(default_factory=set)
    late: set[str] = field(default_factory=set)
    made: int = 0
    _at: dict[str, tuple[str, int]] = field(default_factory=dict)

    def watch(self) -> None:
        """The board, as the supervisor sees it."""
        now = self.house.clock()
        for row in board(self.house.services.store, self.house.services.rules, OUTLET, now).to_make:
            case_no = row["case_no"]
            if row["late"] and case_no not in self.warned:
                self.surprises.add(case_no)
            elif row["will_be_late"]:
                self.warned.setdefault(case_no, now)

    def due(self, minute: int) -> list[tuple[Counter, str]]:
        """What each machine ends in this minute; a free one takes the next of the board."""
        if minute in BROKEN or self.idle:
            return []
        done = []
        for machine in self.house.machines:
            case_no, ends = self._at.get(machine.name, ("", 0))
            if case_no and minute >= ends:
                done.append((machine, case_no))
                del self._at[machine.name]
        taken = {case_no for case_no, _ in self._at.values()} | {case_no for _, case_no in done}
        services = self.house.services
        waiting = board(services.store, services.rules, OUTLET, self.house.clock()).to_make
        left = [row["case_no"] for row in waiting if row["case_no"] not in taken]
        for machine in self.house.machines:
            if machine.name not in self._at and left:
                self._at[machine.name] = left.pop(0), minute + MINUTES_A_CARD
        return done

    def make(self, machine: Counter, case_no: str) -> None:
        """One card, for the person of an application."""
        guest, taken = self.book.requests[case_no]
        holder = self.house.blank(guest.number)
        made = machine.do(holder, "personalise", citizen_id=taken.citizen_id)
        holder.card_no = str((made or {})["card_no"])
        self.house.holders[guest.number] = holder
        with self.house.lock:
            self.made += 1
        promised = taken.promised_at
        if promised and dt.datetime.fromisoformat(request_of(self.house.services.store, case_no)["made_at"]) > promised:
            self.late.add(case_no)
            if self.warned.get(case_no, promised) >= promised:
                self.surprises.add(case_no)

    @property
    def idle(self) -> bool:
        """Whether every card that was applied for is made."""
        return self.made == len(self.book.requests)
