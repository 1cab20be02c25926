"""Names that the chip cannot hold: a card all the same, with a name on the chip, the name itself everywhere else."""

import datetime as dt
from pathlib import Path
from typing import Any

import pytest
import reportlab

from cardsvc.errors import CardsvcError
from cardsvc.printing.pdf import FONT_NAME, drawn_with
from cardsvc.readers.carry import finish
from cardsvc.service.cards.faces import face_of
from cardsvc.service.cards.identity import holder_digest
from cardsvc.service.cards.person_changes import PersonChange, change_person, to_follow
from cardsvc.service.cards.requests import request_of
from cardsvc.service.desk.faces import print_face
from cardsvc.service.desk.workstations import FacePrinter, actor_of, begin, report
from cardsvc.service.people.names import proposed_chip_name
from cardsvc.service.people.register import CitizenData, find_citizen, person_view, register_citizen
from cardsvc.service.rights.holds import offices_say
from cardsvc.store.records import Staff
from cardsvc.vcard import VirtualCard
from tests.service.cards.test_card_requests import take as apply
from tests.service.cards.test_faces import WS, Hall
from tests.service.cards.test_identity import ASKED
from tests.service.cards.test_person_changes import agree
from tests.service.cards.test_renewal import replace
from tests.service.rights.rights_people import said, take_in
from tests.service.staff.test_staff import people, refused
from tests.world import DESK, ISSUABLE, World, person

__all__ = ["people"]
RARE = "测㛃"
LONG = "阿卜杜热合曼·买买提明·吐尔逊江艾力"


def named(name: str, chip_name: str | None = None, number: int = 1) -> CitizenData:
    """A synthetic person of this name."""
    return CitizenData.model_validate({**person(number).model_dump(), "name": name, "chip_name": chip_name})


def card_of(world: World, family: str, name: str, chip_name: str) -> VirtualCard:
    """A card of somebody of this name."""
    register_citizen(world.store, named(name, chip_name), world.now)
    card = VirtualCard.blank(family, seed=1)
    world.do(card, "personalise", citizen_id=registered(world)["citizen_id"])
    return card


def registered(world: World) -> dict[str, Any]:
    """The person as a page shows them."""
    found = find_citizen(world.store, person().id_number)
    assert found is not None
    return found


def ask(world: World, by: Staff, **fields: Any) -> None:
    """Ask for a change of the person."""
    change = PersonChange(citizen_id=registered(world)["citizen_id"], proof="新身份证", **fields)
    change_person(world.store, world.engine.rules, change, by=by, now=world.now)


@pytest.mark.parametrize(
    ("name", "proposed"),
    [
        (RARE, "测JIE"),
        ("测\U0002cb4e一", "测HONG一"),  # 𬭎 is of Extension E, 㛃 of A
        ("测䶮", "测YAN"),
        (LONG, LONG[:15]),
        ("測" * 13 + "㛃㛃", "測" * 13 + "JIE"),  # the second JIE has no room
    ],
)
def test_the_proposal_is_taken_as_it_is(world: World, name: str, proposed: str) -> None:
    """Characters that GBK has stay, each other one is its pinyin, and what has no room is left out at the end."""
    assert proposed_chip_name(name) == proposed
    citizen = register_citizen(world.store, named(name, proposed), world.now)
    view = person_view(world.store, citizen.citizen_id)
    assert (view["name"], view["chip_name"]) == (name, proposed)


@pytest.mark.parametrize(
    ("name", "chip_name", "why"),
    [
        (RARE, None, "GBK"),
        (LONG, None, "30"),
        ("测试一", "测试一", "不用填"),
        (RARE, "测", "对不上"),
        (RARE, "李JIE", "对不上"),
        (RARE, "测JIE一", "对不上"),
        (RARE, "测杰", "对不上"),
        (RARE, RARE, "GBK"),
        (LONG, LONG[:9], "对不上"),
        ("测㛃" * 7, "测JIE" * 7, "30"),
    ],
)
def test_a_chip_name_that_is_not_of_the_name_is_refused(world: World, name: str, chip_name: str | None, why: str) -> None:
    """In words, and nobody is taken in."""
    with pytest.raises(CardsvcError, match="citizen_field_wrong") as told:
        register_citizen(world.store, named(name, chip_name), world.now)
    assert why in told.value.message("zh")
    assert find_citizen(world.store, person().id_number) is None


@pytest.mark.parametrize("family", ISSUABLE)
@pytest.mark.parametrize(("name", "chip_name"), [(RARE, "测JIE"), (LONG, LONG[:15])])
def test_a_card_is_made_and_is_healthy(world: World, family: str, name: str, chip_name: str) -> None:
    """The chip has the name on the chip, and a diagnosis that reads all of it finds nothing wrong, with the person there."""
    card = card_of(world, family, name, chip_name)
    world.now += dt.timedelta(minutes=5)
    report = world.do(card, "diagnose", person=person().id_number)
    assert ([finding["code"] for finding in report["findings"]], report["healthy"]) == ([], True)
    found = world.do(card, "identity", DESK, **ASKED)
    assert (found["valid"], found["holder"]["name"], found["holder"]["chip_name"]) == (True, name, chip_name)
    assert found["holder"]["digest"] == holder_digest(chip_name, person().id_number), "what the bureau reads off the chip"


def test_the_new_card_of_a_person_has_it_too(world: World, people: dict[str, Staff]) -> None:
    """It belongs to the person, not to one card."""
    card_of(world, ISSUABLE[0], RARE, "测JIE")
    replace(world, people["clerk"], "damaged", readable=False)
    again = VirtualCard.blank(ISSUABLE[1], seed=2)
    world.do(again, "personalise", citizen_id=registered(world)["citizen_id"])
    assert world.do(again, "diagnose")["healthy"]
    assert world.do(again, "identity", DESK, **ASKED)["holder"]["chip_name"] == "测JIE"


