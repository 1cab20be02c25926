"""A repair that is cut off anywhere is simply done again: on every family, for every fault that a repair cures.

By default at a point that the test's own name chooses, with ``--repair-tears all`` (`make soak`) before and after every
command, with the answer to every write lost, and inside the EEPROM writes.
"""

import random
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from cardsvc.errors import CardError
from cardsvc.readers.carry import CarriedOut
from cardsvc.vcard import FaultPlan, VirtualCard
from tests.diagnosis.faults import FAULTS, Fault
from tests.diagnosis.patients import NewPatient, Patient
from tests.diagnosis.test_repair import CURED, agree, money_of, repair
from tests.procedures.torn import carried, tear_points, writes_of
from tests.world import ISSUABLE, Snapshot, World

ALL = "all"
CASES = [
    pytest.param(family, fault, id=f"{family}-{fault.name}")
    for family in ISSUABLE
    for fault in FAULTS
    if fault.name in CURED and family in fault.families
]


@pytest.mark.parametrize(("new_patient", "fault"), CASES, indirect=["new_patient"])
def test_a_repair_that_is_cut_off_anywhere_is_done_again(
    new_patient: NewPatient, fault: Fault, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    """Afterwards the card is healthy by a diagnosis of its own, has what the books say, and takes money."""
    patient = ready(new_patient, fault)
    person, start = patient.person, Snapshot(patient.world, patient.card, tmp_path)
    points = list(all_points(start, person))
    how_many = request.config.getoption("--repair-tears")
    if how_many != ALL:
        points = random.Random(request.node.name).sample(points, int(how_many))
    for point in points:
        world, card = start.again()
        card.plan = point
        with suppress(CarriedOut, CardError):
            carried(world, card, "repair", {"person": person})
        card.plan = FaultPlan()
        torn = Patient(world, card, card.channel, person)
        assert repair(torn)["healthy"], point
        assert torn.examine()["findings"] == [], point
        on_card, in_books = money_of(torn)
        assert on_card == in_books, point
        assert sum(world.balances().values()) == 0, point
        world.topup(card, 5000)
        assert not card.unknown_commands
        world.close()


def ready(new_patient: NewPatient, fault: Fault) -> Patient:
    """A card with the fault, and two people who have agreed to what its repair asks of them."""
    patient = new_patient()
    fault.make(patient)
    found = patient.world.carry(patient.card.channel(), "diagnose", person=patient.person)
    waiting = [finding for finding in found["findings"] if finding["cure"]["two_people"]]
    if waiting:
        agree(patient, [step["name"] for step in repair(patient)["waiting"]])
    return patient


def all_points(start: Snapshot, person: str | None) -> Iterator[FaultPlan]:
    """Of the repair that nothing disturbs: power that fails, and answers to writes that are lost."""
    written: list[int] = []

    def run(world: World, card: VirtualCard) -> Any:
        card.plan = FaultPlan()
        result = carried(world, card, "repair", {"person": person})
        written.append(writes_of(card))
        return result

    yield from tear_points(*start.again(), run)
    yield from (FaultPlan(lose_answer_to_write=number) for number in range(1, written[0] + 1))
