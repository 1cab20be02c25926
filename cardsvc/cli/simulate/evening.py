"""The evening: cards are seen again, the drawer is counted, terminals sign off, the day ends, and all is compared."""

import csv
import datetime as dt
import io
from collections.abc import Iterable, Sequence
from typing import Any

from cardsvc.bootstrap import now
from cardsvc.cli.simulate.places import Place
from cardsvc.cli.simulate.town import DESK, FLOAT_FEN, OUTLET, Paid, Town
from cardsvc.service.batches import GivenFile, import_file
from cardsvc.service.books.audit import verify_ledger
from cardsvc.service.books.day_end import end_day
from cardsvc.service.cards.views import trial_balance
from cardsvc.service.cash.shifts import close_shift
from cardsvc.service.purse.suspects import suspects
from cardsvc.service.reconcile.run import Scope, reconcile
from cardsvc.units import LOCAL


def end_of_day(town: Town, places: Sequence[Place]) -> dict[str, Any]:
    """Everything that must be done and hold; figures of it. Raises CardsvcError where the day cannot be ended."""
    desk = next(place for place in places if place.name == DESK)
    on_cards = sum(desk.look(holder) for holder in town.holders)
    for place in places:
        place.sign(on=False)
    taken = [paid for place in places for paid in place.seen.taken]
    services, today = town.services, now().astimezone(LOCAL).date()
    town.services.engine.sweep_all()
    cash = sum(paid.amount for paid in taken if paid.place == DESK and paid.method == "cash")
    pieces = {"10000": (FLOAT_FEN + cash) // 10000, "1": (FLOAT_FEN + cash) % 10000}
    shift = close_shift(services.store, town.shift.shift_id, pieces, by=town.people["teller"], now=now())
    for method in sorted({paid.method for paid in taken} - {"cash"}):
        content = statement((paid for paid in taken if paid.method == method), now())
        given = GivenFile("channel", method, f"{method}.csv", content)
        import_file(services.store, services.engine.keystore, given, now(), by=town.people["boss"])
    seal = end_day(services.store, OUTLET, today, by=town.people["boss"], now=now())
    with services.store.read() as uow:
        rules = services.rules.in_force(uow, today)
    run = reconcile(services.store, rules, Scope(today), now(), by=town.people["boss"])
    with services.store.read() as uow:
        differences = [f"{row.code} {row.subject}" for row in uow.differences.of_run(run.run_id)]
    ledger = verify_ledger(services.store, seal.root)
    return {
        "suspects": len(suspects(services.store, now())),
        "drawer_difference": shift.difference,
        "taken": _by_method(taken),
        "cards": on_cards,
        **_books(town),
        "ledger": {"lines": ledger["lines"], "total": ledger["total"], "breaks": ledger["breaks"]},
        "seal": seal.root,
        "differences": differences,
    }


def statement(payments: Iterable[Paid], at: dt.datetime) -> bytes:
    """The file of a payment channel: what was paid through it and not paid back."""
    lines, moment = list(payments), f"{at.astimezone(LOCAL):%Y%m%d%H%M%S}"
    stream = io.StringIO()
    writer = csv.writer(stream, lineterminator="\n")
    writer.writerow(["reference", "amount", "date_time", "fee"])
    writer.writerows([paid.reference, paid.amount, moment, ""] for paid in lines)
    writer.writerow(["END", len(lines), sum(paid.amount for paid in lines)])
    return stream.getvalue().encode()


def _by_method(taken: Sequence[Paid]) -> dict[str, int]:
    return {method: sum(paid.amount for paid in taken if paid.method == method) for method in sorted({p.method for p in taken})}


def _books(town: Town) -> dict[str, int]:
    """What the books owe on cards, for orders that wait, and for loads whose fate is not known."""
    accounts = trial_balance(town.services.store)["accounts"]
    return {
        f"{name}_in_books": -sum(amount for account, amount in accounts.items() if account.startswith(f"{kind}:"))
        for name, kind in (("cards", "purse"), ("orders", "order"), ("suspense", "suspense"))
    }
