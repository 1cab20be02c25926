"""What cards showed against what the books say they should have shown, purse by purse.

The books are taken back to the moment of the last look: loads, purchases and rides after it are left out. By the counter where
the look showed it; by time where it did not, and since readers' clocks go wrong, any cut of the rides, in the order of their
counter, that makes both sides agree is taken for right.

more in the books than on the card (diff > 0)      explained by spending that is on its way: numbers of the offline counter are
                                                   missing, or the look did not show it and is recent
200.00 either way                                  the guarantee of a rented bicycle
less in the books, an empty card, a debt of a ride the last ride is owed
exactly an open load or purchase                   its card settles it
"""

import datetime as dt
from collections.abc import Collection
from dataclasses import dataclass, field, replace
from itertools import accumulate, combinations

from cardsvc.ledger import postings
from cardsvc.ledger.counters import how_many
from cardsvc.ledger.states import LoadState, PurchaseKind, PurchaseState
from cardsvc.rules.ruleset import ReconciliationRule
from cardsvc.service.batches.spending import counters_of
from cardsvc.service.operations.known_card import IN_HAND
from cardsvc.service.purse.claims import HOST_TIME
from cardsvc.service.reconcile.findings import RECONCILIATION, REFUNDED_BUT_WRITTEN, Finding, entry
from cardsvc.store import UnitOfWork
from cardsvc.store.records import CardSighting, Load, Purchase
from cardsvc.store.repositories.batches import Ride
from cardsvc.units import LOCAL

PurseKey = tuple[str, str, str]
CLOCKS = dt.timedelta(days=1)
"""How far the clock of a reader may be wrong."""
MOST_OPEN = 6
"""Open transactions of one purse whose combinations are tried."""


@dataclass(slots=True)
class Purse:
    """Everything about one purse that a comparison needs."""

    key: PurseKey
    books: int = 0
    sighting: CardSighting | None = None
    missing: tuple[tuple[int, int], ...] = ()
    loads: list[Load] = field(default_factory=list)
    purchases: list[Purchase] = field(default_factory=list)
    rides: list[Ride] = field(default_factory=list)


def card_findings(uow: UnitOfWork, rule: ReconciliationRule, card_nos: Collection[str], now: dt.datetime) -> list[Finding]:
    """Differences of these cards' balances and counters."""
    found: list[Finding] = []
    gaps: list[Finding] = []
    for purse in purses(uow, card_nos):
        gap = _gap(purse)
        gaps += [gap] if gap else []
        difference = _balance(purse, rule, now)
        found += [_of_refund(uow, purse, difference)] if difference else []
    first = uow.differences.first_seen([gap.event_key for gap in gaps])
    for gap in gaps:
        old = now - first.get(gap.event_key, now) > dt.timedelta(days=rule.waiting_days)
        found.append(gap if old else gap.explained("waits_for_file"))
    return found + _overdrawn(uow, card_nos)


def _overdrawn(uow: UnitOfWork, card_nos: Collection[str]) -> list[Finding]:
    """Purses of cards that are no more whose holder got what the books had, spending that was on its way included. Nobody owes
    it: it is the card company's loss, and the books say so when two people agree."""
    gone = [number for number, card in uow.cards.by_numbers(card_nos).items() if card.state not in IN_HAND]
    below = {account: -amount for account, amount in uow.ledger.purses_of(gone).items() if amount < 0}
    heads = uow.ledger.heads({account.split(":")[1] for account in below})
    found = []
    for account, amount in sorted(below.items()):
        card_no = account.split(":")[1]
        details = {"matter": heads[card_no][0]}  # after the next ride it is another matter, of the same amount perhaps
        proposed = entry(card_no, RECONCILIATION, account, amount)
        found.append(Finding("moved_too_much", account.removeprefix("purse:"), amount, card_no, details, proposed))
    return found


def purses(uow: UnitOfWork, card_nos: Collection[str]) -> list[Purse]:
    """The purses of these cards that were ever seen or used, read with a few statements for all."""
    cards = [number for number, card in uow.cards.by_numbers(card_nos).items() if card.state in IN_HAND]
    found: dict[PurseKey, Purse] = {}

    def purse(key: PurseKey) -> Purse:
        return found.setdefault(key, Purse(key))

    for account, amount in uow.ledger.purses_of(cards).items():
        _, card_no, application, which = account.split(":")
        purse((card_no, application, which)).books = amount
    sightings = uow.sightings.latest(cards)
    for key, sighting in sightings.items():
        purse(key).sighting = sighting
    oldest = min((sighting.seen_at for sighting in sightings.values()), default=None)
    if oldest is not None:
        since = oldest.astimezone(LOCAL) - CLOCKS
        for load in uow.loads.of_cards(cards, oldest):
            purse((load.card_no, load.application, load.purse)).loads.append(load)
        for ride in uow.spending.rides_since(cards, f"{since:{HOST_TIME}}"):
            purse((ride.card_no, ride.application, ride.purse)).rides.append(ride)
    for row in uow.purchases.of_cards(cards, *PurchaseState):
        purse((row.card_no, row.application, row.purse)).purchases.append(row)
    _note_missing(uow, cards, found)
    return [found[key] for key in sorted(found)]


def _note_missing(uow: UnitOfWork, cards: Collection[str], found: dict[PurseKey, Purse]) -> None:
    counters, highest = uow.counters.of_cards(cards), uow.sightings.highest_offline(cards)
    for key, purse in found.items():
        confirmed = (row for row in purse.purchases if row.state == PurchaseState.CONFIRMED)
        ours = [row.counter for row in confirmed if row.kind == PurchaseKind.PURCHASE]
        purse.missing = counters_of(counters.get(key)).with_numbers(ours).missing(highest.get(key, 0))


