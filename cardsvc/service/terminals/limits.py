"""How much one terminal may load: its largest load, loads and amount of a calendar day. Checked before money is taken.

Nothing is counted on the side: what was loaded today is summed from the loads themselves. A terminal with a daily limit loads
one card at a time, for its row is locked meanwhile; without one nothing is locked.
"""

import datetime as dt

from cardsvc.errors import RuleError
from cardsvc.service.operations.kinds import Actor
from cardsvc.store import UnitOfWork
from cardsvc.units import LOCAL, format_yuan


def check_terminal_limits(uow: UnitOfWork, actor: Actor, amount: int, now: dt.datetime) -> None:
    """``amount`` in fen: what the citizen pays. Raises RuleError ``terminal_largest_load``, ``terminal_daily_loads``,
    ``terminal_daily_amount``, each naming the limit."""
    terminal = uow.terminals.get(actor.id) if actor.kind == "terminal" else None
    if terminal is None:
        return
    if terminal.largest_load is not None and amount > terminal.largest_load:
        raise RuleError("terminal_largest_load", limit=format_yuan(terminal.largest_load))
    if terminal.daily_loads is None and terminal.daily_amount is None:
        return
    uow.terminals.for_update(actor.id)
    midnight = now.astimezone(LOCAL).replace(hour=0, minute=0, second=0, microsecond=0)
    loads, paid = uow.loads.taken_by(actor.kind, actor.id, midnight)
    if terminal.daily_loads is not None and loads >= terminal.daily_loads:
        raise RuleError("terminal_daily_loads", limit=terminal.daily_loads)
    if terminal.daily_amount is not None and paid + amount > terminal.daily_amount:
        raise RuleError("terminal_daily_amount", limit=format_yuan(terminal.daily_amount))
