"""Every fault kind on every card family: the right finding comes first, and looking changed nothing on the card."""

import time
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import replace

import pytest

from cardsvc.cli.card.examine import examine
from cardsvc.diagnosis.table import table
from cardsvc.errors import CardGone
from cardsvc.iso7816.links import ResponseLink
from cardsvc.keystore.keys import KeyState
from cardsvc.readers.carry import CarriedOut
from cardsvc.vcard import FaultPlan, VirtualCard, bodies
from tests.diagnosis import pins
from tests.diagnosis.answers import warned
from tests.diagnosis.faults import FAULTS, KEYS_CHANGE, WITH_PIN, Fault
from tests.diagnosis.half_done import withdrawn
from tests.diagnosis.harm import counter_wraps, used_up
from tests.diagnosis.patients import BUS, CASH, PURSE, Altered, NewPatient, node, opened
from tests.diagnosis.strangers import month_is_over
from tests.diagnosis.unseen import UNSEEN, Unseen
from tests.world import AIDS, DESK, FAMILIES, ISSUABLE, World

on_every_family = pytest.mark.parametrize("new_patient", ISSUABLE, indirect=True)


def cases(kinds: Iterable[Fault | Unseen], families: Iterable[str] = ISSUABLE) -> pytest.MarkDecorator:
    """Each kind on each family that can have it."""
    pairs = [
        pytest.param(family, kind, id=f"{family}-{kind.name}")
        for family in families
        for kind in kinds
        if family in kind.families
    ]
    return pytest.mark.parametrize(("new_patient", "kind"), pairs, indirect=["new_patient"])


@cases(FAULTS)
def test_the_right_finding_comes_first(new_patient: NewPatient, kind: Fault) -> None:
    """And no byte of the card's memory changed, but for one try of a PIN that is not ours, once."""
    patient = new_patient()
    kind.make(patient)
    before = bytes(patient.card._eeprom.image)
    report = patient.examine()
    codes = [finding["code"] for finding in report["findings"]]
    assert codes[:1] == [kind.first], (codes, report["evidence"])
    assert report["healthy"] == (report["findings"][0]["severity"] == "notice")
    if kind.first.startswith("pin_wrong"):
        before = bytes(patient.card._eeprom.image)
        patient.examine()
    assert bytes(patient.card._eeprom.image) == before


@cases(UNSEEN)
def test_what_reading_cannot_show_is_not_guessed_and_no_try_is_burnt(new_patient: NewPatient, kind: Unseen) -> None:
    """A locked key shows itself when it is used; a diagnosis does not use it."""
    patient = new_patient()
    kind.make(patient)
    before = bytes(patient.card._eeprom.image)
    assert patient.examine()["findings"] == []
    assert bytes(patient.card._eeprom.image) == before


@pytest.mark.parametrize("new_patient", ["watchdata"], indirect=True)
def test_a_pin_that_is_not_ours_costs_one_try_and_never_another(new_patient: NewPatient) -> None:
    """However often the card is looked at: the last tries stay the holder's."""
    patient = new_patient()
    pins.another(patient)
    told = [patient.examine() for _ in range(4)]
    assert [report["findings"][0]["code"] for report in told] == ["pin_wrong", *["pin_tries_used"] * 3]
    assert [report["evidence"]["application.purse.pin_tries"] for report in told] == [3, 2, 2, 2]


@on_every_family
def test_a_garbled_counter_is_not_held_against_the_card(new_patient: NewPatient) -> None:
    """An answer to INITIALIZE that was damaged on its way has a wrong MAC1; the next look finds the card as well as before."""
    patient = new_patient()
    card, asked = patient.card, [b""]

    def garbled(command: bytes, answer: bytes) -> bytes:
        if command[1] != 0xC0:
            asked[0] = command
        return answer[:4] + b"\xfe" + answer[5:] if asked[0][1:3] == b"\x50\x00" and len(answer) > 2 else answer

    patient.connect = lambda: Altered(card.channel(), garbled)
    assert patient.examine()["findings"][0]["code"] == "key_wrong"
    patient.connect = card.channel
    assert patient.examine()["findings"] == []


@pytest.mark.parametrize("new_patient", KEYS_CHANGE, indirect=True)
def test_a_card_that_numbers_its_log_the_other_way_is_healthy(new_patient: NewPatient) -> None:
    """Manual and real cards of one family disagree; a load too many in such a log is found all the same."""
    patient, changed = new_patient(), list[int]()
    card = patient.card

    def before_the_increment(command: bytes, given: bytes) -> bytes:
        if (command[1], command[3]) != (0xB2, 0x18 << 3 | 4) or len(given) != 25:
            return given
        number = int.from_bytes(given[:2], "big") - 1
        amount = 7777 if command[2] in changed else int.from_bytes(given[5:9], "big")
        return number.to_bytes(2, "big") + given[2:5] + amount.to_bytes(4, "big") + given[9:]

    patient.connect = lambda: Altered(ResponseLink(card.channel()), before_the_increment)
    for quick in (False, True):
        assert patient.examine(quick=quick)["findings"] == []
    changed.append(1)
    assert patient.examine()["findings"][0]["code"] == "log_unknown_load"


