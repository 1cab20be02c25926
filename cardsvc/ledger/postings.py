"""Double entry: which transfer each money event makes. Amounts in fen, always positive.

account                              kind       holds
purse:<card>:<application>:<purse>   liability  what the card company owes the holder on the card
suspense:<card>                      liability  paid in, and not yet known to be on the card
clearing:<kind>:<id>                 asset      what a terminal, desk or shift has taken and must hand over
merchant:<code>                      liability  what a bus, parking or shop operator is owed
"""

from dataclasses import dataclass
from enum import StrEnum, unique


@unique
class AccountKind(StrEnum):
    """Side of the books an account stands on."""

    ASSET = "asset"
    LIABILITY = "liability"


@dataclass(frozen=True, slots=True)
class Account:
    """An account of the chart."""

    account_id: str
    kind: AccountKind


@dataclass(frozen=True, slots=True)
class Posting:
    """One transfer: debit one account, credit another, the same positive amount."""

    kind: str
    debit: Account
    credit: Account
    amount: int


def purse_account(card_no: str, application: str, purse: str) -> Account:
    """What is owed to the holder in one purse."""
    return Account(f"purse:{card_no}:{application}:{purse}", AccountKind.LIABILITY)


def suspense_account(card_no: str) -> Account:
    """Money of this card on its way."""
    return Account(f"suspense:{card_no}", AccountKind.LIABILITY)


def clearing_account(actor_kind: str, actor_id: str) -> Account:
    """What this terminal or desk has taken."""
    return Account(f"clearing:{actor_kind}:{actor_id}", AccountKind.ASSET)


def merchant_account(code: str) -> Account:
    """What this merchant is owed."""
    return Account(f"merchant:{code}", AccountKind.LIABILITY)


def load_authorised(card_no: str, clearing: Account, amount: int) -> Posting:
    """Money was taken: it waits in suspense until the card is known to have it."""
    return Posting("load_authorised", clearing, suspense_account(card_no), amount)


def load_confirmed(card_no: str, purse: Account, amount: int) -> Posting:
    """The card has it."""
    return Posting("load_confirmed", suspense_account(card_no), purse, amount)


def load_refunded(card_no: str, clearing: Account, amount: int) -> Posting:
    """The card does not have it, and the payer got it back where it was taken."""
    return Posting("load_refunded", suspense_account(card_no), clearing, amount)


def purchase_confirmed(purse: Account, merchant: Account, amount: int) -> Posting:
    """The card paid."""
    return Posting("purchase_confirmed", purse, merchant, amount)
