"""Every line of the ledger against the row that it was booked for, and every such row against the ledger.

A load, a purchase, a ride, an order, a deposit, a part of an old card's money, a fee and a drawer each have a row that says
what became of them, and lines that moved the money. Both are written in one transaction; a program, a person or a damaged
disk that changed one of them without the other shows here, also where it closed the hash chain again.

What is compared: kind, reference, the account on the card's own side (or none, where the row does not keep it) and the sum.
Kinds that share what one row says count together: all parts of a refund, what went back of a deposit and what its use took off.
"""

from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, Connection, Select, String, and_, case, cast, func, literal, or_, select, union_all

from cardsvc.ledger.states import FeeState, LoadState, OrderState, PurchaseState, ShiftState
from cardsvc.store import tables
from cardsvc.store.states import ApprovalState, DepositState

_REFUND = "card_refund"
"""Merchant of a purchase that draws a purse down for its holder (service/purse/settle.py)."""
_SWAP = "card_swap"
"""Merchant of a purchase that becomes an order of channel ``swap`` (service/purse/swapped.py)."""
_SWAP_CHANNEL = "swap"
_BY_CREDIT = ("load_authorised", "load_gift", "load_confirmed", "fee_authorised", "fee_confirmed")
_BY_DEBIT = ("load_refunded", "load_gift_returned", "fee_refunded", "purchase_confirmed", "moved_from_books")
_WITHOUT_ACCOUNT = (
    *("order_paid", "deposit_taken", "fee_taken", "fee_returned"),
    *("drawer_filled", "drawer_emptied", "drawer_short", "drawer_over"),
)
_GROUPS = {
    "refund_": "refund",
    "held_": "held_paid",
    "order_returned": "order_back",
    "order_held": "order_back",
    "deposit_returned": "deposit_back",
    "deposit_worn": "deposit_back",
}
"""Kinds by how they begin, and what they count as together; their account is the debit's."""
_ORDER_MOVES, _DEPOSIT_MOVES = ("order_left", "order_moved"), ("deposit_left", "deposit_moved")
_BY_HAND = ("correction", "drawer_added", "drawer_lightened")
"""Of an approval: its reference, or the chain and number that its result names."""
_DECISIONS = ("correction", "correct_difference", "drawer_cash")
"""Kinds of approvals that book a line."""


class Unlike(NamedTuple):
    """A sum in fen of a kind and reference. ``chain``: of the line that no row accounts for; None: a row was not booked."""

    kind: str
    reference: str
    account: str
    amount: int
    chain: str | None
    number: int | None


