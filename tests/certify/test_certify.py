"""The certification itself: our own terminal and the one of the vendors' page pass, and for everything new that is played
there is a terminal that is caught by it."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from cardsvc.cli.certify.run import OUR_LIST, OURSELVES, Bench, bench
from cardsvc.cli.certify.scenarios import LIST_SCENARIOS, SCENARIOS, ListScenario, Scenario
from tests.certify.terminals import EXAMPLE, bad, called, ours

BY_NAME = {scenario.name: scenario for scenario in SCENARIOS}
LISTS = {scenario.name: scenario for scenario in LIST_SCENARIOS}
OURS = [
    scenario
    for scenario in SCENARIOS
    if scenario.request != 2 and scenario.line not in ("delayed", "slow") and scenario.card != "crashed"
]
HARD = ("reply_lost_1", "reply_lost_4", "truncated_3", "card_pulled_after_credit", "card_swapped_before_credit")
NEW = (
    "too_many_4",
    "old_reply_3",
    "clock_wrong_1",
    "clock_wrong_4",
    "suspended_3",
    "card_refuses",
    "customer_cancels",
    "terminal_crashed",
)
CAUGHT = (
    ("asks_at_once", "too_many_4", "Retry-After"),
    ("goes_on_after_a_bad_status", "card_refuses", "answers_do_not_fit"),
    ("believes_old_replies", "old_reply_3", "step_already_passed"),
    ("ignores_a_cancel", "customer_cancels", "the customer had cancelled"),
    ("guesses_the_time", "clock_wrong_4", "guessed the time"),
    ("never_stops", "clock_wrong_1", "went on sending after clock_wrong"),
    ("never_stops", "suspended_1", "went on sending after terminal_suspended"),
    ("takes_a_refusal_for_a_failure", "clock_wrong_4", "said failed"),
    ("forgets_a_crash", "terminal_crashed", "left its operation open"),
)
CAUGHT_BY_LISTS = (
    ("acknowledges_nothing", "hot_list", "acknowledged version"),
    ("forgets_what_it_missed", "hot_list_increment_missed", "lacks"),
    ("mixes_lists", "hot_list_whole_again", "too many"),
    ("believes_every_list", "hot_list_forged", "3100019900009999"),
)


@pytest.fixture(scope="module", autouse=True)
def _english() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("CARDSVC_LANG", "en")
        yield


@pytest.fixture(scope="module")
def bed() -> Iterator[Bench]:
    """One service for all runs."""
    with bench() as made:
        yield made


@pytest.mark.parametrize("scenario", OURS, ids=lambda scenario: scenario.name)
def test_our_own_client_passes(bed: Bench, tmp_path: Path, scenario: Scenario) -> None:
    """Without a process for each; the whole certification by the command line is in `make soak`."""
    assert bed.play_with(scenario, ours(bed.key, tmp_path)).wrong == ()


def test_our_own_terminal_passes(bed: Bench) -> None:
    """The command line as it ships, with the card and for its list."""
    for name in ("card_pulled_before_credit", "terminal_crashed"):
        assert bed.play(BY_NAME[name], OURSELVES).wrong == ()
    assert bed.play_list(LISTS["hot_list_increment_missed"], OUR_LIST).wrong == ()


@pytest.mark.parametrize("name", [*HARD, *NEW])
def test_the_terminal_of_the_vendors_page_passes(bed: Bench, name: str) -> None:
    """Written from the page alone, without any of our code."""
    assert bed.play(BY_NAME[name], called(EXAMPLE)).wrong == ()


@pytest.mark.parametrize("scenario", LIST_SCENARIOS, ids=lambda scenario: scenario.name)
def test_the_list_of_the_vendors_page_passes(bed: Bench, scenario: ListScenario) -> None:
    """A list that was missed, came whole, or was forged."""
    assert bed.play_list(scenario, called(EXAMPLE, "{list_key}")).wrong == ()


@pytest.mark.parametrize(("wrong", "scenario", "told"), CAUGHT)
def test_a_terminal_that_does_one_thing_wrong_is_told_what(
    bed: Bench, tmp_path: Path, wrong: str, scenario: str, told: str
) -> None:
    """By the scenario that is for it, in words that say what to mend."""
    assert told in "\n".join(bed.play(BY_NAME[scenario], called(bad(wrong, tmp_path))).wrong)


@pytest.mark.parametrize(("wrong", "scenario", "told"), CAUGHT_BY_LISTS)
def test_a_terminal_with_a_wrong_list_is_told_what(bed: Bench, tmp_path: Path, wrong: str, scenario: str, told: str) -> None:
    """Missed, mixed, forged, never acknowledged."""
    verdict = bed.play_list(LISTS[scenario], called(bad(wrong, tmp_path), "{list_key}"))
    assert told in "\n".join(verdict.wrong)


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


def test_a_terminal_that_signs_on_first_is_spoiled_at_the_same_request(bed: Bench, tmp_path: Path) -> None:
    """Only what is about the job is counted: suspended while it posts the answer to CREDIT FOR LOAD, its load still counts."""
    source = EXAMPLE.read_text("utf-8")
    sign_on = '    post("/terminals/self/session", {"signed_on": True})\n    if not settle_earlier():\n'
    (tmp_path / "signs_on.py").write_text(source.replace("    if not settle_earlier():\n", sign_on), "utf-8")
    assert bed.play(BY_NAME["suspended_4"], called(tmp_path / "signs_on.py")).wrong == ()


def test_programs_that_do_not_play_along_fail_and_do_not_hang(bed: Bench, tmp_path: Path) -> None:
    """One that ends at once, one that speaks no hex."""
    (tmp_path / "mute.py").write_text("")
    assert bed.play(BY_NAME["nothing_wrong"], called(tmp_path / "mute.py")).said == "ended without a result"
    (tmp_path / "odd.py").write_text("print('apdu zz', flush=True)\ninput()\nprint(input())\n")
    assert bed.play(BY_NAME["nothing_wrong"], called(tmp_path / "odd.py")).wrong != ()
