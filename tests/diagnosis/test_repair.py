"""Repair: every fault kind on two families comes to health or to the right refusal. Torn repairs: test_torn_repair.py."""

import contextlib
import datetime as dt
from collections.abc import Iterable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from cardsvc.diagnosis.plans import plans
from cardsvc.diagnosis.table import table
from cardsvc.errors import CardError, CardGone
from cardsvc.keystore.keys import KeyEntry, KeyRing, KeyState
from cardsvc.readers.carry import CarriedOut
from cardsvc.service.approval_kinds import APPROVALS
from cardsvc.service.faults.repair import planned, propose_repair
from cardsvc.service.staff.accounts import NewStaff, add_outlet, add_staff
from cardsvc.service.staff.approvals import approve
from cardsvc.service.transactions.takeovers import hold_card
from cardsvc.store.records import Staff
from cardsvc.vcard import FaultPlan, VirtualCard
from cardsvc.vcard.session import Key, KeyKind
from tests.diagnosis.faults import FAULTS, Fault
from tests.diagnosis.half_done import master_key_met
from tests.diagnosis.patients import CASH, MF, PURSE, Altered, NewPatient, Patient, change_key, in_use
from tests.diagnosis.wild import WILD
from tests.world import DESK, FAMILIES, ISSUABLE, Snapshot, World, area_on, balance_on

CURED = {
    "corrected-record",
    "changed-holder",
    "corrupt-card-issue",
    "changed-card-number",
    "corrupt-directory",
    "corrupt-purse-file",
    "corrupt-application",
    "corrupt-unopened",
    "two-serials",
    "purse-blocked",
    "purse-blocked-in-use",
    "bus-blocked",
    "load-not-written",
    "load-written",
    "half-opened",
    "lost-application",
    "wrong-product",
    "locked-pin",
    "wrong-pin",
    "pin-tried",
    "old-key",
    "wrong-bus-key",
    "wrong-parking-key",
    "strange-bus-key",
}
"""Faults that a repair brings to health."""
SILENT = {
    "mute",
    "worn-reader",
    "reader-gone",
    "no-power-up",
    "lost-answer",
    "write-failed",
    "worn-memory",
    "worn-memory-one-reader",
    "unknown-family",
    "contact-bounce",
    "bad-atr",
    "changing-atr",
    "slow",
    *(wild.name for wild in WILD),
}
"""Faults of contact: no operation reaches the card, or the next one finds it well."""
PASSWORD = "only for tests"


ONLY_THERE = [fault for fault in FAULTS if not set(fault.families) & set(FAMILIES)]
"""Faults that the two families of every test cannot have."""
on_both_families = pytest.mark.parametrize("new_patient", FAMILIES, indirect=True)


def faults(which: Iterable[Fault]) -> pytest.MarkDecorator:
    """Each on the two families, or on the others that alone can have it."""
    chosen = [
        (family, one) for one in which for family in (one.families if one in ONLY_THERE else FAMILIES) if family in one.families
    ]
    pairs = [
        pytest.param(family, one, id=f"{family}-{one.name}")
        for family, one in sorted(chosen, key=lambda c: ISSUABLE.index(c[0]))
    ]
    return pytest.mark.parametrize(("new_patient", "fault"), pairs, indirect=["new_patient"])


def repair(patient: Patient, **params: Any) -> Mapping[str, Any]:
    """One repair on the card as it is reached."""
    return patient.world.carry(patient.connect(), "repair", DESK, person=patient.person, **params)


def two_people(world: World) -> tuple[Staff, Staff]:
    """A clerk and a supervisor of a hall."""
    add_outlet(world.store, "hall", "hall", world.now)
    admin = add_staff(world.store, NewStaff("admin", "a", "administrator", "hall"), PASSWORD, world.now, by=None)
    people = [
        add_staff(world.store, NewStaff(role, role, role, "hall"), PASSWORD, world.now, by=admin)
        for role in ("clerk", "supervisor")
    ]
    return people[0], people[1]


