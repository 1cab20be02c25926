"""Files of people: every bad line is named with column and reason, one with a bad line is not stored, the same is one batch."""

import time

import pytest

from cardsvc.errors import CardsvcError
from cardsvc.service.bulk.loading import check_people, load_people
from cardsvc.service.people.reading import MAX_LINES
from cardsvc.service.people.register import RESIDENT_ID
from cardsvc.store.records import Citizen, Staff
from cardsvc.units import id_number_check_digit
from tests.service.bulk.bulk_people import HEADER, hire, lines_of, people_file, row
from tests.world import World, person


@pytest.fixture
def clerk(world: World) -> Staff:
    return hire(world)


def whole_id(first_17: str) -> str:
    return first_17 + id_number_check_digit(first_17)


def problems(world: World, *lines: str, header: str = HEADER, encoding: str = "utf-8") -> list[str]:
    """What a check says of a file of these lines; the first one is line 2."""
    return [
        str(bad)
        for bad in check_people(
            world.store, world.engine.profiles, "\r\n".join([header, *lines]).encode(encoding), world.now
        ).problems
    ]


def stored(world: World, id_number: str) -> Citizen:
    with world.store.read() as uow:
        found = uow.citizens.by_id_number(RESIDENT_ID, id_number)
    assert found is not None
    return found


@pytest.mark.parametrize(
    ("line", "told"),
    [
        (f",{person(1).id_number},1999-02-28", "2 name missing"),
        (f"测试\x01,{person(1).id_number},1999-02-28", "2 name control_character"),
        (f"测试𠀀,{person(1).id_number},1999-02-28", "2 chip_name chip_name_needed"),
        (f"{'测' * 16},{person(1).id_number},1999-02-28", "2 chip_name chip_name_needed"),
        ("测试一,,1999-02-28", "2 id_number missing"),
        (f"测试一,{person(1).id_number[:-1]}A,1999-02-28", "2 id_number not_18_characters"),
        (
            f"测试一,{person(1).id_number[:17]}{'0' if person(1).id_number[17] != '0' else '1'},1999-02-28",
            "2 id_number check_digit",
        ),
        ("测试一,330100990230001,1999-02-28", "2 id_number fifteen_digits"),
        ("测试一,3.301E+17,1999-02-28", "2 id_number as_a_number"),
        (f"测试一,{person(1).id_number},", "2 id_number no_such_birth_date"),
        (f"测试一,{person(1).id_number},28.2.1999", "2 birth_date not_a_date"),
        (f"测试一,{person(1).id_number},2999-01-01", "2 birth_date in_the_future"),
        (f"测试一,{whole_id('33010018990101001')},1898-01-01", "2 birth_date differs_from_id_number"),
        (f"测试一,{person(1).id_number},1999-02-28,x", "2 too_many_columns"),
        (f"测试一,{person(1).id_number}", "2 too_few_columns"),
        (f'"测试一,{person(1).id_number},1999-02-28', "2 not_csv"),
        (f"{'测' * 600},{person(1).id_number},1999-02-28", "2 line_too_long"),
    ],
)
def test_a_bad_line_is_named_with_column_and_reason(world: World, line: str, told: str) -> None:
    """And the lines around it are read as they are."""
    assert problems(world, line, row(2)) == [told]


def test_every_bad_line_is_named_and_nothing_is_stored(world: World, clerk: Staff) -> None:
    """Also several mistakes of one line, and the second line of a person."""
    content = "\n".join([HEADER, row(1), ",x,", row(1), row(2)]).encode()
    with pytest.raises(CardsvcError, match="bulk_lines_wrong") as told:
        load_people(world.store, world.engine.profiles, "people.csv", content, by=clerk, now=world.now)
    named = [str(bad) for bad in told.value.details["problems"]]
    assert named == ["3 name missing", "3 id_number not_18_characters", "4 id_number same_as_line 2"]
    assert all(bad.into("zh") != bad.into("en") for bad in told.value.details["problems"])
    with world.store.read() as uow:
        assert uow.bulk_batches.recent() == []
        assert uow.citizens.by_id_number(RESIDENT_ID, person(1).id_number) is None


def test_what_is_left_out_comes_from_the_id_number(world: World, clerk: Staff) -> None:
    """Sex, birth date and birthplace; in GB18030 or UTF-8 with a mark, columns in any order, in Chinese or English."""
    woman, man = whole_id("33010018990101002"), whole_id("33010018990101003")
    text = f"身份证号,民族,姓名,地址,性别\n{woman.lower()},土家族,阿依·古丽,不存,\n{man},05,测试二,,女\n,,,,\n"
    header, *lines = text.splitlines()
    for encoding in ("gb18030", "utf-8-sig", "utf-8"):
        assert problems(world, *lines, header=header, encoding=encoding) == []
    load_people(world.store, world.engine.profiles, "x", text.encode(), by=clerk, now=world.now)
    one, two = stored(world, woman), stored(world, man)
    assert (one.sex, one.ethnic_group, one.birthplace, f"{one.birth_date}") == (2, 15, "330100", "1899-01-01")
    assert (two.sex, two.ethnic_group, one.name) == (2, 5, "阿依·古丽")