class Agreement:
    """Rows about money, and the lines that they made."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def unlike(self) -> list[Unlike]:
        """Every line that no row accounts for, and every row without its line."""
        booked, told = _booked().subquery(), union_all(*_told()).subquery()
        same = and_(*(booked.c[name] == told.c[name] for name in ("kind", "reference", "account", "amount")))
        lines = select(booked).outerjoin(told, same).where(told.c.reference.is_(None))
        rows = select(told).outerjoin(booked, same).where(booked.c.reference.is_(None))
        found = [Unlike._make(row) for query in (lines, _by_hand()) for row in self._all(query)]
        unbooked = rows, _unbooked_decisions(), _orders_of_no_swap(), _deposits_elsewhere()
        found += [Unlike._make((*row, None, None)) for query in unbooked for row in self._all(query)]
        return sorted(found, key=lambda one: tuple(map(str, one)))

    def _all(self, query: Select[*tuple[Any, ...]]) -> list[Any]:
        return list(self._connection.execute(query))


def _booked() -> Select[str, str, str, int, str, int]:
    """What the ledger has, by kind and reference. Moves and ``month_lapsed`` say themselves what they are about."""
    columns = tables.transfer.c
    groups = [(columns.kind.startswith(begin, autoescape=True), name) for begin, name in _GROUPS.items()]
    kind = case(*groups, else_=columns.kind)
    grouped = or_(*(condition for condition, _name in groups))
    account = case(
        (columns.kind.in_(_BY_CREDIT), columns.credit_account),
        (or_(columns.kind.in_(_BY_DEBIT), grouped), columns.debit_account),
        else_="",
    )
    known = or_(columns.kind.in_((*_BY_CREDIT, *_BY_DEBIT, *_WITHOUT_ACCOUNT)), grouped)
    parts = kind.label("kind"), account.label("account"), columns.reference, columns.amount, columns.chain, columns.number
    line = select(*parts).where(known).subquery().c
    where = func.min(line.chain).label("chain"), func.min(line.number).label("number")
    whose = line.kind, line.reference, line.account
    return select(*whose, func.sum(line.amount).label("amount"), *where).group_by(*whose)


Row = Select[str, str, str, int]


def _row(
    kind: str, reference: ColumnElement[str], account: ColumnElement[str] | str, amount: ColumnElement[int], *where: object
) -> Row:
    named = literal(account, String) if isinstance(account, str) else account
    columns = literal(kind, String).label("kind"), reference.label("reference"), named.label("account")
    return select(*columns, amount.label("amount")).where(*where)  # type: ignore[arg-type] # conditions


def _own(kind: str, *parts: ColumnElement[str]) -> ColumnElement[str]:
    """``purse:CARD:APPLICATION:PURSE`` and its like, as ledger/postings.py names accounts."""
    account: ColumnElement[str] = literal(kind, String)
    for part in parts:
        account = account + literal(":", String) + part
    return account


def _told() -> list[Row]:
    """What every row about money says must be in the ledger."""
    return [*_told_by_loads(), *_told_by_spending(), *_told_by_what_waits(), *_told_by_fees_and_drawers()]


def _told_by_loads() -> list[Row]:
    row = tables.load.c
    suspense = _own("suspense", row.card_no)
    begun = row.state.not_in((LoadState.REQUESTED, LoadState.REFUSED))
    back, given = row.state == LoadState.REFUNDED, row.gift > 0
    purse = _own("purse", row.card_no, row.application, row.purse)
    return [
        _row("load_authorised", row.load_id, suspense, row.amount - row.gift, begun),
        _row("load_gift", row.load_id, suspense, row.gift, begun, given),
        _row("load_confirmed", row.load_id, purse, row.amount, row.state == LoadState.CONFIRMED),
        _row("load_refunded", row.load_id, suspense, row.amount - row.gift, back),
        _row("load_gift_returned", row.load_id, suspense, row.gift, back, given),
    ]


def _told_by_spending() -> list[Row]:
    row, ride = tables.purchase.c, tables.spending_record.c
    purse, paid = _own("purse", row.card_no, row.application, row.purse), row.state == PurchaseState.CONFIRMED
    of_ride = _own("purse", ride.card_no, ride.application, ride.purse)
    return [
        _row("purchase_confirmed", row.purchase_id, purse, row.amount, paid, row.merchant != _REFUND),
        _row("refund", row.purchase_id, purse, row.amount, paid, row.merchant == _REFUND),
        _row("purchase_confirmed", ride.reference, of_ride, ride.amount, ride.state == "booked"),
    ]


def _told_by_what_waits() -> list[Row]:
    order, part, payout, deposit = (
        table.c for table in (tables.topup_order, tables.takeover_part, tables.held_payout, tables.deposit)
    )
    purse = _own("purse", part.card_no, part.application, part.purse)
    returned, back = order.state == OrderState.RETURNED, deposit.state == DepositState.RETURNED
    return [
        _row("order_paid", order.order_id, "", order.amount, order.channel != _SWAP_CHANNEL),
        _row("order_back", order.order_id, _own("order", order.card_no), order.amount, returned),
        _row("moved_from_books", part.part_id, purse, part.amount, part.purchase_id.is_(None)),
        _row("held_paid", payout.part_id, _own("held", payout.card_no), payout.amount),
        _row("deposit_taken", deposit.deposit_id, "", deposit.amount),
        _row("deposit_back", deposit.deposit_id, _own("deposit", deposit.card_no), deposit.amount, back),
    ]


def _told_by_fees_and_drawers() -> list[Row]:
    opening, fee, shift = tables.application_fee.c, tables.replacement.c, tables.shift.c
    closed, over = shift.state == ShiftState.CLOSED, shift.counted - shift.expected
    suspense, before = _own("suspense", opening.card_no), opening.record.is_(None)
    earned, back = opening.state == FeeState.CONFIRMED, opening.state == FeeState.REFUNDED
    return [
        _row("fee_taken", opening.fee_id, "", opening.amount, before),
        _row("fee_authorised", opening.fee_id, suspense, opening.amount, ~before),
        _row("fee_confirmed", opening.fee_id, _own("fee", opening.application), opening.amount, ~before, earned),
        _row("fee_refunded", opening.fee_id, suspense, opening.amount, back),
        _row("fee_taken", fee.replacement_id, "", fee.fee, fee.fee > 0),
        _row("fee_returned", fee.replacement_id, "", fee.fee, fee.back_at.is_not(None)),
        _row("drawer_filled", shift.shift_id, "", shift.opening_float, shift.opening_float > 0),
        _row("drawer_emptied", shift.shift_id, "", shift.counted, closed, shift.counted > 0),
        _row("drawer_short", shift.shift_id, "", -over, closed, over < 0),
        _row("drawer_over", shift.shift_id, "", over, closed, over > 0),
    ]


def _decides(approval: Any, line: Any) -> ColumnElement[bool]:
    """Whether a line is what two people agreed to: it has the decision's id, or the decision says where it was booked."""
    named = (
        approval.result["chain"].as_string() == line.chain,
        approval.result["number"].as_string() == cast(line.number, String),
    )
    return or_(approval.approval_id == line.reference, and_(*named))


