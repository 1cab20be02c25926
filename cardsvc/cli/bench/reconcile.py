"""``cardsvc bench reconcile``: a day's spending file of a city, imported, imported again, and reconciled."""

import datetime as dt
import struct
import time
from collections.abc import Callable
from typing import Any

import click

from cardsvc.cli.bench.place import database_option, measured_at, postgresql_option
from cardsvc.cli.scratch.people import staffed_outlet, synthetic_person
from cardsvc.cli.shared.output import json_option, show, t, table
from cardsvc.cli.shared.progress import progress_bar

FARE = 200
FIRST_LOAD = 100_000
RIDES_A_CARD = 10


@click.command("reconcile", help=t("导入一天的消费记录并对账", "Import a day's spending and reconcile it"))
@click.option("--records", default=100_000, show_default=True, type=click.IntRange(1, 300_000), help=t("记录条数", "Records"))
@database_option
@postgresql_option
@json_option
def bench_reconcile(records: int, database_url: str | None, *, postgresql: bool, as_json: bool) -> None:
    """Measure."""
    with measured_at(database_url, postgresql=postgresql) as settings:
        figures = _measure(settings, records)
    show(figures, as_json=as_json, lines=lambda: table([(name, str(value)) for name, value in figures.items()]))


def _measure(settings: Any, records: int) -> dict[str, Any]:
    from cardsvc.bootstrap import build, now
    from cardsvc.service.batches import GivenFile, import_file
    from cardsvc.service.reconcile.run import Scope, reconcile
    from cardsvc.units import LOCAL

    opened, moment = build(settings), now()
    by = staffed_outlet(opened.store, "bench", {"books": "cashier"}, moment)["books"]
    with opened.store.read() as uow:
        rules = opened.rules.in_force(uow, moment.astimezone(LOCAL).date())
    content = city(opened, records, moment)
    figures: dict[str, Any] = {"records": records, "cards": -(-records // RIDES_A_CARD)}
    with progress_bar(t("测速", "Measuring")) as progress:

        def take() -> Any:
            given = GivenFile("spending", "bus", "bench.csv", content)
            return import_file(opened.store, opened.engine.keystore, given, moment, progress, by=by)

        figures["import s"], done = _timed(take)
        figures["import again s"], again = _timed(take)
        scope = Scope(moment.astimezone(LOCAL).date())
        figures["reconcile s"], run = _timed(lambda: reconcile(opened.store, rules, scope, moment, progress, by=by))
    figures["records/s"] = round(records / (figures["import s"] + figures["reconcile s"]))
    figures["result"] = {**done.batch.counts, "again": again.again, "differences": sum(run.counts.values())}
    opened.close()
    return figures


def _timed(action: Callable[[], Any]) -> tuple[float, Any]:
    started = time.perf_counter()
    value = action()
    return round(time.perf_counter() - started, 2), value


def city(opened: Any, records: int, moment: dt.datetime) -> bytes:
    """Cards with money in the database, and the file of the rides that they made today: right TACs, every counter once."""
    from cardsvc.crypto import epurse
    from cardsvc.units import LOCAL, bcd

    terminal, local = bytes.fromhex("330100000001"), f"{moment.astimezone(LOCAL):%Y%m%d%H%M%S}"
    (master,) = (entry.value for entry in opened.engine.keystore.entries if entry.name == "purse.tac")
    cards = [f"31000101{number:08d}" for number in range(1, -(-records // RIDES_A_CARD) + 1)]
    keys = {card_no: epurse.diversify(master, bcd(card_no)) for card_no in cards}
    lines = [
        "operator,terminal_no,terminal_transaction,card_no,application,purse,"
        "amount,offline_counter,date_time,type,tac,balance_after"
    ]
    rides = dict.fromkeys(cards, 0)
    for number in range(records):
        card_no = cards[number % len(cards)]
        counter, rides[card_no] = rides[card_no], rides[card_no] + 1
        data = struct.pack(">IB6sI", FARE, 6, terminal, number) + bcd(local)
        tac = epurse.tac(keys[card_no], data).hex()
        place = f"bus,{terminal.hex()},{number:08X},{card_no},purse,ep"
        lines.append(f"{place},{FARE},{counter},{local},06,{tac},{FIRST_LOAD - FARE * (counter + 1)}")
    lines.append(f"END,{records},{records * FARE}")
    _store(opened, rides, moment)
    return "\n".join(lines).encode()


def _store(opened: Any, rides: dict[str, int], moment: dt.datetime) -> None:
    """The cards' rows, a load each, and a look at each after its rides."""
    from cardsvc.ledger import postings
    from cardsvc.service.people.register import register_citizen
    from cardsvc.store.records import Card, CardSighting

    citizen = register_citizen(opened.store, synthetic_person(1), moment)
    versions, profile, day = opened.engine.keystore.versions(), opened.profiles[0].id, moment.date()
    with opened.store.begin() as uow:
        uow.cards.add_many(
            Card(no, f"{no}0000", profile, "issued", citizen.citizen_id, no[-9:], day, day, versions, moment, moment)
            for no in rides
        )
        loaded = [
            (no, postings.load_confirmed(no, postings.purse_account(no, "purse", "ep"), FIRST_LOAD), f"bench-{no}")
            for no in rides
        ]
        uow.ledger.post_many(loaded, moment)
        uow.sightings.add_many(
            CardSighting(no, f"bench-{no}", 0, "purse", "ep", FIRST_LOAD - FARE * count, 1, count, moment)
            for no, count in rides.items()
        )
        uow.commit()
