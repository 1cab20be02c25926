"""Making as one job: it stops when card after card comes to nothing, and the first card of each batch at a desk is read again.

The movements of the stock say it: the last so many blanks of a desk, or of a batch at any desk, of which none became a card.
A card that was pulled counts until it is finished; finishing one is never stopped. After a stop, or a first article that was
wrong, the stock keeper or a supervisor lets it go on, says why, and the next card is a first article again.
"""

import datetime as dt
import uuid

from cardsvc.errors import RequestError
from cardsvc.rules import RuleSet
from cardsvc.rules.desk import stock_rule
from cardsvc.rules.desk_rules import StockRule
from cardsvc.rules.loading import refusal
from cardsvc.service.operations.rule_book import local_day
from cardsvc.service.staff.accounts import require_role
from cardsvc.service.stock.blanks import KEEPERS, place_named, reason_of
from cardsvc.store import Store, UnitOfWork
from cardsvc.store.records import BlankBatch, BlankMovement, MakingNote, Staff

RIGHT, WRONG, RELEASED = "right", "wrong", "released"
STOPS = frozenset({"making_stopped_desk", "making_stopped_batch", "first_article_due", "first_article_wrong"})
"""Refusals that no other blank of the same batch changes."""


def check_making(uow: UnitOfWork, rules: RuleSet, place: str, batch: BlankBatch, now: dt.datetime) -> None:
    """Whether a desk may begin another card on a blank of this batch, which is locked.

    Raises RuleError ``making_stopped_desk``, ``making_stopped_batch``, ``first_article_due``, ``first_article_wrong``.
    """
    rule = stock_rule(rules, local_day(now))
    if rule is None:
        return
    if _in_a_row(uow, rule, place=place):
        raise refusal("making_stopped_desk", rules, rule, count=rule.stop_after)
    if _in_a_row(uow, rule, batch_id=batch.batch_id):
        raise refusal("making_stopped_batch", rules, rule, count=rule.stop_after, batch=batch.batch_id)
    if rule.first_article:
        _check_first_article(uow, rules, rule, place, batch)


def _in_a_row(uow: UnitOfWork, rule: StockRule, *, place: str | None = None, batch_id: str | None = None) -> bool:
    released = uow.making_notes.newest_of((RELEASED,), place=place, batch_id=batch_id)
    since = released.at if released else None
    taken = uow.blank_movements.newest_taken(rule.stop_after, since, place=place, batch_id=batch_id)
    return len(taken) == rule.stop_after and not any(_came_to_something(uow, one) for one in taken)


def _came_to_something(uow: UnitOfWork, taken: BlankMovement) -> bool:
    """A card was issued on it, or is being made at this moment."""
    card = uow.cards.get(taken.card_no) if taken.card_no else None
    return card is not None and (card.issued_at is not None or uow.operations.live_on(card.card_no) is not None)


def _check_first_article(uow: UnitOfWork, rules: RuleSet, rule: StockRule, place: str, batch: BlankBatch) -> None:
    last, released = _article(uow, place, batch.batch_id)
    if last is not None and last.kind == WRONG:
        raise refusal("first_article_wrong", rules, rule, card_no=last.card_no, batch=batch.batch_id)
    if last is not None:
        return
    since = released.at if released else None
    taken = uow.blank_movements.newest_taken(rule.stop_after, since, place=place, batch_id=batch.batch_id)
    first = next((one.card_no for one in taken if _came_to_something(uow, one)), None)
    if first is not None:
        raise refusal("first_article_due", rules, rule, card_no=first, batch=batch.batch_id)


def _article(uow: UnitOfWork, place: str, batch_id: str) -> tuple[MakingNote | None, MakingNote | None]:
    """The first article of a batch at a desk, if there was one since the desk was released last; and that release."""
    last = uow.making_notes.newest_of((RIGHT, WRONG), place=place, batch_id=batch_id)
    released = uow.making_notes.newest_of((RELEASED,), place=place)
    return (None if last and released and released.at > last.at else last), released


def article_due(uow: UnitOfWork, rules: RuleSet, taken: BlankMovement, now: dt.datetime) -> bool:
    """Whether the card that was made on this blank is the first article of its batch at its desk."""
    rule = stock_rule(rules, local_day(now))
    last, released = _article(uow, taken.from_place, taken.batch_id)
    after = released is None or taken.at > released.at
    return rule is not None and rule.first_article and last is None and after


def note_article(uow: UnitOfWork, taken: BlankMovement, by: str, now: dt.datetime, *, right: bool) -> None:
    """A first article was read again, at whichever desk."""
    kind = RIGHT if right else WRONG
    uow.making_notes.add(MakingNote(str(uuid.uuid4()), taken.from_place, taken.batch_id, kind, taken.card_no, by, None, now))


def release(
    store: Store, reason: str, *, desk: str | None = None, batch_id: str | None = None, by: Staff, now: dt.datetime
) -> MakingNote:
    """Let the making go on at a desk, or of a batch, after somebody looked why it stopped.

    Raises RequestError ``not_permitted``, ``reason_missing``, ``stock_desk_unknown``, ``stock_batch_unknown``,
    ``params_invalid`` where neither is named.
    """
    require_role(by, *KEEPERS)
    told = reason_of(reason)
    if (desk is None) == (batch_id is None):
        raise RequestError("params_invalid", reason="desk, batch")

    def work(uow: UnitOfWork) -> MakingNote:
        place = place_named(uow, desk, by) if desk else None
        if batch_id is not None and uow.blank_batches.get(batch_id) is None:
            raise RequestError("stock_batch_unknown", batch=batch_id[:32])
        note = MakingNote(str(uuid.uuid4()), place, batch_id, RELEASED, None, by.staff_id, told, now)
        return uow.making_notes.add(note)

    return store.transact(work)
