"""An independent account of the money: plain dictionaries of fen, told only what happened on the cards and at the desk.

It knows nothing of the service's tables and calls none of its code. Accounts go by the names of the published chart of
accounts; debits are positive. The rules it needs are written again here, from the notices: gifts, refunds, which month is over.
"""

import datetime as dt
from collections import Counter
from dataclasses import dataclass, field

from tests.money.witness import Purse

CASH = "cash"
GIFT_PERCENT = {"C": 100}
"""Since March 2011: pay 50, get 100."""


@dataclass
class Lot:
    """Money that came onto a purse in one go: by which way, what was paid, and the gift of it."""

    way: str
    paid: int
    gift: int = 0

    @property
    def amount(self) -> int:
        """All of it."""
        return self.paid + self.gift

    def take(self, amount: int) -> "Lot":
        """Take up to this much off: the gift goes last."""
        paid = min(self.paid, amount)
        taken = Lot(self.way, paid, min(self.gift, amount - paid))
        self.paid, self.gift = self.paid - taken.paid, self.gift - taken.gift
        return taken


@dataclass
class PurseModel:
    """One purse: what is left of its lots, oldest first, and the lots as they were loaded since it was last emptied."""

    lots: list[Lot] = field(default_factory=list)
    loaded: list[Lot] = field(default_factory=list)
    period: tuple[dt.date, dt.date] | None = None
    """First day, and first day after."""
    product: str = "citizen"
    area: str = "purse"
    emptied: bool = False
    """Whether the card was emptied before: then all that the books still have of that time was spent offline."""

    @property
    def balance(self) -> int:
        """What the lots hold."""
        return sum(lot.amount for lot in self.lots)

    def spend(self, amount: int) -> None:
        """The oldest money goes first."""
        for lot in self.lots:
            amount -= lot.take(amount).amount
        self.lots = [lot for lot in self.lots if lot.amount]

    def empty(self) -> list[Lot]:
        """Everything goes at once; what there was, newest first."""
        lots, self.lots, self.loaded, self.emptied = self.lots[::-1], [], [], True
        return lots

    def add(self, lots: list[Lot]) -> None:
        """More money, its newest part last."""
        self.lots.extend(lots)
        self.loaded.extend(Lot(lot.way, lot.paid, lot.gift) for lot in lots)

    def newest(self, amount: int) -> list[Lot]:
        """The newest lots, as they were loaded, that come to this amount, newest first."""
        found = []
        for lot in reversed(self.loaded):
            gift = min(lot.gift, amount)
            found.append(Lot(lot.way, min(lot.paid, amount - gift), gift))
            amount -= found[-1].amount
        return [lot for lot in found if lot.amount]


class Money:
    """All accounts, and the purses behind them."""

    def __init__(self, opening: dict[str, int]) -> None:
        self.accounts: Counter[str] = Counter(opening)
        self.purses: dict[tuple[str, Purse], PurseModel] = {}

    def move(self, debit: str, credit: str, amount: int) -> None:
        """From one account to another."""
        self.accounts[debit] += amount
        self.accounts[credit] -= amount

    def purse(self, card_no: str, purse: Purse) -> PurseModel:
        """One purse of a card."""
        return self.purses.setdefault((card_no, purse), PurseModel())

    def load(self, card_no: str, purse: Purse, source: str, lots: list[Lot], product: str) -> None:
        """A card has more: what was paid comes from ``source``, a gift from the city."""
        paid, gift = sum(lot.paid for lot in lots), sum(lot.gift for lot in lots)
        if source.startswith("held:"):
            paid, gift = paid + gift, 0
        account = account_of(card_no, purse)
        self.move(source, account, paid)
        self.move(f"gift:{product}", account, gift)
        self.purse(card_no, purse).add(lots)

    def spend(self, card_no: str, purse: Purse, amount: int, payee: str) -> None:
        """A card paid."""
        self.move(account_of(card_no, purse), payee, amount)
        self.purse(card_no, purse).spend(amount)

    def lapse(self, card_no: str, purse: Purse, amount: int, today: dt.date) -> None:
        """Void money was taken off the card, all of it."""
        held = self.purse(card_no, purse)
        assert held.period is not None, "only month money lapses"
        assert held.period[1] <= today, "it was still good"
        assert amount == held.balance
        held.empty()
        self.move(account_of(card_no, purse), "fee:lapsed_month", amount)

    def refund(self, card_no: str, purse: Purse, amount: int, cash: str, today: dt.date) -> None:
        """A purse was drawn to zero for its holder: gift back to the city, fee, void share, and the rest the way it came."""
        held = self.purse(card_no, purse)
        product, share = held.product, share_of(held, today)
        lots, explained = held.empty(), 0
        gift = sum(lot.gift for lot in lots)
        own = amount - gift
        left = own * share[0] // share[1]
        fee = min(left, (own + 99) // 100)
        returned = left - fee
        account = account_of(card_no, purse)
        for lot in lots:
            part = min(lot.paid, returned - explained)
            explained += part
            self.move(account, cash if lot.way == CASH else lot.way, part)
        assert explained == returned, "every fen on a card came by some way"
        self.move(account, "fee:refund", fee)
        self.move(account, "fee:forfeited", own - left)
        self.move(account, f"gift:{product}", gift)

    def balance(self, card_no: str, purse: Purse) -> int:
        """What the books owe in a purse when they know everything."""
        return -self.accounts[account_of(card_no, purse)]


def account_of(card_no: str, purse: Purse) -> str:
    """The account of a purse."""
    return f"purse:{card_no}:{purse[0]}:{purse[1]}"


def share_of(held: PurseModel, today: dt.date) -> tuple[int, int]:
    """The part that is not void. A month: half until the 10th, a fifth until the 20th, then nothing; else by months."""
    if held.period is None or today < held.period[0]:
        return 1, 1
    if today >= held.period[1]:
        return 0, 1
    if held.area == "month":
        return (50 if today.day <= 10 else 20 if today.day <= 20 else 0), 100
    return months_between(today, held.period[1]) - 1, months_between(*held.period)


def months_between(first: dt.date, later: dt.date) -> int:
    """First days of a month passed on the way, counted by the calendar."""
    return (later.year - first.year) * 12 + later.month - first.month


def period_of(area: str, month: dt.date) -> tuple[dt.date, dt.date] | None:
    """The days for which a load into this area is good: a calendar month, a quarter, or a school term (February to August,
    September to January)."""
    if area == "purse":
        return None
    if area == "month":
        return month, add_months(month, 1)
    if area == "season":
        first = month.replace(month=(month.month - 1) // 3 * 3 + 1)
        return first, add_months(first, 3)
    if 2 <= month.month <= 8:
        return month.replace(month=2), month.replace(month=9)
    first = month.replace(month=9) if month.month >= 9 else month.replace(year=month.year - 1, month=9)
    return first, first.replace(year=first.year + 1, month=2)


def add_months(first: dt.date, months: int) -> dt.date:
    """The first day of a later month."""
    number = first.year * 12 + first.month - 1 + months
    return dt.date(number // 12, number % 12 + 1, 1)
