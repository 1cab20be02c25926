"""A reconciliation run: compares the three sides of a day, stores what it found, books nothing."""

import datetime as dt
import uuid
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from cardsvc.errors import RequestError
from cardsvc.rules import RuleSet, reconciliation_rule
from cardsvc.rules.ruleset import ReconciliationRule
from cardsvc.service.purse.payments import CHANNELS
from cardsvc.service.reconcile.cards import card_findings
from cardsvc.service.reconcile.findings import EXPLANATIONS, REASONS, Finding, details_told
from cardsvc.service.reconcile.outlets import of_outlet
from cardsvc.service.reconcile.spending import spending_findings
from cardsvc.service.reconcile.statements import OPEN, channel_findings, paid_besides, terminal_findings
from cardsvc.service.staff.accounts import require_role
from cardsvc.service.staff.acts import BOOKKEEPERS, Act, note_act
from cardsvc.store import Store, UnitOfWork
from cardsvc.store.records import Difference, Load, ReconciliationRun, Staff
from cardsvc.store.states import DifferenceState
from cardsvc.units import LOCAL

CARDS_AT_ONCE = 4000
Progress = Callable[[int, int], None]


@dataclass(frozen=True, slots=True)
class Scope:
    """What a run looks at. ``day``: of local time; ``channel``, ``terminal``: that payment channel or terminal alone."""

    day: dt.date
    channel: str | None = None
    terminal: str | None = None

    @property
    def whole(self) -> bool:
        """Whether cards and operators' files are compared too."""
        return self.channel is None and self.terminal is None

    @property
    def span(self) -> tuple[dt.datetime, dt.datetime]:
        """First moment of the day and of the next."""
        since = dt.datetime.combine(self.day, dt.time(), LOCAL)
        return since, since + dt.timedelta(days=1)


def reconcile(
    store: Store, rules: RuleSet, scope: Scope, now: dt.datetime, progress: Progress = lambda _done, _total: None, *, by: Staff
) -> ReconciliationRun:
    """Compare, and store the run with its differences and who ran it. ``progress`` hears how many cards of how many are done.

    Raises RequestError ``not_permitted``, ``reconcile_day_wrong``, ``batch_party_unknown``; RuleError
    ``rule_no_reconciliation``.
    """
    require_role(by, *BOOKKEEPERS)
    if scope.day > now.astimezone(LOCAL).date():
        raise RequestError("reconcile_day_wrong", day=scope.day.isoformat())
    rule = reconciliation_rule(rules, scope.day)
    with store.snapshot() as uow:
        _known(uow, scope)
        findings = _findings(uow, rule, scope, now, progress)
        seen_to = uow.differences.seen_to([finding.event_key for finding in findings])
    run_id = str(uuid.uuid4())
    rows = [_row(run_id, number, finding, seen_to, now) for number, finding in enumerate(findings, start=1)]
    run = ReconciliationRun(run_id, scope.day, scope.channel, scope.terminal, rules.version, _counts(rows), now)

    def work(uow: UnitOfWork) -> None:
        uow.runs.add(run)
        uow.differences.add_many(rows)
        told = {"day": scope.day.isoformat(), "channel": scope.channel, "terminal": scope.terminal}
        note_act(
            uow,
            by,
            Act.RECONCILE_RUN,
            f"reconciliation:{run_id}",
            {name: [None, value] for name, value in told.items() if value},
            now,
        )

    store.transact(work)
    return run


def _known(uow: UnitOfWork, scope: Scope) -> None:
    if scope.channel is not None and scope.channel not in CHANNELS:
        raise RequestError("batch_party_unknown", kind="channel", party=scope.channel[:64])
    if scope.terminal is not None and uow.terminals.get(scope.terminal) is None:
        raise RequestError("batch_party_unknown", kind="terminal", party=scope.terminal[:64])


