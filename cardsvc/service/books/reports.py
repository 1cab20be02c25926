"""The day sheet: what was booked on a day, by teller, terminal, outlet or product, and how each drawer came out.

It is added up from the ledger alone, and every transfer of the day stands in exactly one row: its sums are the ledger's.
"""

import datetime as dt
from collections.abc import Mapping
from typing import Any

from cardsvc.errors import RequestError
from cardsvc.ledger.postings import drawer_account
from cardsvc.service.cash.shifts import shift_view
from cardsvc.store import Store, UnitOfWork
from cardsvc.store.records import Shift
from cardsvc.store.repositories.day_sums import DaySum
from cardsvc.text import Text
from cardsvc.units import LOCAL

BY = ("teller", "terminal", "outlet", "product")
NOBODY = "-"
"""The group of what no teller, terminal, outlet or product did."""

KINDS: Mapping[str, Text] = {
    "load_authorised": Text("充值收款", "taken for loads"),
    "load_confirmed": Text("充值入卡", "loads on cards"),
    "load_refunded": Text("充值退回", "loads paid back"),
    "load_gift": Text("赠送", "gifts"),
    "load_gift_returned": Text("赠送退回", "gifts returned"),
    "order_paid": Text("网上订单收款", "orders paid"),
    "order_left": Text("订单离开旧卡", "orders off old cards"),
    "order_held": Text("停用产品余额转代管", "swapped money held"),
    "order_moved": Text("订单转新卡", "orders moved to a new card"),
    "order_returned": Text("网上订单退回", "orders paid back"),
    "purchase_confirmed": Text("消费", "purchases"),
    "moved_from_books": Text("旧卡余额按账转代管", "money of old cards held by the books"),
    "refund_cash": Text("退款（现金）", "refunds in cash"),
    "refund_channel": Text("退款（原路）", "refunds the way they came"),
    "refund_fee": Text("退款手续费", "refund fees"),
    "refund_forfeited": Text("过期作废", "forfeited"),
    "month_lapsed": Text("旧卡月票过期", "months lapsed on old cards"),
    "refund_gift": Text("退款扣回赠送", "gifts taken back"),
    "deposit_taken": Text("收押金", "deposits taken"),
    "deposit_returned": Text("退押金", "deposits returned"),
    "deposit_worn": Text("押金折旧", "depreciation of deposits"),
    "deposit_left": Text("押金离开旧卡", "deposits off old cards"),
    "deposit_moved": Text("押金转新卡", "deposits moved to new cards"),
    "fee_authorised": Text("开通收款", "taken for applications"),
    "fee_confirmed": Text("开通收费", "fees of applications"),
    "fee_refunded": Text("开通退款", "paid back for applications"),
    "fee_taken": Text("收手续费", "fees taken"),
    "held_cash": Text("退代管余额（现金）", "held money paid back in cash"),
    "held_channel": Text("退代管余额（原路）", "held money paid back the way it came"),
    "held_fee": Text("代管余额手续费", "fees of held money"),
    "held_gift": Text("代管余额扣回赠送", "gifts of held money"),
    "fee_returned": Text("退还工本费", "fees given back"),
    "drawer_filled": Text("领备用金", "floats"),
    "drawer_added": Text("领入现金", "cash brought"),
    "drawer_lightened": Text("缴出现金", "cash taken away"),
    "drawer_emptied": Text("现金入库", "cash to the vault"),
    "drawer_short": Text("短款", "drawers short"),
    "drawer_over": Text("长款", "drawers over"),
    "correction": Text("更正", "corrections"),
}
_DIFFERENCES = ("drawer_short", "drawer_over")
_BROUGHT = ("drawer_added", "drawer_lightened")
_FLOATS = ("drawer_filled", "drawer_emptied", *_BROUGHT, *_DIFFERENCES)


def day_bounds(day: dt.date) -> tuple[dt.datetime, dt.datetime]:
    """The beginning of a day in the city, and of the next."""
    start = dt.datetime.combine(day, dt.time(), LOCAL)
    return start, start + dt.timedelta(days=1)


