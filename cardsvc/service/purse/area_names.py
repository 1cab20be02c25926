"""What the money areas of a card are called, on page, paper and command line."""

from collections.abc import Mapping

from cardsvc.text import Text

CITY_PURSE_NAME = Text("城市通钱包", "City purse")
AREAS: Mapping[tuple[str, str], Text] = {
    **{("month", product): Text(f"{product} 月票（优惠区）", f"{product} month ticket") for product in ("A", "B", "T")},
    ("season", "A"): Text("A 季票", "A season ticket"),
    ("term", "B"): Text("B 学期票", "B term ticket"),
    ("purse", "C"): Text("C 卡钱包", "C purse"),
    ("purse", "D"): Text("D 卡钱包", "D purse"),
    ("purse", "parking"): Text("停车卡", "Parking card"),
}


def months_name(period: object) -> Text:
    """The months that money is good for: one, or from the first to the last."""
    first, _, last = str(period).partition("..")
    return Text(f"{first} 至 {last}", f"{first} to {last}") if last else Text(first, first)


def purse_name(product: str, area: str) -> Text:
    """What a product's money area is called: the city purse, a month ticket, the parking card."""
    return AREAS.get((area, product), CITY_PURSE_NAME)
