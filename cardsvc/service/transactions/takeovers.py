"""Taking over the money of an old card: from the card itself when it can be read, from the books when it cannot. Never both.

waiting -> reading   the card that could not be read shows up before its day, and gives its money itself
waiting -> moved     its day has come: what the books owe goes to ``held:<card>``, and the card gives nothing any more
reading -> moved     the card gave all that it had
reading -> waiting   the card broke while it gave: what it gave counts, the books decide about its other purses

What lies in ``held:<card>`` is kept in parts, one for each purse; a part pays one load on the new card, as any payment does,
or is paid back to its holder (held_payout.py).
"""

import datetime as dt
import uuid
from collections import Counter
from collections.abc import Iterable, Iterator, Set
from typing import Any, NamedTuple

from cardsvc.card.periods import period_of
from cardsvc.errors import CardError, RequestError
from cardsvc.ledger.postings import Posting, fee_account, held_account, purse_account
from cardsvc.ledger.states import LoadState, PurchaseState
from cardsvc.procedures.purse import PurseRef
from cardsvc.rules import RuleSet, hold_until
from cardsvc.rules.life import swapped
from cardsvc.service.loss.hotlist import list_old_card
from cardsvc.service.operations.known_card import card_in_hand, known_card, refuse_live
from cardsvc.service.operations.rule_book import RuleBook, local_day
from cardsvc.service.purse.areas import CITY_PURSE
from cardsvc.service.purse.lapse import LAPSED_MONTH
from cardsvc.service.purse.payments import BY_ORDER, OLD_CARD
from cardsvc.service.purse.swapped import end_held, swap_of
from cardsvc.service.purse.ways import Way, booked_purses, less, loads_in, still_owed, ways_of
from cardsvc.service.staff.accounts import require_role
from cardsvc.service.transactions.refund import refuse_bicycle
from cardsvc.store import Store, UnitOfWork
from cardsvc.store.records import Card, Load, Purchase, Staff, Takeover, TakeoverPart
from cardsvc.store.states import OldCardState
from cardsvc.units import LOCAL, format_yuan

UNREADABLE = "unreadable"
READABLE = "readable"
REPLACED = "replaced"
_PARTS = uuid.UUID("5b0f6a0e-6d3c-5a52-8f0a-2f1f7c2f9b51")
"""The name space of the ids of parts."""


def hold_card(store: Store, rules: RuleBook, card_no: str, *, by: Staff, now: dt.datetime) -> Takeover:
    """Take in a card that cannot be read: nothing is booked, its money waits. The printed number must be readable; where it is
    not, two people decide (hold_approval.py).

    Raises CardError ``card_unknown``, ``card_not_issued``; RequestError ``not_permitted``; OperationError ``card_busy``.
    """
    require_role(by, "clerk", "supervisor")
    return store.transact(lambda uow: begin_hold(uow, card_no, by.staff_id, hold_terms(uow, rules, now), now))


def hold_terms(uow: UnitOfWork, rules: RuleBook, now: dt.datetime) -> tuple[dt.date, str]:
    """The day from which the books decide about a card that is taken in now, and the rule that says so."""
    today = local_day(now)
    return hold_until(rules.in_force(uow, today), UNREADABLE, today)


def begin_hold(
    uow: UnitOfWork, card_no: str, held_by: str, terms: tuple[dt.date, str], now: dt.datetime, reason: str = UNREADABLE
) -> Takeover:
    """The same within another transaction. ``terms``: the day from which the books decide, and the rule; ``reason``: why the
    card itself does not."""
    card, known = check_hold(uow, card_no, now)
    due, rule = terms
    uow.cards.change(card, state=REPLACED)
    list_old_card(uow, card_no, held_by, now)
    values: dict[str, Any] = {
        "state": OldCardState.WAITING,
        "reason": reason,
        "rule": rule,
        "held_on": now.astimezone(LOCAL).date(),
        "due": due,
        "held_by": held_by,
    }
    if known is not None:
        return uow.old_cards.change(known, **values)
    return uow.old_cards.add(Takeover(card_no=card_no, began_at=now, **values))


def check_hold(uow: UnitOfWork, card_no: str, now: dt.datetime) -> tuple[Card, Takeover | None]:
    """The card, locked, and what is known of its takeover, when it can be taken in now."""
    uow.cards.lock(card_no)
    known = uow.old_cards.get(card_no)
    reading = known is not None and known.state == OldCardState.READING
    card = known_card(uow, card_no) if reading else card_in_hand(uow, card_no)
    refuse_live(uow, card_no, now)
    return card, known


