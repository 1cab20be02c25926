"""Handing out (发放) of every made card: for an application, as a replacement or a renewal, in bulk, on the command line.

A card that was made waits for its holder until somebody who compared document and face gives it, once, to whom the rules allow;
who took it is kept. Cards that nobody collects stand in a list, and their holders are told again as the rules say.
"""

import datetime as dt
from collections.abc import Iterator, Mapping
from functools import partial
from typing import Any

from pydantic import Field

from cardsvc.errors import RequestError
from cardsvc.ledger.states import advance
from cardsvc.rules import RuleSet
from cardsvc.rules.desk import Visitor, check_person, uncollected_rule
from cardsvc.service.cards.faces import face_view
from cardsvc.service.cards.telling import UNCOLLECTED, reach_of, tell
from cardsvc.service.cash.shifts import TELLERS
from cardsvc.service.loss.hotlist import is_wanted, refuse_hot
from cardsvc.service.messages import notices
from cardsvc.service.operations.kinds import Params
from cardsvc.service.operations.known_card import IN_HAND, card_in_hand, known_card
from cardsvc.service.operations.rule_book import RuleBook, local_day
from cardsvc.service.people.comers import Comer, check_comer
from cardsvc.service.people.died import refuse_dead
from cardsvc.service.people.register import citizen_json, masked
from cardsvc.service.staff.accounts import SERVICE, require_role
from cardsvc.service.staff.acts import Act, note_act
from cardsvc.service.stock.finished import check_face
from cardsvc.service.stock.use import is_void_elsewhere
from cardsvc.service.transactions.deposits import follow_replacement
from cardsvc.store import Store, UnitOfWork
from cardsvc.store.handout_states import CONSIGNED_ALLOWED, HANDOUT_ALLOWED, ConsignedState, HandoutState
from cardsvc.store.records import Card, CardRequest, Handout, Staff
from cardsvc.store.states import CARD_REQUEST_ALLOWED, CardRequestState
from cardsvc.text import Text
from cardsvc.units import LOCAL

COLLECT = "collect"
NOT_GIVEN: Mapping[str, Text] = {
    "lost": Text(
        "已挂失，不能发放：报错了的先解挂（要两人），真丢了的补卡",
        "reported lost, not to be given: by mistake, then two people release it; lost indeed, then it is replaced",
    ),
    "listed": Text(
        "在黑名单上，不能发放：查明后由两人移出黑名单",
        "on the hot list, not to be given: two people take it off once the reason is known",
    ),
    "dead": Text(
        "持卡人已身故，不能发放：卡收下，在卡的页面办注销",
        "its holder has died, not to be given: keep it, and cancel it on its page",
    ),
}
"""Why a card that waits is given to nobody, and what is done about it."""
REMINDED_AT_ONCE = 1000


class Collector(Params):
    """Who takes a card. ``compared``: the desk compared document, face and photo; a parent or an agent with name and ID number;
    ``agent_papers``: both originals were shown; ``early_reason``: why the card is given though it did not arrive yet."""

    came: Comer = "holder"
    comer_name: str | None = Field(default=None, min_length=1, max_length=30)
    comer_id_number: str | None = Field(default=None, pattern="^[0-9]{17}[0-9X]$")
    agent_papers: bool = False
    compared: bool = False
    early_reason: str | None = Field(default=None, min_length=1, max_length=100)


def card_waits(uow: UnitOfWork, card: Card, outlet_id: str | None, made_at: str | None, now: dt.datetime) -> None:
    """The card was made at an outlet, and waits for its holder there; or at another one, to which it is sent first."""
    if outlet_id is not None and made_at is not None and made_at != outlet_id:
        uow.handouts.add(Handout(card.card_no, outlet_id, HandoutState.TO_SEND, now, lies_at=made_at))
    else:
        uow.handouts.add(Handout(card.card_no, outlet_id, HandoutState.READY, now, ready_at=now))


