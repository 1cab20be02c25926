"""The engine: idempotency, steps, workers that die, cards that leave, one live operation a card."""

import datetime as dt
import os
import signal
import subprocess
import sys
import threading
import uuid
from pathlib import Path
from typing import Any

import pytest

from cardsvc.errors import CardGone, CardsvcError, OperationError, ReaderError, RequestError
from cardsvc.iso7816.apdu import Answer
from cardsvc.iso7816.exchange import Interrupted, run_batch
from cardsvc.iso7816.links import ResponseLink
from cardsvc.keystore import KeyEntry, KeyState
from cardsvc.readers.carry import CarriedOut, carry_out
from cardsvc.service.operations.kinds import Actor
from cardsvc.vcard import FaultPlan, VirtualCard
from cardsvc.wire import OperationState, Reply
from tests.world import DESK, FAMILIES, ISSUABLE, KIOSK, World, balance_on

CASH = {"method": "cash", "reference": None}
TOPUP = {"amount": 5000, "payment": CASH}
FMCOS = FAMILIES[0]


def problem(told: pytest.ExceptionInfo[CarriedOut]) -> str:
    """The code of the problem that ended an operation."""
    return str((told.value.reply.problem or {})["code"])


def start(world: World, card: VirtualCard, kind: str = "topup", params: Any = TOPUP, key: str | None = None) -> Reply:
    """Begin an operation on a card that has power."""
    return world.port(KIOSK).start(kind, params, atr=card.atr, idempotency_key=key or str(uuid.uuid4()))


def test_every_step_can_be_taken_by_another_worker(world: World) -> None:
    """A new engine over the same database for each call: the operation goes on."""
    card = world.issue(FMCOS)
    channel = card.channel()
    reply = start(world, card)
    while reply.state is OperationState.CARD:
        answers = run_batch(channel, reply.commands)
        reply = world.new_engine().port(KIOSK).answer(reply.id, reply.step, answers)
    assert reply.result is not None
    assert reply.result["balance"] == 5000


@pytest.mark.parametrize("family", FAMILIES)
@pytest.mark.parametrize("turns", ["ab", "aab", "abbb"])
def test_workers_that_take_turns_say_what_one_alone_says(world: World, family: str, turns: str) -> None:
    """A worker that was passed over has kept a procedure that stands further back; each reply is also what a worker says that
    has kept none, and what was asked for before is said again in between."""
    other = world.new_engine()
    citizen = world.citizen()
    card = VirtualCard.blank(family, seed=1)
    channel = card.channel()
    params = {"citizen_id": citizen}
    reply = world.port().start("personalise", params, atr=card.atr, idempotency_key=str(uuid.uuid4()))
    passed: list[tuple[int, Any]] = []
    while reply.state is OperationState.CARD:
        answers = run_batch(channel, reply.commands)
        worker = (world.engine if turns[len(passed) % len(turns)] == "a" else other).port(DESK)
        step, reply = reply.step, worker.answer(reply.id, reply.step, answers)
        passed.append((step, answers))
        assert world.new_engine().port(DESK).status(reply.id) == reply
        if len(passed) % 5 == 0:
            assert worker.answer(reply.id, step, answers) == reply
    assert reply.state is OperationState.DONE
    assert len(passed) > 10


def test_the_same_step_with_the_same_answers_gives_the_same_reply(world: World) -> None:
    """Lost replies are fetched by sending again, at every step; a step passed with other answers is refused."""
    card = world.issue(FMCOS)
    channel = card.channel()
    reply = start(world, card)
    passed = []
    while reply.state is OperationState.CARD:
        answers = run_batch(channel, reply.commands)
        step = reply.step
        reply = world.port(KIOSK).answer(reply.id, step, answers)
        again = world.port(KIOSK).answer(reply.id, step, answers)
        assert again == reply
        assert again.replayed
        passed.append((step, answers, reply))
    assert world.purse_total("3100010100000001") == 5000
    for step, answers, given in passed:
        assert world.port(KIOSK).answer(reply.id, step, answers).commands == given.commands
        with pytest.raises(OperationError) as told:
            world.port(KIOSK).answer(reply.id, step, (Answer(b"", 0x6F00),))
        assert told.value.code == "step_already_passed"


