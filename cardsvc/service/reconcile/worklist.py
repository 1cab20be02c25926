"""The worklist of a reconciliation: its runs, and the differences of one of them, a page at a time."""

from typing import Any

from cardsvc.errors import RequestError
from cardsvc.service.reconcile.correct import CORRECT_DIFFERENCE
from cardsvc.service.reconcile.run import difference_view, run_view
from cardsvc.store import Store
from cardsvc.store.states import DifferenceState

RUNS, ROWS = 20, 50
"""How many are shown at once."""
OPEN, ALL = str(DifferenceState.OPEN), "all"
"""States that are asked for; ``all`` is any."""


def recent_runs(store: Store) -> list[dict[str, Any]]:
    """The newest runs, newest first."""
    with store.read() as uow:
        return [run_view(run) for run in uow.runs.recent(limit=RUNS)]


def differences_page(store: Store, run_id: str, state: str = OPEN, after: int = 0) -> dict[str, Any]:
    """Differences of a run in one state (or ``all``), after a number; ``next``: the number to go on after, None at the end.

    ``proposed`` of a difference: whether its entry waits for a second person. Raises RequestError ``run_unknown``.
    """
    wanted = None if state == ALL else state
    with store.read() as uow:
        run = uow.runs.get(run_id)
        if run is None:
            raise RequestError("run_unknown")
        rows = uow.differences.page_of_run(run_id, wanted, after, ROWS + 1)
        shown = rows[:ROWS]
        waiting = {row.event_key for row in shown if uow.approvals.open_on(CORRECT_DIFFERENCE.name, row.event_key)}
    return {
        "run": run_view(run),
        "rows": [{**difference_view(row), "proposed": row.event_key in waiting} for row in shown],
        "next": shown[-1].number if len(rows) > ROWS else None,
    }


def all_differences(store: Store, run_id: str, state: str = OPEN) -> list[dict[str, Any]]:
    """Every difference of a run in one state (or ``all``), page by page. Raises RequestError ``run_unknown``."""
    rows: list[dict[str, Any]] = []
    after: int | None = 0
    while after is not None:
        page = differences_page(store, run_id, state, after)
        rows, after = [*rows, *page["rows"]], page["next"]
    return rows