@pytest.mark.parametrize(("family", "factory_mf"), [("fudan-fmcos2", True), ("huada-city", False), ("mingwah-smartcos", False)])
def test_a_blank_of_the_factory_is_a_blank_for_every_look(world: World, family: str, *, factory_mf: bool) -> None:
    """With an MF, with all its files, or with nothing; once it was begun it is unfinished."""
    card, citizen = VirtualCard.blank(family, seed=78, factory_mf=factory_mf), world.citizen(2)

    def told() -> tuple[str, ...]:
        reports = [examine(world.engine, DESK, card.channel, quick=quick) for quick in (True, False)]
        return world.do(card, "inspect")["state"], *(report["findings"][0]["code"] for report in reports)

    assert told() == ("blank", "card_blank", "card_blank")
    card.plan = FaultPlan(tear_after_command=40)
    with suppress(CardGone):
        world.do(card, "personalise", citizen_id=citizen)
    assert told() == ("partial", "card_unfinished", "card_unfinished")


@on_every_family
def test_a_grey_lock_is_named_by_whatever_is_tried(new_patient: NewPatient) -> None:
    """And sends its holder to the terminal that has the key; card and books stay."""
    patient = new_patient()
    before, books = bytes(patient.card._eeprom.image), patient.world.balances()
    for job, params in (("topup", {"amount": 5000, "payment": CASH}), ("purchase", {"amount": 200, "merchant": "bus"})):
        patient.card.plan = FaultPlan(grey_lock=True)
        with pytest.raises(CarriedOut, match=r"purse_grey_locked \(not_done\)"):
            patient.world.do(patient.card, job, **params)
    assert (bytes(patient.card._eeprom.image), patient.world.balances()) == (before, books)


@on_every_family
def test_a_trial_of_the_memory_leaves_one_empty_record_and_nothing_else(new_patient: NewPatient) -> None:
    """Only where it is asked for; pulled anywhere, the next one ends it. A card that is not in use is not written."""
    patient = new_patient()
    card, before = patient.card, bytes(patient.card._eeprom.image)
    patient.examine()
    assert bytes(card._eeprom.image) == before
    patient.memory = True
    report = patient.examine()
    assert (report["findings"], report["evidence"]["memory.test"]) == ([], "sound")
    assert "memory" in [group["probe"] for group in report["checked"]]
    tried = records_of(card)
    assert tried == [bytes(48)] * 3
    for number in (1, 2):
        for tear in ("tear_before_write", "tear_after_write"):
            card.plan = FaultPlan(**{tear: number})
            patient.examine()
            card.plan = FaultPlan()
            assert patient.examine()["evidence"]["memory.test"] == "sound"
            assert records_of(card) == tried
    withdrawn(patient)
    image = bytes(card._eeprom.image)
    assert patient.examine()["evidence"]["memory.test"] == "not_tested"
    assert bytes(card._eeprom.image) == image


def records_of(card: VirtualCard) -> list[bytes]:
    """What the purse's EF17 holds."""
    with opened(card) as memory:
        file = node(memory, PURSE, file=0x0017)
        used = int.from_bytes(memory.get(file, bodies.USED, 2), "big")
        return [memory.get(file, bodies.CONTENT + 48 * number, 48) for number in range(used)]


@on_every_family
@pytest.mark.parametrize(("status", "length"), [("6282", 12), ("6281", 32)])
def test_a_file_that_the_card_itself_warns_of_is_damaged_and_not_gone(
    new_patient: NewPatient, status: str, length: int
) -> None:
    """It ends too early, or its bytes may be wrong: it is written again, and the card stays with its holder."""
    patient = new_patient()
    warned(b"\xb0\x95", status, length)(patient)
    found = patient.examine()["findings"]
    assert {finding["code"] for finding in found} == {"file_corrupt"}
    assert {finding["plan"] for finding in found} == {"rewrite_file"}


