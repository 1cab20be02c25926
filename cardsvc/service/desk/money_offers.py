"""Money at the desk: what may be put onto the card, and what of it goes back, told before anything is done.

The amounts come from the code that does it: the rules of a load, and the plan of a refund, which the refund itself compares.
"""

import datetime as dt
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple, cast

from cardsvc.card.periods import Period, following, parse_month, period_of, purse_of
from cardsvc.errors import CardsvcError, RuleError
from cardsvc.procedures.purse import PurseRef
from cardsvc.rules import LoadRequest, RuleSet, payable
from cardsvc.rules.loading import refused_methods
from cardsvc.rules.ruleset import Area
from cardsvc.service.cards.application_names import APPLICATIONS
from cardsvc.service.cash.drawer import refuse_unpayable
from cardsvc.service.desk.choices import NOTHING_ON_IT, Choice, Offer
from cardsvc.service.desk.workstations import actor_of
from cardsvc.service.operations.engine import Engine
from cardsvc.service.operations.rule_book import local_day
from cardsvc.service.purse.area_names import AREAS, months_name
from cardsvc.service.purse.areas import CITY_PURSE, PARKING_CARD, PURSE_PRODUCTS, Target
from cardsvc.service.purse.load_rules import Proposal, may_load
from cardsvc.service.purse.ways import CASH
from cardsvc.service.transactions.refund import RefundPlan, plan_refund
from cardsvc.store import UnitOfWork
from cardsvc.store.records import Staff
from cardsvc.text import Text
from cardsvc.units import format_yuan

PURSE_BLOCKED = Text("钱包已锁定，先解锁", "The purse is blocked: unblock it first")
CHANNEL = "terminal"
"""What a workstation is for the rules of stopped products: its terminal takes the money."""


class Hint(NamedTuple):
    """How much a load may be, and of which month, where it is of one."""

    takes: Text
    month: Text | None


def top_up(rules: RuleSet, look: Mapping[str, Any], today: dt.date) -> Offer:
    """The areas that can be loaded; how much each takes is asked when the form is opened. Values: product, a colon, area."""
    why = PURSE_BLOCKED if look["purse"]["state"] == "blocked" else _full(rules, look["purse"].get("balance", 0), today)
    areas = tuple(Choice(f"{product}:{area}", AREAS[area, product]) for product, area in _loadable(look))
    return Offer("topup", None if areas else why, (Choice("citizen:purse", APPLICATIONS["purse"], why), *areas))


def _full(rules: RuleSet, balance: int, today: dt.date) -> Text | None:
    """Why the city purse takes nothing, as far as its balance alone tells."""
    try:
        payable(rules, LoadRequest("citizen", "purse", 0, balance, today, 0, "cash", named=True))
    except RuleError as refused:
        return refused.what
    return None


def load_choices(engine: Engine, look: Mapping[str, Any], offer: Offer) -> tuple[Choice, ...]:
    """The choices of a top-up with what each area takes now by the rules of a load, month by month; or why it takes nothing."""
    now = engine.clock()
    with engine.store.read() as uow:
        rules = engine.rules.in_force(uow, local_day(now))
        hints = [
            [_hint(rules, uow, look, target, now) for target in _targets(look, choice.value, local_day(now))]
            for choice in offer.choices
        ]
    return tuple(choice if choice.reason else _choice(choice, of) for choice, of in zip(offer.choices, hints, strict=True))


def methods_refused(engine: Engine, offer: Offer) -> frozenset[str]:
    """The ways of payment that no area of a top-up takes."""
    today = local_day(engine.clock())
    with engine.store.read() as uow:
        rules = engine.rules.in_force(uow, today)
    areas = (choice.value.partition(":") for choice in offer.choices)
    return frozenset.intersection(*(refused_methods(rules, product, cast(Area, area), today) for product, _, area in areas))


