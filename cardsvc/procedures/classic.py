"""Old bus cards: what one says, and marking it as moved. Money never moves here: that is the database's matter (legacy.py)."""

from dataclasses import dataclass

from cardsvc.card import classic
from cardsvc.card.profile import LegacyCard
from cardsvc.errors import CardError
from cardsvc.iso7816.exchange import Procedure
from cardsvc.procedures.script import send_all


@dataclass(frozen=True, slots=True)
class ClassicSight:
    """An old card. ``balance`` in fen, None when neither value block holds; ``agree``: both blocks say the same."""

    uid: bytes
    product: str
    balance: int | None
    agree: bool
    mark: classic.Mark | None


def read_classic(layout: LegacyCard, read_key: bytes) -> Procedure[ClassicSight]:
    """Product, balance and mark. Raises CardError ``legacy_key_refused`` for a card of another issuer."""
    uid = (yield from send_all((classic.get_uid(),)))[0].data
    opening = classic.authenticate(layout.product_block, classic.KEY_A, ("9000", "63xx"))
    yield from send_all((classic.load_key(read_key),))
    if not (yield (opening,))[0].ok:
        raise CardError("legacy_key_refused")
    asks = [classic.read_block(block) for block in (layout.product_block, layout.value_block, layout.backup_block)]
    product, value, backup = (answer.data for answer in (yield from send_all(asks)))
    mark_asks = (classic.authenticate(layout.mark_block, classic.KEY_A), classic.read_block(layout.mark_block))
    mark = (yield from send_all(mark_asks))[1].data
    values = classic.value_of(value), classic.value_of(backup)
    balance = values[0] if values[0] is not None else values[1]
    name = product[layout.product_offset : layout.product_offset + 1].decode("ascii", "replace")
    return ClassicSight(uid, name, balance, values[0] == values[1], classic.Mark.parse(mark))


def mark_classic(layout: LegacyCard, write_key: bytes, card_no: str) -> Procedure[None]:
    """Write the mark first, then take the value away, then read both back. May be done again from the start.

    A card that leaves in between is marked and perhaps not empty, which readers of the mark refuse; never empty and unmarked.
    """
    mark = classic.Mark(card_no).encode()
    empty = {block: classic.value_block(0, block) for block in (layout.value_block, layout.backup_block)}
    yield from send_all(
        (
            classic.load_key(write_key),
            classic.authenticate(layout.mark_block, classic.KEY_B),
            classic.write_block(layout.mark_block, mark),
            classic.authenticate(layout.value_block, classic.KEY_B),
            *(classic.write_block(block, data) for block, data in empty.items()),
        )
    )
    read = yield from send_all([classic.read_block(block) for block in empty])
    again = yield from send_all((classic.authenticate(layout.mark_block, classic.KEY_B), classic.read_block(layout.mark_block)))
    if [answer.data for answer in read] != list(empty.values()) or again[1].data != mark:
        raise CardError("read_back_differs", application="legacy")
