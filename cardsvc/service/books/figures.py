"""Figures over time for the management pages: jobs at desks, top-ups, findings, faulty cards by batch of blanks, tickets, how
long people waited and cards took, by day, or by hour of one day.

Each is counted by the database from rows that are there; what nobody recorded has no figure.
"""

import datetime as dt
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from typing import Any

from cardsvc.diagnosis.table import table
from cardsvc.errors import RequestError
from cardsvc.service.books.reports import day_bounds
from cardsvc.store import Store
from cardsvc.store.repositories.figures import DAY, HOUR, Counted, Figures
from cardsvc.text import Text
from cardsvc.wire import OperationState

LONGEST = 92
"""Days that may be asked for at once: a quarter."""
OPENS, CLOSES = 8, 18
"""Hours that are shown of a day also when nothing happened in them."""

MONEY = "money"
JOB_NAMES: Mapping[str, Text] = {
    "personalise": Text("制卡", "Cards made"),
    "first_article": Text("首件检验", "First articles checked"),
    "open": Text("开通应用", "Applications opened"),
    "carry_over": Text("应用转入新卡", "Applications moved to new cards"),
    "review": Text("学生卡年审", "Pupils' cards reviewed"),
    "close": Text("关闭应用", "Applications closed"),
    "topup": Text("充值", "Top-ups"),
    "fetch": Text("补登", "Online payments written"),
    "catch_up": Text("按卡补账", "Books caught up with cards"),
    "purchase": Text("消费", "Purchases"),
    "refund": Text("退款", "Refunds"),
    "transfer_out": Text("旧卡转出", "Money out of old cards"),
    "transfer_in": Text("新卡转入", "Money onto new cards"),
    "swap": Text("停用产品换杭州通", "Withdrawn products swapped"),
    "inspect": Text("读卡", "Cards read"),
    "identity": Text("身份核验", "Identities checked"),
    "diagnose": Text("全面检测", "Full diagnoses"),
    "stranger": Text("辨认别处的卡", "Cards of others told"),
    "repair": Text("修复", "Repairs"),
    "block": Text("锁定", "Blocks"),
    "unblock": Text("解锁", "Blocks lifted"),
    "migrate": Text("旧公交卡迁移", "Old bus cards moved"),
}
"""What is counted, by the kind of operation."""

TABLES: Mapping[str, Text] = {
    "jobs": Text("窗口办成的业务", "Jobs done at desks"),
    "loads": Text("充值笔数（窗口和终端）", "Top-ups, at desks and terminals"),
    MONEY: Text("充值金额（元）", "Top-ups in yuan"),
    "findings": Text("检测发现（有这种问题的卡数）", "Findings (cards that have each)"),
    "batches": Text("检测发现，按白卡批次（卡数）", "Findings by batch of blanks (cards)"),
    "tickets": Text("取号", "Tickets"),
    "waiting": Text("等候时间（分钟，平均）", "Waiting time (minutes, mean)"),
    "making": Text("制卡时间（分钟，平均）", "Making time (minutes, mean)"),
}
"""What there are figures of."""
MEANS = frozenset({"waiting", "making"})
"""Of these a number is a mean in minutes; the first row is the mean of everything."""
ALL = "all"
MAKING: Mapping[str, Text] = {
    "request": Text("申领到制成", "From application to card"),
    "chip": Text("写卡", "Writing the chip"),
}


