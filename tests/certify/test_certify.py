"""The certification itself: our own terminal and the one of the vendors' page pass, a careless one is caught."""

import shlex
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from cardsvc.cli.certify.run import OURSELVES, Bench, bench
from cardsvc.cli.certify.scenarios import SCENARIOS

EXAMPLE = Path(__file__).parent.parent.parent / "cardsvc" / "docs" / "examples" / "terminal.py"
BY_NAME = {scenario.name: scenario for scenario in SCENARIOS}
HARD = ("reply_lost_1", "reply_lost_4", "truncated_3", "reset_4", "card_pulled_after_credit", "card_swapped_before_credit")


@pytest.fixture(scope="module")
def bed() -> Iterator[Bench]:
    """One service for all runs."""
    with bench() as made:
        yield made


def called(program: Path) -> str:
    """How a vendor's program is called."""
    return f"{shlex.quote(sys.executable)} {shlex.quote(str(program))} {{url}} {{id}} {{key}} {{amount}}"


@pytest.mark.parametrize("name", HARD)
def test_the_terminal_of_the_vendors_page_passes(bed: Bench, name: str) -> None:
    """Written from the page alone, without any of our code."""
    assert bed.play(BY_NAME[name], called(EXAMPLE)).wrong == ()


@pytest.mark.parametrize("name", ["reply_lost_4", "unavailable_2", "card_pulled_before_credit"])
def test_our_own_terminal_passes(bed: Bench, name: str) -> None:
    """The command line as it ships."""
    assert bed.play(BY_NAME[name], OURSELVES).wrong == ()


def test_a_terminal_that_begins_anew_after_a_lost_reply_is_caught(bed: Bench, tmp_path: Path) -> None:
    """Its customer would pay twice; and one that calls everything a success is caught by a card that was pulled."""
    source = EXAMPLE.read_text("utf-8")
    anew = '_, atr = hear()\nended = top_up()\nwhile (ended.get("problem") or {}).get("code") == "service_unreachable":\n'
    careless = (
        source.replace("WAITS = (0.2, 0.5, 1, 2, 4, 8)", "WAITS = (0.1,)")
        .replace("    _, atr = hear()\n", "")
        .replace("ended = top_up()\n", anew + "    ended = top_up()\n")
    )
    (tmp_path / "careless.py").write_text(careless, "utf-8")
    assert bed.play(BY_NAME["nothing_wrong"], called(tmp_path / "careless.py")).wrong == ()
    assert bed.play(BY_NAME["reply_lost_4"], called(tmp_path / "careless.py")).wrong != ()
    cheerful = source.replace('if ended["state"] == "done":', "if True:")
    (tmp_path / "cheerful.py").write_text(cheerful, "utf-8")
    assert bed.play(BY_NAME["card_pulled_before_credit"], called(tmp_path / "cheerful.py")).wrong != ()


def test_programs_that_do_not_play_along_fail_and_do_not_hang(bed: Bench, tmp_path: Path) -> None:
    """One that ends at once, one that speaks no hex."""
    (tmp_path / "mute.py").write_text("")
    assert bed.play(BY_NAME["nothing_wrong"], called(tmp_path / "mute.py")).said == "ended without a result"
    (tmp_path / "odd.py").write_text("print('apdu zz', flush=True)\ninput()\nprint(input())\n")
    assert bed.play(BY_NAME["nothing_wrong"], called(tmp_path / "odd.py")).wrong != ()