def hand_out(
    store: Store, rules: RuleBook, card_no: str, collector: Collector, *, by: Staff, now: dt.datetime
) -> dict[str, Any]:
    """Give a made card to whom the rules allow; its application, if any, is over then. Gives the view of it (``handout_view``).

    Raises RequestError ``not_permitted``, ``identity_not_compared``, ``comer_unknown``, ``handout_not_waiting``,
    ``handout_not_arrived`` without a reason, ``face_not_looked_at``, ``citizen_died``; CardError ``card_unknown``,
    ``card_not_issued``, ``card_hot_listed``; RuleError of persons.
    """
    require_role(by, *TELLERS)
    if not collector.compared:
        raise RequestError("identity_not_compared")
    check_comer(collector.came, collector.comer_name, collector.comer_id_number)

    def work(uow: UnitOfWork) -> dict[str, Any]:
        card, known = _to_be_handed(uow, card_no)
        early = _early(known, collector)
        request = _request_of(uow, card)
        used = _check_collector(uow, rules.in_force(uow, local_day(now)), card, request, collector, local_day(now))
        given: dict[str, Any] = collector.model_dump(include={"comer_name", "comer_id_number"})
        given |= {"collector": collector.came, "rules": ", ".join(used), "handed_by": by.staff_id, "handed_at": now}
        state = advance(HANDOUT_ALLOWED, HandoutState(known.state), HandoutState.HANDED)
        uow.handouts.change(known, **given, state=state, lies_at=None, early_reason=early)
        if early is not None:
            _came_after_all(uow, card_no, early, by, now)
        follow_replacement(uow, card_no, now)
        notices.drop_card(uow, card_no, now)
        if request is not None:
            notices.drop(uow, request.case_no, now)
            handed = advance(CARD_REQUEST_ALLOWED, CardRequestState(request.state), CardRequestState.HANDED)
            uow.card_requests.change(request, state=handed)
        return _view(uow, uow.handouts.for_update(card_no) or known)

    return store.transact(work)


def _to_be_handed(uow: UnitOfWork, card_no: str) -> tuple[Card, Handout]:
    """The card, locked, and its row while nobody took it."""
    known_card(uow, card_no)
    uow.cards.lock(card_no)
    known = uow.handouts.for_update(card_no)
    if known is None or known.handed_at is not None:
        raise RequestError("handout_not_waiting", card_no=card_no)
    card = card_in_hand(uow, card_no)
    refuse_dead(uow, card.citizen_id)
    refuse_hot(uow, card_no)
    check_face(uow, card_no)
    return card, known


def _early(known: Handout, collector: Collector) -> str | None:
    """Why a card that did not arrive is given all the same; None for one that lies where it is collected."""
    if known.state == HandoutState.READY:
        return None
    if collector.early_reason is None:
        raise RequestError("handout_not_arrived", card_no=known.card_no)
    return collector.early_reason


def _came_after_all(uow: UnitOfWork, card_no: str, early: str, by: Staff, now: dt.datetime) -> None:
    """It is in its holder's hand: nobody waits for it in a bag, or looks for it."""
    listed = uow.consigned_cards.travelling(card_no)
    if listed is not None:
        state = advance(CONSIGNED_ALLOWED, ConsignedState(listed.state), ConsignedState.ARRIVED)
        uow.consigned_cards.change(listed, state=state, seen_by=by.staff_id, seen_at=now, note=early)
    note_act(uow, by, Act.HANDOUT_EARLY, card_no, {"reason": early}, now)


def _request_of(uow: UnitOfWork, card: Card) -> CardRequest | None:
    """The application that waits for this card to be given, locked."""
    found = uow.card_requests.open_of(card.citizen_id)
    locked = uow.card_requests.for_update(found.case_no) if found and found.card_no == card.card_no else None
    return locked if locked and locked.state == CardRequestState.MADE else None


