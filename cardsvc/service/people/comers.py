"""Who comes to the desk for a card: its holder, a parent, or an agent, who are known by name and ID number."""

from typing import Literal

from cardsvc.errors import RequestError
from cardsvc.units import id_number_check_digit

PHONE = "^[0-9+ -]{5,20}$"
Comer = Literal["holder", "parent", "agent"]


def check_comer(came: Comer, name: str | None, number: str | None) -> None:
    """A parent or an agent is named, with a good ID number; a holder is known. Raises RequestError ``comer_unknown``."""
    if came == "holder":
        if name is not None or number is not None:
            raise RequestError("comer_unknown")
        return
    if name is None or number is None or id_number_check_digit(number[:17]) != number[17]:
        raise RequestError("comer_unknown")
