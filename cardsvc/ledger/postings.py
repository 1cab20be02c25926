"""Double entry: which transfer each money event makes. Amounts in fen, always positive.

account                               kind       holds
purse:<card>:<application>:<purse>    liability  what the card company owes the holder on the card
suspense:<card>                       liability  paid in for what is not yet known to be on the card
order:<card>                          liability  paid online, waits to be written at the next tap (补登)
held:<card>                           liability  taken over from an old card, on its way to the new one or to the holder
deposit:<card>                        liability  the card's deposit
clearing:<kind>:<id>                  asset      what a terminal, desk or payment channel has taken and must hand over
drawer:<shift>                        asset      the cash in a teller's drawer
vault:<outlet>                        asset      cash that tellers handed in
merchant:<code>                       liability  what a bus, parking or shop operator is owed
gift:<product>                        expense    what the city adds to a load
fee:<kind>                            income     fees, depreciation, and month money that lapsed
difference:<outlet>                   expense    drawers counted short (debit) or over (credit)
payout:<channel>                      liability  to be sent back through a payment channel, the way it came
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum, unique


@unique
class AccountKind(StrEnum):
    """Side of the books an account stands on."""

    ASSET = "asset"
    LIABILITY = "liability"
    INCOME = "income"
    EXPENSE = "expense"


CHART: Mapping[str, AccountKind] = {
    "purse": AccountKind.LIABILITY,
    "suspense": AccountKind.LIABILITY,
    "order": AccountKind.LIABILITY,
    "held": AccountKind.LIABILITY,
    "deposit": AccountKind.LIABILITY,
    "clearing": AccountKind.ASSET,
    "drawer": AccountKind.ASSET,
    "vault": AccountKind.ASSET,
    "merchant": AccountKind.LIABILITY,
    "gift": AccountKind.EXPENSE,
    "fee": AccountKind.INCOME,
    "difference": AccountKind.EXPENSE,
    "payout": AccountKind.LIABILITY,
}
"""The chart of accounts by the first word of an account; the database takes no other."""


@dataclass(frozen=True, slots=True)
class Posting:
    """One transfer: debit one account, credit another, the same positive amount."""

    kind: str
    debit: str
    credit: str
    amount: int


def purse_account(card_no: str, application: str, purse: str) -> str:
    """What is owed to the holder in one purse."""
    return f"purse:{card_no}:{application}:{purse}"


def suspense_account(card_no: str) -> str:
    """Money of this card on its way."""
    return f"suspense:{card_no}"


def order_account(card_no: str) -> str:
    """Money that was paid online for this card and waits to be written."""
    return f"order:{card_no}"


def held_account(card_no: str) -> str:
    """Money that left this card and waits for the new one, or for its holder."""
    return f"held:{card_no}"


def deposit_account(card_no: str) -> str:
    """The deposit of this card."""
    return f"deposit:{card_no}"


def clearing_account(actor_kind: str, actor_id: str) -> str:
    """What this terminal, desk or channel has taken."""
    return f"clearing:{actor_kind}:{actor_id}"


def drawer_account(shift_id: str) -> str:
    """The cash of a shift."""
    return f"drawer:{shift_id}"


def merchant_account(code: str) -> str:
    """What this merchant is owed."""
    return f"merchant:{code}"


def gift_account(product: str) -> str:
    """What the city adds to loads of this product."""
    return f"gift:{product}"


def fee_account(kind: str) -> str:
    """Fees of a kind."""
    return f"fee:{kind}"


def payout_account(channel: str) -> str:
    """What must go back through a payment channel."""
    return f"payout:{channel}"


def difference_account(where: str) -> str:
    """What was found short (debit) or over (credit): of an outlet's drawers, or by reconciliation."""
    return f"difference:{where}"


def correction(debit: str, credit: str, amount: int) -> Posting:
    """What two people agreed on after a reconciliation."""
    return Posting("correction", debit, credit, amount)


def load_authorised(card_no: str, source: str, paid: int) -> Posting:
    """Money was taken: it waits in suspense until the card is known to have it."""
    return Posting("load_authorised", source, suspense_account(card_no), paid)


def load_gift(card_no: str, product: str, gift: int) -> Posting:
    """The city's gift waits beside it."""
    return Posting("load_gift", gift_account(product), suspense_account(card_no), gift)


def load_confirmed(card_no: str, purse: str, credited: int) -> Posting:
    """The card has it."""
    return Posting("load_confirmed", suspense_account(card_no), purse, credited)


def load_refunded(card_no: str, source: str, paid: int) -> Posting:
    """The card does not have it, and the payer got it back where it was taken."""
    return Posting("load_refunded", suspense_account(card_no), source, paid)


def load_gift_returned(card_no: str, product: str, gift: int) -> Posting:
    """The card does not have it: the gift goes back."""
    return Posting("load_gift_returned", suspense_account(card_no), gift_account(product), gift)


def fee_authorised(card_no: str, source: str, paid: int) -> Posting:
    """A fee was taken: it waits in suspense until the card is known to have what it was paid for."""
    return Posting("fee_authorised", source, suspense_account(card_no), paid)


def fee_confirmed(card_no: str, kind: str, paid: int) -> Posting:
    """The card has it: the fee is earned."""
    return Posting("fee_confirmed", suspense_account(card_no), fee_account(kind), paid)


def fee_refunded(card_no: str, target: str, paid: int) -> Posting:
    """The card does not have it, and its payer does not want it any more."""
    return Posting("fee_refunded", suspense_account(card_no), target, paid)


def purchase_confirmed(purse: str, payee: str, amount: int) -> Posting:
    """The card paid."""
    return Posting("purchase_confirmed", purse, payee, amount)


def order_paid(card_no: str, clearing: str, paid: int) -> Posting:
    """Paid through a channel, to be written at the card's next tap."""
    return Posting("order_paid", clearing, order_account(card_no), paid)


def order_returned(card_no: str, channel: str, paid: int) -> Posting:
    """Not fetched in time: back to the payer, through the channel it came by."""
    return Posting("order_returned", order_account(card_no), payout_account(channel), paid)