def test_steps_out_of_order_and_wrong_counts_change_nothing(world: World) -> None:
    """Then the right answers still take it on."""
    card = world.issue(FMCOS)
    channel = card.channel()
    reply = start(world, card)
    answers = run_batch(channel, reply.commands)
    port = world.port(KIOSK)
    for step, given, code in (
        (reply.step + 1, answers, "step_out_of_order"),
        (reply.step, (), "answers_do_not_fit"),
        (reply.step, answers[:-1], "answers_do_not_fit"),
        (reply.step, answers * 2, "answers_do_not_fit"),
    ):
        with pytest.raises(CardsvcError) as told:
            port.answer(reply.id, step, given)
        assert told.value.code == code
        assert told.value.outcome == "not_done"
    assert port.answer(reply.id, reply.step, answers).state is OperationState.CARD


def test_an_idempotency_key_means_one_job(world: World) -> None:
    """The same input finds it again; another input is refused."""
    card = world.issue(FMCOS)
    card.power_on()
    key = str(uuid.uuid4())
    first = start(world, card, key=key)
    again = start(world, card, key=key)
    assert again.id == first.id
    assert again.replayed
    with pytest.raises(RequestError) as told:
        start(world, card, params={"amount": 6000, "payment": CASH}, key=key)
    assert told.value.code == "idempotency_key_reused"


@pytest.mark.parametrize("amount", [0, -5000, "5000", 50.5, None, True, 2**40, [], {}])
def test_an_amount_that_is_none_is_refused_by_its_field(world: World, amount: Any) -> None:
    """No operation is begun."""
    with pytest.raises(RequestError) as told:
        start(world, VirtualCard.blank(FMCOS), params={"amount": amount, "payment": CASH})
    assert told.value.code == "params_invalid"
    assert "amount" in told.value.message("en")


@pytest.mark.parametrize(
    ("amount", "code"),
    [(100, "rule_amount_below_minimum"), (100100, "rule_amount_above_maximum"), (95000, "rule_balance_cap")],
)
def test_rules_refuse_before_money_is_taken(world: World, amount: int, code: str) -> None:
    """The refusal names the rule; nothing moved, and the refused load is on record."""
    card = world.issue(FMCOS)
    world.topup(card, 10000)
    with pytest.raises(CarriedOut) as told:
        world.topup(card, amount)
    assert problem(told) == code
    assert "purse-2009" in str(told.value.reply.problem)
    assert balance_on(card)[0] == 10000
    assert world.purse_total("3100010100000001") == 10000


def test_a_second_operation_on_a_card_waits_until_the_first_lapses(world: World) -> None:
    """409 until its deadline; then it is ended and the new one goes on."""
    card = world.issue(FMCOS)
    channel = card.channel()
    first = start(world, card)
    first = world.port(KIOSK).answer(first.id, first.step, run_batch(channel, first.commands))
    assert first.state is OperationState.CARD
    second = start(world, card)
    second = world.port(KIOSK).answer(second.id, second.step, run_batch(channel, second.commands))
    assert second.problem is not None
    assert second.problem["code"] == "card_busy"
    assert "kiosk-7" in second.problem["detail"]["zh"]
    assert ("12:00:00" in second.problem["detail"]["en"], "12:01:00" in second.problem["next_step"]["zh"]) == (True, True)
    world.now += dt.timedelta(seconds=61)
    assert world.topup(card)["balance"] == 5000
    assert world.port(KIOSK).status(first.id).state is OperationState.ABANDONED


HERE = Actor("local", "cli", bytes.fromhex("310000000001"), "desk")


def begun(world: World, card: VirtualCard, actor: Actor) -> Reply:
    """A top-up that knows which card it has, and goes no further."""
    cash = {"method": "cash", "reference": None}
    reply = world.port(actor).start("topup", {"amount": 5000, "payment": cash}, atr=card.atr, idempotency_key=str(uuid.uuid4()))
    channel = card.channel()
    reply = world.port(actor).answer(reply.id, reply.step, run_batch(ResponseLink(channel), reply.commands))
    channel.close()
    return reply


