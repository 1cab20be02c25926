"""Any sequence of money events keeps the books level and owes nobody less than nothing."""

from hypothesis import given
from hypothesis import strategies as st

from cardsvc.ledger import postings
from cardsvc.ledger.postings import CHART, AccountKind, Posting

CARD = "3100010100000001"
CLEARING = postings.clearing_account("terminal", "kiosk-7")
PURSE = postings.purse_account(CARD, "purse", "ep")
FATES = st.lists(st.tuples(st.sampled_from(["confirmed", "refunded", "open"]), st.integers(1, 10**6), st.integers(0, 10**6)))


@given(FATES)
def test_books_stay_level(fates: list[tuple[str, int, int]]) -> None:
    """Loads that are confirmed, refunded or still open, and purchases from what is there."""
    totals: dict[str, int] = {}

    def book(posting: Posting) -> None:
        assert posting.amount > 0
        totals[posting.debit] = totals.get(posting.debit, 0) + posting.amount
        totals[posting.credit] = totals.get(posting.credit, 0) - posting.amount

    for fate, amount, spend in fates:
        book(postings.load_authorised(CARD, CLEARING, amount))
        if fate == "confirmed":
            book(postings.load_confirmed(CARD, PURSE, amount))
        elif fate == "refunded":
            book(postings.load_refunded(CARD, CLEARING, amount))
        spend = min(spend, -totals.get(PURSE, 0))
        if spend:
            book(postings.purchase_confirmed(PURSE, postings.merchant_account("bus"), spend))
    assert sum(totals.values()) == 0
    assert all(amount <= 0 for name, amount in totals.items() if name != CLEARING)
    assert totals.get(postings.suspense_account(CARD), 0) == -sum(a for fate, a, _ in fates if fate == "open")


def test_every_account_stands_on_one_side() -> None:
    """Clearing is an asset, everything owed to others a liability, gifts an expense, fees an income."""
    owed = (PURSE, postings.suspense_account(CARD), postings.merchant_account("bus"))
    assert side_of(CLEARING) is AccountKind.ASSET
    assert {side_of(account) for account in owed} == {AccountKind.LIABILITY}
    assert side_of(postings.gift_account("C")) is AccountKind.EXPENSE
    assert side_of(postings.fee_account("refund")) is AccountKind.INCOME


def side_of(account: str) -> AccountKind:
    """By the chart of accounts."""
    return CHART[account.partition(":")[0]]