def _gap(purse: Purse) -> Finding | None:
    if not purse.missing:
        return None
    ranges = [list(pair) for pair in purse.missing]
    details = {"missing": ranges, "count": how_many(purse.missing), "matter": ranges}
    return Finding("counter_gap", ":".join(purse.key), 0, purse.key[0], details)


def _balance(purse: Purse, rule: ReconciliationRule, now: dt.datetime) -> Finding | None:
    sighting = purse.sighting
    if sighting is None:
        return None
    difference = _difference(purse, sighting)
    if difference == 0:
        return None
    account = postings.purse_account(*purse.key)
    sides = (account, RECONCILIATION) if difference > 0 else (RECONCILIATION, account)
    details = {
        "books": sighting.balance + difference,
        "card": sighting.balance,
        "seen_at": sighting.seen_at.isoformat(),
        "operation_id": sighting.operation_id,
        "rule": rule.id,
        "matter": sighting.operation_id,
    }
    proposed = entry(purse.key[0], *sides, abs(difference))
    finding = Finding("balance_differs", ":".join(purse.key), difference, purse.key[0], details, proposed)
    why = _why(purse, sighting, difference, rule, now)
    return finding.explained(why) if why else finding


def _of_refund(uow: UnitOfWork, purse: Purse, finding: Finding) -> Finding:
    """What a load explains that was paid back although the card has it: just so much more on the card, and its counter past it.

    Where a terminal or channel was to pay back, it still has the money, and the entry takes it from there; what a drawer or the
    vault paid out, or waits elsewhere, is the card company's loss.
    """
    if finding.amount > 0 or finding.explanation is not None or purse.sighting is None:
        return finding
    seen = purse.sighting.online_counter
    paid_back = [
        load for load in uow.loads.refunded_on(*purse.key, -finding.amount) if seen is None or load.online_counter < seen
    ]
    if not paid_back:
        return finding
    load = paid_back[0]
    debit = load.source_account if load.source_account.startswith("clearing:") and not load.gift else RECONCILIATION
    rules = [row.rule for row in uow.evidence.of_subject(load.card_no, load.load_id)]
    about = {"load_id": load.load_id, "counter": load.online_counter, "settled_by": load.settled_by, "evidence": rules}
    proposed = entry(load.card_no, debit, postings.purse_account(*purse.key), load.amount)
    return replace(finding, code=REFUNDED_BUT_WRITTEN, details={**finding.details, **about}, entry=proposed)


def _why(purse: Purse, sighting: CardSighting, difference: int, rule: ReconciliationRule, now: dt.datetime) -> str | None:
    """What explains that the books have so much more (or less) than the card, if anything does."""
    if difference in _open_sums(purse):
        return "open_transaction"
    recent = now - sighting.seen_at <= dt.timedelta(days=rule.waiting_days)
    if difference > 0 and recent and (purse.missing or sighting.offline_counter is None):
        return "unsettled_spends"
    if abs(difference) == rule.guarantee and purse.key[1:] == ("purse", "ep"):
        return "bicycle_guarantee"
    if -rule.last_ride <= difference < 0 and sighting.balance == 0:
        return "last_ride_owed"
    return None


def _open_sums(purse: Purse) -> set[int]:
    """By how much open loads (the card may have more) and purchases (it may have less) can set both sides apart."""
    loads = [-row.amount for row in purse.loads if row.state in (LoadState.AUTHORISED, LoadState.SUSPECT)]
    open_ = (PurchaseState.AUTHORISED, PurchaseState.SUSPECT)
    effects = (loads + [row.amount for row in purse.purchases if row.state in open_])[:MOST_OPEN]
    return {sum(some) for count in range(1, len(effects) + 1) for some in combinations(effects, count)}


def _difference(purse: Purse, sighting: CardSighting) -> int:
    """The books at the last look, less what the card showed then; 0 when any lawful cut of the rides makes them agree."""
    loads = sum(row.amount for row in purse.loads if row.state == LoadState.CONFIRMED and _load_is_after(row, sighting))
    confirmed = (row for row in purse.purchases if row.state == PurchaseState.CONFIRMED)
    purchases = sum(row.amount for row in confirmed if _purchase_is_after(row, sighting))
    plain = purse.books - loads + purchases - sighting.balance
    if sighting.offline_counter is not None:
        return plain + sum(ride.amount for ride in purse.rides if ride.offline_counter >= sighting.offline_counter)
    local = sighting.seen_at.astimezone(LOCAL)
    seen, surely_before = f"{local:{HOST_TIME}}", f"{local - CLOCKS:{HOST_TIME}}"
    newest_first = sorted(purse.rides, key=lambda ride: -ride.offline_counter)
    doubtful = (ride.amount for ride in newest_first if ride.host_date_time >= surely_before)
    if any(plain + total == 0 for total in accumulate(doubtful, initial=0)):
        return 0
    return plain + sum(ride.amount for ride in newest_first if ride.host_date_time > seen)


def _load_is_after(row: Load, sighting: CardSighting) -> bool:
    if sighting.online_counter is not None:
        return row.online_counter >= sighting.online_counter
    return row.authorised_at > sighting.seen_at


def _purchase_is_after(row: Purchase, sighting: CardSighting) -> bool:
    unload = row.kind == PurchaseKind.UNLOAD
    seen = sighting.online_counter if unload else sighting.offline_counter
    return row.counter >= seen if seen is not None else row.authorised_at > sighting.seen_at