def test_a_command_that_was_killed_keeps_its_card_from_nobody_on_the_same_machine(world: World) -> None:
    """A card lies in one reader: this machine has it in hand again, so the killed command has not. Other places wait, and so
    does this one where another chip shows the card's number."""
    card = world.issue(FMCOS)
    killed = begun(world, card, HERE)
    assert killed.state is OperationState.CARD
    elsewhere = begun(world, card, KIOSK).problem
    assert elsewhere is not None
    assert elsewhere["code"] == "card_busy"
    again = begun(world, card, HERE)
    assert again.state is OperationState.CARD
    assert world.port(HERE).status(killed.id).state is OperationState.ABANDONED
    assert world.topup(card, actor=HERE)["balance"] == 5000
    assert world.purse_total("3100010100000001") == balance_on(card)[0] == 5000


def test_of_many_starts_on_one_card_at_once_one_wins(world: World) -> None:
    """Eight threads, one card's answers: exactly one operation stays live."""
    card = world.issue(FMCOS)
    channel = card.channel()
    replies = [start(world, card) for _ in range(8)]
    answers = run_batch(channel, replies[0].commands)
    outcomes: list[Reply] = []
    barrier = threading.Barrier(8)

    def step(reply: Reply) -> None:
        barrier.wait()
        outcomes.append(world.new_engine().port(KIOSK).answer(reply.id, reply.step, answers))

    threads = [threading.Thread(target=step, args=(reply,)) for reply in replies]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(str(reply.state) for reply in outcomes) == ["card"] + ["failed"] * 7


def test_an_answer_that_arrives_late_still_settles_the_load(world: World) -> None:
    """The terminal had the TAC but lost the line, and the operation lapsed meanwhile."""
    card = world.issue(FMCOS)
    channel = card.channel()
    reply = start(world, card)
    while reply.commands[0].name != "CREDIT FOR LOAD":
        reply = world.port(KIOSK).answer(reply.id, reply.step, run_batch(channel, reply.commands))
    answers = run_batch(channel, reply.commands)
    world.now += dt.timedelta(hours=1)
    assert world.engine.sweep() == 1
    with world.store.read() as uow:
        assert uow.loads.open_on("3100010100000001")[0].state == "suspect"
    late = world.port(KIOSK).answer(reply.id, reply.step, answers)
    assert late.state is OperationState.DONE
    assert world.purse_total("3100010100000001") == 5000


def test_equal_loads_of_the_same_second_are_told_apart(world: World) -> None:
    """The log of the first must not settle the second, which the card never had."""
    card = world.issue(FMCOS)
    world.topup(card)
    card.plan = FaultPlan(tear_before_command=7)
    with pytest.raises(CardGone):
        world.topup(card)
    result = world.topup(card)
    assert [entry["state"] for entry in result["settled"]] == ["refunded"]
    assert (balance_on(card)[0], world.purse_total("3100010100000001")) == (10000, 10000)


def test_a_card_that_cannot_tell_lets_no_new_money_move(world: World) -> None:
    """Proof and log are long written over, the counter is far on: it stays suspect, with the evidence stored."""
    card = world.issue(FMCOS)
    other = World(world.path.with_name("other.db"))
    card.plan = FaultPlan(tear_before_command=7)
    with pytest.raises(CardGone):
        world.topup(card)
    twin_issue(world, other)
    for _ in range(11):  # the log holds ten
        other.topup(card)
    other.close()
    with pytest.raises(CarriedOut) as told:
        world.topup(card)
    assert problem(told) == "suspect_undecided"
    with world.store.read() as uow:
        load = uow.loads.open_on("3100010100000001")[0]
        assert uow.evidence.of_subject(load.card_no, load.load_id)[0].rule == "undecided"
    assert world.balances()["suspense:3100010100000001"] == -5000


