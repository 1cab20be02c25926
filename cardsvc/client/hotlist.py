"""A terminal's copy of the hot list: fetched as a whole or by what is new, checked, on disk before it is acknowledged.

An increment is good only on top of the version that it begins at. Where one was missed, or the service sends a whole list, the
copy is replaced and never mixed. A list whose signature is wrong changes nothing.
"""

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from cardsvc.client.http import ApiClient
from cardsvc.errors import RequestError
from cardsvc.wire import hot_list_text

TRIES = 3
"""A wrong list comes from a broken line; one that stays wrong is somebody else's."""


@dataclass(frozen=True, slots=True)
class HotListCopy:
    """A version, and the cards that are listed then."""

    version: int = 0
    cards: frozenset[str] = frozenset()


def kept_copy(file: Path) -> HotListCopy:
    """The copy of a file; without one, or with half of one, none: then the whole list is fetched."""
    try:
        kept = json.loads(file.read_text("utf-8"))
        return HotListCopy(int(kept["version"]), frozenset(map(str, kept["cards"])))
    except (OSError, ValueError, KeyError, TypeError):
        return HotListCopy()


def sync_hot_list(port: ApiClient, public_key: bytes, file: Path) -> HotListCopy:
    """Bring a copy up to date, keep it, and say which version it is. ``public_key``: of the service's lists.

    Raises RequestError ``hotlist_signature_wrong`` (the copy stays as it was), and as ``ApiClient.call`` does.
    """
    copy = kept_copy(file)
    since = copy.version
    for _ in range(TRIES):
        told = port.call("GET", f"/hotlist?since={since}")
        if not _genuine(told, public_key):
            continue
        following = applied(copy, told)
        if following is None:
            since = 0
            continue
        _keep(file, following)
        port.call("POST", "/hotlist/ack", {"version": following.version})
        return following
    raise RequestError("hotlist_signature_wrong")


def applied(copy: HotListCopy, told: Mapping[str, Any]) -> HotListCopy | None:
    """The copy after a list; None for an increment that begins at another version."""
    if told["kind"] == "full":
        cards: set[str] = set()
    elif told["since"] == copy.version:
        cards = set(copy.cards)
    else:
        return None
    for entry in told["entries"]:
        if entry["action"] == "add":
            cards.add(entry["card_no"])
        else:
            cards.discard(entry["card_no"])
    return HotListCopy(told["version"], frozenset(cards))


def _genuine(told: Mapping[str, Any], public_key: bytes) -> bool:
    lines = [(entry["card_no"], entry["action"], entry["version"]) for entry in told["entries"]]
    text = hot_list_text(told["kind"], told["since"], told["version"], lines)
    try:
        Ed25519PublicKey.from_public_bytes(public_key).verify(bytes.fromhex(told["signature"]), text)
    except (InvalidSignature, ValueError):
        return False
    return True


def _keep(file: Path, copy: HotListCopy) -> None:
    """Whole or not at all, also when the power fails."""
    half = file.with_name(file.name + ".new")
    with half.open("w", encoding="utf-8") as opened:
        json.dump({"version": copy.version, "cards": sorted(copy.cards)}, opened)
        opened.flush()
        os.fsync(opened.fileno())
    half.replace(file)
