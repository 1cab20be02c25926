"""Which jobs make sense for the card on the desk, and of those that do not go now, why.

Only what is known without another word to the card: the operation itself decides again, by the card and today's rules.
"""

import datetime as dt
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from typing import Any

from cardsvc.errors import RuleError
from cardsvc.rules import RuleSet, check_moved
from cardsvc.rules.life import swapped
from cardsvc.rules.opening import OpenRequest, OpenTerms, check_open, is_opened_anew
from cardsvc.service.cards.application_names import APPLICATIONS, opening_name
from cardsvc.service.cards.applications import ALL, BUS, RENEWAL, body_issued
from cardsvc.service.cards.carry_over import carried
from cardsvc.service.cards.inspect import OLD_CARD_FINDINGS
from cardsvc.service.cards.making_places import made_at
from cardsvc.service.cards.person_changes import REWRITE, to_follow
from cardsvc.service.cards.replacement import open_replacements
from cardsvc.service.cards.requests import waiting_for_card
from cardsvc.service.desk.choices import NOTHING_ON_IT, Choice, Offer
from cardsvc.service.desk.money_offers import refund, top_up
from cardsvc.service.desk.retire_offer import with_suspicions
from cardsvc.service.desk.work_place import CardOnDesk
from cardsvc.service.faults.repair import NOT_TO_BE_TOUCHED, planned
from cardsvc.service.operations.engine import Engine
from cardsvc.service.operations.known_card import IN_HAND
from cardsvc.service.operations.rule_book import local_day
from cardsvc.service.purse.area_names import purse_name
from cardsvc.service.purse.fees import waiting_fees
from cardsvc.service.purse.restored import may_miss_loads
from cardsvc.service.stock.finished import face_is_open
from cardsvc.service.stock.making import article_due
from cardsvc.service.transactions.catch_up import CATCH_UP
from cardsvc.service.transactions.takeovers import takeover_view
from cardsvc.store import UnitOfWork
from cardsvc.store.records import Card, Citizen, Staff
from cardsvc.store.states import OldCardState
from cardsvc.text import Text
from cardsvc.units import format_yuan

OPENABLE = (("bus", ("T", "B", "C", "A", "D")), ("parking", ("1", "2")), ("library", ("1",)), ("park", tuple("123456789")))
NOT_OPEN = Text("没有已开通的应用", "No application is open")
HOLDER_CHANGED = Text("持卡人信息已变更：按登记重写卡内信息", "The holder's data changed: written again from the record")
HOLDER_DIED = Text(
    "持卡人已身故：先退款，再在卡的页面注销", "The holder has died: refund it, then cancel it on the card's page"
)
FREE = Text("免费", "free")
FACE_FIRST = Text("先打卡面、确认（在卡面页）", "Its face is printed and confirmed first, on its page")


def offers(engine: Engine, card: CardOnDesk, *, by: Staff) -> tuple[Offer, ...]:
    """The jobs for this card, the likely ones first, at this person's outlet."""
    return with_suspicions(engine, card, (*_repair(engine, card), *_by_state(engine, card, by)))


def _is_behind(uow: UnitOfWork, row: Card, card: CardOnDesk) -> bool:
    """Whether restored books may lack loads of this card: a finding says so, or they have none of the lost time or after it."""
    if any(finding["plan"] == CATCH_UP.name for finding in (card.report or {}).get("findings", ())):
        return True
    return may_miss_loads(uow, row)


def _repair(engine: Engine, card: CardOnDesk) -> Iterator[Offer]:
    """Where the findings ask for steps on the card, with the steps."""
    plan = planned(engine.store, card.report) if card.report else None
    if data_changed(engine, card) == REWRITE:
        yield Offer("repair", None, (Choice("rewrite_file:holder", HOLDER_CHANGED),))
    elif plan and plan["steps"]:
        yield Offer("repair", None, tuple(Choice(step["name"], _step(step)) for step in plan["steps"]))


def data_changed(engine: Engine, card: CardOnDesk) -> str | None:
    """What is to be done with the card because its holder's data changed: rewrite, replace, or nothing. The quick look does not
    read them, so the books say it."""
    with engine.store.read() as uow:
        row = uow.cards.get(card.books["card_no"]) if card.books and card.state == "citizen" else None
        return to_follow(uow, row) if row is not None and row.state == "issued" else None


def _step(step: Mapping[str, Any]) -> Text:
    where = APPLICATIONS.get(step["application"], Text(step["application"], step["application"]))
    title, effect = step["title"], step["effect"]
    return Text(f"{title['zh']}（{where.zh}）：{effect['zh']}", f"{title['en']} ({where.en}): {effect['en']}")


