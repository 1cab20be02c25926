"""Money at the desk: what may be put onto the card, and what of it goes back, told before anything is done.

The amounts come from the code that does it: the rules of a load, and the plan of a refund, which the refund itself compares.
"""

import datetime as dt
from collections.abc import Iterator, Mapping
from typing import Any

from cardsvc.card.periods import Period, parse_month
from cardsvc.errors import CardsvcError
from cardsvc.procedures.purse import PurseRef
from cardsvc.rules import RuleSet, payable
from cardsvc.service.cash.drawer import refuse_unpayable
from cardsvc.service.desk.choices import APPLICATIONS, AREAS, NOTHING_ON_IT, Choice, Offer
from cardsvc.service.desk.workstations import actor_of
from cardsvc.service.operations.engine import Engine
from cardsvc.service.operations.rule_book import local_day
from cardsvc.service.purse.areas import CITY_PURSE, PARKING_CARD, PURSE_PRODUCTS, Target
from cardsvc.service.purse.ways import CASH
from cardsvc.service.transactions.refund import RefundPlan, plan_refund
from cardsvc.store.records import Staff
from cardsvc.text import Text
from cardsvc.units import format_yuan

PURSE_FULL = Text("余额太高，再充就超过上限", "Its balance is too high: another load would pass the cap")
PURSE_BLOCKED = Text("钱包已锁定，先解锁", "The purse is blocked: unblock it first")


def top_up(rules: RuleSet, look: Mapping[str, Any], today: dt.date) -> Offer:
    """The areas that can be loaded; of the city purse, how little and how much. Values: product, a colon, area."""
    blocked = look["purse"]["state"] == "blocked"
    limits = payable(rules, "citizen", "purse", look["purse"].get("balance", 0), today)
    label, why = Text("城市通钱包", "City purse"), PURSE_BLOCKED if blocked else None
    if limits is not None and limits[1]:
        least, most = map(format_yuan, limits)
        label = Text(f"城市通钱包（{least} 至 {most} 元）", f"City purse ({least} to {most} yuan)")
    elif limits is not None:
        why = why or PURSE_FULL
    choices = [Choice("citizen:purse", label, why)]
    for name, area in _loadable(look):
        choices.append(Choice(f"{name}:{area}", AREAS[area, name]))
    return Offer("topup", why if len(choices) == 1 else None, tuple(choices))


def _loadable(look: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    bus, parking = look["applications"].get("bus", {}), look["applications"].get("parking", {})
    if bus.get("state") == "open":
        product = bus["product"]
        if product in PURSE_PRODUCTS:
            yield product, "purse"
        else:
            yield from ((product, area) for area in ("month", "season", "term") if (area, product) in AREAS)
    if parking.get("state") == "open" and parking.get("product") == PARKING_CARD:
        yield "parking", "purse"


def refund(look: Mapping[str, Any]) -> Offer:
    """The areas with money in them. Values: product, area and first month, with colons between."""
    choices = tuple(Choice(value, _with_money(target, balance)) for value, target, balance in _refundable(look))
    return Offer("refund", None if choices else NOTHING_ON_IT, choices)


def _refundable(look: Mapping[str, Any]) -> Iterator[tuple[str, Target, int]]:
    """The value of each choice, the purse that it means, and the money in it, in fen."""
    balance = look["purse"].get("balance", 0)
    if balance:
        yield "citizen:purse:", Target("citizen", "purse", CITY_PURSE), balance
    for held in look["areas"]:
        if held["balance"] and not held["over"]:
            target = _target(held)
            month = f"{target.period.first:%Y-%m}" if target.period else ""
            yield f"{target.product}:{target.area}:{month}", target, held["balance"]


def _target(held: Mapping[str, Any]) -> Target:
    """The area of a purse that was looked at: a month, or what its product has that is longer."""
    ref = PurseRef(held["application"], held["purse"])
    if held["period"] is None:
        return Target(held["product"], "purse", ref)
    first, _, last = held["period"].partition("..")
    longer: Any = "season" if held["product"] == "A" else "term"
    return Target(held["product"], longer if last else "month", ref, Period(parse_month(first), parse_month(last or first)))


def _with_money(target: Target, amount: int) -> Text:
    label = APPLICATIONS["purse"] if target.ref == CITY_PURSE else AREAS[target.area, target.product]
    month = f" {target.period}" if target.period else ""
    return Text(f"{label.zh}{month} {format_yuan(amount)} 元", f"{label.en}{month} {format_yuan(amount)} yuan")


def refund_plans(
    engine: Engine, workstation: str, look: Mapping[str, Any], *, by: Staff
) -> dict[str, RefundPlan | CardsvcError]:
    """For each choice of a refund what it does if it is done now, or why it would be refused."""
    actor, now = actor_of(engine.store, workstation, by=by), engine.clock()
    plans: dict[str, RefundPlan | CardsvcError] = {}
    with engine.store.read() as uow:
        rules = engine.rules.in_force(uow, local_day(now))
        for value, target, balance in _refundable(look):
            try:
                plan = plan_refund(uow, rules, look["card_no"], target, balance, now)
                refuse_unpayable(uow, actor, plan.back.get(CASH, 0))
                plans[value] = plan
            except CardsvcError as error:
                plans[value] = error
    return plans
