"""The face of a made card, by the books alone: when it is due, who decides, and what a wrong or late word cannot do."""

import datetime as dt
from collections.abc import Callable
from typing import Any

import pytest

from cardsvc.printing.photo import sample_photo
from cardsvc.readers.carry import CarriedOut, finish
from cardsvc.service.bulk.batches import show_batch
from cardsvc.service.bulk.run import BulkRun
from cardsvc.service.cards.faces import card_face_view, face_of, open_faces
from cardsvc.service.cards.handing_out import Collector, hand_out, list_waiting
from cardsvc.service.cards.photos import holder_photo, take_photo
from cardsvc.service.cards.replacement import ReplacementRequest, begin_replacement, open_replacements
from cardsvc.service.cards.requests import request_of
from cardsvc.service.desk.faces import (
    face_right,
    face_spoiled,
    face_told,
    give_print_up,
    next_face,
    print_again,
    print_face,
)
from cardsvc.service.desk.work_place import look_again
from cardsvc.service.desk.workstations import AWAY_AFTER, FacePrinter, actor_of, begin, report
from cardsvc.service.messages.notices import list_notices
from cardsvc.service.purse.payments import Payment
from cardsvc.service.terminals.registry import register_terminal
from cardsvc.store.records import Staff
from cardsvc.vcard import VirtualCard
from tests.service.bulk.bulk_people import Fed, Stack, blanks, lines_of, loaded
from tests.service.cards.test_card_requests import PHOTO, take
from tests.service.staff.test_staff import people, refused
from tests.world import DESK, FAMILIES, World, balance_on

__all__ = ["people"]
WS = "ws-1"
PRINTER = FacePrinter("cards")


class Hall:
    """An outlet with a workstation that has a card printer."""

    def __init__(self, world: World, clerk: Staff) -> None:
        self.world, self.clerk, self.serial = world, clerk, 0
        register_terminal(world.store, WS, "", "310000000011", "aa" * 32, "workstation", world.now, outlet_id="hall")
        self.agent("run-one-1")

    def agent(self, session: str, printer: FacePrinter = PRINTER) -> None:
        """An agent begins to run."""
        report(self.world.engine, WS, session, [], new=True, printer=printer)

    def made(self, number: int = 1) -> tuple[str, str]:
        """A card is made for somebody who applied: the application's number, and the card's."""
        citizen = self.world.citizen(number)
        case_no = take(self.world, self.clerk, citizen, phone="13800000000").case_no
        return case_no, self.again(number)

    def again(self, number: int = 1) -> str:
        """Another card for the same person."""
        self.serial += 1
        card = VirtualCard.blank(FAMILIES[0], seed=self.serial)
        return str(self.world.do(card, "personalise", citizen_id=self.world.citizen(number))["card_no"])

    def face(self, case_no: str) -> dict[str, Any]:
        """How far it is, as the page shows it."""
        shown: dict[str, Any] = request_of(self.world.store, case_no)["face"]
        return shown

    def wanted(self) -> tuple[str, str]:
        """A made card that lies in the printer: the application, and the print."""
        case_no, _card = self.made()
        print_id = self.face(case_no)["print_id"]
        self.do(print_face, print_id, WS)
        return case_no, print_id

    def do(self, decide: Callable[..., Any], *given: Any) -> Any:
        """The clerk decides."""
        return decide(self.world.store, *given, by=self.clerk, now=self.world.now)

    def told(self, print_id: str, state: Any, session: str = "run-one-1") -> None:
        """The agent tells."""
        face_told(self.world.store, WS, session, print_id, state, None, self.world.now)

    def asked(self, session: str = "run-one-1", last: str | None = None) -> Any:
        """The agent asks."""
        return next_face(self.world.store, WS, session, last, self.world.now)

    def look(self, print_id: str, place: str | None = None) -> Any:
        """The clerk looked, and finds the face right."""
        return face_right(self.world.engine, print_id, place, by=self.clerk, now=self.world.now)

    def hand(self, case_no: str) -> Any:
        """Give the card to its holder."""
        card_no, rules = request_of(self.world.store, case_no)["card_no"], self.world.engine.rules
        return hand_out(self.world.store, rules, card_no, Collector(compared=True), by=self.clerk, now=self.world.now)


@pytest.fixture
def hall(world: World, people: dict[str, Staff]) -> Hall:
    """An outlet with a card printer."""
    return Hall(world, people["clerk"])