def day_sheet(store: Store, day: dt.date, by: str, outlet_id: str | None = None) -> dict[str, Any]:
    """The sheet of a day; ``by``: teller, terminal, outlet or product; of one outlet, or of all.

    ``rows``: group, kind, method, number of transfers, amount in fen; ``totals`` by kind; ``drawers``: float, cash in and out,
    ``brought`` from the vault less what was taken there, expected, counted, difference, and where it was typed what citizens
    handed over (``given``) and got back (``change``), which cancel out in the drawer; ``seal`` where the outlet's day was
    ended. Raises RequestError ``outlet_unknown``.
    """
    start, end = day_bounds(day)
    with store.read() as uow:
        if outlet_id is not None and uow.outlets.get(outlet_id) is None:
            raise RequestError("outlet_unknown", outlet=outlet_id)
        shifts = {shift.shift_id: shift for shift in uow.shifts.within(start, end)}
        terminals = _outlets_of_terminals(uow)
        sums = [_placed(uow, row, shifts, terminals) for row in uow.day_sums.within(start, end)]
        seal = uow.day_seals.of_day(outlet_id, day) if outlet_id else None
        drawers = [_drawer(uow, shift) for shift in shifts.values() if outlet_id in (None, shift.outlet_id)]
    chosen = [(groups[by], row) for groups, row in sums if outlet_id in (None, groups["outlet"])]
    return {
        "day": day.isoformat(),
        "outlet": outlet_id,
        "by": by,
        "rows": _rows(chosen),
        "totals": _rows([("", row._replace(method="")) for _group, row in chosen]),
        "drawers": drawers,
        "seal": {"number": seal.number, "root": seal.root} if seal else None,
    }


def _outlets_of_terminals(uow: UnitOfWork) -> dict[str, str]:
    """The outlet of each terminal that stands in one."""
    return {terminal.terminal_id: terminal.outlet_id for terminal in uow.terminals.all() if terminal.outlet_id}


Groups = dict[str, str]


def _placed(uow: UnitOfWork, row: DaySum, shifts: dict[str, Shift], terminals: Mapping[str, str]) -> tuple[Groups, DaySum]:
    """Whose a sum is, under each of the four ways of looking."""
    shift_id = row.drawer.partition(":")[2] or row.shift_id
    shift = shifts.get(shift_id) or (uow.shifts.get(shift_id) if shift_id else None)
    actor = (shift.actor_kind, shift.actor_id) if shift and not row.actor_id else (row.actor_kind, row.actor_id)
    outlet = shift.outlet_id if shift else terminals.get(actor[1], NOBODY) if actor[0] == "terminal" else NOBODY
    groups = {
        "teller": shift.staff_id if shift else NOBODY,
        "terminal": ":".join(actor) if actor[1] else NOBODY,
        "outlet": outlet,
        "product": f"{row.product}/{row.area}" if row.product else NOBODY,
    }
    return groups, row


def _rows(chosen: list[tuple[str, DaySum]]) -> list[dict[str, Any]]:
    """Sums of the same group, kind and method become one row."""
    added: dict[tuple[str, str, str], tuple[int, int]] = {}
    for group, row in chosen:
        number, amount = added.get((group, row.kind, row.method), (0, 0))
        added[group, row.kind, row.method] = (number + row.number, amount + row.amount)
    return [
        {"group": group, "kind": kind, "method": method, "number": number, "amount": amount}
        for (group, kind, method), (number, amount) in sorted(added.items())
    ]


def _drawer(uow: UnitOfWork, shift: Shift) -> dict[str, Any]:
    """How a drawer came out: float, cash in, cash out, what was brought or taken away, what should be there and what was."""
    drawer = drawer_account(shift.shift_id)
    moved = uow.day_sums.of_drawer(drawer, shift.opened_at)
    given, change = uow.cash_given.of_source(drawer)
    cash = [amount for kind, amount in moved.items() if kind not in _FLOATS]
    return {
        **shift_view(shift),
        "cash_in": sum(amount for amount in cash if amount > 0),
        "cash_out": -sum(amount for amount in cash if amount < 0),
        "brought": sum(moved.get(kind, 0) for kind in _BROUGHT),
        "left": sum(moved.values()),
        "given": given,
        "change": change,
    }
