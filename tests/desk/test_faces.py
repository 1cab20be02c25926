"""Faces of cards on a real cupsd: printed once, found again after a kill, never printed again by themselves."""

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from cardsvc.bootstrap import now
from cardsvc.client.faces import FaceLoop
from cardsvc.errors import ReaderError
from cardsvc.printing.cups import CupsQueue
from cardsvc.service.cards.faces import face_of
from cardsvc.service.cards.handing_out import Collector, hand_out
from cardsvc.service.cards.requests import request_of
from cardsvc.service.desk.faces import face_printers, face_right, give_print_up, print_again, print_face
from cardsvc.service.terminals.registry import register_terminal
from cardsvc.signature import public_hex
from cardsvc.vcard import VirtualCard
from tests.cups import Cups, did, running_cups
from tests.desk.conftest import WS, Desk
from tests.service.cards.test_card_requests import take
from tests.service.staff.test_staff import refused
from tests.waiting import PATIENCE, until
from tests.world import FAMILIES

QUEUE = "cards"


@pytest.fixture
def cups(monkeypatch: pytest.MonkeyPatch) -> Iterator[Cups]:
    """A cupsd with a card printer."""
    with running_cups(monkeypatch) as running:
        running.add(QUEUE)
        yield running


class Station:
    """A desk whose agent has a card printer; the agent's loop is turned by hand."""

    def __init__(self, desk: Desk, session: str = "first-run") -> None:
        self.desk, self.session = desk, session
        self.loop = FaceLoop(desk.agent, CupsQueue(QUEUE), lambda _what, _about: None)
        self.is_there(new=True)

    def is_there(self, *, new: bool = False) -> None:
        """The agent's word that it is connected, which counts for some seconds only."""
        seen = {"session": self.session, "new": new, "readers": [], **self.loop.offered}
        self.desk.agent.call("POST", "/workstations/self/readers", seen)

    def made(self) -> str:
        """A card is made for somebody who applied; the number of the application."""
        world = self.desk.world
        citizen = world.citizen()
        case_no = take(world, self.desk.clerk, citizen).case_no
        world.do(VirtualCard.blank(FAMILIES[0], seed=1), "personalise", citizen_id=citizen)
        return case_no

    def hand(self, case_no: str) -> None:
        """The card is given to its holder."""
        world, card_no = self.desk.world, request_of(self.desk.world.store, case_no)["card_no"]
        hand_out(world.store, world.engine.rules, card_no, Collector(compared=True), by=self.desk.clerk, now=world.now)

    def face(self, case_no: str) -> dict[str, Any]:
        """How far its face is, as the page shows it."""
        shown: dict[str, Any] = request_of(self.desk.world.store, case_no)["face"]
        return shown

    def wanted(self) -> str:
        """The same, and its card lies in the printer."""
        case_no = self.made()
        print_face(self.desk.world.store, self.face(case_no)["print_id"], WS, by=self.desk.clerk, now=self.desk.world.now)
        return case_no

    def turned(self, case_no: str, state: str, meanwhile: Callable[[], bool] = lambda: True) -> dict[str, Any]:
        """The face, once the loop has brought it to this state and this holds."""

        def there() -> dict[str, Any] | None:
            self.is_there()
            with suppress(ReaderError):  # a CUPS that is slow for once is asked again, as the agent does
                self.loop.turn(self.session)
            seen = self.face(case_no)
            return seen if seen["state"] == state and meanwhile() else None

        return until(there, lambda: self.face(case_no))


def test_the_face_of_a_made_card_is_printed_looked_at_and_the_card_handed_out(desk: Desk, cups: Cups) -> None:
    """The printer gets the very PDF, once; before somebody has looked the card is not given away."""
    world, station = desk.world, Station(desk)
    case_no = station.wanted()
    due = station.face(case_no)
    with refused("face_not_looked_at"):
        station.hand(case_no)
    seen = station.turned(case_no, "printed")
    assert (cups.out / "face-1.pdf").read_bytes() == face_of(world.store, request_of(world.store, case_no)["card_no"])
    assert cups.titles() == [f"cardsvc-face-{due['print_id']}"]
    assert not station.loop.turn(station.session), "nothing more is to be seen to"
    with refused("face_not_looked_at"):
        station.hand(case_no)
    face_right(world.engine, seen["print_id"], None, by=desk.clerk, now=desk.world.now)
    station.hand(case_no)
    assert request_of(world.store, case_no)["state"] == "handed"
    assert len(cups.titles("begun")) == 1


