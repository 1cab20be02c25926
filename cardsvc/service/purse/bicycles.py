"""Bicycles that are out on a card: the bicycle company's list says which; while one is out nothing is refunded.

The guarantee is off the card's purse, or on it and spoken for, so a balance of the guarantee less than the books is right.
"""

import csv
import datetime as dt
import uuid
from dataclasses import dataclass
from pathlib import Path

from cardsvc.errors import RequestError
from cardsvc.service.operations.known_card import known_card
from cardsvc.store import Store, UnitOfWork
from cardsvc.store.records import BicycleHold
from cardsvc.store.states import BicycleState
from cardsvc.units import parse_card_no, parse_yuan

COLUMNS = ["card_no", "state", "amount"]
MAX_LINES = 1_000_000


@dataclass(frozen=True, slots=True)
class BicycleLine:
    """A line of the list: a bicycle is ``held`` with a guarantee in fen, or ``released``."""

    card_no: str
    state: BicycleState
    amount: int


def read_list(path: Path) -> list[BicycleLine]:
    """The bicycle company's list: CSV with the columns card_no, state (held or released), amount (yuan; of a hold).

    Raises RequestError ``bicycle_list_wrong`` naming the first line that is wrong; then no line counts.
    """
    number = 1
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            rows = csv.DictReader(file, strict=True)
            if rows.fieldnames != COLUMNS:
                raise RequestError("bicycle_list_wrong", line=1)
            return [_line(row, number := rows.line_num) for row in rows]
    except (OSError, UnicodeDecodeError, csv.Error):
        raise RequestError("bicycle_list_wrong", line=number + 1) from None


def _line(row: dict[str, str], number: int) -> BicycleLine:
    try:
        state = BicycleState(row["state"])
        held = state is BicycleState.HELD
        amount = parse_yuan(row["amount"]) if held else 0
        if held != bool(amount) or held != bool(row["amount"]) or None in row or number > MAX_LINES:
            raise ValueError
        return BicycleLine(parse_card_no(row["card_no"]), state, amount)
    except (ValueError, AttributeError, RequestError):
        raise RequestError("bicycle_list_wrong", line=number) from None


def apply_list(store: Store, lines: list[BicycleLine], source: str, now: dt.datetime) -> int:
    """All lines or none; returns how many changed something: the same list twice changes nothing the second time.

    Raises CardError ``card_unknown``.
    """
    return store.transact(lambda uow: sum(_apply(uow, line, source, now) for line in lines))


def _apply(uow: UnitOfWork, line: BicycleLine, source: str, now: dt.datetime) -> bool:
    uow.cards.lock(line.card_no)
    known_card(uow, line.card_no)
    live = uow.bicycle_holds.live_on(line.card_no)
    if line.state is BicycleState.HELD and live is None:
        hold_id = str(uuid.uuid4())
        uow.bicycle_holds.add(BicycleHold(line.card_no, hold_id, line.amount, BicycleState.HELD, source[:64], now))
        return True
    if line.state is BicycleState.RELEASED and live is not None:
        uow.bicycle_holds.change(live, state=BicycleState.RELEASED, released_at=now)
        return True
    return False