def begin_reading(uow: UnitOfWork, card_no: str, actor_id: str, now: dt.datetime) -> Takeover:
    """The card gives its money itself: from here on the books do not, unless it breaks."""
    known = uow.old_cards.get(card_no)
    if known is None:
        today = now.astimezone(LOCAL).date()
        return uow.old_cards.add(
            Takeover(card_no, OldCardState.READING, READABLE, None, today, None, actor_id, now),
        )
    return uow.old_cards.change(known, state=OldCardState.READING)


def finish(uow: UnitOfWork, card_no: str, void: Iterable[tuple[PurseRef, int]], now: dt.datetime) -> None:
    """Nothing more comes from this card. ``void``: month money that was over when it was taken in, in fen by purse: it moves to
    no card, it lapses, as on a card that lives on (purse/lapse.py). What was spent of it and is on its way stays owed."""
    for ref, amount in void:
        owed = dict(booked_purses(uow, card_no)).get(ref, 0)
        lapsed = min(amount, still_owed(uow, card_no, ref, owed))
        _lapse(uow, card_no, ref, lapsed, _lapse_reference(ref), now)
    card, known = uow.cards.get_one(card_no), uow.old_cards.get_one(card_no)
    hold_swapped(uow, card_no, now)
    uow.cards.change(card, state=REPLACED)
    list_old_card(uow, card_no, known.held_by, now)
    uow.old_cards.change(known, state=OldCardState.MOVED, ended_at=now)


def _lapse(uow: UnitOfWork, card_no: str, ref: PurseRef, amount: int, reference: str, now: dt.datetime) -> None:
    if amount:
        purse = purse_account(card_no, ref.application, ref.purse)
        uow.ledger.post(card_no, Posting("month_lapsed", purse, fee_account(LAPSED_MONTH), amount), reference, now)


def hold_swapped(uow: UnitOfWork, card_no: str, now: dt.datetime) -> None:
    """What the card gave by a swap, and never got back, is a part as what it gives to a new card is: it goes there, or to its
    holder the way it came. What the card may have got already stays until that is settled."""
    for order in uow.orders.waiting(card_no):
        drawn = swap_of(uow, order)
        if drawn is None or drawn.card_no != card_no or uow.loads.paid_by(BY_ORDER, order.order_id):
            continue
        ref = PurseRef(drawn.application, drawn.purse)
        loads = loads_in(uow, card_no, ref, drawn.purchase_id)
        ways = ways_of(uow, card_no, ref, order.amount, drawn.purchase_id)
        told = ref.application, ref.purse, loads[0].product if loads else "D", "purse", None, order.amount
        _keep(uow, TakeoverPart(card_no, order.order_id, *told, [], drawn.purchase_id, now), ways)
        end_held(uow, order, now)


def good_parts(uow: UnitOfWork, card_no: str) -> list[TakeoverPart]:
    """The parts that count: given by the books, or by the card with its proof."""
    return [part for part in uow.takeover_parts.of_card(card_no) if _counts(uow, part)]


def _counts(uow: UnitOfWork, part: TakeoverPart) -> bool:
    if part.purchase_id is None:
        return True
    purchase = uow.purchases.get(part.card_no, part.purchase_id)
    return purchase is not None and purchase.state == PurchaseState.CONFIRMED


def add_part(uow: UnitOfWork, part: TakeoverPart) -> TakeoverPart:
    """Keep a part with the way its money came, so that a refund from the new card finds it."""
    return _keep(uow, part, ways_of(uow, part.card_no, PurseRef(part.application, part.purse), part.amount))


def _keep(uow: UnitOfWork, part: TakeoverPart, ways: Iterable[Way]) -> TakeoverPart:
    values = [[way.channel, way.paid, way.gift] for way in ways]
    return uow.takeover_parts.add(
        TakeoverPart(
            part.card_no,
            part.part_id,
            part.application,
            part.purse,
            part.product,
            part.area,
            part.first_month,
            part.amount,
            values,
            part.purchase_id,
            part.made_at,
        )
    )


class Owed(NamedTuple):
    """Money in fen that only the books have yet. ``part_id``: of the part that it becomes, one for each purse, and one for each
    suspect that kept some back: what was moved once is not moved again. ``kept_from``: reference of the transfer by which the
    books gave the rest on their day, where a purchase kept this back."""

    part_id: str
    ref: PurseRef
    amount: int
    kept_from: str | None = None


