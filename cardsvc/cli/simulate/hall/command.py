"""``cardsvc simulate --hall``: the day is planned, lived and closed; what it shows, and whether all of it holds."""

import time
from collections import Counter as Tally
from collections.abc import Sequence
from typing import Any

from cardsvc.bootstrap import now
from cardsvc.cli.simulate.hall.buses import Bus
from cardsvc.cli.simulate.hall.clock import HallClock, last_of_month
from cardsvc.cli.simulate.hall.errands import Errands
from cardsvc.cli.simulate.hall.evening import SHORT, end_of_hall_day
from cardsvc.cli.simulate.hall.floor import Floor
from cardsvc.cli.simulate.hall.house import House, open_drawers, opened_house
from cardsvc.cli.simulate.hall.making import Making
from cardsvc.cli.simulate.hall.plan import hall_day
from cardsvc.config import Settings
from cardsvc.units import LOCAL


def hall_figures(settings: Settings, visits: int, faults: int, seed: int) -> dict[str, Any]:
    """Live the last day of this month at the hall; the figures, with ``well``: whether everything that must hold does."""
    guests, rides = hall_day(visits, faults, seed)
    clock = HallClock(last_of_month(now().astimezone(LOCAL).date()))
    with opened_house(settings, clock, guests) as house:
        errands = Errands(house)
        making, bus = Making(house, errands.book), Bus(house.services.engine)
        clock.set(7 * 60)
        open_drawers(house)
        for kiosk in house.kiosks:
            kiosk.sign(on=True)
        started = time.perf_counter()
        floor = Floor(house, errands, making, bus)
        floor.run(guests, rides)
        seconds = time.perf_counter() - started
        figures = {
            "day": clock.day.isoformat(),
            "visits": len(guests),
            "planned_jobs": sum(guest.jobs for guest in guests),
            "closed_at": f"{floor.minute // 60:02d}:{floor.minute % 60:02d}",
            **_figures(house, errands, making, floor, seconds),
            **end_of_hall_day(house, bus),
        }
    figures["wrong"] = wrongs(figures)
    figures["well"] = not figures["wrong"]
    return figures


def _figures(house: House, errands: Errands, making: Making, floor: Floor, seconds: float) -> dict[str, Any]:
    """What everybody saw."""
    book, places = errands.book, house.places
    spent = sorted(second for place in places for second in place.seen.seconds)

    def together(name: str) -> dict[str, int]:
        return dict(sorted(sum((getattr(place.seen, name) for place in places), Tally()).items()))

    return {
        "jobs": {"all": sum(book.jobs.values()), **dict(sorted(book.jobs.items()))},
        "operations": together("jobs"),
        "refused": together("refused"),
        "faults": together("faults"),
        "settled": together("settled"),
        "seconds": round(seconds, 1),
        "jobs_a_second": round(sum(book.jobs.values()) / seconds, 1),
        "operation_ms": {"p50": _at(spent, 50), "p99": _at(spent, 99)},
        "apdus": sum(place.seen.apdus for place in places),
        "numbers": dict(floor.seen),
        "promises": {
            "given": len(book.requests),
            "met": len(book.requests) - len(making.late),
            "late": len(making.late),
            "shown_before": len(making.late - making.surprises),
            "surprises": sorted(making.surprises),
        },
        "examined": {
            "found": dict(sorted(book.found.items())),
            "cured": dict(sorted(book.cured.items())),
            "missed": book.missed,
            "false_alarms": book.false_alarms,
        },
    }


def _at(spent: Sequence[float], percent: int) -> int | None:
    return round(spent[len(spent) * percent // 100] * 1000) if spent else None


def wrongs(figures: dict[str, Any]) -> list[str]:
    """What must hold and does not, by name."""
    found, ledger = figures["examined"], figures["ledger"]
    holds = {
        "jobs": figures["jobs"]["all"] >= figures["planned_jobs"],
        "promises": not figures["promises"]["surprises"],
        "diagnosis": not found["missed"] and not found["false_alarms"],
        "cure": sum(found["found"].values()) == sum(found["cured"].values()),
        "suspects": not figures["suspects"]["unowned"],
        "drawers": figures["drawers"]["differences"] == [-SHORT],
        "cards": not figures["cards"]["wrong"],
        "ledger": (ledger["total"], ledger["breaks"]) == (0, []),
        "reconciliation": not figures["differences"],
        "seal": bool(figures["seal"]),
    }
    return [name for name, good in holds.items() if not good]
