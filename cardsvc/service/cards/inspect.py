"""Looking at a card: who it is, which applications are open, balance, log. Settles what is open, as every contact does."""

import datetime as dt
from collections.abc import Mapping
from typing import Any

from cardsvc.card.purse import LogRecord, TransactionType
from cardsvc.card.records import ApplicationState
from cardsvc.card.trips import TripRecord
from cardsvc.iso7816.exchange import Procedure
from cardsvc.procedures.classic import ClassicSight, read_classic
from cardsvc.procedures.foreign import ForeignSight, read_foreign
from cardsvc.procedures.identify import ApplicationSight, CardSight, CardState, identify, read_applications
from cardsvc.procedures.purse import PurseSight, read_purse
from cardsvc.service.loss.lost_chip import BLOCK_LOST, CHIP, chip_to_block
from cardsvc.service.operations.kinds import Context, Effect, OperationKind, Params, Phase, silent
from cardsvc.service.purse.areas import CITY_PURSE
from cardsvc.service.purse.fees import waiting_fees
from cardsvc.service.purse.held import held_areas
from cardsvc.service.purse.open_money import gather, open_facts, settle_all
from cardsvc.service.purse.orders import order_json
from cardsvc.service.purse.sightings import note_purse
from cardsvc.service.transactions.contact import card_of_chip, seen_card, that_lost_its_content
from cardsvc.service.transactions.takeovers import REPLACED, takeover_view
from cardsvc.store import UnitOfWork
from cardsvc.text import Text
from cardsvc.units import LOCAL

UNREADABLE = "unreadable"
"""A chip of ours on which nothing of ours can be read; the other states are those of ``identify``."""

OLD_CARD_FINDINGS: Mapping[str, Text] = {
    "moved": Text("余额已经转出", "Its balance was moved before"),
    "damaged": Text("余额读不准，转人工", "Its balance cannot be trusted"),
    "empty": Text("卡里没有余额", "There is no money on the card"),
}
"""What stands in the way of moving an old bus card's money."""


class InspectParams(Params):
    """Inspection takes no parameters."""


def _identify(context: Context, _uow: UnitOfWork) -> Procedure[Any]:
    foreign, legacy = context.profile.foreign, context.profile.legacy
    if legacy is not None:
        return read_classic(legacy, context.keystore.legacy_key("read", context.versions))
    return identify(context.profile) if foreign is None else read_foreign(foreign)


def _seen(context: Context, uow: UnitOfWork, sight: CardSight | ForeignSight | ClassicSight, _now: dt.datetime) -> Effect:
    """A card that is no citizen card is a result, not an error."""
    if isinstance(sight, ForeignSight):
        return Effect(done=_foreign_json(context, sight))
    if isinstance(sight, ClassicSight):
        return Effect(done=_classic_json(context, sight))
    summary = {"state": str(sight.state), "profile": context.profile.id, "atr": context.operation.atr}
    if sight.state is not CardState.CITIZEN:
        if that_lost_its_content(context, uow, sight.state) is not None:
            return Effect(done={**summary, "state": UNREADABLE})
        blank = sight.as_delivered and card_of_chip(context, uow) is None
        return Effect(done={**summary, "state": str(CardState.BLANK)} if blank else summary)
    card = seen_card(context, uow, sight)
    facts = {**open_facts(uow, card.card_no), "summary": summary, "purse_blocked": sight.purse_blocked}
    return Effect(facts=facts, card_no=card.card_no, key_versions=card.key_versions)


def _foreign_json(context: Context, sight: ForeignSight) -> dict[str, Any]:
    """A card of another issuer, as far as it can be read."""
    return {
        "state": str(CardState.FOREIGN),
        "profile": context.profile.id,
        "atr": context.operation.atr,
        "application_sw": f"{sight.sw:04X}",
        "fields": dict(sight.fields),
        "balances": {f"{p1:02X}": fen for p1, fen in sight.balances.items()},
        "log": [_log_json(record) for record in sight.log],
        "trips": [_trip_json(trip) for trip in sight.trips],
    }


def _classic_json(context: Context, sight: ClassicSight) -> dict[str, Any]:
    """An old bus card; ``finding``: what stands in the way of moving its balance, if anything does."""
    damaged = sight.balance is None or not sight.agree
    finding = "moved" if sight.mark else "damaged" if damaged else "empty" if sight.balance == 0 else None
    return {
        "state": "legacy",
        "profile": context.profile.id,
        "atr": context.operation.atr,
        "uid": sight.uid.hex().upper(),
        "product": sight.product,
        "balance": sight.balance,
        "finding": finding,
        "moved_to": sight.mark.card_no if sight.mark else None,
    }


