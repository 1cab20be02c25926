"""The way money came onto a card, and so the way it goes back: cash in cash, everything else through its own channel.

What is on a purse came with its newest loads: spending took the older ones first. So the loads since the purse was last drawn
down are gone through, newest first, until they cover the balance. Within a load what was paid is spent before the gift, so the
gift of a load that is not spent up is still there. A balance that no load explains counts as cash.
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from cardsvc.ledger.postings import payout_account, purse_account
from cardsvc.procedures.purse import PurseRef
from cardsvc.service.purse.payments import BY_ORDER, OLD_CARD
from cardsvc.service.purse.restored import FROM_CARD
from cardsvc.service.purse.swapped import swap_of
from cardsvc.store import UnitOfWork
from cardsvc.store.records import Load, Transfer

CASH = "cash"
CORRECTED = "correction"
"""Kind of a transfer by which people put the books right; the card was not emptied by it."""


@dataclass(frozen=True, slots=True)
class Way:
    """Part of a balance, in fen: ``channel`` is "cash", or the account that pays back through the channel it came by; ``gift``
    of it was not paid by the holder."""

    channel: str
    paid: int
    gift: int = 0


def ways_of(uow: UnitOfWork, card_no: str, ref: PurseRef, balance: int, before: str | None = None) -> tuple[Way, ...]:
    """How a balance came onto this purse, newest first. The parts add up to the balance. ``before``: see ``loads_in``."""
    ways: list[Way] = []
    left = balance
    for load in loads_in(uow, card_no, ref, before):
        for way in _came_by(uow, load):
            ways.append(_at_most(way, left))
            left -= ways[-1].paid + ways[-1].gift
    if left:
        ways.append(Way(CASH, left))
    return tuple(way for way in ways if way.paid or way.gift)


def loads_in(uow: UnitOfWork, card_no: str, ref: PurseRef, before: str | None = None) -> list[Load]:
    """Confirmed loads of a purse since it was last drawn down, newest first, in the order of the books. ``before``: as it was
    when the transfer of this reference drew it down."""
    purse = purse_account(card_no, ref.application, ref.purse)
    found: list[Load] = []
    for transfer in _until(list(reversed(uow.ledger.of_chain(card_no))), before):
        if _draws_down(transfer, purse):
            break
        load = uow.loads.get(card_no, transfer.reference) if transfer.credit_account == purse else None
        if load is not None:
            found.append(load)
    return found


def _until(newest_first: Sequence[Transfer], before: str | None) -> Sequence[Transfer]:
    """The transfers older than the newest of this reference."""
    at = next((at for at, transfer in enumerate(newest_first) if transfer.reference == before), -1)
    return newest_first[at + 1 :]


def was_drawn_down(uow: UnitOfWork, card_no: str, ref: PurseRef) -> bool:
    """Whether the card was emptied before: what the books still have of that time was spent offline, and is not told yet."""
    purse = purse_account(card_no, ref.application, ref.purse)
    return any(_draws_down(transfer, purse) for transfer in uow.ledger.of_chain(card_no))


def booked_purses(uow: UnitOfWork, card_no: str) -> list[tuple[PurseRef, int]]:
    """The purses of a card that the books owe something, with how much, in fen."""
    found = []
    for account, balance in uow.ledger.balances(card_no).items():
        prefix, _, rest = account.partition(f"purse:{card_no}:")
        application, _, purse = rest.partition(":")
        if not prefix and rest and balance < 0:
            found.append((PurseRef(application, purse), -balance))
    return found


def still_owed(uow: UnitOfWork, card_no: str, ref: PurseRef, booked: int) -> int:
    """What of a purse's books its holder still has, in fen. Of one that the card was emptied of only what came later counts, by
    a load or by two people: the rest is offline spending that still comes in."""
    if not was_drawn_down(uow, card_no, ref):
        return booked
    purse, later = purse_account(card_no, ref.application, ref.purse), 0
    for transfer in reversed(uow.ledger.of_chain(card_no)):
        if _draws_down(transfer, purse):
            break
        if transfer.credit_account == purse:
            later += transfer.amount
        elif transfer.debit_account == purse and transfer.kind == CORRECTED:
            later -= transfer.amount
    return max(0, min(booked, later))


def _draws_down(transfer: Transfer, purse: str) -> bool:
    """Refunded, taken over, swapped, or lapsed: no load before it is still there."""
    emptied = transfer.kind.startswith("refund_") or transfer.credit_account.startswith(("held:", "order:", "fee:"))
    return transfer.debit_account == purse and emptied and transfer.kind != CORRECTED


def _came_by(uow: UnitOfWork, load: Load) -> tuple[Way, ...]:
    """An order was paid through the channel that brought it; money of an old card, or of a product that was swapped, came as it
    came there."""
    if load.payment_method == OLD_CARD:
        card_no, _, part_id = (load.payment_reference or "").partition(":")
        part = uow.takeover_parts.get(card_no, part_id)
        return tuple(Way(*way) for way in part.ways) if part else ()
    if load.payment_method == FROM_CARD:  # nobody knows how it was paid
        return (Way(CASH, load.paid, load.gift),)
    order = uow.orders.get(load.card_no, load.payment_reference) if load.payment_method == BY_ORDER else None
    swap = swap_of(uow, order) if order else None
    if swap is not None:
        return ways_of(uow, swap.card_no, PurseRef(swap.application, swap.purse), swap.amount, swap.purchase_id)
    cash = load.payment_method == CASH
    return (Way(CASH if cash else payout_account(order.channel if order else load.payment_method), load.paid, load.gift),)


def less(ways: Iterable[Way], gone: Iterable[Way]) -> tuple[Way, ...]:
    """What is left of a balance once part of it went, the newest first: ``gone`` are the ways of that part."""
    paid, gift = Counter[str](), Counter[str]()
    for way in gone:
        paid[way.channel] += way.paid
        gift[way.channel] += way.gift
    left = []
    for way in ways:
        off = Way(way.channel, min(way.paid, paid[way.channel]), min(way.gift, gift[way.channel]))
        paid[way.channel] -= off.paid
        gift[way.channel] -= off.gift
        left.append(Way(way.channel, way.paid - off.paid, way.gift - off.gift))
    return tuple(way for way in left if way.paid or way.gift)


def _at_most(way: Way, left: int) -> Way:
    """What is still there of a part, when only ``left`` is. The gift is spent last."""
    gift = min(way.gift, left)
    return Way(way.channel, min(way.paid, left - gift), gift)


def split(amount: int, ways: Iterable[Way]) -> dict[str, int]:
    """An amount that goes back, by channel, newest first: no channel gets more than came by it. What is left over when no load
    explains it goes back in cash."""
    back: dict[str, int] = {}
    for way in ways:
        part = min(way.paid, amount)
        back[way.channel] = back.get(way.channel, 0) + part
        amount -= part
    back[CASH] = back.get(CASH, 0) + amount
    return {channel: part for channel, part in back.items() if part}