def _unbooked_decisions() -> Row:
    """Decisions of two people that were carried out, and whose line is not there."""
    line, approval = tables.transfer.c, tables.approval.c
    mine = approval.kind.in_(_DECISIONS), approval.state == ApprovalState.APPROVED
    booked = select(1).where(_decides(approval, line)).exists()
    return select(approval.kind, approval.approval_id, literal("", String), literal(0)).where(*mine, ~booked)


def _orders_of_no_swap() -> Row:
    """Orders that say that a card gave their money by a swap, where it did not."""
    order, drawn = tables.topup_order.c, tables.purchase.c
    same = (
        order.payment_reference == drawn.card_no + literal(":", String) + drawn.purchase_id,
        and_(drawn.merchant == _SWAP, drawn.state == PurchaseState.CONFIRMED, drawn.amount == order.amount),
    )
    of_swap = select(1).where(*same).exists()
    return _row("order_paid", order.order_id, "", order.amount, order.channel == _SWAP_CHANNEL, ~of_swap)


def _deposits_elsewhere() -> Row:
    """Deposits that were booked when they were taken, but on a card that none was ever booked to."""
    deposit, line = tables.deposit.c, tables.transfer.c
    own, its = _own("deposit", deposit.card_no), line.reference == deposit.deposit_id
    taken = select(1).where(its, line.kind == "deposit_taken").exists()
    came = select(1).where(its, line.credit_account == own).exists()
    return _row("deposit_taken", deposit.deposit_id, own, deposit.amount, taken, ~came)


def _by_hand() -> Select[str, str, str, int, str, int]:
    """Lines that two people agreed to, or that say of a card what its own rows say, where there is no such decision or row; and
    lines of a kind that nothing books."""
    line, approval = tables.transfer.c, tables.approval.c
    agreed = approval.state == ApprovalState.APPROVED
    decided = select(1).where(agreed, _decides(approval, line)).exists()
    order, deposit, takeover = tables.topup_order.c, tables.deposit.c, tables.takeover.c
    ordered = select(1).where(order.order_id == line.reference, order.amount == line.amount).exists()
    left = select(1).where(deposit.deposit_id == line.reference, deposit.amount == line.amount).exists()
    lapsed = select(1).where(takeover.card_no == line.chain).exists()
    known = (*_BY_CREDIT, *_BY_DEBIT, *_WITHOUT_ACCOUNT, *_BY_HAND, *_ORDER_MOVES, *_DEPOSIT_MOVES, "month_lapsed")
    groups = [line.kind.startswith(begin, autoescape=True) for begin in _GROUPS]
    wrong = or_(
        and_(line.kind.in_(_BY_HAND), ~decided),
        and_(line.kind.in_(_ORDER_MOVES), ~ordered),
        and_(line.kind.in_(_DEPOSIT_MOVES), ~left),
        and_(line.kind == "month_lapsed", ~lapsed),
        and_(line.kind.not_in(known), *(~group for group in groups)),
    )
    return select(line.kind, line.reference, literal("", String), line.amount, line.chain, line.number).where(wrong)