def agree(patient: Patient, steps: list[str]) -> None:
    """Two people agree on these steps."""
    world = patient.world
    clerk, chief = two_people(world)
    asked = propose_repair(world.store, APPROVALS, patient.card_no, steps, "seen at the desk", by=clerk, now=world.now)
    approve(world.store, APPROVALS, asked.approval_id, by=chief, now=world.now)


def money_of(patient: Patient) -> tuple[int, int]:
    """On the card, and owed by the books."""
    world, with_pin = patient.world, patient.card.dialect.pin_for_ep_load
    pin = world.keys.load_pin(patient.card_no, world.keys.versions()) if with_pin else b""
    return balance_on(patient.card, pin)[0], patient.world.purse_total(patient.card_no)


def test_every_finding_has_a_plan_and_every_plan_says_what_it_does() -> None:
    """In both languages; what the card may not cure names who does."""
    assert {rule.plan for rule in table().finding} == set(plans())
    for plan in plans().values():
        assert plan.effect_zh
        assert plan.effect_en.isascii()


@faults(fault for fault in FAULTS if fault.name in CURED)
def test_a_fault_that_can_be_cured_is(new_patient: NewPatient, fault: Fault) -> None:
    """After the repair the card is healthy by a diagnosis of its own; no money came or went except what was settled."""
    patient = new_patient()
    fault.make(patient)
    would = planned(patient.world.store, patient.examine())
    result = repair(patient)
    assert [step["name"] for step in would["steps"]] == [step["name"] for step in (*result["steps"], *result["waiting"])]
    if result["waiting"]:
        assert not result["healthy"] or fault.name == "old-key"  # it works as before
        agree(patient, [step["name"] for step in result["waiting"]])
        result = repair(patient)
    patient.connect = patient.card.channel
    report = patient.examine()
    assert report["findings"] == [], (result, report["findings"])
    assert result["healthy"]
    on_card, in_books = money_of(patient)
    assert on_card == in_books
    assert patient.world.do(patient.card, "topup", amount=5000, payment={"method": "cash", "reference": None})


@faults(fault for fault in FAULTS if fault.name not in CURED | SILENT)
def test_a_fault_that_cannot_be_cured_leaves_the_card_as_it_is_and_says_what_to_do(
    new_patient: NewPatient, fault: Fault
) -> None:
    """Not a byte changes, the books stay, and the finding is there with its cure."""
    patient = new_patient()
    fault.make(patient)
    before, books = bytes(patient.card._eeprom.image), patient.world.balances()
    try:
        result = repair(patient)
    except (CardError, CarriedOut, CardGone):
        result = None
    if result is not None:
        assert fault.first in [finding["code"] for finding in result["findings"]]
        assert all(finding["cure"]["effect"]["zh"] for finding in result["findings"])
        assert result["steps"] == []
    if fault.first.startswith("pin_wrong"):  # the look before the repair verified it: one try, once
        before = bytes(patient.card._eeprom.image)
        repair(patient)
    assert bytes(patient.card._eeprom.image) == before
    assert patient.world.balances() == books


@on_both_families
def test_a_second_person_is_needed_for_a_block_and_only_today(new_patient: NewPatient) -> None:
    """Without, or with yesterday's or another card's decision, the block stays."""
    patient = new_patient()
    next(fault for fault in FAULTS if fault.name == "bus-blocked").make(patient)
    first = repair(patient)
    assert [step["name"] for step in first["waiting"]] == ["unblock:bus"]
    agree(patient, ["unblock:parking"])
    assert repair(patient)["waiting"] == first["waiting"]
    chief = Staff("supervisor", "", "supervisor", "hall", "", "active", 0, patient.world.now)
    clerk = Staff("clerk", "", "clerk", "hall", "", "active", 0, patient.world.now)
    store, now = patient.world.store, patient.world.now
    asked = propose_repair(store, APPROVALS, patient.card_no, ["unblock:bus"], "seen", by=clerk, now=now)
    assert repair(patient)["waiting"] == first["waiting"]
    approve(store, APPROVALS, asked.approval_id, by=chief, now=now)
    patient.world.now += dt.timedelta(days=1)
    assert repair(patient)["waiting"] == first["waiting"]
    assert patient.examine()["findings"][0]["code"] == "application_blocked"


