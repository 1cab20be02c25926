"""Which offline counters of a purse are accounted for, and which are missing. Pure.

A card counts its purchases: 0, 1, 2... (the number before the increment). Records come late, in any order, through many
operators, so what is known is kept as a number below which nothing is missing, and the ranges known ahead of it: as long as
nothing is lost, one number.
"""

from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Counters:
    """All below ``complete_to`` are known, and each range of ``ahead`` (first, last; apart from each other, in order)."""

    complete_to: int = 0
    ahead: tuple[tuple[int, int], ...] = ()

    def with_numbers(self, numbers: Iterable[int]) -> "Counters":
        """The same with more numbers known."""
        ranges = sorted([*self.ahead, *((number, number) for number in numbers if number >= self.complete_to)])
        complete_to, ahead = self.complete_to, list[tuple[int, int]]()
        for first, last in ranges:
            if first <= complete_to:
                complete_to = max(complete_to, last + 1)
            elif ahead and first <= ahead[-1][1] + 1:
                ahead[-1] = ahead[-1][0], max(ahead[-1][1], last)
            else:
                ahead.append((first, last))
        return Counters(complete_to, tuple(ahead))

    def missing(self, seen: int = 0) -> tuple[tuple[int, int], ...]:
        """The ranges that are not known although later numbers are, or although the card shows ``seen`` as its next."""
        gaps, start = [], self.complete_to
        for first, last in self.ahead:
            gaps.append((start, first - 1))
            start = last + 1
        if start < seen:
            gaps.append((start, seen - 1))
        return tuple(gaps)


def how_many(ranges: Iterable[tuple[int, int]]) -> int:
    """Numbers in these ranges."""
    return sum(last - first + 1 for first, last in ranges)
