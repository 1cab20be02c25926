"""The command: morning, day and evening, and the figures."""

import time
from collections import Counter
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from typing import Any

import click

from cardsvc.bootstrap import create_database, now
from cardsvc.card.periods import following
from cardsvc.cli.scratch.processes import free_port, service_processes
from cardsvc.cli.scratch.settings import scratch_settings
from cardsvc.cli.shared.output import json_option, show, t, table
from cardsvc.cli.simulate.evening import end_of_day
from cardsvc.cli.simulate.hall.command import hall_figures
from cardsvc.cli.simulate.places import Place
from cardsvc.cli.simulate.town import APP, Town, build_town
from cardsvc.cli.simulate.visits import Profile, Visit, day_of
from cardsvc.client import ApiClient, load_key
from cardsvc.config import Settings
from cardsvc.units import LOCAL

PEAK_DAYS = 5
"""The last days of a month are the busy ones."""
VISITS, HALL_VISITS = 300, 600
MUST_BE_ZERO = ("suspects", "drawer_difference", "suspense_in_books")


@click.command(help=t("模拟一天：许多卡和终端经真实接口充值，直到日结和对账", "A day of many cards, until it is reconciled"))
@click.option(
    "--hall",
    "whole_hall",
    is_flag=True,
    help=t("大厅的一整天：12 个窗口、排队、制卡、检测", "A whole day of the hall: desks, queue, making"),
)
@click.option("--visits", type=click.IntRange(1, 5000), help=t("人次（300；大厅 600）", "Visits (300; of the hall 600)"))
@click.option("--cards", default=40, show_default=True, type=click.IntRange(1, 5000), help=t("卡数", "Cards"))
@click.option("--kiosks", default=3, show_default=True, type=click.IntRange(1, 200), help=t("自助终端数", "Kiosks"))
@click.option(
    "--faults", default=5, show_default=True, type=click.IntRange(0, 100), help=t("出故障的百分比", "Faults, percent")
)
@click.option("--profile", type=click.Choice(["ordinary", "month-end"]), help=t("平日或月末", "By default: by today's date"))
@click.option("--seed", default=1, show_default=True, help=t("随机种子", "The same seed plans the same day"))
@click.option("--database-url", help=t("一个空的数据库；不给则用临时 SQLite", "An empty database; fresh SQLite by default"))
@json_option
def simulate(
    visits: int | None,
    cards: int,
    kiosks: int,
    faults: int,
    profile: Profile | None,
    seed: int,
    database_url: str | None,
    *,
    whole_hall: bool,
    as_json: bool,
) -> None:
    """Simulate."""
    settings = scratch_settings().model_copy(update={"port": free_port()})
    if database_url:
        settings = settings.model_copy(update={"database_url": database_url})
        create_database(settings)
    figures = (
        hall_figures(settings, visits or HALL_VISITS, faults, seed)
        if whole_hall
        else _desks_and_kiosks(settings, day_of(profile or _todays(), visits or VISITS, cards, faults, seed), cards, kiosks)
    )
    show(figures, as_json=as_json, lines=lambda: table([(name, _text(value)) for name, value in figures.items()]))
    if not figures["well"]:
        raise click.exceptions.Exit(1)


def _desks_and_kiosks(settings: Settings, plan: Sequence[Visit], cards: int, kiosks: int) -> dict[str, Any]:
    """A day of cards at one desk and many kiosks, through service processes."""
    town = build_town(settings, cards, kiosks)
    with service_processes(settings), ExitStack() as clients:
        places = _places(town, f"http://{settings.host}:{settings.port}", clients)
        started = time.perf_counter()
        _day(town, places, plan)
        seconds = time.perf_counter() - started
        figures = {**_figures(places, seconds), **end_of_day(town, places)}
    town.services.close()
    figures["well"] = is_well(figures)
    return figures


def _todays() -> Profile:
    today = now().astimezone(LOCAL).date()
    return "month-end" if (following(today) - today).days <= PEAK_DAYS else "ordinary"


def _places(town: Town, url: str, clients: ExitStack) -> list[Place]:
    opened = {name: clients.enter_context(ApiClient(url, name, load_key(key))) for name, key in town.keys.items()}
    return [Place(name, client, opened[APP]) for name, client in opened.items() if name != APP]


def _day(town: Town, places: Sequence[Place], plan: Sequence[Visit]) -> None:
    """Every place serves its own queue, all at once; a card that is elsewhere is waited for."""

    def serve(number: int) -> None:
        places[number].sign(on=True)
        for visit in plan[number :: len(places)]:
            places[number].serve(town.holders[visit.card], visit)

    with ThreadPoolExecutor(len(places)) as pool:
        list(pool.map(serve, range(len(places))))


def _figures(places: Sequence[Place], seconds: float) -> dict[str, Any]:
    """What all places saw."""

    def together(name: str) -> dict[Any, int]:
        return dict(sorted(sum((getattr(place.seen, name) for place in places), Counter()).items()))

    taken = sorted(second for place in places for second in place.seen.seconds)
    return {
        "visits": sum(together("hours").values()),
        "busiest_hour": max(together("hours").items(), key=lambda entry: entry[1], default=None),
        "jobs": together("jobs"),
        "refused": together("refused"),
        "faults": together("faults"),
        "settled": together("settled"),
        "jobs_a_second": round(len(taken) / seconds, 1),
        "p50_ms": round(taken[len(taken) // 2] * 1000) if taken else None,
        "p99_ms": round(taken[len(taken) * 99 // 100] * 1000) if taken else None,
    }


def is_well(figures: dict[str, Any]) -> bool:
    """Whether the day came out to the fen."""
    ledger = figures["ledger"]
    return (
        not any(figures[name] for name in MUST_BE_ZERO)
        and figures["cards"] == figures["cards_in_books"]
        and (ledger["total"], ledger["breaks"], figures["differences"]) == (0, [], [])
    )


def _text(value: Any) -> str:
    if isinstance(value, dict):
        return ", ".join(
            f"{name} ({_text(part)})" if isinstance(part, dict) else f"{name} {part}" for name, part in value.items()
        )
    return str(value)
