"""The face of a made card, by the books alone: when it is due, who decides, and what a wrong or late word cannot do."""

import datetime as dt
from collections.abc import Callable
from typing import Any

import pytest

from cardsvc.readers.carry import finish
from cardsvc.service.cards.requests import hand_out, request_of
from cardsvc.service.desk.faces import (
    face_right,
    face_spoiled,
    face_told,
    give_print_up,
    next_face,
    print_again,
    print_face,
)
from cardsvc.service.desk.workstations import AWAY_AFTER, FacePrinter, actor_of, begin, report
from cardsvc.service.messages.notices import list_notices
from cardsvc.service.terminals.registry import register_terminal
from cardsvc.store.records import Staff
from cardsvc.vcard import VirtualCard
from tests.service.cards.test_card_requests import take
from tests.service.staff.test_staff import people, refused
from tests.world import FAMILIES, World

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

    def hand(self, case_no: str) -> Any:
        """Give the card to its holder."""
        rules, now = self.world.engine.rules, self.world.now
        return hand_out(self.world.store, rules, case_no, "holder", papers=False, by=self.clerk, now=now)


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
    assert hall.hand(case_no).state == "handed"
    hall.agent("run-three-3")
    case_no, _card = hall.made(2)
    assert (hall.face(case_no)["state"], len(list_notices(hall.world.store))) == ("due", 1)
    with refused("face_not_looked_at"):
        hall.hand(case_no)
    hall.do(face_right, hall.face(case_no)["print_id"])
    assert len(list_notices(hall.world.store)) == 2
    assert hall.hand(case_no).state == "handed"


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
    for decide, given in ((print_again, (WS, "again")), (face_right, ()), (face_spoiled, ("torn",)), (print_face, (WS,))):
        with refused("face_moved_on"):
            hall.do(decide, first, *given)
    hall.told(first, "failed")
    with refused("reason_missing"):
        hall.do(print_again, first, WS, " ")
    second = hall.do(print_again, first, WS, "色带用完").print_id
    for decide, given in ((print_again, (WS, "again")), (face_right, ())):
        with refused("face_moved_on"):
            hall.do(decide, first, *given)
    hall.asked()
    hall.told(second, "printed")
    hall.do(face_right, second)
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
    hall.do(face_right, hall.face(case_no)["print_id"])
    assert hall.hand(case_no).card_no == another


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
