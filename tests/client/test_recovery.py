"""A client that was killed finds its jobs again by their stored keys, waits when it is told to, and says unknown where it does
not know; its copy of the hot list. Through a real service."""

import datetime as dt
import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import ClassVar

import pytest

from cardsvc.bootstrap import now
from cardsvc.cli.certify.line import Line
from cardsvc.cli.certify.scenarios import Scenario
from cardsvc.client import ApiClient
from cardsvc.client.hotlist import HotListCopy, kept_copy, sync_hot_list
from cardsvc.client.http import ServiceRefused
from cardsvc.client.jobs import recover, run_job
from cardsvc.client.journal import Journal
from cardsvc.errors import CardGone, ReaderError, RequestError
from cardsvc.iso7816.channel import Channel
from cardsvc.vcard import FaultPlan, VirtualCard
from tests.restored import lost
from tests.serving import POLL_SECONDS, Served, serving
from tests.world import FAMILIES, World, balance_on

JOB = {"amount": 5000, "payment": {"method": "cash"}}


@pytest.fixture
def served(tmp_path: Path) -> Iterator[Served]:
    """A city behind its HTTP door."""
    with serving(World(tmp_path / "city.db", now())) as made:
        yield made


class Killed(BaseException):
    """Stands for SIGKILL: nobody catches it, nothing is tidied up."""


class Deadly:
    """A channel in whose N-th command the client dies; the card carries that command out when ``after``."""

    def __init__(self, card: Channel, number: int, *, after: bool) -> None:
        self._card, self._left, self._after = card, number, after

    @property
    def atr(self) -> bytes:
        return self._card.atr

    def transmit(self, command: bytes) -> bytes:
        self._left -= 1
        if self._left == 0 and not self._after:
            raise Killed
        answer = self._card.transmit(command)
        if self._left == 0:
            raise Killed
        return answer

    def close(self) -> None:
        self._card.close()


@pytest.mark.parametrize("after", [False, True])
@pytest.mark.parametrize("number", [1, 5, 7])
def test_a_killed_client_ends_its_job_and_goes_on_at_once(served: Served, tmp_path: Path, number: int, *, after: bool) -> None:
    """Nothing waits for the old operation to lapse, and no load is doubled or lost."""
    card: VirtualCard = served.world.issue(FAMILIES[0])
    path = tmp_path / "kiosk.journal"
    channel = Deadly(card.channel(), number, after=after)
    with pytest.raises(Killed):
        run_job(served.kiosk, Journal(path), channel, "topup", JOB)
    channel.close()
    journal = Journal(path)
    assert [found.state for found in recover(served.kiosk, journal)] == ["abandoned"]
    assert recover(served.kiosk, journal) == []
    result = run_job(served.kiosk, journal, card.channel(), "topup", JOB)
    written = 2 if number == 7 and after else 1
    assert balance_on(card)[0] == served.world.purse_total(result["card_no"]) == 5000 * written
    assert journal.open_jobs() == []


@pytest.mark.parametrize("number", [1, 7])
def test_a_job_that_restored_books_have_lost_is_not_told_as_not_done(served: Served, tmp_path: Path, number: int) -> None:
    """The client was killed in the middle of a load, and the service's database is of before: whatever the card was told is
    unknown. It is ended as lost and not begun again; what nobody told the card is not done."""
    card = served.world.issue(FAMILIES[0])
    channel, path = Deadly(card.channel(), number, after=True), tmp_path / "kiosk.journal"
    with lost(served.world), pytest.raises(Killed):
        run_job(served.kiosk, Journal(path), channel, "topup", JOB)
    channel.close()
    (found,) = recover(served.kiosk, Journal(path))
    assert (found.state, Journal(path).open_jobs()) == ("lost", [])
    with served.world.store.read() as uow:
        assert [row.kind for row in uow.operations.of_card(served.world.card_no_of(card))] == ["personalise"]
    assert balance_on(card)[0] == (5000 if number == 7 else 0)