def _by_state(engine: Engine, card: CardOnDesk, by: Staff) -> tuple[Offer, ...]:
    match card.state:
        case "blank" | "partial":
            return (Offer("personalise", None, tuple(_waiting_persons(engine, by))), Offer("diagnose"))
        case "legacy":
            return (_migrate(card.look), Offer("diagnose"))
        case "citizen":
            return tuple(_of_citizen_card(engine, card))
        case _:
            return (*_unreadable(card), *((Offer("diagnose"),) if _can_be_asked(card) else ()))


def _can_be_asked(card: CardOnDesk) -> bool:
    """Whether it says anything, and is of a family that we know how to ask."""
    return bool(card.atr) and (card.report or {}).get("evidence", {}).get("atr.known") is not False


def _waiting_persons(engine: Engine, by: Staff) -> Iterator[Choice]:
    """Whose new card this may be: replacements and applications that wait for one, of this outlet and those that make none.
    Values: the person's id."""
    places = made_at(engine.store, engine.rules, by.outlet_id, engine.clock())
    for row in open_replacements(engine.store, *places):
        holder = row["holder"]
        shown = f"{holder['name']} {holder['id_number']}{_at(places[row['outlet_id']])}"
        yield Choice(holder["citizen_id"], Text(f"补换卡：{shown}", f"Replacement: {shown}"))
    for application in waiting_for_card(engine.store, *places):
        holder, promised = application["holder"], application["promised_at"][5:16].replace("T", " ")
        shown = f"{holder['name']} {holder['id_number']}{_at(places[application['outlet_id']])}"
        label = Text(f"申领：{shown}（承诺 {promised}）", f"Application: {shown} (promised {promised})")
        yield Choice(holder["citizen_id"], label)


def _at(outlet: str | None) -> str:
    """Where it is collected, where that is not here."""
    return f" → {outlet}" if outlet else ""


def _unreadable(card: CardOnDesk) -> Iterator[Offer]:
    """A card of ours that says nothing is taken in, and replaced. Never one that only bears its number: a copy would take the
    real card out of its holder's hands."""
    findings = (card.report or {}).get("findings", ())
    suspicious = any(finding["plan"].startswith(NOT_TO_BE_TOUCHED) for finding in findings)
    if card.books is not None and card.books["state"] in IN_HAND and not suspicious:
        yield Offer("replace")


def gives_its_money(card: CardOnDesk) -> bool:
    """Whether the card itself can be asked for its money; otherwise the books decide."""
    return card.state == "citizen" and bool(card.look["purse"]["state"] == "open")


def _migrate(look: Mapping[str, Any]) -> Offer:
    return Offer("migrate", OLD_CARD_FINDINGS.get(look["finding"]))


def _of_citizen_card(engine: Engine, card: CardOnDesk) -> Iterator[Offer]:
    look = card.look
    with engine.store.read() as uow:
        row = uow.cards.get(look["card_no"])
        holder = uow.citizens.get(row.citizen_id) if row else None
        if row is None or holder is None:
            return
        if look["card_state"] != "issued":
            yield from _of_card_that_is_out(look)
            return
        rules = engine.rules.in_force(uow, local_day(engine.clock()))
        old = tuple(_old_cards(uow, rules, row, look, local_day(engine.clock())))
        carrying = tuple(_carried(uow, rules, row, local_day(engine.clock())))
        taken = uow.blank_movements.of_chip(row.profile, row.chip_serial, "used")
        first = taken is not None and article_due(uow, rules, taken, engine.clock())
        had = uow.replacements.by_new_card(row.card_no)
        before = {a.application: a.product for a in uow.applications.of_card(had.old_card_no)} if had else {}
        paid = {fee["application"]: fee["amount"] for fee in waiting_fees(uow, row.card_no)}
        choices = tuple(_as_before(_openable(rules, row, holder, look, engine, paid), before))
        face = FACE_FIRST if face_is_open(uow, row.card_no) else None
        died = uow.deaths.confirmed_of(holder.citizen_id) is not None
        behind = _is_behind(uow, row, card)
    if died:
        yield from _of_the_dead(look)
        return
    if look["takeover"] is not None and look["takeover"]["state"] == OldCardState.READING:
        yield Offer("transfer_out")  # it is being replaced, and has not given all it has
    if first:
        yield Offer("first_article")
    if behind:
        yield Offer(CATCH_UP.name)
    if look["orders"]:
        yield Offer("fetch", None, tuple(_waiting(look)))
    if carrying:
        yield Offer("carry_over", face, carrying)
    if old:
        yield Offer("transfer_in", face or (None if any(choice.reason is None for choice in old) else old[0].reason), old)
    yield from _swap(rules, look, local_day(engine.clock()))
    yield top_up(rules, look, local_day(engine.clock()))
    yield Offer("open", None if any(choice.reason is None for choice in choices) else choices[0].reason, choices)
    yield refund(look)
    yield from _of_applications(look)
    yield Offer("replace")
    yield Offer("identity")
    yield Offer("diagnose")