def _check_collector(
    uow: UnitOfWork, rules: RuleSet, card: Card, request: CardRequest | None, collector: Collector, day: dt.date
) -> tuple[str, ...]:
    """The friend that the person named with their application may come, where the rules let nobody else."""
    citizen = uow.citizens.get_one(card.citizen_id)
    named = request is not None and request.friend_name is not None and request.friend_name == collector.comer_name
    agent, papers = collector.came == "agent", collector.agent_papers
    who = Visitor(citizen.birth_date, collector.came == "parent", True, agent, papers, named)
    return check_person(rules, COLLECT, who, day)


def handout_view(uow: UnitOfWork, card_no: str) -> dict[str, Any] | None:
    """How a made card is given out (``waiting_at``), with ``collector`` and ``comer`` (who took it), ``rules``, ``handed_by``,
    ``handed_at``; None for a card of before this was kept."""
    row = uow.handouts.get(card_no)
    return _view(uow, row) if row else None


def handout_of(store: Store, card_no: str) -> dict[str, Any] | None:
    """The same, for a page. Raises CardError ``card_unknown``."""
    with store.read() as uow:
        known_card(uow, card_no)
        return handout_view(uow, card_no)


def waiting_of(store: Store, citizen_id: str) -> list[dict[str, Any]]:
    """The cards of a person that wait to be collected, as ``waiting_at`` gives them."""
    with store.read() as uow:
        views = [handout_view(uow, card.card_no) for card in uow.cards.of_citizen(citizen_id)]
        return [view for view in views if view and view["waiting"]]


def waiting_at(
    uow: UnitOfWork, rules: RuleSet, outlet_id: str | None, now: dt.datetime, limit: int
) -> Iterator[dict[str, Any]]:
    """The cards that lie at an outlet and wait for their holders, the first that was ready first; None: at all of them.

    Each: ``card_no``, ``holder``, ``outlet_id``, ``state`` (``HandoutState``), ``lies_at`` (the outlet that has to send it),
    ``made_at``, ``ready_at``, ``case_no`` of its application, ``replaces`` (the old card), ``phone``, ``face``, ``waiting``
    (nobody has it yet), ``given_up`` (on its way; it did not turn up), ``reminders``, ``reminded_at``, ``uncollected`` (to be
    told again now), ``not_given`` (why nobody gets it, one of NOT_GIVEN).
    """
    rule = uncollected_rule(rules, local_day(now))
    for row in uow.handouts.waiting(outlet_id, limit):
        yield {
            **_view(uow, row),
            "uncollected": rule is not None and _is_due(row, rule.after_days, rule.every_days, rule.times, now),
        }


def list_waiting(store: Store, rules: RuleBook, outlet_id: str | None, now: dt.datetime) -> list[dict[str, Any]]:
    """The same, for a page or a command."""
    with store.read() as uow:
        return list(waiting_at(uow, rules.in_force(uow, local_day(now)), outlet_id, now, REMINDED_AT_ONCE))


def _is_due(row: Handout, after_days: int, every_days: int, times: int, now: dt.datetime) -> bool:
    since, days = (row.reminded_at, every_days) if row.reminded_at else (row.ready_at or row.made_at, after_days)
    return row.reminders < times and now - since >= dt.timedelta(days=days)


def _view(uow: UnitOfWork, row: Handout) -> dict[str, Any]:
    card = known_card(uow, row.card_no)
    holder, replaced = uow.citizens.get_one(card.citizen_id), uow.replacements.by_new_card(row.card_no)
    request, reach = uow.card_requests.by_card(row.card_no), reach_of(uow, card)
    comer = {"name": row.comer_name, "id_number": masked(row.comer_id_number)} if row.comer_id_number else None
    waits = row.handed_at is None and card.state in IN_HAND
    outlet, lies_at = (uow.outlets.get(place) if place else None for place in (row.outlet_id, row.lies_at))
    return {
        "card_no": row.card_no,
        "holder": citizen_json(holder),
        "outlet_id": row.outlet_id,
        "outlet": outlet.name if outlet else None,
        "state": row.state,
        "lies_at": lies_at.name if lies_at else None,
        "made_at": _local(row.made_at),
        "ready_at": _local(row.ready_at) if row.ready_at else None,
        "case_no": request.case_no if request else None,
        "replaces": replaced.old_card_no if replaced else None,
        "phone": reach.phone if reach else None,
        "face": face_view(uow, row.card_no),
        "waiting": waits,
        "not_given": _not_given(uow, card) if waits else None,
        "given_up": row.handed_at is None and is_void_elsewhere(uow, card),
        "reminders": row.reminders,
        "reminded_at": _local(row.reminded_at) if row.reminded_at else None,
        "collector": row.collector,
        "comer": comer,
        "rules": row.rules,
        "handed_by": row.handed_by,
        "handed_at": _local(row.handed_at) if row.handed_at else None,
        "early_reason": row.early_reason,
    }


