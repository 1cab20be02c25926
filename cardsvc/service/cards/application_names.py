"""What the applications of a card and their products are called, on page, paper and command line."""

from collections.abc import Mapping

from cardsvc.service.cards.applications import ALL
from cardsvc.service.purse.area_names import CITY_PURSE_NAME
from cardsvc.text import Text

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
    ("bus", "T"): Text("公交 T（城市通，普通）", "Bus T (city purse, everybody)"),
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


def opening_name(application: str, product: str) -> Text:
    """What is opened; a product without a name of its own goes by its application's, with its letter or number."""
    known = APPLICATIONS[application]
    return PRODUCTS.get((application, product), Text(f"{known.zh} {product}", f"{known.en} {product}"))