def _of_the_dead(look: Mapping[str, Any]) -> Iterator[Offer]:
    """The card is emptied, and then cancelled on its own page; the rest says why not."""
    yield refund(look)
    yield from (offer for offer in _of_applications(look) if offer.kind == "unblock")
    for kind in ("topup", "open", "replace"):
        yield Offer(kind, HOLDER_DIED)
    yield Offer("identity")
    yield Offer("diagnose")


def _swap(rules: RuleSet, look: Mapping[str, Any], day: dt.date) -> Iterator[Offer]:
    """A withdrawn bus product whose purse holds money."""
    seen = look["applications"].get(BUS, {})
    becomes, rule = swapped(rules, BUS, str(seen.get("product", "")), day)
    held = sum(area["balance"] for area in look["areas"] if area["application"] == BUS and area["period"] is None)
    if rule is None or seen.get("state") != "open" or not held:
        return
    amount = format_yuan(held)
    zh = f"{seen['product']} 已停用：换成 {becomes}，{amount} 元转入城市通钱包"
    en = f"{seen['product']} was withdrawn: {becomes} takes its place, {amount} yuan go to the city purse"
    yield Offer("swap", None, (Choice(f"{BUS}:{becomes}", Text(zh, en)),))


def _carried(uow: UnitOfWork, rules: RuleSet, card: Card, day: dt.date) -> Iterator[Choice]:
    """What the card that this one replaces had, and is to be opened here."""
    for name, record in carried(uow, rules, card, day):
        where, until = opening_name(name, record.product), record.valid_to.isoformat() if record.valid_to else "-"
        label = Text(f"{where.zh}，至 {until}", f"{where.en}, until {until}")
        yield Choice(name, label)


def _of_card_that_is_out(look: Mapping[str, Any]) -> Iterator[Offer]:
    if look["takeover"] is not None:
        yield Offer("transfer_out", None if look["takeover"]["state"] == "reading" else NOTHING_ON_IT)
    yield Offer("identity")
    yield Offer("diagnose")


def _waiting(look: Mapping[str, Any]) -> Iterator[Choice]:
    for order in look["orders"]:
        amount = format_yuan(order["amount"])
        yield Choice(order["order_id"], Text(f"{amount} 元", f"{amount} yuan"))


def _old_cards(uow: UnitOfWork, rules: RuleSet, card: Card, look: Mapping[str, Any], today: dt.date) -> Iterator[Choice]:
    """The money of the holder's old cards that waits for this one. Values: old card's number, a colon, the part (empty: the
    books decide)."""
    for other in uow.cards.of_citizen(card.citizen_id):
        held = takeover_view(uow, other.card_no) if other.card_no != card.card_no else None
        if held is None:
            continue
        if held["state"] == OldCardState.WAITING or held["owed"]:
            yield _by_the_books(other.card_no, held, today)
        for part in held["parts"]:
            if not part["written"]:
                area, amount = purse_name(part["product"], part["area"]), format_yuan(part["amount"])
                label = Text(f"{other.card_no} {area.zh} {amount} 元", f"{other.card_no} {area.en} {amount} yuan")
                yield Choice(f"{other.card_no}:{part['part_id']}", label, _does_not_fit(rules, look, part, today))


def _does_not_fit(rules: RuleSet, look: Mapping[str, Any], part: Mapping[str, Any], today: dt.date) -> Text | None:
    """Why a part would be too much for the card as it is now."""
    if part["application"] == "purse":
        there = look["purse"].get("balance", 0)
    else:
        place = part["application"], part["purse"]
        there = sum(a["balance"] for a in look["areas"] if (a["application"], a["purse"]) == place and not a["over"])
    try:
        check_moved(rules, part["product"], part["area"], there + part["amount"], today)
    except RuleError as error:
        return error.what
    return None


def _by_the_books(card_no: str, held: Mapping[str, Any], today: dt.date) -> Choice:
    """A card that could not be read: its money goes by the books, from its day on."""
    label = Text(f"{card_no} 账上的余额", f"{card_no}: what the books have")
    waits = Text(f"{held['due']} 起可以转入", f"Can be written from {held['due']} on")
    return Choice(f"{card_no}:", label, waits if today.isoformat() < held["due"] else None)


def _as_before(choices: Iterable[Choice], before: Mapping[str, str]) -> list[Choice]:
    """What the replaced card had comes first."""
    had = {f"{application}:{product}" for application, product in before.items()}
    return sorted(choices, key=lambda choice: choice.value not in had)