def _trip_json(trip: TripRecord) -> dict[str, Any]:
    return {
        "type": f"{trip.type:02X}",
        "mode": f"{trip.mode:02X}",
        "station": trip.station.hex().upper(),
        "amount": trip.amount,
        "balance": trip.balance,
        "at": trip.at.hex(),
        "city": trip.city.hex().upper(),
    }


def _gather(context: Context, uow: UnitOfWork) -> Procedure[Any]:
    return gather(context, uow)


def _settled(context: Context, uow: UnitOfWork, gathered: Any, now: dt.datetime) -> Effect:
    settled = settle_all(context, uow, gathered, now)
    return Effect(facts={"settled": settled, CHIP: chip_to_block(context, uow, context.card_no)})


def _applications(context: Context, _uow: UnitOfWork) -> Procedure[tuple[ApplicationSight, ...]]:
    return read_applications(context.profile)


def _note_applications(_context: Context, _uow: UnitOfWork, sights: tuple[ApplicationSight, ...], now: dt.datetime) -> Effect:
    today = now.astimezone(LOCAL).date()
    areas = [area for sight in sights for area in _areas(sight, today)]
    return Effect(facts={"applications": {sight.name: _application_json(sight) for sight in sights}, "areas": areas})


def _areas(sight: ApplicationSight, today: dt.date) -> list[dict[str, Any]]:
    if sight.record is None or sight.record.state is not ApplicationState.OPEN:
        return []
    return held_areas(sight.name, sight.record, sight.balances, today)


def _application_json(sight: ApplicationSight) -> dict[str, Any]:
    record = sight.record
    if sight.blocked or record is None:
        return {"state": "blocked" if sight.blocked else "unreadable", "sw": f"{sight.sw:04X}"}
    return {
        "state": record.state.name.lower(),
        "product": record.product.strip(),
        "valid_from": record.valid_from.isoformat() if record.valid_from else None,
        "valid_to": record.valid_to.isoformat() if record.valid_to else None,
        "review": record.review.isoformat() if record.review else None,
    }


def _purse(context: Context, _uow: UnitOfWork) -> Procedure[PurseSight | None]:
    return silent() if context.facts["purse_blocked"] else read_purse(context.profile, CITY_PURSE)


def _inspected(context: Context, uow: UnitOfWork, purse: PurseSight | None, now: dt.datetime) -> Effect:
    card = uow.cards.get_one(context.card_no)
    if purse is not None:
        online, offline = purse.online_counter, purse.offline_counter
        note_purse(context, uow, CITY_PURSE, purse.balance, now, online=online, offline=offline)
    return Effect(
        done={
            **context.facts["summary"],
            "card_no": card.card_no,
            "card_state": card.state,
            "issue_date": card.issue_date.isoformat(),
            "expiry_date": card.expiry_date.isoformat(),
            "purse": _purse_json(purse),
            "applications": context.facts["applications"],
            "areas": context.facts["areas"],
            "orders": [order_json(order) for order in uow.orders.waiting(card.card_no)],
            "paid_fees": waiting_fees(uow, card.card_no),
            "takeover": takeover_view(uow, card.card_no),
            "void": card.state == REPLACED and purse is not None and purse.balance > 0,
            "settled": context.facts["settled"],
        }
    )


def _purse_json(purse: PurseSight | None) -> dict[str, Any]:
    if purse is None:
        return {"state": "blocked"}
    return {
        "state": "open",
        "balance": purse.balance,
        "online_counter": purse.online_counter,
        "offline_counter": purse.offline_counter,
        "log": [_log_json(record) for record in purse.log],
    }


def _log_json(record: LogRecord) -> dict[str, Any]:
    known = record.type in set(TransactionType)
    return {
        "number": record.number,
        "type": TransactionType(record.type).name.lower() if known else f"{record.type:02X}",
        "amount": record.amount,
        "terminal_no": record.terminal.hex(),
        "at": record.stamp,
    }


INSPECT = OperationKind(
    "inspect",
    InspectParams,
    (
        Phase("identify", _identify, _seen),
        Phase("settle", _gather, _settled),
        BLOCK_LOST,
        Phase("applications", _applications, _note_applications),
        Phase("purse", _purse, _inspected),
    ),
)
