"""What personalisation writes into each file of a card, from one card record."""

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass

from cardsvc.card.holder import Holder, SocialSecurityCard
from cardsvc.card.layout import ApplicationLayout, CardLayout, FileLayout
from cardsvc.card.records import ApplicationRecord, ApplicationState, CardIssue, PurseApplication, directory_record
from cardsvc.units import CardNo

HOLDER_CLASS_ADULT = 0x00
ID_TYPE_RESIDENT = 0x00


@dataclass(frozen=True, slots=True)
class CardData:
    """Everything that makes one card this person's card."""

    card_no: CardNo
    ss_card_no: str
    holder: Holder
    issue_date: dt.date
    expiry_date: dt.date


@dataclass(frozen=True, slots=True)
class Content:
    """What a file holds after personalisation: the bytes of a binary, or the records of a record file."""

    application: ApplicationLayout
    file: FileLayout
    records: tuple[bytes, ...]

    @property
    def binary(self) -> bytes:
        """The bytes of a transparent file."""
        return self.records[0]


def contents(layout: CardLayout, card: CardData, application: ApplicationLayout) -> tuple[Content, ...]:
    """The files of one application that personalisation fills, in the order of the layout."""
    filled: dict[tuple[str, str], Callable[[], tuple[bytes, ...]]] = {
        ("mf", "directory"): lambda: tuple(
            directory_record(other, layout.mf.find("directory").record_length) for other in layout.applications
        ),
        ("mf", "card_issue"): lambda: (CardIssue(layout.issuer, card.card_no, layout.version, card.issue_date).encode(),),
        ("holder", "card"): lambda: SocialSecurityCard(
            layout.issuer, card.card_no, card.ss_card_no, card.issue_date, card.expiry_date
        ).records(),
        ("holder", "holder"): card.holder.records,
        ("purse", "holder"): lambda: (_purse_holder(card.holder),),
        ("purse", "application"): lambda: (
            PurseApplication(layout.issuer, card.card_no, card.issue_date, card.expiry_date).encode(),
        ),
    }
    if application.name not in ("mf", "holder", "purse"):
        filled[application.name, "application"] = lambda: (ApplicationRecord(ApplicationState.NOT_OPENED).encode(),)
    return tuple(
        Content(application, file, filled[application.name, file.name]())
        for file in application.file
        if (application.name, file.name) in filled
    )


def _purse_holder(holder: Holder) -> bytes:
    """EF16 of the purse, the 55-byte form of city cards.

    offset  bytes  field
    0       1      card type
    1       1      staff flag
    2       20     name, GBK, zero padded, cut at 20 bytes on a character boundary
    22      32     ID number, ASCII, zero padded
    54      1      ID type
    """
    name = holder.name.encode("gbk")[:20].decode("gbk", "ignore").encode("gbk")
    return (
        bytes((HOLDER_CLASS_ADULT, 0))
        + name.ljust(20, b"\x00")
        + holder.id_number.encode("ascii").ljust(32, b"\x00")
        + bytes((ID_TYPE_RESIDENT,))
    )
