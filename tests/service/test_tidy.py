"""What is over ends by itself, while the service runs."""

import datetime as dt
import threading

from cardsvc.bootstrap import Services
from cardsvc.config import Settings
from cardsvc.service.tidy import tidy
from cardsvc.wire import OperationState
from cardsvc.wsgi import keep_tidy
from tests.waiting import until
from tests.world import KIOSK, World, profiles


def test_a_card_that_never_answered_ends_its_operation_without_anybody_asking(world: World) -> None:
    """A minute later the operation is abandoned; another run finds nothing more."""
    card = world.issue("fudan-fmcos2")
    begun = world.port(KIOSK).start("inspect", {}, atr=card.atr, idempotency_key="a key of the kiosk")
    assert tidy(world.engine) == 0
    world.now += dt.timedelta(minutes=2)
    stop = threading.Event()
    services = Services(Settings(), world.store, world.engine, profiles(), world.engine.rules)
    keeper = threading.Thread(target=keep_tidy, args=(services, 0.02, stop))
    keeper.start()
    until(lambda: state_of(world, begun.id) != OperationState.CARD)
    stop.set()
    keeper.join()
    assert state_of(world, begun.id) == OperationState.ABANDONED
    assert tidy(world.engine) == 0


def state_of(world: World, operation_id: str) -> str:
    """As it stands in the database, without asking the engine, which would end it."""
    with world.store.read() as uow:
        found = uow.operations.get(operation_id)
    assert found is not None
    return found.state