def twin_issue(world: World, other: World) -> None:
    """The same card in another database: a restored backup, say."""
    with world.store.read() as uow:
        card = uow.cards.get("3100010100000001")
        assert card is not None
        citizen = uow.citizens.get(card.citizen_id)
        assert citizen is not None
    with other.store.begin() as uow:
        uow.citizens.add(citizen)
        uow.cards.add(card)
        uow.commit()


def test_a_worn_card_that_refuses_credit_is_refunded_at_once(world: World) -> None:
    """6581 from CREDIT FOR LOAD: the card proves in the same operation that it has nothing."""
    card = world.issue(FMCOS)
    card.plan = FaultPlan(worn_from_eeprom_byte=1)
    with pytest.raises(CarriedOut) as told:
        world.topup(card)
    assert problem(told) == "load_not_written"
    assert (balance_on(card)[0], world.purse_total("3100010100000001")) == (0, 0)
    assert world.balances()["clearing:terminal:kiosk-7"] == 0


def test_a_copied_card_is_refused(world: World) -> None:
    """The same memory on another chip."""
    card = world.issue(FMCOS)
    copy = VirtualCard(card.dialect, b"\x01\x02\x03\x04", bytearray(card._eeprom.image), seed=9)
    with pytest.raises(CarriedOut) as told:
        world.topup(copy)
    assert problem(told) == "card_chip_differs"


def test_a_card_with_other_keys_is_refused_before_money_is_taken(world: World) -> None:
    """MAC1 does not verify: this card's load key is not ours."""
    card = world.issue(FMCOS)
    world.use_keys(world.keys.with_entry(KeyEntry("purse.load", 1, KeyState.ACTIVE, bytes(range(16)))))
    with pytest.raises(CarriedOut) as told:
        world.topup(card)
    assert problem(told) == "card_not_genuine"
    assert not world.balances()


def test_what_cannot_be_done_says_so(world: World) -> None:
    """Blank card, card of another desk's person, personalised card, unknown kind, forbidden role."""
    blank = VirtualCard.blank(FMCOS, seed=11)
    with pytest.raises(CarriedOut) as told:
        world.topup(blank)
    assert problem(told) == "card_is_blank"
    card = world.issue(FMCOS)
    with pytest.raises(CarriedOut) as told:
        world.do(card, "personalise", citizen_id=world.citizen())
    assert problem(told) == "card_already_personalised"
    with pytest.raises(CarriedOut) as told:
        world.do(blank, "personalise", citizen_id=world.citizen())
    assert problem(told) == "citizen_has_card"
    with pytest.raises(RequestError) as refused:
        world.do(blank, "personalise", KIOSK, citizen_id=world.citizen(2))
    assert refused.value.code == "operation_not_permitted"
    with pytest.raises(RequestError) as refused:
        world.do(card, "lottery")
    assert refused.value.code == "operation_kind_unknown"
    with pytest.raises(OperationError) as unknown:
        world.port(DESK).status(start(world, card).id)
    assert unknown.value.code == "operation_unknown"


def test_a_factory_card_is_erased_with_its_transport_key(world: World) -> None:
    """An FM1208 as sold has an MF; with another transport key it is refused and loses one try only."""
    card = VirtualCard.blank(FMCOS, seed=4, factory_mf=True)
    assert world.do(card, "personalise", citizen_id=world.citizen())["card_no"] == "3100010100000001"


@pytest.mark.parametrize("family", FAMILIES)
def test_blocking_stops_the_purse_and_unblocking_brings_it_back(world: World, family: str) -> None:
    """The balance is untouched."""
    card = world.issue(family)
    world.topup(card)
    world.do(card, "block", application="purse")
    with pytest.raises(CarriedOut) as told:
        world.topup(card)
    assert problem(told) == "application_blocked"
    assert world.do(card, "inspect")["purse"]["state"] == "blocked"
    world.do(card, "unblock", application="purse")
    assert world.topup(card)["balance"] == 10000


def test_a_load_key_is_rolled_without_reissuing_cards(world: World) -> None:
    """An old card works with its own version, a new one gets the new version."""
    old = world.issue(FMCOS, 1)
    world.use_keys(world.keys.rolled("purse.load", bytes(range(16))))
    new = world.issue(FMCOS, 2)
    assert world.topup(old)["balance"] == 5000
    assert world.topup(new)["balance"] == 5000


