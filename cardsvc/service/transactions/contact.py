"""The opening of every operation on an issued card: who is it, and settle what is open before anything new."""

import datetime as dt
from typing import Any

from cardsvc.errors import CardError
from cardsvc.iso7816.exchange import Procedure
from cardsvc.procedures.identify import CardSight, CardState, identify
from cardsvc.service.loss.hotlist import refuse_listed
from cardsvc.service.loss.lost_chip import BLOCK_LOST, CHIP, chip_to_block
from cardsvc.service.operations.kinds import Context, Effect, Phase
from cardsvc.service.operations.known_card import known_card, not_issued
from cardsvc.service.purse.open_money import gather, open_facts, settle_all
from cardsvc.store import UnitOfWork
from cardsvc.store.records import Card

_NOT_A_CITIZEN_CARD = {
    CardState.BLANK: "card_is_blank",
    CardState.PARTIAL: "card_unfinished",
    CardState.FOREIGN: "card_foreign",
    CardState.LOCKED: "card_locked",
}


def _identify(context: Context, _uow: UnitOfWork) -> Procedure[CardSight]:
    return identify(context.profile)


def seen_card(context: Context, uow: UnitOfWork, sight: CardSight) -> Card:
    """The row of the card that was seen. Raises CardError when it is none of ours, or not the one it says it is."""
    if sight.state is not CardState.CITIZEN or sight.card_no is None:
        lost = that_lost_its_content(context, uow, sight.state)
        if lost is not None:
            raise CardError("card_content_lost", card_no=lost.card_no)
        raise CardError(_NOT_A_CITIZEN_CARD.get(sight.state, "card_foreign"))
    card = known_card(uow, sight.card_no)
    serial = context.profile.chip_serial(bytes.fromhex(context.operation.atr))
    if card.profile != context.profile.id or card.chip_serial != serial.hex().upper():
        raise CardError("card_chip_differs", card_no=card.card_no)
    if sight.purse_card_no not in (None, card.card_no):
        raise CardError("card_serials_differ", card_no=card.card_no)
    return card


def that_lost_its_content(context: Context, uow: UnitOfWork, state: CardState) -> Card | None:
    """The card whose chip the books know as finished, where it shows itself as blank, half made or another issuer's."""
    known = card_of_chip(context, uow) if state is not CardState.LOCKED else None
    return known if known is not None and known.state != "personalising" else None


def card_of_chip(context: Context, uow: UnitOfWork) -> Card | None:
    """The card that was made, or begun, on the chip whose serial number stands in the ATR."""
    serial = context.profile.chip_serial(bytes.fromhex(context.operation.atr)).hex().upper()
    return uow.cards.by_chip(serial, context.profile.id) if serial else None


def _bind(context: Context, uow: UnitOfWork, sight: CardSight, _now: dt.datetime) -> Effect:
    card = seen_card(context, uow, sight)
    if card.state != "issued" and not (card.state == "replaced" and chip_to_block(context, uow, card.card_no)):
        raise not_issued(card)
    return Effect(facts=open_facts(uow, card.card_no), card_no=card.card_no, key_versions=card.key_versions)


def _settled(context: Context, uow: UnitOfWork, gathered: Any, now: dt.datetime) -> Effect:
    """What was open is settled in any case; then a card on the hot list is refused, or its chip blocked first."""
    settled = settle_all(context, uow, gathered, now)
    refused = refuse_listed(context, uow, now)
    lost = chip_to_block(context, uow, context.card_no) if refused else []
    return Effect(facts={"settled": settled, CHIP: lost}, failed=None if lost else refused)


IDENTIFY = Phase("identify", _identify, _bind)
SETTLE = (Phase("settle", gather, _settled), BLOCK_LOST)
CONTACT = (IDENTIFY, *SETTLE)
"""The first phases of every operation on an issued card."""
