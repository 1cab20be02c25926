"""``cardsvc doctor --face-queue`` on a real cupsd of its own: each state of the queue is told with its cure."""

from collections.abc import Iterator

import pytest

from tests.cli.test_doctor_cli import looked
from tests.cups import Cups, did, running_cups, server

CHECK = "queue for card faces"


@pytest.fixture
def cups(monkeypatch: pytest.MonkeyPatch) -> Iterator[Cups]:
    """A private cupsd."""
    with running_cups(monkeypatch) as running:
        yield running


def test_each_state_of_the_queue_is_told_with_its_cure(home: dict[str, str], cups: Cups) -> None:
    """Unknown, then well, stopped with its reason, not accepting; and CUPS itself down."""
    desk = {**home, "CUPS_SERVER": server()}

    def seen() -> tuple[bool, str, str]:
        found = looked(desk, "--face-queue", "cards")[CHECK]
        return found["ok"], found["note"], found["cure"]

    ok, _note, cure = seen()
    assert (ok, "lpadmin" in cure) == (False, True)
    did("lpadmin", "-p", "cards", "-v", "file:///dev/null", "-E")
    assert seen()[0]
    did("cupsdisable", "-r", "ribbon is out", "cards")
    ok, note, cure = seen()
    assert (ok, note.endswith(" ribbon is out"), "sudo cupsenable cards" in cure) == (False, True, True)
    did("cupsenable", "cards")
    did("cupsreject", "cards")
    assert (seen()[0], seen()[2]) == (False, "sudo cupsaccept cards")
    did("cupsaccept", "cards")
    assert seen()[0]
    cups.stop()
    ok, _note, cure = seen()
    assert (ok, "systemctl start cups" in cure) == (False, True)


def test_without_a_named_queue_nothing_is_asked(home: dict[str, str]) -> None:
    """An outlet without a card printer is not told that it lacks one."""
    assert CHECK not in looked(home)