KILLED = """
import os, signal, sys, uuid
from pathlib import Path
from cardsvc.vcard import VirtualCard
from tests.world import World, KIOSK
world, card = World(Path(sys.argv[1])), VirtualCard.load(Path(sys.argv[2]))
class Dying:
    def __init__(self, channel): self.channel, self.count, self.atr = channel, 0, channel.atr
    def transmit(self, command):
        self.count += 1
        if self.count == int(sys.argv[3]) and sys.argv[4] == "before": os.kill(os.getpid(), signal.SIGKILL)
        answer = self.channel.transmit(command)
        card.save(Path(sys.argv[2]))
        if self.count == int(sys.argv[3]): os.kill(os.getpid(), signal.SIGKILL)
        return answer
    def close(self): self.channel.close()
from cardsvc.readers.carry import carry_out
job = {"amount": 5000, "payment": {"method": "cash"}}
carry_out(world.port(KIOSK), Dying(card.channel()), "topup", job, idempotency_key=str(uuid.uuid4()))
"""


@pytest.mark.parametrize(("command", "when", "balance"), [(6, "after", 0), (7, "before", 0), (7, "after", 5000)])
def test_a_desk_that_is_killed_loses_nothing(tmp_path: Path, command: int, when: str, balance: int) -> None:
    """SIGKILL to desk and service in one process, around CREDIT FOR LOAD; another desk settles it."""
    world = World(tmp_path / "city.db")
    card = world.issue(FMCOS)
    card.save(tmp_path / "card")
    world.close()
    arguments = [sys.executable, "-c", KILLED, str(tmp_path / "city.db"), str(tmp_path / "card"), str(command), when]
    ended = subprocess.run(arguments, env={**os.environ, "PYTHONPATH": "."}, check=False)
    assert ended.returncode == -signal.SIGKILL
    world, card = World(tmp_path / "city.db"), VirtualCard.load(tmp_path / "card")
    world.now += dt.timedelta(minutes=5)
    seen = world.do(card, "inspect")
    assert seen["purse"]["balance"] == balance == world.purse_total(seen["card_no"])
    assert world.topup(card)["balance"] == balance + 5000
    world.close()


def test_the_port_hears_how_far_a_card_got(world: World) -> None:
    """A card that leaves in the middle of a batch: the answers that came are reported."""
    card = world.issue(FMCOS)
    channel = card.channel()
    reply = start(world, card)
    card.plan = FaultPlan(tear_before_command=3)
    with pytest.raises(Interrupted) as broken:
        run_batch(channel, reply.commands)
    assert len(broken.value.answers) == 2
    left = world.port(KIOSK).abandon(reply.id, reply.step, broken.value.answers, "card_gone")
    assert left.state is OperationState.ABANDONED
    assert left.problem is not None
    assert (left.problem["code"], left.problem["outcome"]) == ("operation_left_nothing", "not_done")


@pytest.mark.parametrize("family", ISSUABLE)
@pytest.mark.parametrize("faults", [{}, {"worn_from_eeprom_byte": 1}], ids=["sound", "worn"])
def test_what_is_told_of_a_card_that_left_is_what_the_books_know(world: World, family: str, faults: dict[str, int]) -> None:
    """Not done as long as nothing is in the books; from then on unknown, also where the command that was lost only read: a card
    that could not write its purse is asked what it has, and leaves meanwhile."""
    told = set()
    for command in range(1, 16):
        card = world.issue(family, command)
        card.plan = FaultPlan(tear_before_command=command, **faults)
        try:
            world.topup(card)
        except CarriedOut:
            assert faults  # it was asked for everything, and said that it has nothing
        except CardGone as gone:
            with world.store.read() as uow:
                begun = uow.loads.of_card(world.card_no_of(card))
            assert gone.outcome == ("unknown" if begun else "not_done"), f"before command {command}"
            told.add(gone.outcome)
    assert told == {"unknown", "not_done"}


