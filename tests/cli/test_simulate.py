"""A simulated day through the real API comes out to the fen, and a day that does not is told."""

import json
import os
import subprocess
import sys
from collections import Counter

from cardsvc.cli.simulate.command import is_well
from cardsvc.cli.simulate.hall.clock import CLOSES, OPENS
from cardsvc.cli.simulate.hall.command import wrongs
from cardsvc.cli.simulate.hall.plan import AILMENTS, hall_day
from cardsvc.cli.simulate.visits import HOURS, JOBS, day_of


def test_the_same_seed_plans_the_same_day_and_month_end_is_for_month_tickets() -> None:
    """Hours in order, the busiest with about an eighth, next month's tickets only at the end of a month."""
    day = day_of("month-end", 2000, 50, 10, 7)
    assert day == day_of("month-end", 2000, 50, 10, 7) != day_of("month-end", 2000, 50, 10, 8)
    assert [visit.hour for visit in day] == sorted(visit.hour for visit in day)
    busiest = max(Counter(visit.hour for visit in day).values())
    assert 0.1 < busiest / 2000 < 0.15
    assert 0.4 < sum(visit.job == "next_month" for visit in day) / 2000 < 0.5
    assert not any(visit.job == "next_month" for visit in day_of("ordinary", 500, 50, 10, 7))
    assert all(sum(weights.values()) == 100 for table in (HOURS, JOBS) for weights in table.values())


def test_a_day_with_faults_is_ended_and_reconciled() -> None:
    """Cards, books, drawer, seals and the channels' files agree; every fault was settled."""
    command = [sys.executable, "-c", "from cardsvc.cli.main import main; raise SystemExit(main())", "simulate"]
    options = ["--visits", "24", "--cards", "3", "--kiosks", "2", "--faults", "40", "--profile", "month-end", "--json"]
    done = subprocess.run([*command, *options], check=False, capture_output=True, text=True, env={**os.environ})
    figures = json.loads(done.stdout)
    assert (done.returncode, figures["well"]) == (0, True), done.stderr
    assert figures["visits"] == 24
    assert sum(figures["faults"].values()) > 0
    assert sum(figures["settled"].values()) > 0
    assert figures["cards"] == figures["cards_in_books"] > 0
    for name, wrong in (("cards", 1), ("drawer_difference", -100), ("differences", ["paid_not_loaded x"])):
        assert not is_well({**figures, name: wrong})


def test_the_same_seed_plans_the_same_day_of_the_hall() -> None:
    """600 people bring 1,000 jobs; they come while the hall is open, some with a wrong number, some with a faulty card."""
    guests, rides = hall_day(600, 6, 1)
    assert (guests, rides) == hall_day(600, 6, 1) != hall_day(600, 6, 2)
    assert (len(guests), sum(guest.jobs for guest in guests)) == (600, 1000)
    assert all(OPENS <= guest.minute < CLOSES for guest in guests)
    assert {guest.ailment for guest in guests} == {"", *AILMENTS}
    assert any(guest.pulled != guest.ticket for guest in guests)
    assert any(guest.green for guest in guests)
    assert any(task.fault and guest.gone for guest in guests for task in guest.tasks)
    assert not {ride.number for ride in rides} & {guest.number for guest in guests if guest.errand == "apply"}


def test_a_small_day_of_the_hall_is_ended_with_promises_money_and_faults_in_order() -> None:
    """Through the HTTP door, on a clock of its own; and a day in which anything is wrong is told by its name."""
    command = [sys.executable, "-c", "from cardsvc.cli.main import main; raise SystemExit(main())", "simulate", "--hall"]
    options = ["--visits", "15", "--faults", "40", "--seed", "381", "--json"]
    done = subprocess.run([*command, *options], check=False, capture_output=True, text=True, env={**os.environ})
    figures = json.loads(done.stdout)
    assert (done.returncode, figures["wrong"]) == (0, []), done.stdout + done.stderr
    assert (figures["visits"], figures["planned_jobs"]) == (15, 25)
    assert figures["promises"]["given"] > 0
    assert sum(figures["faults"].values()) > 0
    wrong = {
        "promises": {**figures["promises"], "surprises": ["SL1"]},
        "suspects": {"owned": 0, "unowned": 1},
        "drawers": {"counted": 12, "differences": []},
        "cards": {"wrong": ["3100010100000001 1 2"]},
        "ledger": {"total": 1, "breaks": []},
    }
    for name, value in wrong.items():
        assert wrongs({**figures, name: value}) == [name]
    assert wrongs({**figures, "differences": ["paid_not_loaded x"], "seal": ""}) == ["reconciliation", "seal"]