def test_a_name_that_the_chip_cannot_hold_has_a_column_of_its_own(world: World, clerk: Staff) -> None:
    """Empty for everybody else; what is not of the name is named by line; and the line says the same as the register later."""
    rare, plain = (whole_id(f"3301001899010100{number}") for number in (2, 3))
    header, lines = "姓名,芯片姓名,身份证号", (f"测㛃,测JIE,{rare}", f"阿依．古丽,,{plain}")
    assert problems(world, f"测㛃,张JIE,{rare}", f"测试二,测试二,{plain}", header=header) == [
        "2 chip_name chip_name_differs",
        "3 chip_name chip_name_not_needed",
    ]
    content = "\n".join((header, *lines)).encode("gb18030")
    load_people(world.store, world.engine.profiles, "x", content, by=clerk, now=world.now)
    assert (stored(world, rare).name, stored(world, rare).chip_name) == ("测㛃", "测JIE")
    assert (stored(world, plain).name, stored(world, plain).chip_name) == ("阿依·古丽", None)
    other = problems(world, f"测㛃,测JIA,{rare}", f"阿依•古丽,,{plain}", header=header)
    assert "2 chip_name differs_from_register" in other
    assert not any(line.startswith("3 name") for line in other)


def test_people_of_the_register_are_compared_with_it(world: World, clerk: Staff) -> None:
    """A card carries what is registered; who has a card or waits for one elsewhere is named."""
    world.issue("fudan-fmcos2", 1)
    world.citizen(2)
    assert problems(world, row(1)) == ["2 id_number has_card 3100010100000001"]
    other_name = row(2).replace("测试一", "测试二")
    assert problems(world, other_name) == ["2 name differs_from_register"]
    batch = load_people(world.store, world.engine.profiles, "a.csv", people_file(1, 2), by=clerk, now=world.now).batch
    assert problems(world, row(3), row(2)) == [f"3 id_number in_another_batch {batch.batch_id}"]


@pytest.mark.parametrize(("column", "value"), [("birthplace", "33010x"), ("sex", 300), ("ethnic_group", 123)])
def test_who_is_registered_with_what_no_card_takes_is_named_before_anything_is_made(
    world: World, clerk: Staff, column: str, value: object
) -> None:
    """From a register of before its checks: the line says nothing of it, and the making of their card would break off."""
    citizen_id = world.citizen(2)
    with world.store.begin() as uow:
        known = uow.citizens.get(citizen_id)
        assert known is not None
        uow.citizens.change(known, **{column: value})
        uow.commit()
    header, first, second = people_file(2).decode().splitlines()
    assert problems(world, first, second, header=header) == [f"3 {column} not_for_the_card"]
    with pytest.raises(CardsvcError, match=r"^bulk_lines_wrong "):
        load_people(world.store, world.engine.profiles, "people.csv", people_file(2), by=clerk, now=world.now)


def test_the_same_file_is_the_same_batch(world: World, clerk: Staff) -> None:
    """Known by its content, whatever its name; a check says so too."""
    first = load_people(world.store, world.engine.profiles, "a.csv", people_file(3), by=clerk, now=world.now)
    second = load_people(world.store, world.engine.profiles, "b.csv", people_file(3), by=clerk, now=world.now)
    assert (first.again, second.again, second.batch) == (False, True, first.batch)
    assert check_people(world.store, world.engine.profiles, people_file(3), world.now).batch == first.batch
    assert [line.line for line in lines_of(world, first.batch.batch_id)] == [2, 3, 4]


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"", "bulk_file_size_wrong"),
        (HEADER.encode(), "bulk_file_size_wrong"),
        (f"{HEADER}\n,,\n\n".encode(), "bulk_file_size_wrong"),
        (people_file(1) + b",,\n" * MAX_LINES + row(2).encode(), "bulk_file_size_wrong"),
        ("name,id_number\nx,y".encode("utf-16"), "file_encoding_wrong"),
        (b"\xff\xfe\x80,\x81", "file_encoding_wrong"),
        ("姓名,电话\nx,y".encode(), "bulk_header_wrong"),
        ("姓名,name,身份证号\nx,y,z".encode(), "bulk_header_wrong"),
        ("姓名\nx".encode(), "bulk_header_wrong"),
    ],
)
def test_a_file_that_is_none_is_refused_as_a_whole(world: World, content: bytes, code: str) -> None:
    """Before any line is looked at."""
    with pytest.raises(CardsvcError, match=code):
        check_people(world.store, world.engine.profiles, content, world.now)


@pytest.mark.parametrize("separator", [";", "\t"])
def test_what_spreadsheets_save_in_place_of_the_comma_is_read(world: World, separator: str) -> None:
    """As the header has it: a comma in a field is no separator then, and bad lines are named as ever."""
    header = HEADER.replace(",", separator)
    address = f"{header}{separator}住址"
    assert problems(world, *(row(n).replace(",", separator) for n in (1, 2)), header=header, encoding="gbk") == []
    assert problems(world, f"{row(1).replace(',', separator)}{separator}一区,二楼", header=address) == []
    assert problems(world, f"测试一{separator}x{separator}", row(2), header=header) == [
        "2 id_number not_18_characters",
        "3 too_few_columns",
    ]


def test_only_those_who_make_cards_load_files(world: World, clerk: Staff) -> None:
    """Not a cashier."""
    cashier = Staff("cash", "", "cashier", "hall", "", "active", 0, world.now)
    with pytest.raises(CardsvcError, match="not_permitted"):
        load_people(world.store, world.engine.profiles, "a.csv", people_file(1), by=cashier, now=world.now)


def test_five_thousand_lines_are_checked_quickly(world: World) -> None:
    """Somebody waits for it at the desk. By the processor's time: the machine may have other work."""
    content = people_file(5000)
    started = time.process_time()
    assert check_people(world.store, world.engine.profiles, content, world.now).people == 5000
    assert time.process_time() - started < 3
