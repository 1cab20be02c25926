"""What ends by itself: operations whose card never answered, loss reports by phone whose days are over."""

from cardsvc.service.engine import Engine
from cardsvc.service.loss import end_lapsed


def tidy(engine: Engine) -> int:
    """End what is over; gives how many things ended. What another worker ended meanwhile is left alone."""
    return engine.sweep() + len(end_lapsed(engine.store, engine.clock()))
