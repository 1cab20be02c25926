"""First-article check (首件检验): a card that was just made is read again, as any desk reads it, and compared with its person.

The check of a batch at a desk and that of a bulk run are this one operation. It says whether the card is genuine, valid, empty,
and of this person; of a card from the stock it is noted for the desk and the batch, and a wrong one stops the making there, and
is void as long as nothing was done with it.
"""

import datetime as dt
import secrets

from cardsvc.iso7816.exchange import Procedure
from cardsvc.procedures.identify import CardSight, identify
from cardsvc.procedures.prove import IdentitySight, prove_identity
from cardsvc.procedures.purse import PurseSight, read_purse
from cardsvc.service.cards.data import card_data
from cardsvc.service.cards.identity import validity_problems
from cardsvc.service.cards.wrong_card import card_was_wrong
from cardsvc.service.operations.kinds import Context, Effect, OperationKind, Params, Phase, silent
from cardsvc.service.purse.areas import CITY_PURSE
from cardsvc.service.stock.making import article_due, note_article
from cardsvc.service.stock.use import void_card
from cardsvc.service.transactions.contact import seen_card
from cardsvc.store import UnitOfWork
from cardsvc.store.records import Card

WRONG_CARD = "首件不合格 (wrong first article)"
WRONG_CODE = "bulk_first_article_wrong"


class FirstArticleParams(Params):
    """The check takes no parameters: whose card it is, the books say."""


def _identify(context: Context, _uow: UnitOfWork) -> Procedure[CardSight]:
    return identify(context.profile)


def _bind(context: Context, uow: UnitOfWork, sight: CardSight, _now: dt.datetime) -> Effect:
    card = seen_card(context, uow, sight)
    facts = {"challenge": secrets.token_hex(8), "purse_blocked": sight.purse_blocked}
    return Effect(facts=facts, card_no=card.card_no, key_versions=card.key_versions)


def _purse(context: Context, _uow: UnitOfWork) -> Procedure[PurseSight | None]:
    return silent() if context.facts["purse_blocked"] else read_purse(context.profile, CITY_PURSE)


def _empty(_context: Context, _uow: UnitOfWork, purse: PurseSight | None, _now: dt.datetime) -> Effect:
    return Effect(facts={"empty": purse is not None and purse.balance == 0})


def _prove(context: Context, _uow: UnitOfWork) -> Procedure[IdentitySight]:
    return prove_identity(context.profile, bytes.fromhex(context.facts["challenge"]))


def _judged(context: Context, uow: UnitOfWork, sight: IdentitySight, now: dt.datetime) -> Effect:
    card = uow.cards.get_one(context.card_no)
    challenge = bytes.fromhex(context.facts["challenge"])
    genuine = context.keystore.proves_itself(card.card_no, "mf", challenge, sight.answer, context.versions)
    problems = [
        *([] if genuine else ["not_genuine"]),
        *([] if context.facts["empty"] else ["purse_not_empty"]),
        *validity_problems(uow, card, sight, card_data(uow, card).holder, now),
    ]
    taken = uow.blank_movements.of_chip(card.profile, card.chip_serial, "used")
    if taken is not None and article_due(uow, context.rules, taken, now):
        note_article(uow, taken, f"{context.actor.kind}:{context.actor.id}", now, right=not problems)
        if problems and _is_nobodys(uow, card):
            card = _give_up(uow, card, context.actor.id, now)
    return Effect(done={"card_no": card.card_no, "right": not problems, "reasons": problems, "void": card.state == "void"})


def _is_nobodys(uow: UnitOfWork, card: Card) -> bool:
    """Whether nothing was done with the card since it was made: no money on it or on its way, nothing opened."""
    used = uow.applications.of_card(card.card_no) or uow.loads.of_card(card.card_no) or uow.orders.waiting(card.card_no)
    return card.state == "issued" and not used


def _give_up(uow: UnitOfWork, card: Card, by: str, now: dt.datetime) -> Card:
    """The wrong card is void before anybody has it; who waits for it, by application or replacement, waits for another."""
    void = void_card(uow, card, now, by=by, reason=WRONG_CARD)
    card_was_wrong(uow, card, WRONG_CARD, WRONG_CODE, now)
    uow.hotlist.change_card(card.card_no, "add", WRONG_CARD, by, now)
    return void


FIRST_ARTICLE = OperationKind(
    "first_article",
    FirstArticleParams,
    (Phase("identify", _identify, _bind), Phase("purse", _purse, _empty), Phase("prove", _prove, _judged)),
    roles=frozenset({"desk"}),
)
