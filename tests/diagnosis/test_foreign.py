"""Cards that others issue and we only read, healthy and broken: what they are comes first, nothing on them changes."""

from collections.abc import Iterator

import pytest

from cardsvc.vcard import VirtualCard, bodies
from tests.diagnosis.faults import FAULTS, Fault
from tests.diagnosis.harm import corrupt, edit
from tests.diagnosis.patients import MF, PURSE, Patient
from tests.world import World

FOREIGN = ("t-union", "social-security")
OF_CONTACT = (
    "mute",
    "no-power-up",
    "contact-bounce",
    "lost-answer",
    "changing-atr",
    "bad-atr",
    "slow",
    "reader-gone",
    "dead-os",
)
OURS = "card_foreign"
"""Whatever is wrong inside a card of others, its holder goes to its issuer."""
INSIDE = (
    Fault("healthy", "", OURS, lambda _patient: None, FOREIGN),
    Fault("application-blocked", "", OURS, edit(PURSE, bodies.BLOCKED, bytes((bodies.FOR_A_TIME,))), FOREIGN),
    Fault("application-locked", "", OURS, edit(PURSE, bodies.BLOCKED, bytes((bodies.FOR_GOOD,))), FOREIGN),
    Fault("card-blocked", "", OURS, edit(MF, bodies.BLOCKED, bytes((bodies.FOR_GOOD,))), FOREIGN),
    Fault("missing-file", "", OURS, edit(PURSE, -7, b"\x00", file=0x0015), ("t-union",)),
    Fault("garbled-dates", "", OURS, corrupt(PURSE, 0x0015, 20, 8), ("t-union",)),
    Fault("missing-records", "", OURS, edit(PURSE, -7, b"\x00", file=0xEF05), ("social-security",)),
    Fault("garbled-records", "", OURS, corrupt(PURSE, 0xEF05, 0, 40), ("social-security",)),
)
CASES = [
    pytest.param(family, fault, id=f"{family}-{fault.name}")
    for family in FOREIGN
    for fault in (*(fault for fault in FAULTS if fault.name in OF_CONTACT), *INSIDE)
    if fault in FAULTS or family in fault.families
]


@pytest.fixture(scope="module")
def city(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """One city for all: nothing that happens to these cards is in its books."""
    world = World(tmp_path_factory.mktemp("city") / "city.db")
    yield world
    world.close()


@pytest.mark.parametrize(("family", "fault"), CASES)
def test_a_card_of_others_is_told_as_what_it_is(city: World, family: str, fault: Fault) -> None:
    """It is among the findings; neither full run, quick look nor inspection writes; what cannot be read is left out."""
    card = VirtualCard.blank(family, seed=5)
    patient = Patient(city, card, card.channel)
    fault.make(patient)
    before = bytes(card._eeprom.image)
    report = patient.examine()
    codes = [finding["code"] for finding in report["findings"]]
    assert fault.first in codes, report["evidence"]
    assert codes[0] in (fault.first, OURS)
    assert not report["healthy"]
    if fault in INSIDE:
        assert patient.examine(quick=True)["findings"][0]["code"] == fault.first
        seen = city.carry(card.channel(), "inspect")
        assert seen["state"] == "foreign"
        assert (bool(seen["fields"]) and all(seen["fields"].values())) == (fault.name == "healthy")
    assert card.writes == 0
    assert bytes(card._eeprom.image) == before