def figures(
    store: Store, first: dt.date, last: dt.date, outlet_id: str | None, only: Collection[str] = tuple(TABLES)
) -> dict[str, Any]:
    """Counts from one day to another, of an outlet or of all; ``only``: names of the tables that are wanted.

    ``by``: day, or hour of a single day; ``at``: the days or hours; ``tables``: by name, rows of a kind with its numbers in the
    order of ``at`` and their total, the most frequent kind first. Money is in fen; for ``MEANS`` see there.
    Raises RequestError ``figures_days``, ``outlet_unknown``.
    """
    if not 0 <= (last - first).days < LONGEST:
        raise RequestError("figures_days", days=LONGEST)
    by = HOUR if first == last else DAY
    with store.read() as uow:
        if outlet_id is not None and uow.outlets.get(outlet_id) is None:
            raise RequestError("outlet_unknown", outlet=outlet_id[:32])
        counted = {name: _count(uow.figures, name, (first, last), outlet_id, by) for name in TABLES if name in only}
    times = _times(first, last, {row.at for rows in counted.values() for row in rows})
    made = {name: (_means if name in MEANS else _sums)(name, rows, times) for name, rows in counted.items()}
    return {"first": first, "last": last, "outlet_id": outlet_id, "by": by, "at": times, "tables": made}


def _count(counts: Figures, name: str, days: tuple[dt.date, dt.date], outlet_id: str | None, by: str) -> list[Counted]:
    asked = (day_bounds(days[0])[0], day_bounds(days[1])[1], outlet_id, by)
    made: Mapping[str, Callable[[], list[Counted]]] = {
        "jobs": lambda: [row for row in counts.jobs(*asked) if row.state == OperationState.DONE],
        "findings": lambda: counts.findings(*asked),
        "batches": lambda: counts.faulty(*asked),
        "tickets": lambda: counts.tickets(*days, outlet_id, by),
        "waiting": lambda: counts.waited(*days, outlet_id, by),
        "making": lambda: counts.making(*asked),
    }
    return made.get(name, lambda: counts.loads(*asked))()


def _times(first: dt.date, last: dt.date, counted: set[str]) -> list[str]:
    """Every day; of a single day the hours from the first with a figure to the last."""
    if first < last:
        return [(first + dt.timedelta(days=number)).isoformat() for number in range((last - first).days + 1)]
    hours = sorted(map(int, counted)) or [OPENS]
    return [f"{hour:02d}" for hour in range(min(OPENS, hours[0]), max(CLOSES, hours[-1] + 1))]


def _sums(name: str, rows: Sequence[Counted], times: Sequence[str]) -> list[dict[str, Any]]:
    numbers: dict[str, dict[str, int]] = {}
    for row in rows:
        of_kind = numbers.setdefault(row.what, {})
        of_kind[row.at] = of_kind.get(row.at, 0) + (row.amount if name == MONEY else row.number)
    made = [
        {"what": what, "numbers": [found.get(at, 0) for at in times], "total": sum(found.values())}
        for what, found in numbers.items()
    ]
    return sorted(made, key=lambda row: (-int(row["total"]), row["what"]))


def _means(_name: str, rows: Sequence[Counted], times: Sequence[str]) -> list[dict[str, Any]]:
    kinds = [ALL, *sorted({row.what for row in rows})] if rows else []
    made = []
    for kind in kinds:
        own = [row for row in rows if kind in (ALL, row.what)]
        numbers = [_minutes([row for row in own if row.at == at]) for at in times]
        made.append({"what": kind, "numbers": numbers, "total": _minutes(own)})
    return made


def _minutes(rows: Sequence[Counted]) -> float:
    """The mean of what was counted, each with its seconds; 0 where there was none."""
    number = sum(row.number for row in rows)
    return round(sum(row.amount for row in rows) / number / 60, 1) if number else 0


def finding_names() -> dict[str, Text]:
    """The desk's word for every finding."""
    return {rule.code: Text(rule.zh, rule.en) for rule in table().finding}


def by_kind(rows: Iterable[Counted]) -> list[dict[str, Any]]:
    """Jobs by kind: how many were done, broken off or refused, and are under way; the most frequent first."""
    found: dict[str, dict[str, Any]] = {}
    for row in rows:
        kind = found.setdefault(row.what, {"kind": row.what, "done": 0, "not_done": 0, "under_way": 0})
        kind[_column(row.state)] += row.number
    return sorted(found.values(), key=lambda kind: (-kind["done"], kind["kind"]))


def _column(state: str) -> str:
    if state == OperationState.DONE:
        return "done"
    return "under_way" if state == OperationState.CARD else "not_done"
