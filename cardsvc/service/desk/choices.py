"""What a job on a card is offered as: its choices, and what applications, products and money areas are called at the desk."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from cardsvc.service.cards.applications import ALL
from cardsvc.service.purse.area_names import CITY_PURSE_NAME
from cardsvc.text import Text

NOTHING_ON_IT = Text("卡里没有余额", "There is no money on the card")


@dataclass(frozen=True, slots=True)
class Choice:
    """One of several: its value for the operation, what it is called, and why it does not go."""

    value: str
    label: Text
    reason: Text | None = None


@dataclass(frozen=True, slots=True)
class Offer:
    """A job. ``kind``: of operation; ``reason``: why it does not go now; ``choices``: what there is to choose from."""

    kind: str
    reason: Text | None = None
    choices: tuple[Choice, ...] = field(default=())

    @property
    def possible(self) -> bool:
        """Whether it may be begun."""
        return self.reason is None


APPLICATIONS: Mapping[str, Text] = {
    "mf": Text("卡片公共区", "Card"),
    "holder": Text("持卡人信息", "Holder"),
    "purse": CITY_PURSE_NAME,
    "bus": Text("公交", "Bus"),
    "parking": Text("停车", "Parking"),
    "library": Text("图书馆", "Library"),
    "park": Text("公园年卡", "Park pass"),
    ALL: Text("全部应用", "All of them"),
}


def subject_name(subject: str) -> Text:
    """What a finding is about: an application, or one of its files (``bus.application``), which goes by its application."""
    return APPLICATIONS.get(subject.partition(".")[0], Text(subject, subject))


PRODUCTS: Mapping[tuple[str, str], Text] = {
    ("bus", "T"): Text("公交 T（普通）", "Bus T (everybody)"),
    ("bus", "B"): Text("公交 B（学生）", "Bus B (pupils)"),
    ("bus", "C"): Text("公交 C（60 岁以上）", "Bus C (60 and over)"),
    ("bus", "A"): Text("公交 A", "Bus A"),
    ("bus", "D"): Text("公交 D", "Bus D"),
    ("parking", "1"): Text("停车（从钱包扣）", "Parking (paid from the purse)"),
    ("parking", "2"): Text("停车卡（自带钱包）", "Parking card (a purse of its own)"),
    ("library", "1"): Text("图书馆", "Library"),
    ("park", "1"): Text("公园年卡（首次）", "Park pass (first)"),
    ("park", "2"): Text("公园年卡（续办）", "Park pass (renewal)"),
}
