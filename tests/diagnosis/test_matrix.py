"""Every fault kind on every card family: the right finding comes first, and looking changed nothing on the card."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from cardsvc.diagnosis.table import table
from tests.diagnosis.faults import FAULTS, UNSEEN, Fault, lock
from tests.diagnosis.patients import Altered, Patient
from tests.world import FAMILIES, Snapshot, World

NewPatient = Callable[[], Patient]


@pytest.fixture(scope="module", params=FAMILIES)
def new_patient(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[NewPatient]:
    """A card in use, with money and applications, as often as it is asked for."""
    folder = tmp_path_factory.mktemp("patients")
    snapshot = Snapshot(*in_use(folder, request.param), folder)
    worlds: list[World] = []

    def again() -> Patient:
        while worlds:
            worlds.pop().close()
        world, card = snapshot.again()
        worlds.append(world)
        return Patient(world, card, card.channel)

    yield again
    while worlds:
        worlds.pop().close()


def in_use(folder: Path, family: str):  # type: ignore[no-untyped-def] # a world and a card
    world = World(folder / "start.db")
    card = world.issue(family)
    world.topup(card, 10000)
    world.do(card, "open", application="bus", product="T")
    world.do(card, "open", application="park", product="1")
    world.do(card, "purchase", amount=200, merchant="bus")
    world.topup(card, 5000)
    return world, card


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.name)
def test_the_right_finding_comes_first(new_patient: NewPatient, fault: Fault) -> None:
    """And no byte of the card's memory changed."""
    patient = new_patient()
    fault.make(patient)
    before = bytes(patient.card._eeprom.image)
    report = patient.examine()
    codes = [finding["code"] for finding in report["findings"]]
    assert codes[:1] == [fault.first], (codes, report["evidence"])
    assert bytes(patient.card._eeprom.image) == before
    assert report["healthy"] == (report["findings"][0]["severity"] == "notice")


@pytest.mark.parametrize("unseen", UNSEEN, ids=lambda unseen: unseen[0])
def test_what_reading_cannot_show_is_not_guessed_and_no_try_is_burnt(new_patient: NewPatient, unseen: object) -> None:
    """A locked key shows itself when it is used; a diagnosis does not use it."""
    patient = new_patient()
    lock(patient.card, unseen[2])  # type: ignore[index]
    before = bytes(patient.card._eeprom.image)
    assert patient.examine()["findings"] == []
    assert bytes(patient.card._eeprom.image) == before


def test_a_garbled_counter_is_not_held_against_the_card(new_patient: NewPatient) -> None:
    """An answer to INITIALIZE that was damaged on its way has a wrong MAC1; the next look finds the card as well as before."""
    patient = new_patient()
    card = patient.card

    def garbled(command: bytes, answer: bytes) -> bytes:
        return answer[:4] + b"\xfe" + answer[5:] if command[1:3] == b"\x50\x00" else answer

    patient.connect = lambda: Altered(card.channel(), garbled)
    assert patient.examine()["findings"][0]["code"] == "key_wrong"
    patient.connect = card.channel
    assert patient.examine()["findings"] == []


def test_every_finding_has_a_fault_that_brings_it() -> None:
    """A rule that nothing triggers would be a rule that nobody tested."""
    assert {rule.code for rule in table().finding} == {fault.first for fault in FAULTS}
