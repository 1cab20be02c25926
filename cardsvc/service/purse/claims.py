"""Loads, unloads and purchases as they should show on a card, and what its log says of them.

A record is found by its own contents: amount, type, terminal, date and time, and one of the two numbers that its counter can
give it (card/log_order.py). Only an equal transaction of the books, of the same second and one counter off, could be meant
instead; then the order that the profile states decides.
"""

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from cardsvc.card.log_order import ORDERS, LogOrder, began_at
from cardsvc.card.purse import LogRecord, TransactionType, load_tac_data, purchase_tac_data
from cardsvc.ledger.states import PurchaseKind
from cardsvc.procedures.purse import PurseRef
from cardsvc.store import UnitOfWork
from cardsvc.store.records import Load, Purchase

HOST_TIME = "%Y%m%d%H%M%S"
COUNTED_ALIKE: Mapping[int, tuple[int, ...]] = {
    TransactionType.EP_PURCHASE: (TransactionType.EP_PURCHASE, TransactionType.CAPP_PURCHASE),
    TransactionType.ED_PURCHASE: (TransactionType.ED_PURCHASE, TransactionType.CASH_WITHDRAW),
}
"""Types of purchase that move the same counter of the same purse."""


@dataclass(frozen=True, slots=True)
class Claim:
    """A load, unload or purchase as it should show on the card, if the card has it. ``tac_data``: what its TAC, or MAC3 of an
    unload, covers; ``unload_random``: of an unload, the card's random number, which its session key is made from."""

    ref: PurseRef
    counter: int
    transaction_type: int
    amount: int
    balance_after: int
    terminal: bytes
    moment: dt.datetime
    tac_data: bytes
    unload_random: bytes | None = None

    def may_be(self, record: LogRecord) -> bool:
        """Whether a log record is this transaction, read in one order or the other."""
        same = (record.amount, record.type, record.terminal, record.stamp)
        wanted = (self.amount, self.transaction_type, self.terminal, f"{self.moment:{HOST_TIME}}")
        return same == wanted and any(began_at(record, order) == self.counter for order in ORDERS)

    def is_in(self, log: Sequence[LogRecord], stated: LogOrder, others: Sequence["Claim"]) -> bool:
        """Whether the log has this transaction. ``others``: what else the books know around its counter."""
        twins = [other for other in others if other.counter != self.counter]
        return any(
            self.may_be(record) and (began_at(record, stated) == self.counter or not any(twin.may_be(record) for twin in twins))
            for record in log
        )

    def counted_alike(self, log: Sequence[LogRecord]) -> list[LogRecord]:
        """The records of a log that moved this purchase's counter, newest first."""
        kinds = COUNTED_ALIKE.get(self.transaction_type, (self.transaction_type,))
        return [record for record in log if record.type in kinds]

    def orders_of_another(self, log: Sequence[LogRecord]) -> set[LogOrder]:
        """The orders in which the log has another purchase at this one's counter."""
        others = [record for record in self.counted_alike(log) if not self.may_be(record)]
        return {order for order in ORDERS if any(began_at(record, order) == self.counter for record in others)}


def claim_of_load(load: Load) -> Claim:
    """What a load would have left on the card."""
    ref = PurseRef(load.application, load.purse)
    moment = dt.datetime.strptime(load.host_date_time, HOST_TIME)  # noqa: DTZ007 - local time as it stands on the card
    after, terminal = load.balance_before + load.amount, bytes.fromhex(load.terminal_no)
    data = load_tac_data(after, load.online_counter, load.amount, ref.load_type, terminal, moment)
    return Claim(ref, load.online_counter, ref.load_type, load.amount, after, terminal, moment, data)


def claim_of_purchase(purchase: Purchase) -> Claim:
    """What a purchase or unload would have left on the card."""
    ref, counter, amount = PurseRef(purchase.application, purchase.purse), purchase.counter, purchase.amount
    moment = dt.datetime.strptime(purchase.host_date_time, HOST_TIME)  # noqa: DTZ007 - local time as on the card
    after, terminal = purchase.balance_before - amount, bytes.fromhex(purchase.terminal_no)
    if purchase.kind == PurchaseKind.UNLOAD:
        kind, random = TransactionType.UNLOAD, bytes.fromhex(purchase.card_random)
        data = load_tac_data(after, counter, amount, kind, terminal, moment)
        return Claim(ref, counter, kind, amount, after, terminal, moment, data, random)
    number = bytes.fromhex(purchase.terminal_transaction)
    data = purchase_tac_data(amount, ref.purchase_type, terminal, number, moment)
    return Claim(ref, counter, ref.purchase_type, amount, after, terminal, moment, data)


def claim_of(row: Load | Purchase) -> Claim:
    """What a load, unload or purchase would have left on the card."""
    return claim_of_load(row) if isinstance(row, Load) else claim_of_purchase(row)


def others_near(uow: UnitOfWork, row: Load | Purchase) -> list[Claim]:
    """What else the books promised to this purse at this counter, the one before and the one after."""
    here = row.card_no, row.application, row.purse
    counter = row.online_counter if isinstance(row, Load) else row.counter
    near = (counter - 1, counter, counter + 1)
    rows: list[Load | Purchase] = []
    if isinstance(row, Purchase) and row.kind == PurchaseKind.PURCHASE:
        rows += uow.purchases.at_counters([(*here, at) for at in near])
    else:
        for at in near:
            rows += (*uow.loads.at_counter(*here, at), *uow.purchases.unloads_at(*here, at))
    return [claim_of(other) for other in rows if other != row]
