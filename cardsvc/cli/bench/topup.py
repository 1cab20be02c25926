"""``cardsvc bench topup``: top-ups per second of several workers, by the size of the ledger, and beside them pgbench.

A worker is a process with the operations engine and virtual cards; the time that the cards take is not counted in p50 and p99.
"""

import time
import uuid
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import click

from cardsvc.cli.bench.place import database_option, measured_at, postgresql_option
from cardsvc.cli.scratch.people import synthetic_person
from cardsvc.cli.shared.output import json_option, show, t, table
from cardsvc.wire import Reply

AMOUNT = 5000
TOPUPS_A_CARD = 9
"""In one round: the balance stays below the cap for two rounds."""
PGBENCH_SECONDS = 10


@click.command(
    "topup", help=t("每秒充值笔数，与 pgbench 同样语句相比", "Top-ups per second, and pgbench with the same statements")
)
@database_option
@click.option("--workers", default=2, show_default=True, type=click.IntRange(1, 16), help=t("工作进程", "Worker processes"))
@click.option("--cards", default=30, show_default=True, type=click.IntRange(1, 500), help=t("每进程卡数", "Cards a worker"))
@click.option(
    "--rows",
    default=(10_000, 1_000_000),
    show_default=True,
    multiple=True,
    type=click.IntRange(1, 20_000_000),
    help=t("账册行数，可给多次", "Rows in the ledger; may be given twice"),
)
@postgresql_option
@json_option
def bench_topup(
    database_url: str | None, workers: int, cards: int, rows: tuple[int, ...], *, postgresql: bool, as_json: bool
) -> None:
    """Measure."""
    with measured_at(database_url, postgresql=postgresql) as settings:
        figures = _measure(settings, workers, cards, rows[:2])
    show(figures, as_json=as_json, lines=lambda: table([(name, str(value)) for name, value in figures.items()]))


def _measure(settings: Any, workers: int, cards: int, rows: tuple[int, ...]) -> dict[str, Any]:
    from cardsvc.bootstrap import build
    from cardsvc.cli.bench.fill import fill, ledger_rows

    opened, folder = build(settings), settings.keystore.parent
    figures: dict[str, Any] = {"workers": workers}
    files = [[issued(opened, folder, worker * cards + card) for card in range(cards)] for worker in range(workers)]
    with ProcessPoolExecutor(workers, mp_context=get_context("spawn")) as pool:
        for wanted in rows:
            started = time.perf_counter()
            filled = fill(opened, wanted, t("填充账册", "Filling the ledger"))
            figures[f"ledger rows {wanted}"] = ledger_rows(opened)
            figures[f"filled in s at {wanted}"] = round(time.perf_counter() - started, 1)
            done = list(pool.map(_work, [settings] * workers, files))
            figures.update(_figures(wanted, done))
    if settings.database_url.startswith("postgresql"):
        figures |= _beside_pgbench(opened, settings, files[0][0], workers, filled)
        rate, theirs = figures[f"top-ups/s at {rows[-1]}"], figures["pgbench top-ups/s"]
        figures["share of pgbench"] = f"{rate / theirs:.0%}" if theirs else None
    opened.close()
    return figures


def issued(opened: Any, folder: Path, number: int) -> Path:
    """A personalised card in a file."""
    from cardsvc.bootstrap import now
    from cardsvc.service.people.register import register_citizen
    from cardsvc.vcard import VirtualCard

    citizen = register_citizen(opened.store, synthetic_person(number + 1), now())
    card = VirtualCard.blank("fudan-fmcos2", seed=number)
    _carry(opened, card, "personalise", {"citizen_id": citizen.citizen_id})
    path = folder / f"card-{number}.bin"
    card.save(path)
    return path


class _Timed:
    """A port that keeps the time spent in it."""

    def __init__(self, port: Any) -> None:
        self._port = port
        self.seconds = 0.0

    def __getattr__(self, name: str) -> Callable[..., Reply]:
        def call(*arguments: Any, **named: Any) -> Reply:
            started = time.perf_counter()
            reply: Reply = getattr(self._port, name)(*arguments, **named)
            self.seconds += time.perf_counter() - started
            return reply

        return call


def _carry(opened: Any, card: Any, kind: str, params: dict[str, Any]) -> float:
    """One job on a card; returns the seconds that the service took."""
    from cardsvc.readers.carry import carry_out
    from cardsvc.service.operations.kinds import Actor

    port = _Timed(opened.engine.port(Actor("local", "bench", bytes(6), "desk")))
    channel = card.channel()
    carry_out(port, channel, kind, params, idempotency_key=str(uuid.uuid4()))
    channel.close()
    return port.seconds


def top_up(opened: Any, card: Any) -> float:
    """A top-up in cash; returns the seconds that the service took."""
    return _carry(opened, card, "topup", {"amount": AMOUNT, "payment": {"method": "cash"}})


def _work(settings: Any, files: list[Path]) -> tuple[float, list[float]]:
    """One worker's round: seconds in all, and the service's seconds of each top-up."""
    from cardsvc.bootstrap import build
    from cardsvc.vcard import VirtualCard

    opened, cards = build(settings), [VirtualCard.load(path) for path in files]
    started = time.perf_counter()
    taken = [top_up(opened, card) for _ in range(TOPUPS_A_CARD) for card in cards]
    seconds = time.perf_counter() - started
    for card, path in zip(cards, files, strict=True):
        card.save(path)
    opened.close()
    return seconds, taken


def _figures(rows: int, done: list[tuple[float, list[float]]]) -> dict[str, Any]:
    taken = sorted(seconds for _, each in done for seconds in each)
    return {
        f"top-ups/s at {rows}": round(sum(len(each) / seconds for seconds, each in done), 1),
        f"p50 ms at {rows}": round(taken[len(taken) // 2] * 1000, 1),
        f"p99 ms at {rows}": round(taken[len(taken) * 99 // 100] * 1000, 1),
    }


def _beside_pgbench(opened: Any, settings: Any, card_file: Path, workers: int, filled: int) -> dict[str, Any]:
    """The statements of one top-up, and how fast PostgreSQL alone carries them out."""
    from cardsvc.cli.bench.cluster import program
    from cardsvc.cli.bench.pgbench import run, script
    from cardsvc.cli.scratch.settings import scratch_folder
    from cardsvc.store.recording import recorded
    from cardsvc.vcard import VirtualCard

    card, file = VirtualCard.load(card_file), scratch_folder(keep=True) / "topup.sql"
    with recorded(opened.store) as seen:
        top_up(opened, card)
    with opened.store.read() as uow:
        known = uow.cards.by_chip(card.chip_serial.hex().upper(), card.dialect.name)
    file.write_text(script(opened.store, seen, known.card_no, filled, workers))
    pgbench = program("pgbench")
    theirs = round(run(pgbench, settings.database_url, file, workers, PGBENCH_SECONDS), 1) if pgbench else None
    sent = [sql for sql, _ in seen]
    return {
        "transactions a top-up": sent.count("COMMIT"),
        "statements a top-up": len(sent) - sent.count("BEGIN") - sent.count("COMMIT"),
        "script": str(file),
        "pgbench top-ups/s": theirs,
    }
