"""Loss (挂失) and release (解挂). A report acts through the hot list: readers refuse the card from the version it stands in.

A phone report holds for the days that the rules say and then ends by itself, unless a formal one, with papers, takes its place.
A formal report ends when two people release it (解挂, hotlist.py), and never once the card is replaced; wherever its card turns
up, its chip is blocked (lost_chip.py).
"""

import datetime as dt
import uuid
from functools import partial
from typing import Any

from cardsvc.errors import RequestError
from cardsvc.rules.desk import loss_lapses
from cardsvc.service.loss.hotlist import end_if_lapsed, list_card
from cardsvc.service.messages.library import tell_library
from cardsvc.service.operations.known_card import card_in_hand, known_card
from cardsvc.service.operations.rule_book import RuleBook, local_day
from cardsvc.service.staff.accounts import require_role
from cardsvc.store import Store, UnitOfWork
from cardsvc.store.records import LossReport, Staff
from cardsvc.text import Text
from cardsvc.units import LOCAL, format_yuan

REASON = "挂失 (reported lost)"
PRODUCT = "citizen"
MAY_REPORT = ("clerk", "cashier", "supervisor")


def report_loss(store: Store, rules: RuleBook, card_no: str, kind: str, *, by: Staff, now: dt.datetime) -> LossReport:
    """Report a card lost, at once. ``kind``: phone or formal. The same kind again is the same report; a formal one takes the
    place of a phone one.

    Raises RequestError ``not_permitted``, ``loss_kind_wrong``; CardError ``card_unknown``, ``card_not_issued``; RuleError
    ``rule_not_reportable``.
    """
    require_role(by, *MAY_REPORT)
    if kind not in ("phone", "formal"):
        raise RequestError("loss_kind_wrong", kind=kind[:16])

    def work(uow: UnitOfWork) -> LossReport:
        uow.cards.lock(card_no)
        card_in_hand(uow, card_no)
        known = uow.loss_reports.open_of(card_no)
        if known is not None and known.kind in (kind, "formal"):
            return known
        in_force = rules.in_force(uow, local_day(now))
        lapses, rule = loss_lapses(in_force, PRODUCT, kind, now)
        if known is None:
            tell_library(uow, card_no, "lost", now)
        else:
            uow.loss_reports.change(known, ended="confirmed", ended_by=by.staff_id, ended_at=now)
        if not uow.hotlist.is_listed(card_no):
            list_card(uow, card_no, REASON, by.staff_id, now)
        return uow.loss_reports.add(LossReport(str(uuid.uuid4()), card_no, kind, rule, by.staff_id, now, lapses))

    return store.transact(work)


def end_lapsed(store: Store, now: dt.datetime) -> list[LossReport]:
    """Phone reports whose days are over leave the hot list by themselves. Gives those that ended."""
    with store.read() as uow:
        over = uow.loss_reports.over(now)
    ended = (store.transact(partial(_lapse, report.card_no, now)) for report in over)
    return [report for report in ended if report is not None]


def _lapse(card_no: str, now: dt.datetime, uow: UnitOfWork) -> LossReport | None:
    uow.cards.lock(card_no)
    return end_if_lapsed(uow, card_no, now)


def loss_cover(store: Store, rules: RuleBook, card_no: str, now: dt.datetime) -> list[dict[str, Any]]:
    """What a report covers and what it does not, to be shown before it is made: ``what`` and ``how`` (Text), ``covered``.

    Raises CardError ``card_unknown``, RuleError ``rule_not_reportable``.
    """
    with store.read() as uow:
        known_card(uow, card_no)
        balances = uow.ledger.balances(card_no)
        in_force = rules.in_force(uow, local_day(now))
    until, _rule = loss_lapses(in_force, PRODUCT, "phone", now)
    purses = sum(-amount for account, amount in balances.items() if account.startswith(f"purse:{card_no}:"))
    day = f"{until.astimezone(LOCAL):%Y-%m-%d}" if until else "-"
    money = format_yuan(purses)
    rows = (
        (
            True,
            Text("联网终端和窗口", "Terminals and desks that are online"),
            Text("马上拒收；正式挂失的卡一出现就锁芯片", "refuse it at once; once formal, its chip is blocked there"),
        ),
        (
            False,
            Text("离线的公交、停车读卡器", "Offline readers of buses and car parks"),
            Text("取到新黑名单之前还能刷", "take it until they have the new list"),
        ),
        (
            True,
            Text(f"账上余额 {money} 元", f"The balance of the books, {money} yuan"),
            Text("补卡后转入新卡，扣除挂失前后离线刷掉的", "goes to the new card, less what was spent offline"),
        ),
        (
            False,
            Text("电话挂失", "A report by phone"),
            Text(f"到 {day} 自动失效，带证件正式挂失才一直有效", f"ends on {day} by itself; one with papers stays"),
        ),
    )
    return [{"covered": covered, "what": what, "how": how} for covered, what, how in rows]


def loss_view(store: Store, card_no: str) -> list[dict[str, Any]]:
    """The reports of a card, newest first."""
    with store.read() as uow:
        return [
            {
                "report_id": row.report_id,
                "kind": row.kind,
                "reported_at": row.reported_at.isoformat(),
                "reported_by": row.reported_by,
                "lapses_at": row.lapses_at.isoformat() if row.lapses_at else None,
                "ended": row.ended,
                "rule": row.rule,
                "chip": row.chip or {},
                "chip_at": row.chip_at.isoformat() if row.chip_at else None,
            }
            for row in uow.loss_reports.of_card(card_no)
        ]
