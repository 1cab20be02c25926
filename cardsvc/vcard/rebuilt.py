"""A virtual card that becomes like the card of a recording: its memory holds what the exchange showed of the citizen's card.

The card is of the same family and was issued, with keys, somewhere else. The recorded commands are said to it, so that it
selects as it did; where the citizen's card answered otherwise, its memory is changed to what was seen: contents of files,
balances, counters, applications blocked or gone. It stops before the first command that changes a card: what was seen after
that is no longer what the operation found. The log stays its own, for its lines carry MACs of its own keys.

Afterwards it answers everything, also what was never asked in the recording. ``PlayedCard`` goes one step further for what no
memory explains: a command that was recorded with another status word or length is answered as it was then.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from cardsvc.errors import CardGone
from cardsvc.iso7816.links import ResponseLink
from cardsvc.vcard import bodies
from cardsvc.vcard.card import VirtualCard
from cardsvc.vcard.memory import Kind, Node
from cardsvc.vcard.session import Apdu, Running

_CHANGES = frozenset({0xD6, 0xD0, 0xDC, 0xE2, 0x52, 0x54, 0x58, 0x1E, 0x18, 0x16, 0xD4, 0xE8, 0xE0, 0x0E, 0x24, 0x5E, 0x2C})
_OK, _NOT_FOUND = 0x9000, 0x6A82


def rebuild(card: VirtualCard, exchanges: Sequence[Mapping[str, Any]]) -> int:
    """Change the card's memory to what the exchanges showed; returns how many of them it had answered otherwise.

    ``exchanges`` as recorded.py has them. What is secret or has no answer says nothing.
    """
    changed = 0
    channel = ResponseLink(card.channel())
    for exchange in exchanges:
        if exchange["secret"] or exchange["answer"] is None:
            continue
        command, seen = bytes.fromhex(exchange["command"]), bytes.fromhex(exchange["answer"])
        if command[1] in _CHANGES:
            break
        if channel.transmit(command) != seen:
            with card.opened():
                changed += _show(card, Apdu.parse(command), seen[:-2], int.from_bytes(seen[-2:], "big"))
    channel.close()
    return changed


def _show(card: VirtualCard, apdu: Apdu, data: bytes, sw: int) -> bool:
    """Change the memory so that the command that was just carried out would show this; whether it was changed."""
    match apdu.ins:
        case 0xA4:
            return _selected(card, card.running, apdu, sw)
        case 0xB0:
            return _binary(card, card.running, apdu, data, sw)
        case 0xB2:
            return _record(card, card.running, apdu, data, sw)
        case 0x5C | 0x50 if sw == _OK and len(data) >= 4:
            return _purse(card, card.running, apdu, data)
    return False


def _selected(card: VirtualCard, running: Running, apdu: Apdu, sw: int) -> bool:
    """A directory that was blocked, or was not there."""
    node = running.current_df if apdu.p1 == 0x04 or apdu.data in (b"", b"\x3f\x00") else None
    if node is None or node not in card.memory.nodes:
        return False
    if sw == _NOT_FOUND:
        card.memory.erase(node)
        return True
    if sw in (card.dialect.blocked_select_sw, 0x9303):
        state = bodies.FOR_GOOD if sw == 0x9303 else bodies.FOR_A_TIME
        card.memory.put(node, bodies.BLOCKED, bytes((state,)))
        return True
    return False


def _file(running: Running, sfi: int) -> Node | None:
    return running.find_sfi(sfi) if sfi else running.current_ef


def _binary(card: VirtualCard, running: Running, apdu: Apdu, data: bytes, sw: int) -> bool:
    by_sfi = bool(apdu.p1 & 0x80)
    node = _file(running, apdu.p1 & 0x1F if by_sfi else 0)
    if node is None or node.kind != Kind.BINARY:
        return False
    if sw == _NOT_FOUND:
        card.memory.erase(node)
        return True
    offset = apdu.p2 if by_sfi else apdu.p1 << 8 | apdu.p2
    if sw != _OK or offset + len(data) > bodies.File(card.memory, node).size:
        return False
    card.memory.put(node, bodies.CONTENT + offset, data)
    card.memory.put(node, bodies.WRITTEN, b"\x01")
    return True


def _record(card: VirtualCard, running: Running, apdu: Apdu, data: bytes, sw: int) -> bool:
    """Records by number, in files whose records keep their place."""
    node = _file(running, apdu.p2 >> 3)
    if node is None or node.kind not in (Kind.FIXED, Kind.VARIABLE):
        return False
    if sw == _NOT_FOUND:
        card.memory.erase(node)
        return True
    if sw != _OK or apdu.p2 & 0x07 != 0x04:
        return False
    file = bodies.File(card.memory, node)
    if node.kind == Kind.FIXED:
        place, fits = (apdu.p1 - 1) * file.record_length, len(data) == file.record_length
    else:
        place, length = _variable_place(card.memory.get(node, bodies.CONTENT, file.used), apdu.p1)
        fits = length == len(data)
    if not fits or place + len(data) > node.length - bodies.CONTENT:
        return False
    card.memory.put(node, bodies.CONTENT + place, data)
    return True


def _variable_place(content: bytes, number: int) -> tuple[int, int]:
    """Where a variable record stands, and its length; no length when there is none."""
    position = 0
    for _ in range(number - 1):
        if position + 2 > len(content):
            return 0, -1
        position += 2 + content[position + 1]
    return (position, 2 + content[position + 1]) if position + 2 <= len(content) else (0, -1)


def _purse(card: VirtualCard, running: Running, apdu: Apdu, data: bytes) -> bool:
    """GET BALANCE shows the balance, INITIALIZE the counter as well."""
    node = running.find_ef(apdu.p2)
    if node is None or node.kind != Kind.PURSE:
        return False
    shown = {bodies.BALANCE: data[:4]}
    if apdu.ins == 0x50 and len(data) >= 6:
        shown[bodies.ONLINE if apdu.p1 in (0x00, 0x05) else bodies.OFFLINE] = data[4:6]
    others = {place: value for place, value in shown.items() if card.memory.get(node, place, len(value)) != value}
    for place, value in others.items():
        card.memory.put(node, place, value)
    return bool(others)


class PlayedCard:
    """The rebuilt card on a reader (iso7816.channel.Channel): odd where the recorded one was, and gone where it left."""

    def __init__(self, card: VirtualCard, exchanges: Sequence[Mapping[str, Any]]) -> None:
        self._channel = ResponseLink(card.channel())
        self._waiting = list(exchanges)

    @property
    def atr(self) -> bytes:
        """The card's answer to reset."""
        return self._channel.atr

    def transmit(self, command: bytes) -> bytes:
        """The card's own answer, or the recorded one where that was of another kind."""
        recorded = self._recorded(command)
        if recorded is not None and recorded["answer"] is None:
            self.close()
            raise CardGone("card_gone")
        own = self._channel.transmit(command)
        if recorded is None or recorded["secret"]:
            return own
        seen = bytes.fromhex(recorded["answer"])
        return own if (own[-2:], len(own)) == (seen[-2:], len(seen)) else seen

    def _recorded(self, command: bytes) -> Mapping[str, Any] | None:
        """The next recorded exchange with the same header; those before it were not asked this time."""
        header = command[:4].hex().upper()
        for place, exchange in enumerate(self._waiting):
            if exchange["command"].replace(" ", "")[:8] == header:
                del self._waiting[: place + 1]
                return exchange
        return None

    def close(self) -> None:
        """Take the card off the reader."""
        self._channel.close()