@pytest.mark.parametrize("family", ISSUABLE)
def test_a_wrong_reading_is_corrected_on_the_chip_in_place(world: World, people: dict[str, Staff], family: str) -> None:
    """The face has nothing of it, so no new card is made; two people agree, as for all data of a person."""
    card = card_of(world, family, RARE, "测JIA")
    ask(world, people["clerk"], chip_name="测JIE")
    agree(world, people["supervisor"])
    world.now += dt.timedelta(minutes=5)
    assert not world.do(card, "diagnose")["healthy"]
    assert world.do(card, "repair")["healthy"]
    assert world.do(card, "identity", DESK, **ASKED)["valid"]
    with world.store.read() as uow:
        assert to_follow(uow, uow.cards.get_one(world.card_no_of(card))) is None


def test_a_name_that_changes_takes_its_chip_name_along(world: World, people: dict[str, Staff]) -> None:
    """To one the chip cannot hold: with one; from it: without. Never the name on the chip of another name."""
    card_of(world, ISSUABLE[0], RARE, "测JIE")
    with pytest.raises(CardsvcError, match="citizen_field_wrong"):
        ask(world, people["clerk"], name="测䶮")
    ask(world, people["clerk"], name="测䶮", chip_name="测YAN")
    agree(world, people["supervisor"])
    ask(world, people["clerk"], name="测试改")
    agree(world, people["supervisor"])
    found = registered(world)
    assert (found["name"], found["chip_name"]) == ("测试改", None)


NOWHERE = "测\U00031350"
"""Of Extension H, of the year 2022: no font that is asked for has it."""


def test_a_face_is_not_printed_with_a_box_for_a_character(world: World, people: dict[str, Staff]) -> None:
    """It is said before anything goes to the printer, and the face stays due."""
    hall = Hall(world, people["clerk"])
    citizen = register_citizen(world.store, named(NOWHERE, "测QI"), world.now).citizen_id
    case_no = apply(world, people["clerk"], citizen).case_no
    world.do(VirtualCard.blank(ISSUABLE[0], seed=1), "personalise", citizen_id=citizen)
    with refused("glyph_missing"):
        hall.do(print_face, hall.face(case_no)["print_id"], WS)
    with refused("glyph_missing"):
        face_of(world.store, request_of(world.store, case_no)["card_no"])
    assert (hall.face(case_no)["state"], hall.asked()) == ("due", None)


def test_a_card_inside_the_printer_waits_for_the_font_too(world: World, people: dict[str, Staff]) -> None:
    """Where the face would follow by itself, it does not, and the agent is given nothing that cannot be drawn."""
    hall, card = Hall(world, people["clerk"]), VirtualCard.blank(ISSUABLE[0], seed=1)
    reader = {"name": "Inside 00 00", "atr": card.atr.hex().upper(), "contact": "contact-1"}
    report(world.engine, WS, "run-two-2", [reader], new=True, printer=FacePrinter("cards", "Inside 00 00"))
    citizen = register_citizen(world.store, named(NOWHERE, "测QI"), world.now).citizen_id
    case_no = apply(world, hall.clerk, citizen).case_no
    begun = begin(
        world.engine, WS, "contact-1", "personalise", {"citizen_id": citizen}, by=hall.clerk, idempotency_key="the one form"
    )
    channel = card.channel()
    finish(world.port(actor_of(world.store, WS, by=hall.clerk)), channel, begun)
    channel.close()
    assert (hall.face(case_no)["state"], hall.asked("run-two-2")) == ("due", None)


def test_a_face_takes_each_character_from_a_font_that_has_it() -> None:
    """The first font has Chinese, another one what it lacks; only what neither has is refused."""
    other = {"Vera": Path(reportlab.__file__).parent / "fonts" / "Vera.ttf"}
    assert drawn_with("测∄∄试", other) == [(FONT_NAME, "测"), ("Vera", "∄∄"), (FONT_NAME, "试")]
    with refused("glyph_missing"):
        drawn_with("测∄㛃", other)
    with refused("glyph_missing"):
        drawn_with("测∄", {"missing": Path("/nowhere.ttf")})


@pytest.mark.parametrize("dot", ["·", "•", "・", "･", "‧", "．", " · ", "."])
def test_dots_of_a_name_are_one_sign(world: World, dot: str) -> None:
    """The one that GBK has; whoever is registered with it is the same person, whichever sign is typed."""
    first = register_citizen(world.store, named("阿依·古丽"), world.now)
    assert register_citizen(world.store, named(f"阿依{dot}古丽"), world.now) == first
    assert first.name == "阿依·古丽"


def test_a_dot_of_latin_letters_stays(world: World) -> None:
    """It ends a shortened name there."""
    assert register_citizen(world.store, named("J. Test"), world.now).name == "J. Test"


@pytest.mark.parametrize(("theirs", "differs"), [(RARE, []), ("测JIE", []), ("测杰", ["name"])])
def test_an_office_may_have_either_name(world: World, people: dict[str, Staff], theirs: str, differs: list[str]) -> None:
    """Its own system may hold no more than the chip does: that is no other person, and holds no application up."""
    register_citizen(world.store, named(RARE, "测JIE"), world.now)
    take_in(world, people["clerk"], said(1, name=theirs))
    found = offices_say(world.store, world.engine.rules, person().id_number, world.now)
    assert [one["field"] for one in found["differences"]] == differs
