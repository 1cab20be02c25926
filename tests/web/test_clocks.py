"""A service's clock that was ahead for a while: what it forgot meanwhile is not taken again, and nobody is shut out for it."""

import datetime as dt
import re
import uuid

import requests
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from cardsvc.service.terminals.admin import retire
from cardsvc.web.api.auth import PRUNE_EVERY
from tests.web.test_floods import City
from tests.world import World

AHEAD = dt.timedelta(minutes=20)
HOURS = dt.timedelta(hours=6)


def that_prunes() -> str:
    """A nonce with which the service forgets the old ones."""
    return next(nonce for nonce in iter(lambda: uuid.uuid4().hex, "") if hash(nonce) % PRUNE_EVERY == 0)


def signed_at(request: requests.PreparedRequest) -> dt.datetime:
    """When a request says that it was signed."""
    found = re.search(r"created=([0-9]+)", request.headers["Signature-Input"])
    assert found
    return dt.datetime.fromtimestamp(int(found[1]), dt.UTC)


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
    assert city.code(old) == "key_must_follow"
    new = city.request("kiosk-1")
    assert [city.code(new), city.code(new)] == ["done", "request_replayed"]


def after_hours_ahead(world: World) -> tuple[City, dict[str, requests.PreparedRequest]]:
    """A service that was hours ahead, with kiosk-1 following it; back at the true time. What was signed meanwhile, by when."""
    city = City(world)
    true, signed = city.at, {}
    city.at += HOURS
    signed["early"] = city.request("kiosk-1")
    assert city.code(signed["early"]) == "done"
    city.at += AHEAD
    signed["late"] = city.request("kiosk-1")
    assert city.code(signed["late"]) == "done"
    city.at += AHEAD
    assert city.code(city.request("kiosk-1", nonce=that_prunes())) == "done"
    city.at = true
    return city, signed


def test_hours_ahead_shut_out_only_who_followed_and_a_new_key_is_served_at_once(world: World) -> None:
    """Its neighbour never waits. Registering the key that follows is still taken, signed with the old one, once."""
    city, signed = after_hours_ahead(world)
    assert city.code(city.request("kiosk-2")) == "done"
    refused = city.send(city.request("kiosk-1")).get_json()
    assert (refused["code"], refused["outcome"]) == ("key_must_follow", "not_done")
    with world.store.read() as uow:
        assert uow.nonces.forgotten_after(city.at) == {"kiosk-1": signed_at(signed["late"])}
    new = Ed25519PrivateKey.generate()
    follow = city.key_request("kiosk-1", new)
    assert [city.send(follow).status_code, city.code(follow)] == [201, "request_replayed"]
    assert city.code(city.request("kiosk-1", new)) == "done"
    assert city.code(city.request("kiosk-1")) == "key_must_follow"
    with world.store.read() as uow:
        assert uow.nonces.forgotten_after(city.at) == {}


def test_what_the_old_key_signed_while_the_clock_was_ahead_is_never_taken_again(world: World) -> None:
    """When its hour comes, also with the terminal served again; and the old key does not come back under another number."""
    city, signed = after_hours_ahead(world)
    new = Ed25519PrivateKey.generate()
    assert city.send(city.key_request("kiosk-1", new)).status_code == 201
    for moment in ("early", "late"):
        city.at = signed_at(signed[moment])
        assert city.code(city.request("kiosk-1", new)) == "done"
        assert city.code(signed[moment]) == "key_must_follow"
    retire(world.store, "kiosk-1", "1", by=None, now=city.at)
    back = city.send(city.key_request("kiosk-1", city.keys["kiosk-1"], signer=new)).get_json()
    assert back["code"] == "terminal_field_wrong"
