"""A start whose sender heard nothing, and sends it again while the first is still under way."""

import threading
import uuid

from cardsvc.service.operations.engine import Beside
from cardsvc.vcard import VirtualCard
from cardsvc.wire import Reply
from tests.world import FAMILIES, KIOSK, World


def begin(world: World, card: VirtualCard, key: str, beside: Beside | None = None) -> Reply:
    """A top-up of 50 yuan in cash."""
    params = {"amount": 5000, "payment": {"method": "cash", "reference": None}}
    return world.port(KIOSK).start("topup", params, atr=card.atr, idempotency_key=key, beside=beside)


def test_a_start_that_is_sent_again_while_the_first_is_under_way_finds_the_same_operation(world: World) -> None:
    """A client that hears nothing sends again, and the first sending may be slow: both are told the same."""
    card, key = world.issue(FAMILIES[0]), str(uuid.uuid4())
    again: list[Reply] = []
    sending = threading.Thread(target=lambda: again.append(begin(world, card, key)))

    def meanwhile(*_: object) -> None:
        sending.start()
        sending.join(1)

    first = begin(world, card, key, meanwhile)
    sending.join()
    assert [(reply.id, reply.replayed) for reply in (first, *again)] == [(first.id, False), (first.id, True)]
