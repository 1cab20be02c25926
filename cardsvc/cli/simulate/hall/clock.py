"""The clock of a simulated hall. It stands until the day goes on to its next minute, however long the work of one takes.

The engine, the queue and the staff's side have this clock. The HTTP door keeps the real one: a signature is five minutes old
at most, in real minutes.
"""

import datetime as dt
import itertools

from cardsvc.units import LOCAL

OPENS, CUTOFF, CLOSES = 7 * 60 + 30, 16 * 60, 17 * 60 + 30
"""Of the last five days of a month, in minutes of the day."""


class HallClock:
    """Aware times. No two calls give the same one: within a minute it goes on a millisecond a call."""

    def __init__(self, day: dt.date) -> None:
        self.day = day
        self.set(0)

    def set(self, minute: int) -> None:
        """Go on to a minute of the day."""
        self._minute = dt.datetime.combine(self.day, dt.time(), LOCAL) + dt.timedelta(minutes=minute)
        self._calls = itertools.count()

    def __call__(self) -> dt.datetime:
        """The time, in UTC."""
        return (self._minute + dt.timedelta(milliseconds=next(self._calls))).astimezone(dt.UTC)


def last_of_month(day: dt.date) -> dt.date:
    """The last day of the month that a day is in: the busiest there is."""
    return (day.replace(day=28) + dt.timedelta(days=4)).replace(day=1) - dt.timedelta(days=1)