@pytest.mark.parametrize("new_patient", KEYS_CHANGE, indirect=True)
def test_a_begun_load_costs_nothing_and_the_next_select_drops_it(new_patient: NewPatient) -> None:
    """What a full run relies on where it asks bus and parking for their load keys: a CREDIT FOR LOAD comes too late."""
    patient = new_patient()
    before = bytes(patient.card._eeprom.image)
    channel = ResponseLink(patient.card.channel())
    for aid in (AIDS["bus"], AIDS["parking"]):
        assert channel.transmit(bytes.fromhex(f"00A40400{len(aid) // 2:02X}{aid}"))[-2:] == b"\x90\x00"
        begun = channel.transmit(bytes.fromhex("805000020B0100000001" + "00" * 6 + "10"))
        assert (len(begun), begun[-2:]) == (18, b"\x90\x00")
        assert channel.transmit(bytes.fromhex(f"00A40400{len(aid) // 2:02X}{aid}"))[-2:] == b"\x90\x00"
        assert channel.transmit(bytes.fromhex("805200000B20261126120000" + "00" * 4 + "04")) == b"\x69\x01"
    channel.close()
    assert bytes(patient.card._eeprom.image) == before


@pytest.mark.parametrize("new_patient", KEYS_CHANGE, indirect=True)
def test_a_purse_whose_loads_are_used_up_tells_its_balance_all_the_same(new_patient: NewPatient) -> None:
    """No begun load tells it any more. What moves to the new card, and what of it is of a month that is over, is seen."""
    patient = new_patient()
    month_is_over(patient)
    used_up(BUS)(patient)
    report = patient.examine()
    assert (report["evidence"]["application.bus.balance"], report["evidence"]["purse.balance"]) == (5000, 14800)
    assert {finding["code"] for finding in report["findings"]} == {"area_counter_used_up", "month_over"}


@on_every_family
def test_no_money_goes_onto_a_card_that_would_count_on_from_the_beginning(new_patient: NewPatient) -> None:
    """Numbers that come again would make old proofs good once more; what is on the card can still be taken off it."""
    patient = new_patient()
    counter_wraps(patient)
    before, books = bytes(patient.card._eeprom.image), patient.world.balances()
    with pytest.raises(CarriedOut, match=r"counter_at_maximum \(not_done\)"):
        patient.world.topup(patient.card, 5000)
    assert bytes(patient.card._eeprom.image) == before
    assert patient.world.balances() == books
    assert patient.world.do(patient.card, "purchase", amount=200, merchant="bus")


@on_every_family
def test_a_full_run_says_which_load_keys_it_did_not_prove(new_patient: NewPatient) -> None:
    """Where each application would want its own VERIFY, nobody shall believe that its key was seen."""
    patient = new_patient()
    full, quick = patient.examine(), patient.examine(quick=True)
    wants_pin = patient.card.dialect.name in WITH_PIN
    assert [one["subjects"] for one in full["unchecked"]] == ([["bus", "parking"]] if wants_pin else [])
    assert quick["unchecked"] == []


@pytest.mark.parametrize("new_patient", ISSUABLE[:1], indirect=True)
def test_one_late_answer_is_the_computers_and_not_the_cards(new_patient: NewPatient) -> None:
    """A busy computer stops looking for a moment, anywhere; two late answers are the card's."""
    patient = new_patient()
    card = patient.card

    def late(times: int) -> None:
        delays = iter([0.15] * times)

        def answer(_command: bytes, given: bytes) -> bytes:
            time.sleep(next(delays, 0.0))
            return given

        patient.connect = lambda: Altered(card.channel(), answer)

    late(1)
    assert patient.examine()["findings"] == []
    late(2)
    assert [finding["code"] for finding in patient.examine()["findings"]] == ["answers_slow"]


@pytest.mark.parametrize("new_patient", FAMILIES, indirect=True)
def test_a_key_store_that_lacks_a_key_is_not_held_against_a_blank(new_patient: NewPatient) -> None:
    """Its making broke off before anything was on it, and was refused here, not by the card."""
    patient = new_patient()
    world, card = patient.world, VirtualCard.blank(patient.card.dialect.name, seed=77)
    citizen = world.citizen(2)
    card.plan = FaultPlan(tear_before_write=1)
    with suppress(CardGone):
        world.do(card, "personalise", citizen_id=citizen)
    first = next(entry for entry in world.keys.entries if (entry.name, entry.version) == ("mf.master", 1))
    world.use_keys(world.keys.with_entry(replace(first, state=KeyState.RETIRED)))
    with pytest.raises(CarriedOut, match="key_"):
        world.do(card, "personalise", citizen_id=citizen)
    patient.connect = card.channel
    report = patient.examine()
    assert (report["evidence"]["card.state"], report["findings"][0]["code"]) == ("blank", "card_unfinished")


def test_every_finding_has_a_fault_that_brings_it() -> None:
    """A rule that nothing triggers would be a rule that nobody tested."""
    assert {rule.code for rule in table().finding} == {fault.first for fault in FAULTS}
