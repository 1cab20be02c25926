"""A real server on a real port, over a fresh city."""

import datetime as dt
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from werkzeug.serving import WSGIRequestHandler, make_server

from cardsvc.bootstrap import Services, now
from cardsvc.client import ApiClient
from cardsvc.config import Settings
from cardsvc.keystore.receipt_key import ReceiptKey
from cardsvc.service.terminals.registry import register_terminal
from cardsvc.signature import public_hex
from cardsvc.web.api import create_api
from tests.world import World, profiles

POLL_SECONDS = 0.02
"""How often a server looks whether it is to end."""


class Quiet(WSGIRequestHandler):
    """No request log on stderr."""

    def log(self, *_: object) -> None:
        """Say nothing."""


class Served(NamedTuple):
    """The city, where it is served, the keys of its two terminals and its payment channel, and their clients."""

    world: World
    url: str
    desk_key: Ed25519PrivateKey
    kiosk_key: Ed25519PrivateKey
    channel_key: Ed25519PrivateKey
    desk: ApiClient
    kiosk: ApiClient
    channel: ApiClient


def kiosk_file(served: Served, folder: Path) -> Path:
    """The kiosk's private key as a file, as a terminal keeps it."""
    file = folder / "kiosk.pem"
    file.write_bytes(served.kiosk_key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    file.chmod(0o600)
    return file


@contextmanager
def serving(world: World, waits: tuple[float, ...] = (0.01, 0.01), clock: Callable[[], dt.datetime] = now) -> Iterator[Served]:
    """A city behind its HTTP door. Signatures are made and checked by this clock, so the city's must be the same."""
    parties = (("desk-1", "310000000001", "desk"), ("kiosk-7", "310000000007", "topup"), ("app", "310000000009", "channel"))
    keys = tuple(Ed25519PrivateKey.generate() for _ in parties)
    for (name, number, role), key in zip(parties, keys, strict=True):
        register_terminal(world.store, name, "", number, public_hex(key), role, world.now)
    app = create_api(
        Services(
            Settings(), world.store, world.engine, profiles(), world.engine.rules, ReceiptKey(Ed25519PrivateKey.generate())
        ),
        clock,
    )
    server = make_server("127.0.0.1", 0, app, threaded=True, request_handler=Quiet)
    thread = threading.Thread(target=server.serve_forever, args=(POLL_SECONDS,))
    thread.start()
    url = f"http://127.0.0.1:{server.port}"
    try:
        with (
            ApiClient(url, "desk-1", keys[0], clock=clock, waits=waits) as desk,
            ApiClient(url, "kiosk-7", keys[1], clock=clock, waits=waits) as kiosk,
            ApiClient(url, "app", keys[2], clock=clock, waits=waits) as channel,
        ):
            yield Served(world, url, *keys, desk, kiosk, channel)
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
        world.close()
