"""A client that was killed finds its jobs again by their stored keys, through a real service."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from cardsvc.bootstrap import now
from cardsvc.client.jobs import recover, run_job
from cardsvc.client.journal import Journal
from cardsvc.errors import CardGone
from cardsvc.iso7816.channel import Channel
from cardsvc.vcard import FaultPlan, VirtualCard
from tests.serving import Served, serving
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
    from cardsvc.client.http import ServiceRefused

    card = served.world.issue(FAMILIES[0])
    journal = Journal(tmp_path / "kiosk.journal")
    with pytest.raises(ServiceRefused):
        run_job(served.kiosk, journal, card.channel(), "topup", {**JOB, "amount": 0})
    assert journal.open_jobs() == []