def test_an_outlet_without_a_printer_hands_out_as_before(hall: Hall) -> None:
    """No face is due, the holder is told at once; with a printer they are told when somebody has looked."""
    hall.agent("run-two-2", FacePrinter())
    case_no, _card = hall.made()
    assert hall.face(case_no) is None
    assert [one["kind"] for one in list_notices(hall.world.store)] == ["made"]
    assert hall.hand(case_no)["collector"] == "holder"
    hall.agent("run-three-3")
    case_no, _card = hall.made(2)
    assert (hall.face(case_no)["state"], len(list_notices(hall.world.store))) == ("due", 1)
    with refused("face_not_looked_at"):
        hall.hand(case_no)
    hall.look(hall.face(case_no)["print_id"])
    assert len(list_notices(hall.world.store)) == 2
    assert hall.hand(case_no)["collector"] == "holder"


def test_a_card_that_was_written_inside_the_printer_is_printed_at_once(hall: Hall) -> None:
    """Chip and face are one job then: nobody presses a second key."""
    world = hall.world
    card = VirtualCard.blank(FAMILIES[0], seed=1)
    reader = {"name": "Inside 00 00", "atr": card.atr.hex().upper(), "contact": "contact-1"}
    report(world.engine, WS, "run-two-2", [reader], new=True, printer=FacePrinter("cards", "Inside 00 00"))
    case_no = take(world, hall.clerk, world.citizen()).case_no
    params = {"citizen_id": world.citizen()}
    begun = begin(world.engine, WS, "contact-1", "personalise", params, by=hall.clerk, idempotency_key="the form's")
    channel = card.channel()
    finish(world.port(actor_of(world.store, WS, by=hall.clerk)), channel, begun)
    channel.close()
    assert (hall.face(case_no)["state"], hall.face(case_no)["workstation"]) == ("wanted", WS)


def test_a_lost_reply_sends_once_and_another_run_never(hall: Hall) -> None:
    """The print is kept as sent before it leaves; the same run gets it again with its PDF, another one only to look for it."""
    case_no, print_id = hall.wanted()
    first = hall.asked()
    assert (first.print_id, first.again, first.pdf[:4], hall.face(case_no)["state"]) == (print_id, False, b"%PDF", "sent")
    assert hall.asked() == first
    assert hall.asked(last=print_id).pdf is None
    hall.agent("run-two-2")
    for _ in range(2):
        assert hall.asked("run-two-2")[2:] == (True, False, None)
    with refused("workstation_taken_over"):
        hall.asked()
    hall.told(print_id, "printed", "run-two-2")
    hall.told(print_id, "failed", "run-two-2")
    assert (hall.face(case_no)["state"], hall.asked("run-two-2")) == ("printed", None)


def test_nothing_is_decided_about_a_print_that_is_under_way_or_over(hall: Hall) -> None:
    """Two tabs, two desks, a page that was left open: only what the newest print allows is done."""
    case_no, first = hall.wanted()
    hall.asked()
    for decide, given in ((print_again, (WS, "again")), (face_spoiled, ("torn",)), (print_face, (WS,))):
        with refused("face_moved_on"):
            hall.do(decide, first, *given)
    with refused("face_moved_on"):
        hall.look(first)
    hall.told(first, "failed")
    with refused("reason_missing"):
        hall.do(print_again, first, WS, " ")
    second = hall.do(print_again, first, WS, "色带用完").print_id
    with refused("face_moved_on"):
        hall.do(print_again, first, WS, "again")
    with refused("face_moved_on"):
        hall.look(first)
    hall.asked()
    hall.told(second, "printed")
    hall.look(second)
    shown = hall.face(case_no)
    assert (shown["attempt"], shown["state"], [one["state"] for one in shown["earlier"]]) == (2, "right", ["wrong"])
    with refused("face_moved_on"):
        hall.do(print_again, second, WS, "once more")


def test_a_spoiled_card_is_void_and_its_person_gets_another(hall: Hall) -> None:
    """The application waits for a card again; the next one has a face of its own, and is handed out."""
    case_no, spoiled = hall.made()
    hall.do(print_face, hall.face(case_no)["print_id"], WS)
    print_id = hall.asked().print_id
    hall.told(print_id, "unknown")
    hall.do(face_spoiled, print_id, "照片印歪")
    seen = request_of(hall.world.store, case_no)
    assert (seen["state"], seen["card_no"], seen["face"]) == ("applied", None, None)
    with hall.world.store.read() as uow:
        assert uow.cards.get(spoiled).state == "void"
    another = hall.again()
    assert another != spoiled
    hall.look(hall.face(case_no)["print_id"])
    assert hall.hand(case_no)["card_no"] == another