def test_a_stopped_queue_is_shown_and_prints_when_it_goes_on_or_is_given_up(desk: Desk, cups: Cups) -> None:
    """The page says why the printer stands still; given up, the job is cancelled and the card is as it was."""
    station = Station(desk)
    did("cupsdisable", "-r", "ribbon is out", QUEUE)
    case_no = station.wanted()
    seen = station.turned(case_no, "sent", lambda: "ribbon is out" in (station.face(case_no)["note"] or ""))
    give_print_up(desk.world.store, seen["print_id"], by=desk.clerk, now=desk.world.now)
    failed = station.turned(case_no, "failed")
    again = print_again(desk.world.store, failed["print_id"], WS, "色带换好", by=desk.clerk, now=desk.world.now)
    station.turned(case_no, "sent")
    did("cupsenable", QUEUE)
    station.turned(case_no, "printed")
    assert cups.titles("begun") == [again.title], "the one that was given up never began"


def test_a_queue_that_stops_in_mid_job_does_not_print_again_by_itself(desk: Desk, cups: Cups) -> None:
    """CUPS would print from the start when the queue goes on. The job is cancelled: nobody knows how much is on the card."""
    station = Station(desk)
    cups.hold.touch()
    case_no = station.wanted()
    first = station.turned(case_no, "sent", lambda: len(cups.titles("begun")) == 1)
    did("cupsdisable", "-r", "card jam", QUEUE)
    station.turned(case_no, "unknown")
    cups.hold.unlink()
    did("cupsenable", QUEUE)
    again = print_again(desk.world.store, first["print_id"], WS, "卡面没印上", by=desk.clerk, now=desk.world.now)
    seen = station.turned(case_no, "printed")
    assert (seen["attempt"], seen["reason"]) == (2, "卡面没印上")
    assert cups.titles("begun") == [f"cardsvc-face-{first['print_id']}", again.title]
    assert cups.titles() == [again.title]


def test_cups_that_is_down_says_nothing_until_it_is_back(desk: Desk, cups: Cups, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing is guessed meanwhile; a CUPS that has no such job then never printed it."""
    station = Station(desk)
    case_no = station.wanted()
    cups.stop()
    with refused("face_queue_silent"):
        station.loop.turn(station.session)
    assert station.face(case_no)["state"] == "sent"
    with running_cups(monkeypatch) as back:
        back.add(QUEUE)
        station.turned(case_no, "failed")
        assert back.titles("begun") == []


@pytest.fixture
def process(desk: Desk, tmp_path: Path) -> Iterator[Callable[[str | None], "subprocess.Popen[bytes]"]]:
    """The agent as a process of its own; with a script in the place of lp that may kill it."""
    key = Ed25519PrivateKey.generate()
    world = desk.world
    register_terminal(world.store, "ws-2", "", "310000000012", public_hex(key), "workstation", now(), outlet_id="hall")
    (tmp_path / "ws.pem").write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    (tmp_path / "ws.pem").chmod(0o600)

    def start(lp: str | None) -> "subprocess.Popen[bytes]":
        programs = tmp_path / "bin"
        programs.mkdir(exist_ok=True)
        (programs / "lp").unlink(missing_ok=True)
        if lp is not None:
            (programs / "lp").write_text(f"#!/bin/sh\n{lp}\n")
            (programs / "lp").chmod(0o755)
        command = [
            sys.executable,
            "-c",
            "from cardsvc.cli.main import main; main()",
            "agent",
            "--url",
            desk.served.url,
            "--id",
            "ws-2",
        ]
        command += ["--key", f"{tmp_path}/ws.pem", "--face-queue", QUEUE]
        started.append(subprocess.Popen(command, env={**os.environ, "PATH": f"{programs}:{os.environ['PATH']}"}))
        return started[-1]

    started: list[subprocess.Popen[bytes]] = []
    yield start
    for one in started:
        one.kill()
        one.wait(PATIENCE)


KILL = "kill -9 $PPID"
LP = '/usr/bin/lp "$@"'


@pytest.mark.parametrize(("lp", "state", "printed"), [(KILL, "unknown", 0), (f"{LP}; {KILL}", "printed", 1)])
def test_an_agent_that_is_killed_around_the_sending_never_prints_twice(
    desk: Desk, cups: Cups, process: Callable[[str | None], "subprocess.Popen[bytes]"], lp: str, state: str, printed: int
) -> None:
    """Killed before lp sent: nobody knows, a person looks. Killed after: the next run finds the job by its title."""
    world, station = desk.world, Station(desk)
    case_no = station.made()
    killed = process(lp)
    until(lambda: any(one["workstation"] == "ws-2" for one in face_printers(world.store, "hall", now())))
    print_face(world.store, station.face(case_no)["print_id"], "ws-2", by=desk.clerk, now=desk.world.now)
    assert killed.wait(PATIENCE) == -9
    assert station.face(case_no)["state"] == "sent"
    process(None)
    until(lambda: station.face(case_no)["state"] == state, lambda: station.face(case_no))
    assert len(cups.titles("begun")) == printed
