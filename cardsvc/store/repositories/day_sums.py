"""What was booked in a time, added up by what it was and who did it: one question over the transfers, for the day sheet."""

import datetime as dt
from typing import NamedTuple

from sqlalchemy import ColumnElement, Connection, and_, case, func, literal, or_, select

from cardsvc.store import tables


class DaySum(NamedTuple):
    """Transfers of one kind by one workstation with one drawer, payment method and product. Empty where it has none.

    ``drawer``: the account of the shift that the cash went through; ``shift_id``: the shift at the workstation when the load or
    purchase was authorised, whatever way it was paid.
    """

    kind: str
    actor_kind: str
    actor_id: str
    drawer: str
    shift_id: str
    method: str
    product: str
    area: str
    number: int
    amount: int


class DaySums:
    """Sums over the transfers of a time."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def within(self, start: dt.datetime, end: dt.datetime) -> list[DaySum]:
        """The sums of what was booked from ``start`` until before ``end``. Every transfer is in exactly one of them."""
        transfer, load, purchase, refund = tables.transfer, tables.load, tables.purchase, tables.refund
        operation, order, fee = tables.operation, tables.topup_order, tables.application_fee
        source = (
            transfer.outerjoin(load, and_(load.c.card_no == transfer.c.chain, load.c.load_id == transfer.c.reference))
            .outerjoin(purchase, and_(purchase.c.card_no == transfer.c.chain, purchase.c.purchase_id == transfer.c.reference))
            .outerjoin(refund, and_(refund.c.card_no == transfer.c.chain, refund.c.purchase_id == transfer.c.reference))
            .outerjoin(order, and_(order.c.card_no == transfer.c.chain, order.c.order_id == transfer.c.reference))
            .outerjoin(fee, and_(fee.c.card_no == transfer.c.chain, fee.c.fee_id == transfer.c.reference))
            .outerjoin(operation, operation.c.operation_id == func.coalesce(purchase.c.operation_id, fee.c.fee_id))
        )
        kind = func.coalesce(load.c.actor_kind, operation.c.actor_kind, "")
        actor = func.coalesce(load.c.actor_id, operation.c.actor_id, "")
        begun = func.coalesce(load.c.authorised_at, purchase.c.authorised_at, fee.c.taken_at)
        columns = (
            transfer.c.kind,
            kind,
            actor,
            _drawer(),
            func.coalesce(_shift_of(kind, actor, begun), ""),
            func.coalesce(load.c.payment_method, fee.c.payment_method, ""),
            func.coalesce(load.c.product, refund.c.product, order.c.product, ""),
            func.coalesce(load.c.area, refund.c.area, order.c.area, ""),
        )
        named = [column.label(name) for column, name in zip(columns, DaySum._fields, strict=False)]
        each = (
            select(*named, transfer.c.amount.label("amount"))
            .select_from(source)
            .where(transfer.c.booked_at >= start, transfer.c.booked_at < end)
            .subquery()
        )
        groups = [each.c[name] for name in DaySum._fields[:-2]]
        query = select(*groups, func.count(), func.sum(each.c.amount)).group_by(*groups).order_by(*groups)
        return [DaySum._make((*row[:-1], int(row[-1]))) for row in self._connection.execute(query)]

    def of_drawer(self, drawer: str, since: dt.datetime) -> dict[str, int]:
        """Debits minus credits of a drawer by kind of transfer, since its shift was opened."""
        columns = tables.transfer.c
        signed = case((columns.debit_account == drawer, columns.amount), else_=-columns.amount)
        query = (
            select(columns.kind, func.sum(signed))
            .where(columns.booked_at >= since, or_(columns.debit_account == drawer, columns.credit_account == drawer))
            .group_by(columns.kind)
        )
        return {kind: int(amount) for kind, amount in self._connection.execute(query)}


def _drawer() -> ColumnElement[str]:
    """The drawer that a transfer moved cash in, or that its load or fee was paid into."""
    transfer, load, fee = tables.transfer.c, tables.load.c, tables.application_fee.c
    return case(
        (transfer.debit_account.like("drawer:%"), transfer.debit_account),
        (transfer.credit_account.like("drawer:%"), transfer.credit_account),
        (load.source_account.like("drawer:%"), load.source_account),
        (fee.source_account.like("drawer:%"), fee.source_account),
        else_=literal(""),
    )


def _shift_of(kind: ColumnElement[str], actor: ColumnElement[str], at: ColumnElement[dt.datetime]) -> ColumnElement[str]:
    """The shift that was open at a workstation at a moment: the newest, when an older one still waits for its second person."""
    shift = tables.shift.c
    here = (shift.actor_kind == kind, shift.actor_id == actor, shift.opened_at <= at)
    still = or_(shift.closed_at.is_(None), shift.closed_at > at)
    return select(shift.shift_id).where(*here, still).order_by(shift.opened_at.desc()).limit(1).scalar_subquery()