def _openable(
    rules: RuleSet, card: Card, holder: Citizen, look: Mapping[str, Any], engine: Engine, paid: Mapping[str, int]
) -> Iterator[Choice]:
    """What may be opened for this holder today, with its price; what may not, with the rule's reason. ``paid``: what waits, in
    fen, by application."""
    day = local_day(engine.clock())
    for application, products in OPENABLE:
        seen = look["applications"].get(application, {})
        held_until = str(seen["valid_to"]) if seen.get("state") == "open" else ""
        changing = application == BUS and bool(held_until)
        issued = _body_issued(engine, card) if held_until and application == RENEWAL[0] else None
        asked = OpenRequest(application, "", holder.birth_date, day, card.expiry_date, body_issued=issued)
        anew = issued is not None and is_opened_anew(rules, replace(asked, product=RENEWAL[1]))
        for product in products:
            other = anew or (application, product) == RENEWAL or (changing and product != seen["product"])
            if (held_until and not other) or (not held_until and (application, product) == RENEWAL):
                continue
            if not any(r.application == application and product in r.products for r in rules.opening if r.holds(day)):
                continue
            label = opening_name(application, product)
            try:
                terms = check_open(rules, replace(asked, product=product))
            except RuleError as refused:
                yield Choice(f"{application}:{product}", label, Text(refused.what.zh, refused.what.en))
                continue
            until = terms.valid_to.isoformat()
            if until <= held_until and not changing:
                continue
            if changing:
                instead = Text(
                    f"换成{label.zh}（现为 {seen['product']}），至 {until}",
                    f"{label.en} instead of {seen['product']}, until {until}",
                )
                yield Choice(f"{application}:{product}", instead, _good_money(look, application), terms.fee)
                continue
            yield _opened_for(f"{application}:{product}", label, terms, day, paid.get(application))


def _opened_for(value: str, label: Text, terms: OpenTerms, day: dt.date, paid: int | None) -> Choice:
    """What opening costs: nothing more where it was paid before, in fen, and is not used; another price waits for that. And for
    how long, from when where that is not today."""
    amount, cost, until = format_yuan(terms.fee), terms.fee, terms.valid_to.isoformat()
    costs, reason = Text(f"{amount} 元", f"{amount} yuan") if cost else FREE, None
    if paid == terms.fee:
        costs, cost = Text(f"上次已付 {amount} 元，不再收款", f"{amount} yuan paid before, nothing to pay"), 0
    elif paid is not None:
        reason = _paid_otherwise(paid)
    days = Text(f"至 {until}", f"until {until}")
    if terms.valid_from > day:
        days = Text(f"{terms.valid_from} 至 {until}", f"{terms.valid_from} to {until}")
    return Choice(value, Text(f"{label.zh}，{costs.zh}，{days.zh}", f"{label.en}, {costs.en}, {days.en}"), reason, cost)


def _paid_otherwise(paid: int) -> Text:
    """Why it is not opened now: another fee was paid before, and not used."""
    amount = format_yuan(paid)
    return Text(
        f"上次付的 {amount} 元没有用掉：先在卡的页面退还", f"{amount} yuan paid before are not used: give them back on its page"
    )


def _body_issued(engine: Engine, card: Card) -> dt.date | None:
    with engine.store.read() as uow:
        return body_issued(uow, card.card_no)


def _good_money(look: Mapping[str, Any], application: str) -> Text | None:
    """Why its product cannot be changed now: money that is good for the old one."""
    held = sum(area["balance"] for area in look["areas"] if area["application"] == application and not area["over"])
    if not held:
        return None
    amount = format_yuan(held)
    return Text(
        f"还有 {amount} 元可用：先退款，或用完再换；停用的产品用“停用产品换杭州通”",
        f"{amount} yuan are good: refund or spend them first; a withdrawn product is swapped by its own job",
    )


def _of_applications(look: Mapping[str, Any]) -> Iterator[Offer]:
    states = {"purse": "blocked" if look["purse"]["state"] == "blocked" else "open"}
    states |= {name: entry["state"] for name, entry in look["applications"].items()}
    opened = [name for name, state in states.items() if state == "open"]
    blocked = [name for name, state in states.items() if state == "blocked"]
    if blocked:
        everything = (Choice(ALL, APPLICATIONS[ALL]),) if len(blocked) > 1 else ()
        yield Offer("unblock", None, (*everything, *_named(blocked)))
    yield Offer("block", None if opened else NOT_OPEN, _named(opened))
    closable = [name for name in opened if name != "purse"]
    yield Offer("close", None if closable else NOT_OPEN, _named(closable))
    if look["applications"].get("bus", {}).get("product") == "B" and "bus" in opened:
        yield Offer("review")


def _named(names: list[str]) -> tuple[Choice, ...]:
    return tuple(Choice(name, APPLICATIONS[name]) for name in names)
