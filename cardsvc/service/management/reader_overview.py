"""Every reader at a glance: how often it failed in the last days, how fast it is, and what to do about it."""

import datetime as dt
from collections.abc import Mapping, Sequence
from statistics import median
from typing import Any

from cardsvc.service.faults.reader_health import JUDGED, judged
from cardsvc.service.operations.rule_book import local_day
from cardsvc.store import Store
from cardsvc.store.records import ReaderDay
from cardsvc.text import Text

DAYS = 7
ENOUGH = 20
"""Uses before a share says anything."""
FAILED_SHARE, RESET_SHARE = 0.05, 0.2
SLOWER = 3
"""So many times slower than the middle reader is slow; it takes three readers to have a middle."""

VERDICTS: Mapping[str, Text] = {
    "change": Text("擦净或更换", "clean or change it"),
    "watch": Text("留意", "watch it"),
    "slow": Text("偏慢", "slow"),
    "good": Text("正常", "good"),
}
ADVICE: Mapping[str, Text] = {
    "change": Text(
        "最近多种卡都失败：擦净触点，用一张好卡试；仍失败就换读卡器，被判坏的卡换一台重读",
        "Cards of several kinds failed lately: clean the contacts and try a good card; if it fails too change the reader, "
        "and read the cards that it called broken in another one",
    ),
    "watch": Text(
        "失败或重连比平常多：擦净触点，检查 USB 线，过几天再看",
        "More failures or reconnects than usual: clean the contacts, check the USB cable, look again in a few days",
    ),
    "slow": Text(
        "比别的读卡器慢：换一个 USB 口直接接电脑，不经集线器",
        "Slower than the others: plug it straight into the computer, not through a hub",
    ),
    "good": Text("不用处理", "Nothing to do"),
}


def readers_overview(store: Store, now: dt.datetime, days: int = DAYS) -> list[dict[str, Any]]:
    """Every reader that was used in the last ``days`` local days, those to be looked after first.

    ``place`` and ``reader`` (name, empty where nobody told it); sums as in ReaderDay; ``share`` of uses that failed;
    ``mean`` and ``slowest`` in milliseconds for one command; ``last``: its last cards with family and failure, newest first;
    ``by_day``: uses and failures of each day; ``verdict``: a key of VERDICTS.
    """
    with store.read() as uow:
        rows = uow.reader_days.since(local_day(now) - dt.timedelta(days=days - 1))
        outlets = {terminal.terminal_id: terminal.outlet_id for terminal in uow.terminals.all()}
    readers: dict[tuple[str, str], list[ReaderDay]] = {}
    for row in rows:
        readers.setdefault((row.place, row.reader), []).append(row)
    found = [_reader(of_days, outlets.get(place)) for (place, _), of_days in readers.items()]
    middle = median(one["mean"] for one in found) if len(found) >= 3 else None
    for one in found:
        one["verdict"] = _verdict(one, middle)
    order = list(VERDICTS)
    return sorted(found, key=lambda one: (order.index(one["verdict"]), -one["share"], one["place"], one["reader"]))


def _reader(days: Sequence[ReaderDay], outlet_id: str | None) -> dict[str, Any]:
    newest = days[-1]
    uses, failed = sum(day.uses for day in days), sum(day.failed for day in days)
    commands, milliseconds = sum(day.commands for day in days), sum(day.milliseconds for day in days)
    recent = [card for day in reversed(days) for card in day.recent]
    return {
        "place": newest.place,
        "reader": newest.reader,
        "outlet_id": outlet_id,
        "uses": uses,
        "failed": failed,
        "share": failed / uses,
        "timeouts": sum(day.timeouts for day in days),
        "pulled": sum(day.pulled for day in days),
        "resets": sum(day.resets for day in days),
        "commands": commands,
        "mean": round(milliseconds / commands, 1) if commands else 0.0,
        "slowest": max(day.slowest for day in days),
        "seen_at": newest.seen_at,
        "last": [{key: card[key] for key in ("family", "failure", "at")} for card in recent[:JUDGED]],
        "to_blame": judged(recent).reader_to_blame,
        "by_day": [{"day": day.day, "uses": day.uses, "failed": day.failed} for day in days],
    }


def _verdict(one: Mapping[str, Any], middle: float | None) -> str:
    if one["to_blame"]:
        return "change"
    if one["uses"] >= ENOUGH and (one["share"] > FAILED_SHARE or one["resets"] / one["uses"] > RESET_SHARE):
        return "watch"
    if middle and one["uses"] >= ENOUGH and one["mean"] > SLOWER * middle:
        return "slow"
    return "good"
