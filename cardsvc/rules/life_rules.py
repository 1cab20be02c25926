"""Models of the rules of a card's life: renewal, data of the holder that change, the holder's death, withdrawn products."""

from typing import Literal

from pydantic import Field

from cardsvc.rules.data import Dated, Items
from cardsvc.rules.hall_rules import Named

PersonField = Literal["name", "chip_name", "id_number", "sex", "birth_date", "ethnic_group", "birthplace"]
OnCard = Literal["rewrite", "replace"]


class RenewalRule(Dated):
    """From how many days before the end of a card's validity it is renewed (到期换卡); afterwards always."""

    product: str
    days_before: int = Field(ge=0)


class ChangeRule(Dated):
    """What it takes to correct fields of a person's record: the papers to be shown, whether a second person agrees, and what
    becomes of the card: its chip is written again where its family can, or it is replaced because its face shows the field."""

    fields: Items[PersonField]
    papers: Items[Named]
    two_people: bool
    on_card: OnCard


class HeirRule(Dated):
    """Who may settle the cards of a holder who has died: what they are to the holder, and the papers that show it."""

    heir: str
    name: Named
    papers: Items[Named]


class SwapRule(Dated):
    """Withdrawn products that are swapped free of charge: the product that a new card gets in their place."""

    application: str
    products: Items[str]
    becomes: str