def test_a_job_that_never_reached_the_service_is_not_done(served: Served, tmp_path: Path) -> None:
    """The client was killed before its first answer came: the card was told nothing, restored books or not."""
    card, journal = served.world.issue(FAMILIES[0]), Journal(tmp_path / "kiosk.journal")
    journal.begin("a key of this job", "topup", JOB, card.atr)
    (found,) = recover(served.kiosk, journal)
    assert (found.state, found.problem and found.problem["code"]) == ("abandoned", "operation_left_nothing")


def test_a_job_that_was_done_before_the_client_died_is_found_done(served: Served, tmp_path: Path) -> None:
    """Its result comes again, and nothing is written a second time."""
    card = served.world.issue(FAMILIES[0])
    journal = Journal(tmp_path / "kiosk.journal")
    done = run_job(served.kiosk, journal, card.channel(), "topup", JOB)
    begun = (tmp_path / "kiosk.journal").read_text().splitlines()[0]
    (tmp_path / "kiosk.journal").write_text(begun + "\n")
    (found,) = recover(served.kiosk, journal)
    assert (found.state, found.result) == ("done", done)
    assert balance_on(card)[0] == 5000


def test_a_pulled_card_leaves_the_job_to_recovery(served: Served, tmp_path: Path) -> None:
    """The service was told; the journal forgets it at the next start."""
    card = served.world.issue(FAMILIES[0])
    journal = Journal(tmp_path / "kiosk.journal")
    card.plan = FaultPlan(tear_before_command=7)
    with pytest.raises(CardGone):
        run_job(served.kiosk, journal, card.channel(), "topup", JOB)
    assert [found.state for found in recover(served.kiosk, journal)] == ["abandoned"]


def test_a_refused_job_is_over(served: Served, tmp_path: Path) -> None:
    """There is nothing to recover of what never began."""
    card = served.world.issue(FAMILIES[0])
    journal = Journal(tmp_path / "kiosk.journal")
    with pytest.raises(ServiceRefused):
        run_job(served.kiosk, journal, card.channel(), "topup", {**JOB, "amount": 0})
    assert journal.open_jobs() == []


def test_a_client_waits_as_it_is_told_and_loads_once(served: Served, tmp_path: Path) -> None:
    """Whichever request of a load is told to wait: sent again with the same key, after the time, it is one load."""
    card = served.world.issue(FAMILIES[0])
    for loads, number in enumerate((1, 4), start=1):
        line = Line(Scenario("", "too_many", number), int(served.url.rpartition(":")[2]))
        try:
            with ApiClient(line.url, "kiosk-7", served.kiosk_key, clock=now, waits=(0.01,)) as client:
                result = run_job(client, Journal(tmp_path / "kiosk.journal"), card.channel(), "topup", JOB)
        finally:
            line.stop()
        assert (line.seen.codes, line.seen.early) == (["too_many_requests"], 0)
        assert balance_on(card)[0] == served.world.purse_total(result["card_no"]) == 5000 * loads


def test_a_step_that_is_not_taken_leaves_the_load_unknown_and_open(served: Served, tmp_path: Path) -> None:
    """The card has the money, the service has too many requests: nobody says that nothing was done, and nobody loads again."""
    card = served.world.issue(FAMILIES[0])
    journal = Journal(tmp_path / "kiosk.journal")
    line = Line(Scenario("", "too_many", 4), int(served.url.rpartition(":")[2]))
    try:
        with (
            ApiClient(line.url, "kiosk-7", served.kiosk_key, clock=now, waits=()) as client,
            pytest.raises(ReaderError) as told,
        ):
            run_job(client, journal, card.channel(), "topup", JOB)
    finally:
        line.stop()
    assert (told.value.code, told.value.outcome) == ("service_busy", "unknown")
    assert [found.state for found in recover(served.kiosk, journal)] == ["abandoned"]
    assert run_job(served.kiosk, journal, card.channel(), "inspect", {})["purse"]["balance"] == 5000
    assert served.world.purse_total(served.world.card_no_of(card)) == 5000


