"""What ends by itself: operations whose card never answered, loss reports by phone whose days are over,
the waiting of applications whose day has come, proposals about what is settled by now."""

from cardsvc.service.loss.reports import end_lapsed
from cardsvc.service.operations.engine import Engine
from cardsvc.service.purse.settled_since import end_settled
from cardsvc.service.rights.holds import recheck_all


def tidy(engine: Engine) -> int:
    """End what is over; gives how many things ended. What another worker ended meanwhile is left alone."""
    now = engine.clock()
    ended = engine.sweep() + len(end_lapsed(engine.store, now)) + end_settled(engine.store, now)
    return ended + recheck_all(engine.store, engine.rules, now)