def months_to_load(today: dt.date) -> tuple[str, ...]:
    """The months of a month ticket, the likely one first: on a month's last day that is the next, and who wants money that is
    void tonight has to choose it."""
    this, after = today.replace(day=1), following(today)
    ends = today + dt.timedelta(days=1) == after
    return tuple(f"{month:%Y-%m}" for month in ((after, this) if ends else (this, after)))


def _choice(choice: Choice, hints: Sequence[Hint | CardsvcError]) -> Choice:
    """An area with what it takes, for each month that may be chosen, those with one answer together; refused where every month
    is."""
    months: dict[Text, list[Text]] = {}
    for hint in hints:
        if isinstance(hint, Hint):
            months.setdefault(hint.takes, []).extend([hint.month] if hint.month else [])
    told = [
        Text(f"{'、'.join(m.zh for m in of)} {takes.zh}".strip(), f"{', '.join(m.en for m in of)} {takes.en}".strip())
        for takes, of in months.items()
    ]
    zh, en = "；".join(one.zh for one in told), "; ".join(one.en for one in told)
    if told:
        return Choice(choice.value, Text(f"{choice.label.zh}（{zh}）", f"{choice.label.en} ({en})"))
    return Choice(choice.value, choice.label, next(hint.what for hint in hints if isinstance(hint, CardsvcError)))


def _targets(look: Mapping[str, Any], choice: str, today: dt.date) -> list[Target]:
    """The purses that a load of this area may go into: a month's, of this month and the next."""
    product, _, named = choice.partition(":")
    area: Any = named
    if product == "citizen":
        return [Target(product, area, CITY_PURSE)]
    application = "parking" if product == "parking" else "bus"
    if area == "purse":
        return [Target(product, area, PurseRef(application, "ep"))]
    review = look["applications"][application].get("review")
    due = dt.date.fromisoformat(review) if review else None
    first = today.replace(day=1)
    periods = dict.fromkeys(period_of(area, month) for month in (first, following(first)))
    return [Target(product, area, PurseRef(application, purse_of(area, period)), period, due) for period in periods]


def _hint(rules: RuleSet, uow: UnitOfWork, look: Mapping[str, Any], target: Target, now: dt.datetime) -> Hint | CardsvcError:
    """How much of this may be loaded now, or why nothing."""
    proposal = Proposal(look["card_no"], target, 0, "cash", CHANNEL)
    try:
        may = may_load(rules, uow, proposal, _balance_of(look, target), now)
    except CardsvcError as error:
        return error
    least, most, step = format_yuan(may.least), format_yuan(may.most), format_yuan(may.step)
    steps = Text(f"，以 {step} 元递增", f" in steps of {step}") if may.step > 1 else Text("", "")
    often = Text(f"，一天 {may.a_day} 次", f", {may.a_day} a day") if may.a_day else Text("", "")
    takes = Text(f"{least} 至 {most} 元{steps.zh}{often.zh}", f"{least} to {most} yuan{steps.en}{often.en}")
    return Hint(takes, _month(target.period, local_day(now)) if target.period else None)


def _month(period: Period, today: dt.date) -> Text:
    """A month, season or term; of the one that runs, how soon its money is void: who loads late loses most of it."""
    name = months_name(period)
    if not period.holds(today):
        return name
    days = (period.end - today).days
    return Text(f"{name.zh}（还有 {days} 天，过后作废）", f"{name.en} (void after {days} more day{'s' * (days != 1)})")


def _balance_of(look: Mapping[str, Any], target: Target) -> int:
    """What is in a purse for the same months."""
    if target.ref == CITY_PURSE:
        return int(look["purse"].get("balance", 0))
    place, months = (target.ref.application, target.ref.purse), str(target.period) if target.period else None
    return sum(a["balance"] for a in look["areas"] if (a["application"], a["purse"]) == place and a["period"] == months)


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
    zh, en = (" ".join(filter(None, told)) for told in zip(label, months_name(target.period or ""), strict=True))
    return Text(f"{zh} {format_yuan(amount)} 元", f"{en} {format_yuan(amount)} yuan")


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