def books_owe(uow: UnitOfWork, takeover: Takeover) -> list[Owed]:
    """What the books have for the holder of a card that could not be read, and that is no part yet.

    Of a purse that the card was emptied of, given or refunded, only later loads count: the rest is offline spending that still
    comes in. What is open keeps back itself and nothing else: a load is in no purse's books before it is confirmed, of a purse
    the amounts of its open purchases stay until they are settled.
    """
    if takeover.due is None or takeover.state == OldCardState.READING:
        return []
    card_no, booked = takeover.card_no, dict(booked_purses(uow, takeover.card_no))
    if takeover.state == OldCardState.MOVED:
        done = {line.reference for line in uow.ledger.of_chain(card_no) if line.kind in ("moved_from_books", "month_lapsed")}
        late = (owed._replace(amount=min(owed.amount, booked.get(owed.ref, 0))) for owed in _settled_since(uow, takeover, done))
        return [owed for owed in late if owed.amount > 0 and owed.part_id not in done]
    kept: Counter[PurseRef] = Counter()
    for row in uow.purchases.open_on(card_no):
        kept[PurseRef(row.application, row.purse)] += row.amount
    found = []
    for ref, amount in booked.items():
        found.append(Owed(_part_id(card_no, ref), ref, still_owed(uow, card_no, ref, amount) - kept[ref]))
    return [owed for owed in found if owed.amount > 0]


def _part_id(card_no: str, ref: PurseRef) -> str:
    """The part that a purse becomes on its day."""
    return str(uuid.uuid5(_PARTS, f"{card_no} {ref.application} {ref.purse}"))


def _lapse_reference(ref: PurseRef) -> str:
    """Of what lapses of a purse on its day."""
    return f"{ref.application}:{ref.purse}"


def _settled_since(uow: UnitOfWork, takeover: Takeover, done: Set[str]) -> Iterator[Owed]:
    """Loads that the card has, purchases that it did not pay, as it turned out after the books had moved its money. ``done``:
    references of what they moved."""
    rows: tuple[Load | Purchase, ...] = (
        *uow.loads.where_is(card_no=takeover.card_no, state=LoadState.CONFIRMED),
        *uow.purchases.where_is(card_no=takeover.card_no, state=PurchaseState.NOT_DEBITED),
    )
    for row in rows:
        if takeover.ended_at and row.ended_at and row.authorised_at <= takeover.ended_at < row.ended_at:
            ref = PurseRef(row.application, row.purse)
            if isinstance(row, Load):
                yield Owed(row.load_id, ref, row.amount)
            else:
                rest = (_part_id(takeover.card_no, ref), _lapse_reference(ref))
                yield Owed(row.purchase_id, ref, row.amount, next((name for name in rest if name in done), None))


def move_from_books(uow: UnitOfWork, takeover: Takeover, now: dt.datetime) -> Takeover:
    """On its day: what the books owe for each purse goes to ``held``. Month money that was over lapses. Afterwards the same for
    what a suspect kept back, once the card or two people settled it.

    Raises RequestError ``money_waits`` before the day; RuleError ``bicycle_guarantee_held``.
    """
    card_no, today = takeover.card_no, now.astimezone(LOCAL).date()
    waits = takeover.state == OldCardState.WAITING
    if waits:
        if takeover.due is None or today < takeover.due:
            raise RequestError("money_waits", due=takeover.due or "-", held_by=takeover.held_by, card_no=card_no)
        refuse_bicycle(uow, card_no)
    for owed in books_owe(uow, takeover):
        if _is_over(uow, takeover, owed):
            reference = _lapse_reference(owed.ref) if waits else owed.part_id
            _lapse(uow, card_no, owed.ref, owed.amount, reference, now)
        else:
            _move(uow, card_no, owed, now)
    if waits:
        finish(uow, card_no, (), now)
    return uow.old_cards.get(card_no) or takeover


def _is_over(uow: UnitOfWork, takeover: Takeover, owed: Owed) -> bool:
    """Whether this is of a period that was over when the card was taken in."""
    newest = next(iter(loads_in(uow, takeover.card_no, owed.ref, owed.kept_from)), None)
    last = newest.last_month if newest else None
    return last is not None and period_of("month", last).end <= takeover.held_on


def _move(uow: UnitOfWork, card_no: str, owed: Owed, now: dt.datetime) -> None:
    ref, amount = owed.ref, owed.amount
    like = next(iter(loads_in(uow, card_no, ref, owed.kept_from)), None)
    first = like.first_month if like else None
    product, area = (like.product, like.area) if like else ("citizen", "purse")
    part = TakeoverPart(card_no, owed.part_id, ref.application, ref.purse, product, area, first, amount, [], None, now)
    _keep(uow, part, _ways_of_owed(uow, card_no, owed))
    purse = purse_account(card_no, ref.application, ref.purse)
    uow.ledger.post(card_no, Posting("moved_from_books", purse, held_account(card_no), amount), owed.part_id, now)