def saved(card: VirtualCard, world: World) -> bytes:
    """All that is on a card."""
    file = world.path.with_suffix(".card")
    card.save(file)
    return file.read_bytes()


@pytest.mark.parametrize("family", FAMILIES)
def test_a_card_that_left_half_made_is_not_told_as_not_done(world: World, family: str) -> None:
    """Whatever command was the last: once a key or file may be on it, only the card can tell."""
    told = []
    for command in (1, 3, 20, 60, 100, 130):
        card = VirtualCard.blank(family, seed=command)
        blank = saved(card, world)
        card.plan = FaultPlan(tear_before_command=command)
        with pytest.raises(CardGone) as gone:
            world.do(card, "personalise", citizen_id=world.citizen(command))
        told.append(str(gone.value.outcome))
        assert told[-1] == "unknown" or saved(card, world) == blank
    assert (told[0], told[-1]) == ("not_done", "unknown")


def test_nobody_knows_what_a_service_that_cannot_be_told_makes_of_it(world: World) -> None:
    """The card left, and the port is away: the operation lapses by itself."""
    card = world.issue(FMCOS)
    port = world.port(KIOSK)

    class Away:
        """The port of before, but for the news that the card left."""

        start, answer, status = port.start, port.answer, port.status

        def abandon(self, *_: Any) -> Reply:
            raise ReaderError("service_unreachable", url="here")

    card.plan = FaultPlan(tear_before_command=2)
    with pytest.raises(CardGone) as gone:
        carry_out(Away(), card.channel(), "topup", TOPUP, idempotency_key=str(uuid.uuid4()))
    assert gone.value.outcome == "unknown"


@pytest.mark.parametrize(("family", "code"), [(FAMILIES[0], "transport_key_refused"), (FAMILIES[1], "card_not_blank")])
def test_another_systems_unfinished_card_is_left_alone(world: World, family: str, code: str) -> None:
    """Half made elsewhere: it costs one try at the most, and its own system can still finish it."""
    elsewhere = World(world.path.with_name("elsewhere.db"))
    card = VirtualCard.blank(family, seed=6)
    card.plan = FaultPlan(tear_after_command=40)
    with pytest.raises(CardGone):
        elsewhere.do(card, "personalise", citizen_id=elsewhere.citizen())
    with pytest.raises(CarriedOut) as told:
        world.do(card, "personalise", citizen_id=world.citizen())
    assert problem(told) == code
    with pytest.raises(CarriedOut) as told:
        world.topup(card)
    assert problem(told) == "card_unfinished"
    assert elsewhere.do(card, "personalise", citizen_id=elsewhere.citizen())["resumed"]
    elsewhere.close()


def test_a_card_begun_for_one_person_is_not_finished_for_another(world: World) -> None:
    """The blank is theirs until it is finished or voided."""
    card = VirtualCard.blank(FMCOS, seed=6)
    card.plan = FaultPlan(tear_after_command=40)
    with pytest.raises(CardGone):
        world.do(card, "personalise", citizen_id=world.citizen(1))
    with pytest.raises(CarriedOut) as told:
        world.do(card, "personalise", citizen_id=world.citizen(2))
    assert problem(told) == "card_begun_for_another"


def test_a_card_whose_master_key_is_not_ours_loses_one_try_only(world: World) -> None:
    """The key store was swapped between two runs: stop, do not try again."""
    card = VirtualCard.blank(FMCOS, seed=6)
    card.plan = FaultPlan(tear_after_command=40)
    with pytest.raises(CardGone):
        world.do(card, "personalise", citizen_id=world.citizen())
    ours = world.keys
    world.use_keys(ours.with_entry(KeyEntry("mf.master", 1, KeyState.ACTIVE, bytes(range(16)))))
    with pytest.raises(CarriedOut) as told:
        world.do(card, "personalise", citizen_id=world.citizen())
    assert problem(told) == "master_key_refused"
    assert "2 tries" in str(told.value.reply.problem)
    world.use_keys(ours)
    assert world.do(card, "personalise", citizen_id=world.citizen())["resumed"]