def test_a_card_with_money_is_not_made_void_by_its_face(hall: Hall, world: World) -> None:
    """It is cancelled or replaced like any other, which pays the money back."""
    case_no = take(world, hall.clerk, world.citizen()).case_no
    card = VirtualCard.blank(FAMILIES[0], seed=7)
    world.do(card, "personalise", citizen_id=world.citizen())
    world.topup(card)
    with refused("face_card_used"):
        hall.do(face_spoiled, hall.face(case_no)["print_id"], "印坏")
    assert request_of(world.store, case_no)["state"] == "made"


def test_a_print_is_given_up_wherever_it_is(hall: Hall) -> None:
    """Not left yet: failed. With the agent: it is to cancel it. The agent is gone: unknown, and cancelled when it is back."""
    case_no, first = hall.wanted()
    hall.do(give_print_up, first)
    assert (hall.face(case_no)["state"], hall.asked()) == ("failed", None)
    second = hall.do(print_again, first, WS, "重打").print_id
    hall.asked()
    hall.do(give_print_up, second)
    assert (hall.face(case_no)["state"], hall.asked().stop) == ("sent", True)
    hall.world.now += AWAY_AFTER + dt.timedelta(seconds=1)
    hall.do(give_print_up, second)
    assert hall.face(case_no)["state"] == "unknown"
    with refused("workstation_away"):
        hall.do(print_again, second, WS, "重打")
    hall.agent("run-two-2")
    third = hall.do(print_again, second, WS, "重打").print_id
    assert hall.asked("run-two-2")[2:] == (True, True, None), "what CUPS still has of it is cancelled first"
    hall.told(second, "printed", "run-two-2")
    assert (hall.asked("run-two-2").print_id, hall.face(case_no)["state"]) == (third, "sent")


def test_a_replacement_gets_its_face_with_the_photo_on_file(hall: Hall) -> None:
    """The person applied once: their next card has that photo, and its holder waits for no second application."""
    world = hall.world
    hall.agent("run-two-2", FacePrinter())
    case_no, old = hall.made()
    hall.hand(case_no)
    hall.agent("run-three-3")
    reason, paid = "damaged", Payment(method="mobile", reference="paid")
    begin_replacement(
        world.store,
        world.engine.rules,
        DESK,
        ReplacementRequest(card_no=old, reason=reason, payment=paid, readable=False),
        by=hall.clerk,
        now=world.now,
    )
    new = hall.again()
    (listed,) = open_faces(world.store, "hall")
    assert (listed["card_no"], listed["replaces"], listed["photo"], listed["face"]["state"]) == (new, old, True, "due")
    assert holder_photo(world.store, new) == PHOTO
    hall.do(print_face, listed["face"]["print_id"], WS)
    job = hall.asked("run-three-3")
    assert job.pdf == face_of(world.store, new)
    hall.told(job.print_id, "printed", "run-three-3")
    hall.do(face_spoiled, job.print_id, "印歪")
    assert [one["old_card_no"] for one in open_replacements(world.store, "hall")] == [old], "another card is made for it"
    another = hall.again()
    hall.look(card_face_view(world.store, another)["face"]["print_id"])
    assert open_faces(world.store, "hall") == []
    (waits,) = list_waiting(world.store, world.engine.rules, "hall", world.now)
    assert (waits["card_no"], waits["replaces"]) == (another, old), "the spoiled one is nobody's"


@pytest.mark.parametrize("kind", ["transfer_in", "carry_over"])
def test_whoever_asks_nothing_of_an_old_card_goes_onto_a_card_whose_face_is_not_right(hall: Hall, kind: str) -> None:
    """The command line and other makers' desks wait as the page does: a spoiled face never has money or applications."""
    world = hall.world
    old = world.issue(FAMILIES[0], 40)
    world.topup(old)
    world.do(old, "open", application="library", product="1")
    number, paid = world.card_no_of(old), Payment(method="mobile", reference="paid")
    begin_replacement(
        world.store,
        world.engine.rules,
        DESK,
        ReplacementRequest(card_no=number, reason="damaged", payment=paid, readable=True),
        by=hall.clerk,
        now=world.now,
    )
    while world.do(old, "transfer_out")["left"]:
        pass
    new = VirtualCard.blank(FAMILIES[0], seed=41)
    card_no = str(world.do(new, "personalise", citizen_id=world.citizen(40))["card_no"])
    params = {"old_card_no": number} if kind == "transfer_in" else {}
    with pytest.raises(CarriedOut, match="face_not_looked_at"):
        world.do(new, kind, **params)
    assert balance_on(new)[0] == 0
    take_photo(world.store, world.engine.rules, card_no, PHOTO, consent=True, by=hall.clerk, now=world.now)
    hall.look(card_face_view(world.store, card_no)["face"]["print_id"])
    world.do(new, kind, **params)


