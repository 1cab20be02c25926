"""Files of the insurance offices: every bad line named, none half-applied, known again, the same in any order."""

import datetime as dt
import itertools
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cardsvc.errors import CardsvcError, RequestError
from cardsvc.service.people.reasons import COLUMN_NAMES, REASONS
from cardsvc.service.rights.feed import ALIASES, read_feed
from cardsvc.service.rights.importing import list_files
from cardsvc.store.records import Staff
from tests.examples import examples
from tests.service.rights.rights_people import HEADER, as_csv, as_json, kept, said, take_in
from tests.service.staff.test_staff import people, refused
from tests.world import World

__all__ = ["people"]
TODAY = dt.date(2026, 11, 24)


def problems(content: bytes) -> list[str]:
    """What is wrong with a file, line by line."""
    return [str(problem) for problem in read_feed(content, TODAY).problems]


def test_csv_and_json_say_the_same(world: World, people: dict[str, Staff]) -> None:
    """In Chinese or English, in any order of columns; the person need not be registered."""
    one, two = said(1), said(2, right_from="", right_until="")
    titles = {name: title for title, name in ALIASES.items()}
    chinese = "\r\n".join([",".join(titles[name] for name in reversed(HEADER.split(","))), ",".join([*one.values()][::-1])])
    read = [
        read_feed(content, TODAY).people[0]
        for content in (as_csv([one]), as_json([one]), chinese.encode("gb18030"), b"\xef\xbb\xbf" + as_csv([one]))
    ]
    assert len({replace(line, line=0) for line in read}) == 1
    assert read[0].changed_at == dt.datetime(2026, 11, 20, 0, 0, tzinfo=dt.UTC)
    done = take_in(world, people["clerk"], one, two, office="social")
    assert (done.file.lines, done.news, done.again) == (2, 2, False)
    assert [(right.right_from, right.right_until) for right in kept(world, 1, 2)] == [(dt.date(2020, 1, 1), None), (None, None)]
    assert [file.file_name for file in list_files(world.store)] == ["f.csv"]


def test_every_bad_line_is_named_and_nothing_is_taken(world: World, people: dict[str, Staff]) -> None:
    """All that is wrong with a line, and the good lines beside it stay out."""
    bad = [
        said(1),
        said(2, name="", sex="x", birth_date="1999-02-30"),
        said(3, right_from="2026-01-02", right_until="2026-01-01"),
        said(4, right_from="", right_until="2026-01-01"),
        said(5, changed_at="2026-11-25T00:00:00"),
        said(6, changed_at="yesterday", birth_date="2026-11-25"),
        said(7, kind="x" * 31, place="\x01"),
        said(1, name="另一个"),
        {**said(8), "id_number": "123"},
    ]
    told = [
        "3 name missing",
        "3 sex not_a_sex",
        "3 birth_date not_a_date",
        "4 right_until ends_before_it_begins",
        "5 right_until ends_before_it_begins",
        "6 changed_at in_the_future",
        "7 birth_date in_the_future",
        "7 changed_at not_a_moment",
        "8 kind not_a_word",
        "8 place not_a_word",
        "9 changed_at contradicts_line 2",
        "10 id_number not_18_characters",
    ]
    assert problems(as_csv(bad)) == told
    with pytest.raises(RequestError, match="bulk_lines_wrong") as error:
        take_in(world, people["clerk"], *bad)
    assert [str(problem) for problem in error.value.details["problems"]] == told
    assert all(problem.into("zh") and problem.into("en") for problem in error.value.details["problems"])
    assert kept(world, 1) == []
    assert list_files(world.store) == []


def test_json_that_is_none_is_told(world: World, people: dict[str, Staff]) -> None:
    """By the object's place; a file of another form as a whole."""
    wrong = [said(1), 7, said(2, colour="red"), {**said(3), "sex": 1.5}, {**said(4), "姓名": "两个"}, {**said(5), "sex": True}]
    assert problems(as_json(wrong)) == [
        "2 not_an_object",
        "3 unknown_field",
        "4 sex not_text",
        "5 unknown_field",
        "6 sex not_text",
    ]
    assert read_feed(as_json([{**said(1), "sex": 2, "right_until": None}]), TODAY).people[0].sex == 2
    twice = as_json([said(1)]).replace(b'"name":', b'"name": "x", "name":')
    for content in (b"[", b'{"id_number": 1}', b"[" * 100_000, twice):
        with refused("rights_json_wrong"):
            read_feed(content, TODAY)
    for content in (b"", b"[]", HEADER.encode()):
        with refused("bulk_file_size_wrong"):
            read_feed(content, TODAY)
    with refused("bulk_header_wrong"):
        read_feed(b"name,id_number\na,b", TODAY)
    with refused("file_encoding_wrong"):
        read_feed(b"\xff\xff\xff", TODAY)
    with refused("not_permitted"):
        take_in(world, people["auditor"], said(1))


def test_the_same_file_is_known_again(world: World, people: dict[str, Staff]) -> None:
    """By its content, for the same office; a late file does not bring old data back."""
    clerk = people["clerk"]
    take_in(world, clerk, said(1, name="从前"))
    take_in(world, clerk, said(1, name="后来", changed_at="2026-11-21T08:00:00"))
    again = take_in(world, clerk, said(1, name="从前"))
    assert (again.again, again.news) == (True, 0)
    late = take_in(world, clerk, said(1, name="更早", changed_at="2026-11-19T08:00:00"))
    assert (late.again, late.news) == (False, 0)
    assert not take_in(world, clerk, said(1, name="从前"), office="social").again
    assert [(right.office, right.name) for right in kept(world, 1)] == [("medical", "后来"), ("social", "从前")]


PERSON_NAME_HOUR = st.tuples(st.integers(1, 3), st.sampled_from(["甲", "乙", "丙"]), st.integers(0, 3))
FILE = st.lists(PERSON_NAME_HOUR, min_size=1, max_size=4, unique_by=lambda line: (line[0], line[2]))
FILES = st.lists(FILE, min_size=2, max_size=4)
MORE_PEOPLE = itertools.count(3, 3)


@examples(40)
@given(orders=FILES.flatmap(lambda files: st.tuples(st.just(files), st.permutations(files))))
def test_files_in_any_order_leave_the_same(world: World, people: dict[str, Staff], orders: tuple[list[Any], list[Any]]) -> None:
    """Also where two files say different things of the same moment. Each order is played with people of its own."""
    found = []
    for files in orders:
        first = next(MORE_PEOPLE)
        for lines in files:
            told = [said(first + number, name=name, changed_at=f"2026-11-20T{hour:02}:00:00") for number, name, hour in lines]
            take_in(world, people["clerk"], *told)
        found.append([(right.name, right.changed_at) for right in kept(world, *range(first + 1, first + 4))])
    assert found[0] == found[1]


@given(st.binary(max_size=300) | st.text(max_size=200).map(str.encode))
def test_no_file_breaks_the_reading(tail: bytes) -> None:
    """Whatever an office sends is read or told to be wrong."""
    for head in (b"", HEADER.encode() + b"\n", b"[", b'[{"name":"'):
        try:
            for problem in read_feed(head + tail, TODAY).problems:
                assert problem.reason in REASONS
                assert problem.column in COLUMN_NAMES
        except CardsvcError as error:
            assert error.code in ("bulk_file_size_wrong", "file_encoding_wrong", "bulk_header_wrong", "rights_json_wrong")