def _findings(uow: UnitOfWork, rule: ReconciliationRule, scope: Scope, now: dt.datetime, progress: Progress) -> list[Finding]:
    loads = uow.loads.between(*scope.span)
    if scope.terminal is not None:
        loads = [load for load in loads if load.actor_id == scope.terminal]
    found = _open(loads, scope)
    if scope.terminal is None:
        besides = paid_besides(uow, scope.span, scope.day)
        for method in CHANNELS if scope.channel is None else (scope.channel,):
            found += channel_findings(uow, method, scope.day, loads, besides)
    if scope.channel is None:
        terminals = uow.statements.parties_of("terminal", scope.day)
        for terminal in sorted(terminals if scope.terminal is None else {scope.terminal}):
            found += terminal_findings(uow, terminal, scope.day, loads)
    if scope.whole:
        batches = uow.batches.imported_between(*scope.span)
        found += spending_findings(uow, rule, batches)
        cards = uow.sightings.cards_between(*scope.span) | uow.spending.cards_of([batch.batch_id for batch in batches])
        ordered = sorted(cards | {load.card_no for load in loads})
        for first in range(0, len(ordered), CARDS_AT_ONCE):
            found += card_findings(uow, rule, ordered[first : first + CARDS_AT_ONCE], now)
            progress(min(first + CARDS_AT_ONCE, len(ordered)), len(ordered))
    return list({finding.event_key: finding for finding in found}.values())


def _open(loads: list[Load], scope: Scope) -> list[Finding]:
    """Money of the day that was taken and is not known to be on its card."""
    wanted = (load for load in loads if load.state in OPEN and scope.channel in (None, load.payment_method))
    return [
        Finding(
            "paid_not_loaded", f"load:{load.load_id}", load.paid, load.card_no, {"state": load.state, "terminal": load.actor_id}
        ).explained("open_transaction")
        for load in wanted
    ]


def _row(run_id: str, number: int, finding: Finding, seen_to: dict[str, Difference], now: dt.datetime) -> Difference:
    """What people saw to before stays seen to."""
    before = seen_to.get(finding.event_key)
    details, explanation = dict(finding.details), finding.explanation
    if before is not None:
        details["earlier"] = f"{before.run_id}/{before.number}"
        explanation = before.explanation or "corrected"
    return Difference(
        run_id=run_id,
        number=number,
        event_key=finding.event_key,
        code=finding.code,
        subject=finding.subject,
        card_no=finding.card_no,
        amount=finding.amount,
        details=details,
        entry=None if before or not finding.entry else dict(finding.entry),
        state=DifferenceState.EXPLAINED if explanation else DifferenceState.OPEN,
        explanation=explanation,
        owner=None,
        changed_at=now,
    )


def _counts(rows: list[Difference]) -> dict[str, int]:
    """Differences by code and state."""
    return dict(Counter(f"{row.code}.{row.state}" for row in rows))


def run_with_differences(store: Store, run_id: str, outlet_id: str | None = None) -> dict[str, Any]:
    """A run as it is shown, with its differences, or with those of one outlet and their counts.

    Raises RequestError ``run_unknown``, ``outlet_unknown``.
    """
    with store.read() as uow:
        run, rows = uow.runs.get(run_id), uow.differences.of_run(run_id)
        if run is None:
            raise RequestError("run_unknown")
        view = run_view(run)
        if outlet_id is not None:
            rows = of_outlet(uow, rows, outlet_id)
            view = {**view, "outlet": outlet_id, "counts": _counts(rows)}
    return {**view, "differences": [difference_view(row) for row in rows]}


def run_view(run: ReconciliationRun) -> dict[str, Any]:
    """A run as it is shown. ``counts``: differences by code and state."""
    return {
        "run_id": run.run_id,
        "day": run.day.isoformat(),
        "channel": run.channel,
        "terminal": run.terminal,
        "rule_version": run.rule_version,
        "counts": run.counts,
        "ran_at": run.ran_at.isoformat(),
    }


def difference_view(row: Difference) -> dict[str, Any]:
    """A difference as it is shown, with its reason in both languages."""
    explained = EXPLANATIONS.get(row.explanation or "")
    return {
        "difference": f"{row.run_id}/{row.number}",
        "code": row.code,
        "reason": REASONS[row.code]._asdict(),
        "subject": row.subject,
        "card_no": row.card_no,
        "amount": row.amount,
        "details": row.details,
        "details_text": details_told(row.details)._asdict(),
        "entry": row.entry,
        "state": str(row.state),
        "explanation": row.explanation,
        "explanation_text": explained._asdict() if explained else None,
        "owner": row.owner,
        "changed_at": row.changed_at.isoformat(),
    }
