"""A service's clock that was ahead for a while: what it forgot meanwhile is not taken again, and nobody is shut out for it."""

import datetime as dt
import uuid

from cardsvc.web.api.auth import PRUNE_EVERY
from tests.web.test_floods import City
from tests.world import World

AHEAD = dt.timedelta(minutes=20)


def that_prunes() -> str:
    """A nonce with which the service forgets the old ones."""
    return next(nonce for nonce in iter(lambda: uuid.uuid4().hex, "") if hash(nonce) % PRUNE_EVERY == 0)


def test_a_clock_that_was_ahead_shuts_nobody_out(world: World) -> None:
    """A terminal followed it there; back at the true time it and its neighbour are served at once, as often as they may ask."""
    city = City(world, requests_per_minute=2)
    city.at += AHEAD
    assert [city.code(city.request("kiosk-1")) for _ in range(2)] == ["done", "done"]
    city.at -= AHEAD
    assert [city.code(city.request(name)) for name in ("kiosk-1", "kiosk-2")] == ["done", "done"]
    assert [city.code(city.request("kiosk-1")) for _ in range(2)] == ["done", "too_many_requests"]


def test_what_was_forgotten_while_the_clock_was_ahead_is_not_taken_again(world: World) -> None:
    """Its nonce is gone, so its age decides; what is signed after it is taken, once."""
    city = City(world)
    old = city.request("kiosk-1")
    assert city.code(old) == "done"
    city.at += AHEAD
    assert city.code(city.request("kiosk-2", nonce=that_prunes())) == "done"
    city.at -= AHEAD - dt.timedelta(seconds=30)
    assert city.code(old) == "clock_wrong"
    new = city.request("kiosk-1")
    assert [city.code(new), city.code(new)] == ["done", "request_replayed"]