@pytest.mark.parametrize("new_patient", ["watchdata"], indirect=True)
def test_a_locked_pin_is_opened_for_its_holder_only(new_patient: NewPatient) -> None:
    """Two people have agreed; without a document it waits, with another person's nothing is done; torn, it is done again."""
    patient = new_patient()
    next(fault for fault in FAULTS if fault.name == "locked-pin").make(patient)
    holder, patient.person = patient.person, None
    agree(patient, ["reset_pin:purse"])
    before = bytes(patient.card._eeprom.image)
    waiting = repair(patient)
    assert [(step["name"], step["document"]) for step in waiting["waiting"]] == [("reset_pin:purse", True)]
    patient.person = "110101199902300021"
    assert (repair(patient)["waiting"], repair(patient)["findings"][0]["code"]) == ([], "person_differs")
    assert bytes(patient.card._eeprom.image) == before
    with pytest.raises(CarriedOut):
        patient.world.topup(patient.card, 5000)
    patient.person = holder
    for tear in ("tear_before_write", "tear_after_write"):
        patient.card.plan = FaultPlan(**{tear: 1})
        with contextlib.suppress(CardGone, CarriedOut):
            repair(patient)
        patient.card.plan = FaultPlan()
    assert repair(patient)["healthy"]
    patient.world.topup(patient.card, 5000)
    assert money_of(patient) == (19800, 19800)


@on_both_families
def test_a_master_key_that_opens_again_is_no_longer_said_to_be_locked(new_patient: NewPatient) -> None:
    """A reader may have garbled the answer. The same day nobody tries again; then once, and what succeeds ends the finding."""
    patient = new_patient()
    master_key_met(patient)
    assert [finding["code"] for finding in patient.examine()["findings"]] == ["master_key_locked", "file_corrupt"]
    for directory in (MF, PURSE):
        change_key(patient.card, directory, KeyKind.MASTER, Key.TRIES_OFFSET, b"\x33")
    assert repair(patient)["steps"] == []
    patient.world.now += dt.timedelta(days=1)
    result = repair(patient)
    assert ([step["name"] for step in result["steps"]], result["findings"]) == (["rewrite_file:purse"], [])
    assert patient.examine()["findings"] == []


ROLLED = ("mf.internal_auth", "purse.tac", "purse.purchase", "purse.load", "bus.load", "bus.unload", "parking.tac")
STEPS = ["roll_keys:mf", "roll_keys:purse", "roll_keys:bus", "roll_keys:parking"]


@pytest.mark.parametrize("family", ["fudan-fmcos2", "mingwah-smartcos", "huada-city"])
def test_keys_come_to_their_current_version_and_a_card_pulled_anywhere_works_in_between(family: str, tmp_path: Path) -> None:
    """Torn between any two keys: card and books understand each other, money goes on, the next repair ends it."""
    snapshot = Snapshot(*in_use(tmp_path, family), tmp_path)
    for tear in [{}, {"tear_before_write": 1}, *({"tear_after_write": number} for number in (1, 2, 3, 4, 6))]:
        world, card = snapshot.again()
        for name in ROLLED:
            world.roll_key(name)
        patient = Patient(world, card, card.channel)
        assert [step["name"] for step in repair(patient)["waiting"]] == STEPS
        agree(patient, STEPS)
        card.plan = FaultPlan(**tear)
        with contextlib.suppress(CardGone, CarriedOut):
            repair(patient)
        card.plan = FaultPlan()
        world.topup(card, 5000)
        world.do(card, "purchase", amount=200, merchant="bus")
        assert repair(patient)["findings"] == [], tear
        assert patient.examine()["findings"] == []
        with world.store.read() as uow:
            row = uow.cards.get(patient.card_no)
            assert row is not None
            now = world.keys.versions()
            assert row.key_versions == {name: now[name] for name in row.key_versions}
        world.keys = world.keys.with_entry(replace(retired(world.keys, "purse.load"), state=KeyState.RETIRED))
        world.engine = world.new_engine()
        world.topup(card, 5000)
        assert money_of(patient)[0] == money_of(patient)[1]
        world.close()