def test_a_bulk_card_without_a_photo_waits_for_one_and_a_spoiled_one_is_made_again(hall: Hall) -> None:
    """Its outlet is that of whoever runs the batch; nothing is printed without a photo, and a batch that was done goes on."""
    world = hall.world
    batch = loaded(world, hall.clerk, 1)

    def run(number: int) -> str:
        feeder = Fed(world.engine, Stack(blanks(1, number)))
        return BulkRun(world.engine, batch, [feeder], lambda _event: None).go(by=hall.clerk)

    assert run(1) == "done"
    (listed,) = open_faces(world.store, "hall")
    card_no, print_id = listed["card_no"], listed["face"]["print_id"]
    assert (listed["photo"], listed["case_no"]) == (False, None)
    with refused("face_photo_missing"):
        hall.do(print_face, print_id, WS)
    rules = world.engine.rules
    with refused("consent_missing"):
        take_photo(world.store, rules, card_no, PHOTO, consent=False, by=hall.clerk, now=world.now)
    with refused("rule_photo"):
        take_photo(world.store, rules, card_no, sample_photo(100, 100), consent=True, by=hall.clerk, now=world.now)
    take_photo(world.store, rules, card_no, PHOTO, consent=True, by=hall.clerk, now=world.now)
    hall.do(print_face, print_id, WS)
    with refused("face_moved_on"):
        take_photo(world.store, rules, card_no, PHOTO, consent=True, by=hall.clerk, now=world.now)
    assert hall.asked().pdf[:4] == b"%PDF"
    hall.told(print_id, "printed")
    hall.do(face_spoiled, print_id, "色带断了")
    (line,) = lines_of(world, batch)
    assert (line.state, line.bin, line.error, line.spoiled) == ("voided", "bad", "bulk_face_wrong", 1)
    shown = show_batch(world.store, batch)
    assert (shown["state"], shown["left"], shown["cards_to_destroy"]) == ("paused", 1, 1)
    assert run(2) == "done"
    (again,) = open_faces(world.store, "hall")
    assert (again["photo"], again["card_no"] != card_no) == (True, True)


class OnReader:
    """Cards that lie on the reader of the workstation, one after the other, each looked at as the page does."""

    def __init__(self, hall: Hall) -> None:
        self.hall, self.contact = hall, 0

    def put(self, card: VirtualCard) -> None:
        """Put a card on, and let it be looked at."""
        world, self.contact = self.hall.world, self.contact + 1
        contact = f"contact-{self.contact}"
        reader = {"name": "Reader", "atr": card.atr.hex().upper(), "contact": contact}
        report(world.engine, WS, "run-one-1", [reader], new=False, printer=PRINTER)
        begun = look_again(world.engine, WS, contact, by=self.hall.clerk)
        assert begun is not None
        channel = card.channel()
        finish(world.port(actor_of(world.store, WS, by=self.hall.clerk)), channel, begun)
        channel.close()


def test_where_there_is_a_reader_the_printed_card_is_read_before_its_face_is_right(hall: Hall) -> None:
    """A face that went onto another person's card is found; the card that was read before its print says nothing."""
    world, on_reader = hall.world, OnReader(hall)
    cards = [VirtualCard.blank(FAMILIES[0], seed=10 + number) for number in (1, 2)]
    numbers = []
    for number, card in enumerate(cards, start=1):
        take(world, hall.clerk, world.citizen(number))
        numbers.append(str(world.do(card, "personalise", citizen_id=world.citizen(number))["card_no"]))
    print_id = card_face_view(world.store, numbers[0])["face"]["print_id"]
    hall.do(print_face, print_id, WS)
    on_reader.put(cards[0])
    hall.asked()
    world.now += dt.timedelta(minutes=1)
    hall.told(print_id, "printed")
    with refused("face_card_not_read"):
        hall.look(print_id, WS)
    world.now += dt.timedelta(seconds=5)
    on_reader.put(cards[1])
    with refused("face_other_card"):
        hall.look(print_id, WS)
    on_reader.put(cards[0])
    assert hall.look(print_id, WS).read_in == "Reader"