def test_a_refused_step_is_unknown_and_asked_for_again(served: Served, tmp_path: Path) -> None:
    """The service found the request bad, not the load: the journal keeps the job."""
    card = served.world.issue(FAMILIES[0])
    journal = Journal(tmp_path / "kiosk.journal")
    steps = iter(range(10))

    def clock() -> dt.datetime:
        return now() + dt.timedelta(minutes=10 if next(steps) >= 3 else 0)

    with ApiClient(served.url, "kiosk-7", served.kiosk_key, clock=clock) as client, pytest.raises(ServiceRefused) as told:
        run_job(client, journal, card.channel(), "topup", JOB)
    assert (told.value.problem["code"], told.value.problem["outcome"]) == ("clock_wrong", "unknown")
    assert told.value.problem["clock"]["skew_seconds"] in range(595, 606)
    assert [found.state for found in recover(served.kiosk, journal)] == ["abandoned"]


def test_a_job_that_nobody_can_tell_of_stays_in_the_journal(served: Served, tmp_path: Path) -> None:
    """A proxy answers for a service that is away: whether the load was written is not known, and it is asked for again."""
    card = served.world.issue(FAMILIES[0])
    journal = Journal(tmp_path / "kiosk.journal")
    channel = Deadly(card.channel(), 7, after=True)
    with pytest.raises(Killed):
        run_job(served.kiosk, journal, channel, "topup", JOB)
    channel.close()
    for number in (1, 2):
        line = Line(Scenario("", "unavailable", number), int(served.url.rpartition(":")[2]))
        try:
            with (
                ApiClient(line.url, "kiosk-7", served.kiosk_key, clock=now, waits=()) as client,
                pytest.raises(ReaderError, match="HTTP 503"),
            ):
                recover(client, journal)
        finally:
            line.stop()
        assert len(journal.open_jobs()) == 1
    assert [found.state for found in recover(served.kiosk, journal)] == ["abandoned"]
    assert journal.open_jobs() == []


class Away(BaseHTTPRequestHandler):
    """Stands for a service that loses its first answer, then its database."""

    lost: ClassVar[list[str]] = []

    def log_message(self, *_: object) -> None:
        """Say nothing."""

    def do_POST(self) -> None:
        """Hang up once; from then on nothing of what is asked is done."""
        if not self.lost:
            self.lost.append(self.path)
            return
        body = json.dumps({"code": "store_unreachable", "outcome": "not_done"}).encode()
        self.send_response(503)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


def test_a_service_that_is_away_after_a_lost_answer_leaves_it_unknown(served: Served) -> None:
    """The last sending was not done; the first, whose answer was lost, may have been."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), Away)
    thread = threading.Thread(target=server.serve_forever, args=(POLL_SECONDS,))
    thread.start()
    try:
        told, url = [], f"http://127.0.0.1:{server.server_port}"
        for _ in range(2):
            with (
                ApiClient(url, "kiosk-7", served.kiosk_key, clock=now, waits=(0.01,)) as client,
                pytest.raises(ServiceRefused) as refused,
            ):
                client.order({})
            told.append((refused.value.problem["code"], refused.value.problem["outcome"]))
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
    assert told == [("store_unreachable", "unknown"), ("store_unreachable", "not_done")]


def test_a_hot_list_survives_half_a_file_and_takes_no_forged_list(served: Served, tmp_path: Path) -> None:
    """A copy that was cut short is fetched anew as a whole; a list that another key signed is not taken, three times over."""
    with served.world.store.begin() as uow:
        uow.hotlist.change_card("3100010100000001", "add", "test", "test", now())
        uow.commit()
    public = served.world.engine.keystore.signing_public_key()
    file = tmp_path / "kiosk.hotlist"
    copy = sync_hot_list(served.kiosk, public, file)
    assert (copy.version, copy.cards) == (1, {"3100010100000001"})
    assert kept_copy(file) == copy
    with pytest.raises(RequestError, match="hotlist_signature_wrong"):
        sync_hot_list(served.kiosk, bytes(32), file)
    assert kept_copy(file) == copy
    file.write_text(file.read_text()[:20])
    assert kept_copy(file) == HotListCopy()
    assert sync_hot_list(served.kiosk, public, file) == copy