def retired(keys: KeyRing, name: str) -> KeyEntry:
    """The first version of a key."""
    return next(entry for entry in keys.entries if (entry.name, entry.version) == (name, 1))


@on_both_families
def test_a_key_that_the_card_does_not_take_leaves_card_and_books_as_they_were(new_patient: NewPatient) -> None:
    """The operation fails with a code that says so, and the card works with the keys that it has."""
    patient = new_patient()
    patient.world.roll_key("purse.load")
    agree(patient, ["roll_keys:purse"])
    card = patient.card
    refuses = Altered(card.channel(), lambda command, given: b"\x69\x00" if command[0] == 0x84 else given, silent=(0xD4, 0xE8))
    with pytest.raises(CarriedOut, match="key_change_refused"):
        patient.world.carry(refuses, "repair", DESK, person=None)
    patient.world.topup(card, 5000)
    assert patient.examine()["findings"][0]["code"] == "key_old"


@on_both_families
def test_a_bus_purse_takes_money_again_once_its_load_key_was_written(new_patient: NewPatient) -> None:
    """Before, the month load is refused and nothing moves; nobody writes a key alone."""
    patient = new_patient()
    world, month = patient.world, {"amount": 5000, "payment": CASH, "product": "T", "area": "month"}
    next(fault for fault in FAULTS if fault.name == "wrong-bus-key").make(patient)
    books = world.balances()
    with pytest.raises(CarriedOut, match=r"card_not_genuine \(not_done\)"):
        world.do(patient.card, "topup", **month)
    assert world.balances() == books
    assert [step["name"] for step in repair(patient)["waiting"]] == ["roll_keys:bus"]
    agree(patient, ["roll_keys:bus"])
    assert repair(patient)["healthy"]
    world.do(patient.card, "topup", **month)
    assert area_on(patient.card, "bus") + area_on(patient.card, "bus", "ed") == 5000


@on_both_families
def test_a_card_whose_purchases_are_used_up_gives_its_money_through_the_books(new_patient: NewPatient) -> None:
    """Drawing it down is a purchase, which it refuses; so its cure is to take it in, and that goes."""
    patient = new_patient()
    world = patient.world
    next(fault for fault in FAULTS if fault.name == "offline-at-maximum").make(patient)
    assert patient.examine()["findings"][0]["plan"] == "hold_balance"
    before = bytes(patient.card._eeprom.image)
    with pytest.raises(CarriedOut, match=r"counter_at_maximum \(not_done\)"):
        world.do(patient.card, "transfer_out")
    assert bytes(patient.card._eeprom.image) == before
    clerk, _ = two_people(world)
    held = hold_card(world.store, world.engine.rules, patient.card_no, by=clerk, now=world.now)
    assert held.due is not None
    world.now += dt.timedelta(days=20)
    with world.store.read() as uow:
        old = uow.cards.get(patient.card_no)
    assert old is not None
    replacement = VirtualCard.blank(patient.card.dialect.name, seed=2)
    world.do(replacement, "personalise", citizen_id=old.citizen_id)
    assert world.do(replacement, "transfer_in", old_card_no=patient.card_no)["amount"] == 14800


def test_the_record_that_a_card_lost_comes_back_with_its_months(tmp_path: Path) -> None:
    """The months of a loaded purse are in the record: what is written again is what was written last, not the opening's."""
    from cardsvc.vcard import bodies
    from tests.diagnosis.patients import BUS, put

    world, card = in_use(tmp_path, "fudan-fmcos2")
    world.now += dt.timedelta(minutes=1)
    world.do(card, "topup", amount=5000, payment={"method": "cash", "reference": None}, product="T", area="month")
    patient = Patient(world, card, card.channel)
    put(card, BUS, bodies.CONTENT, bytes(32), file=0x0015)
    assert repair(patient)["healthy"]
    areas = world.do(card, "inspect")["areas"]
    assert [(area["period"], area["balance"]) for area in areas if area["balance"]] == [("2026-11", 5000)]
    world.close()
