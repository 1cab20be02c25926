"""What the books know of a card, gathered for its diagnosis."""

from collections.abc import Mapping
from typing import Any

from cardsvc.diagnosis.books import BookedApplication, BookedLoad, Books
from cardsvc.ledger.postings import purse_account
from cardsvc.ledger.states import LoadState, PurchaseState
from cardsvc.service.cards.data import card_data
from cardsvc.service.cards.repair_steps import CARRIED_OUT, MASTER_KEY_LOCKED, Step
from cardsvc.service.loss.hotlist import is_wanted
from cardsvc.service.purse.areas import CITY_PURSE
from cardsvc.service.purse.claims import claim_of_load
from cardsvc.service.purse.counters import counted_in_books
from cardsvc.service.purse.restored import lost_times, may_miss_loads
from cardsvc.store import UnitOfWork
from cardsvc.store.records import Card, Load, Purchase

_ON_THE_CARD = (LoadState.CONFIRMED, LoadState.AUTHORISED, LoadState.SUSPECT)
_PAID = (PurchaseState.CONFIRMED, PurchaseState.AUTHORISED, PurchaseState.SUSPECT)
_CARD_REFUSES = frozenset({"card_refused", "master_key_refused", "transport_key_refused"})
ALL = 10_000
"""As many loads and purchases as a card can have: its counters have 16 bits, and few of their steps are ours."""


def books_of(uow: UnitOfWork, card: Card, undecided: int = 0) -> Books:
    """The card as it should be. ``undecided``: open transactions about which the card was asked and could not tell."""
    loads = [load for load in uow.loads.of_card(card.card_no, ALL) if _city_purse(load)]
    purchases = [purchase for purchase in uow.purchases.of_card(card.card_no, ALL) if _city_purse(purchase)]
    open_loads, open_purchases = uow.loads.open_on(card.card_no), uow.purchases.open_on(card.card_no)
    held = uow.bicycle_holds.live_on(card.card_no)
    issued = uow.operations.that_issued(card.card_no)
    booked = uow.applications.of_card(card.card_no)
    return Books(
        card_no=card.card_no,
        state=card.state,
        chip_serial=card.chip_serial,
        issued_atr=issued.atr if issued else None,
        hot=is_wanted(uow, card.card_no),
        lost=uow.loss_reports.open_of(card.card_no) is not None,
        expiry=card.expiry_date,
        data=card_data(uow, card),
        balance=-uow.ledger.balances(card.card_no).get(purse_account(card.card_no, "purse", "ep"), 0),
        loads=tuple(_booked(load) for load in loads if load.state in _ON_THE_CARD),
        purchases=frozenset((*(_next(p) for p in purchases if p.state in _PAID), *_uploaded(uow, card))),
        refunded=tuple(_booked(load) for load in loads if load.state in (LoadState.NOT_WRITTEN, LoadState.REFUNDED)),
        held=held.amount if held else 0,
        online_seen=_highest(uow, card, "purse.online_counter", [_next(load) for load in loads if load.state == "confirmed"]),
        offline_seen=_highest(
            uow, card, "purse.offline_counter", [_next(p) for p in purchases if p.state == PurchaseState.CONFIRMED]
        ),
        open_amounts=(
            *(load.amount for load in open_loads if _city_purse(load)),
            *(-purchase.amount for purchase in open_purchases if _city_purse(purchase)),
        ),
        undecided=undecided,
        open_loads=len(open_loads),
        made=card.issued_at is not None,
        refused=_refused(uow, card),
        lost_times=tuple((time.since, time.until) for time in lost_times(uow)),
        counted=counted_in_books(uow, card.card_no, CITY_PURSE),
        may_be_behind=may_miss_loads(uow, card),
        master_key_locked=_master_key_locked(uow, card),
        open_purchases=len(open_purchases),
        applications={row.application: BookedApplication(row.state, row.product) for row in booked},
        key_versions=card.key_versions,
    )


def _master_key_locked(uow: UnitOfWork, card: Card) -> bool:
    """Whether the last repair that needed a master key found it locked: one that came in afterwards says otherwise."""
    met = uow.operations.ended_by(card.card_no, MASTER_KEY_LOCKED)
    later = uow.operations.begun_after(card.card_no, "repair", met.started_at) if met else []
    done = [Step.from_json(step) for repair in later if repair.facts.get(CARRIED_OUT) for step in repair.facts["steps"]]
    return met is not None and not any(step.with_master_key for step in done)


def _refused(uow: UnitOfWork, card: Card) -> int:
    """How often the card refused to be made; a key store that was away says nothing about it."""
    failed = uow.operations.failed(card.card_no, "personalise")
    return sum((operation.problem or {}).get("code") in _CARD_REFUSES for operation in failed)


def _city_purse(row: Load | Purchase) -> bool:
    return (row.application, row.purse) == (CITY_PURSE.application, CITY_PURSE.purse)


def _booked(load: Load) -> BookedLoad:
    return BookedLoad(load.online_counter, load.amount, claim_of_load(load).tac_data, load.state == LoadState.CONFIRMED)


def _uploaded(uow: UnitOfWork, card: Card) -> list[int]:
    """The counters after purchases that operators' files brought into the books."""
    counters = uow.spending.counters_of(card.card_no, CITY_PURSE.application, CITY_PURSE.purse)
    return [counter + 1 for counter in counters]


def _next(row: Load | Purchase) -> int:
    """The counter after this transaction."""
    return (row.online_counter if isinstance(row, Load) else row.counter) + 1


def _highest(uow: UnitOfWork, card: Card, key: str, booked: list[int]) -> int:
    """The highest counter that was ever seen on this very chip; an answer whose MAC1 was wrong is no sight of it."""
    shown = uow.sightings.highest_offline([card.card_no]).get((card.card_no, CITY_PURSE.application, CITY_PURSE.purse), 0)
    if key == "purse.offline_counter":
        booked = [*booked, shown]
    rows = uow.diagnoses.of_card(card.card_no)
    seen: list[Any] = [row.evidence.get(key) for row in rows if _trusted(row.evidence)]
    return max((*booked, *(counter for counter in seen if counter is not None)), default=0)


def _trusted(evidence: Mapping[str, Any]) -> bool:
    """Whether what was seen was this chip. A garbled counter would make the card look like a clone of itself ever after."""
    return not evidence.get("chip.differs") and evidence.get("key.mac1", "right") == "right"