def _not_given(uow: UnitOfWork, card: Card) -> str | None:
    """What ``hand_out`` would refuse whoever comes, told before."""
    if uow.deaths.confirmed_of(card.citizen_id) is not None:
        return "dead"
    if uow.hotlist.listing_of(card.card_no) is None:
        return None
    return "lost" if uow.loss_reports.open_of(card.card_no) else "listed"


def _local(moment: dt.datetime) -> str:
    return moment.astimezone(LOCAL).isoformat(timespec="minutes")


def remind(store: Store, rules: RuleBook, outlet_id: str | None, *, by: Staff, now: dt.datetime) -> dict[str, Any]:
    """Tell the holders of uncollected cards again, those who are due by the rule: ``told`` (cards whose message is queued),
    ``no_phone`` (cards whose holder has to be told otherwise, see ``told_otherwise``). Run again, it tells nobody twice.

    Raises RequestError ``not_permitted``."""
    require_role(by, *TELLERS, SERVICE)
    due = [one["card_no"] for one in list_waiting(store, rules, outlet_id, now) if one["uncollected"]]
    found: dict[str, list[str]] = {"told": [], "no_phone": []}
    for card_no in due:
        done = store.transact(partial(_remind_one, rules=rules, card_no=card_no, by=by, now=now))
        if done is not None:
            found["told" if done else "no_phone"].append(card_no)
    return found


def _remind_one(uow: UnitOfWork, *, rules: RuleBook, card_no: str, by: Staff, now: dt.datetime) -> bool | None:
    """Whether its holder is told; None where another run, or the holder, came first, it or its face is not ready yet, or it is
    not given: reported lost, or its holder has died."""
    row, rule = uow.handouts.for_update(card_no), uncollected_rule(rules.in_force(uow, local_day(now)), local_day(now))
    if (
        row is None
        or row.state != HandoutState.READY
        or rule is None
        or not _is_due(row, rule.after_days, rule.every_days, rule.times, now)
    ):
        return None
    face = face_view(uow, card_no)
    if face is not None and face["state"] != "right":
        return None
    card = known_card(uow, card_no)
    if is_wanted(uow, card_no) or uow.deaths.confirmed_of(card.citizen_id) is not None:
        return None
    reach = reach_of(uow, card)
    if reach is None or row.outlet_id is None:
        return False
    tell(uow, card, reach, row.outlet_id, UNCOLLECTED, now)
    _reminded(uow, row, by, now)
    return True


def told_otherwise(store: Store, card_no: str, *, by: Staff, now: dt.datetime) -> None:
    """Somebody told the holder of an uncollected card themselves: by a call, a letter, or through who sent the list.

    Raises RequestError ``not_permitted``, ``handout_not_waiting``."""
    require_role(by, *TELLERS)

    def work(uow: UnitOfWork) -> None:
        row = uow.handouts.for_update(card_no)
        if row is None or row.handed_at is not None:
            raise RequestError("handout_not_waiting", card_no=card_no[:16])
        _reminded(uow, row, by, now)

    store.transact(work)


def _reminded(uow: UnitOfWork, row: Handout, by: Staff, now: dt.datetime) -> None:
    uow.handouts.change(row, reminders=row.reminders + 1, reminded_at=now)
    note_act(uow, by, Act.HANDOUT_REMIND, row.card_no, {"reminders": row.reminders + 1}, now)
