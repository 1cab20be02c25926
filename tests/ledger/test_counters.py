"""Offline counters that are accounted for, against a plain set of numbers."""

from hypothesis import given
from hypothesis import strategies as st

from cardsvc.ledger.counters import Counters, how_many

numbers = st.lists(st.integers(0, 40), max_size=40)


@given(st.lists(numbers, max_size=5), st.integers(0, 45))
def test_what_is_missing_is_what_a_set_misses(parts: list[list[int]], seen: int) -> None:
    """Whatever comes, in whatever order and however often."""
    counters, known = Counters(), set[int]()
    for part in parts:
        counters = counters.with_numbers(part)
        known.update(part)
    expected = set(range(max([seen, *(number + 1 for number in known)]))) - known
    gaps = counters.missing(seen)
    assert {number for first, last in gaps for number in range(first, last + 1)} == expected
    assert how_many(gaps) == len(expected)
    assert all(first <= last for first, last in gaps)


@given(numbers)
def test_the_form_does_not_depend_on_the_order(given_numbers: list[int]) -> None:
    """One set of numbers has one form, and a complete one has no ranges."""
    one_by_one = Counters()
    for number in given_numbers:
        one_by_one = one_by_one.with_numbers([number])
    assert one_by_one == Counters().with_numbers(sorted(given_numbers))
    assert Counters().with_numbers(range(10)) == Counters(10)
