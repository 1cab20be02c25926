"""Cash: what a count of notes and coins comes to, and which transfers a teller's drawer makes.

A drawer is filled from its outlet's vault when a shift opens, and emptied into it when the shift closes; in between two people
may carry cash from one to the other. What the count has less or more than the ledger goes to the outlet's differences, so that
a closed drawer is empty.
"""

from collections.abc import Mapping

from cardsvc.errors import RequestError
from cardsvc.ledger.postings import Posting, drawer_account

DENOMINATIONS = (10000, 5000, 2000, 1000, 500, 200, 100, 50, 20, 10, 5, 2, 1)
"""Notes and coins in fen: 100 yuan to 1 fen, with those that are withdrawn slowly (2 yuan, 2 jiao) and still legal tender."""

MAX_PIECES = 1_000_000


def vault_account(outlet_id: str) -> str:
    """The cash of an outlet that is in no drawer."""
    return f"vault:{outlet_id}"


def difference_account(outlet_id: str) -> str:
    """What the drawers of an outlet were short of (debit) or over (credit)."""
    return f"difference:{outlet_id}"


def shift_chain(shift_id: str) -> str:
    """The chain of a shift's own transfers."""
    return f"shift:{shift_id}"


def counted(pieces: Mapping[str, int]) -> int:
    """What a count comes to, in fen; ``pieces`` by denomination in fen. Raises RequestError ``count_wrong``."""
    total = 0
    for denomination, number in pieces.items():
        known = denomination.isascii() and denomination.isdecimal() and int(denomination) in DENOMINATIONS
        if not known or str(int(denomination)) != denomination or not 0 <= number <= MAX_PIECES:
            raise RequestError("count_wrong", denomination=denomination[:16], number=number)
        total += int(denomination) * number
    return total


def drawer_filled(shift_id: str, outlet_id: str, amount: int) -> Posting:
    """The float goes from the vault into the drawer."""
    return Posting("drawer_filled", drawer_account(shift_id), vault_account(outlet_id), amount)


def drawer_added(shift_id: str, outlet_id: str, amount: int) -> Posting:
    """More cash goes from the vault into a drawer that is at work."""
    return Posting("drawer_added", drawer_account(shift_id), vault_account(outlet_id), amount)


def drawer_lightened(shift_id: str, outlet_id: str, amount: int) -> Posting:
    """Cash that a drawer at work has too much of goes into the vault."""
    return Posting("drawer_lightened", vault_account(outlet_id), drawer_account(shift_id), amount)


def drawer_emptied(shift_id: str, outlet_id: str, amount: int) -> Posting:
    """What was counted goes from the drawer into the vault."""
    return Posting("drawer_emptied", vault_account(outlet_id), drawer_account(shift_id), amount)


def drawer_differs(shift_id: str, outlet_id: str, difference: int) -> Posting:
    """The drawer was short (negative) or over: after that the ledger has what was counted."""
    drawer, differences = drawer_account(shift_id), difference_account(outlet_id)
    if difference < 0:
        return Posting("drawer_short", differences, drawer, -difference)
    return Posting("drawer_over", drawer, differences, difference)