def _ways_of_owed(uow: UnitOfWork, card_no: str, owed: Owed) -> tuple[Way, ...]:
    """What a purchase kept back came with the loads of before its day; the newest of them went with the rest."""
    if owed.kept_from is None:
        return ways_of(uow, card_no, owed.ref, owed.amount)
    parts = (uow.takeover_parts.get(card_no, name) for name in (owed.kept_from, *_kept_back(uow, card_no, owed.ref)))
    gone = sum(part.amount for part in parts if part is not None)
    there, went = (ways_of(uow, card_no, owed.ref, amount, owed.kept_from) for amount in (gone + owed.amount, gone))
    return less(there, went)


def _kept_back(uow: UnitOfWork, card_no: str, ref: PurseRef) -> list[str]:
    """The purchases that were not paid after all."""
    rows = uow.purchases.where_is(card_no=card_no, state=PurchaseState.NOT_DEBITED)
    return [row.purchase_id for row in rows if PurseRef(row.application, row.purse) == ref]


def takeover_view(uow: UnitOfWork, card_no: str) -> dict[str, Any] | None:
    """Where the money of an old card is: state, day, who holds it, and its parts with the load that wrote each. ``owed``: fen
    that only the books have yet."""
    takeover = uow.old_cards.get(card_no)
    if takeover is None:
        return None
    return {
        "card_no": card_no,
        "state": str(takeover.state),
        "reason": takeover.reason,
        "rule": takeover.rule,
        "held_on": takeover.held_on.isoformat(),
        "due": takeover.due.isoformat() if takeover.due else None,
        "held_by": takeover.held_by,
        "owed": sum(owed.amount for owed in books_owe(uow, takeover)),
        "parts": [_part_view(uow, part) for part in good_parts(uow, card_no)],
    }


def takeover_of(store: Store, card_no: str) -> dict[str, Any]:
    """The same, on its own. Raises RequestError ``nothing_held``."""
    with store.read() as uow:
        view = takeover_view(uow, card_no)
    if view is None:
        raise RequestError("nothing_held", card_no=card_no)
    return view


def waiting(store: Store) -> list[dict[str, Any]]:
    """The cards that wait for their day, the next due first, with who holds them."""
    with store.read() as uow:
        return [view for row in uow.old_cards.waiting() if (view := takeover_view(uow, row.card_no))]


def _part_view(uow: UnitOfWork, part: TakeoverPart) -> dict[str, Any]:
    return {
        "part_id": part.part_id,
        "application": part.application,
        "purse": part.purse,
        "product": part.product,
        "area": part.area,
        "amount": part.amount,
        "given_by": "books" if part.purchase_id is None else "card",
        "written": is_gone(uow, part),
        "paid_back": uow.held_payouts.get(part.card_no, part.part_id) is not None,
    }


def reference_of(part: TakeoverPart) -> str:
    """The payment reference of a load of this part: the database lets one payment pay one load."""
    return f"{part.card_no}:{part.part_id}"


def is_gone(uow: UnitOfWork, part: TakeoverPart) -> bool:
    """Whether a load of this part is, or may be, on a new card, or it was paid back."""
    return bool(uow.loads.paid_by(OLD_CARD, reference_of(part))) or bool(uow.held_payouts.get(part.card_no, part.part_id))


def holder_cards(store: Store, id_type: str, id_number: str) -> list[dict[str, Any]]:
    """The cards of a person, newest first, for a card whose number and chip cannot be read. Raises RequestError
    ``citizen_unknown``."""
    with store.read() as uow:
        citizen = uow.citizens.by_id_number(id_type, id_number)
        if citizen is None:
            raise RequestError("citizen_unknown")
        cards = uow.cards.of_citizen(citizen.citizen_id)
    return [{"card_no": card.card_no, "state": card.state, "issue_date": card.issue_date.isoformat()} for card in cards]


def shows_money(uow: UnitOfWork, card_no: str, balance: int) -> CardError:
    """The finding about an old card that shows up again when nothing comes from it any more. Nothing is booked."""
    moved = sum(part.amount for part in good_parts(uow, card_no) if part.purchase_id is None)
    return CardError("old_card_shows_up", card_no=card_no, balance=format_yuan(balance), moved=format_yuan(moved))


def destination(rules: RuleSet, part: TakeoverPart, day: dt.date) -> tuple[str, str, PurseRef]:
    """Product, area and purse where a part goes: where it came from or, of a withdrawn product, where the rules' product
    has its own: its purse is the city purse, and it sells months only."""
    becomes, rule = swapped(rules, part.application, part.product, day)
    product, area = part.product, part.area
    if rule is not None:
        product, area = ("citizen", "purse") if part.area == "purse" else (becomes, "month")
    goal = CITY_PURSE if (product, area) == ("citizen", "purse") else PurseRef(part.application, part.purse)
    return product, area, goal
