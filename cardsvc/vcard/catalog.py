"""Faults by name: what a trainer types, what a file holds, and how it is put on a card.

A fault is a name and, where it takes one, a parameter after a colon: a number (``torn-after-write:1``), a place on the card
(``corrupted-file:3F01/0015``) or bytes (``cloned-serial:0A0B0C0D``). A parameter that is left out is chosen by the seed, or is
the purse's place. A file holds a seed and a list of faults::

    seed = 7
    faults = ["slow:300", "torn-after-write:1"]
"""

import random
import tomllib
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from cardsvc.errors import RequestError
from cardsvc.text import Text
from cardsvc.vcard import bodies, conditions
from cardsvc.vcard.card import VirtualCard
from cardsvc.vcard.classic import ClassicCard
from cardsvc.vcard.conditions import Place
from cardsvc.vcard.faults import Side
from cardsvc.vcard.session import KeyKind

PURSE_DIRECTORY = "3F01"
MAX_BALANCE = 0xFFFFFFFF

Inflict = Callable[[VirtualCard, str, random.Random], None]
OfPlan = Callable[[Any, str, random.Random], None]
"""A fault of the plan alone, which cards of both kinds have."""


@dataclass(frozen=True, slots=True)
class FaultKind:
    """A fault that the catalog knows: what it is, what its parameter means, and how it gets onto a card. ``unseen``: why
    nothing that only reads can find it, where that is so; ``on_old_card``: how it gets onto an old bus card, if it does."""

    what: Text
    parameter: str
    inflict: Inflict
    unseen: Text | None = None
    on_old_card: Callable[[ClassicCard, str, random.Random], None] | None = None


@dataclass(frozen=True, slots=True)
class Fault:
    """One fault as data: a name of the catalog and its parameter, empty where it takes none or the seed shall choose."""

    name: str
    parameter: str = ""

    @classmethod
    def parse(cls, text: str) -> "Fault":
        """``NAME`` or ``NAME:PARAMETER``. Raises RequestError ``fault_unknown``."""
        name, _, parameter = text.partition(":")
        if name not in FAULTS:
            raise RequestError("fault_unknown", fault=name[:32], names=", ".join(FAULTS))
        return cls(name, parameter)


def inflict(card: VirtualCard | ClassicCard, faults: Iterable[Fault], seed: int = 0) -> None:
    """Put faults on a card. The same faults with the same seed on the same card do the same.

    Faults that strike while the card runs count from now on. Raises RequestError ``fault_does_not_fit`` with the reason.
    """
    rng = random.Random(seed)
    for fault in faults:
        try:
            if isinstance(card, ClassicCard):
                _on_old_card(fault)(card, fault.parameter, rng)
            else:
                FAULTS[fault.name].inflict(card, fault.parameter, rng)
        except ValueError as reason:
            raise RequestError("fault_does_not_fit", fault=fault.name, reason=reason) from None


def _on_old_card(fault: Fault) -> Callable[[ClassicCard, str, random.Random], None]:
    put = FAULTS[fault.name].on_old_card
    if put is None:
        fitting = ", ".join(name for name, kind in FAULTS.items() if kind.on_old_card)
        raise ValueError(f"an old bus card takes {fitting}")
    return put


def load_faults(path: Path) -> tuple[tuple[Fault, ...], int]:
    """Faults and seed of a file. Raises RequestError ``fault_file_wrong`` or ``fault_unknown``."""
    try:
        table = tomllib.loads(path.read_text("utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as reason:
        raise RequestError("fault_file_wrong", file=path.name, reason=reason) from None
    faults, seed = table.pop("faults", None), table.pop("seed", 0)
    if table or not isinstance(faults, list) or not all(isinstance(f, str) for f in faults) or type(seed) is not int:
        raise RequestError("fault_file_wrong", file=path.name, reason="seed = number, faults = [texts], nothing else")
    return tuple(Fault.parse(text) for text in faults), seed


def _number(text: str, rng: random.Random, low: int, high: int, chosen_to: int) -> int:
    """A number within low..high; chosen within low..chosen_to where none was given."""
    if not text:
        return rng.randint(low, chosen_to)
    if not (text.isascii() and text.isdecimal()) or not low <= int(text) <= high:
        raise ValueError(f"{text[:16]} is no number from {low} to {high}")
    return int(text)


def _counted(field: str, chosen_to: int) -> OfPlan:
    """A fault of the plan that strikes at the N-th occasion."""

    def put(card: Any, text: str, rng: random.Random) -> None:
        change: dict[str, Any] = {field: _number(text, rng, 1, 1_000_000, chosen_to)}
        card.plan = replace(card.plan, **change)

    return put


def _always(field: str) -> OfPlan:
    """A fault of the plan that is there all the time."""

    def put(card: Any, text: str, _rng: random.Random) -> None:
        _no_parameter(text)
        change: dict[str, Any] = {field: True}
        card.plan = replace(card.plan, **change)

    return put


def _dead(side: Side) -> Inflict:
    """One side of a card that has two."""

    def put(card: VirtualCard, text: str, _rng: random.Random) -> None:
        _no_parameter(text)
        if not card.two_sided:
            raise ValueError("this family has one side only")
        card.plan = replace(card.plan, dead_side=side)

    return put


def _no_parameter(text: str) -> None:
    if text:
        raise ValueError("it takes no parameter")


def _slow(card: VirtualCard, text: str, rng: random.Random) -> None:
    card.plan = replace(card.plan, delay_milliseconds=_number(text, rng, 1, 60_000, 2_000))


def _at(default: str, condition: Callable[[VirtualCard, Place, random.Random], None]) -> Inflict:
    """A condition of the memory at a place."""

    def put(card: VirtualCard, text: str, rng: random.Random) -> None:
        with card.opened():
            condition(card, Place.parse(text or default), rng)

    return put


def _lock(kind: KeyKind) -> Callable[[VirtualCard, Place, random.Random], None]:
    return lambda card, place, _rng: conditions.lock_keys(card.memory, place, kind)


def _block(state: int) -> Callable[[VirtualCard, Place, random.Random], None]:
    return lambda card, place, _rng: conditions.block(card.memory, place, state)


def _balance(card: VirtualCard, text: str, rng: random.Random) -> None:
    with card.opened():
        conditions.set_balance(card.memory, Place.parse(PURSE_DIRECTORY), _number(text, rng, 0, MAX_BALANCE, 99_999))


def _blocked_card(card: VirtualCard, text: str, _rng: random.Random) -> None:
    _no_parameter(text)
    with card.opened():
        conditions.block(card.memory, Place.parse("3F00"), bodies.FOR_GOOD)


def _cloned(card: VirtualCard, text: str, rng: random.Random) -> None:
    """The files stay, the chip is another one."""
    length = card.dialect.chip_serial_length
    serial = bytes.fromhex(text) if text else rng.randbytes(length)
    if len(serial) != length:
        raise ValueError(f"the chip serial has {length} bytes")
    card.chip_serial = serial


def _kind(zh: str, en: str, parameter: str, how: Inflict, unseen: Text | None = None) -> FaultKind:
    return FaultKind(Text(zh, en), parameter, how, unseen)


def _both(zh: str, en: str, parameter: str, how: OfPlan) -> FaultKind:
    """One of the plan that an old bus card knows, too."""
    return FaultKind(Text(zh, en), parameter, how, on_old_card=how)


def _damaged(zh: str, en: str, parameter: str, how: Inflict) -> FaultKind:
    """Content that reads differently: on an old bus card the second copy of its balance."""

    def copies_differ(card: ClassicCard, text: str, rng: random.Random) -> None:
        _no_parameter(text)
        card.spoil_backup(rng)

    return FaultKind(Text(zh, en), parameter, how, on_old_card=copies_differ)


def _file(card: VirtualCard, place: Place, rng: random.Random) -> None:
    conditions.corrupt_file(card.memory, place, rng)


def _version(card: VirtualCard, place: Place, rng: random.Random) -> None:
    conditions.change_key_version(card.memory, place, rng)


def _exhaust(card: VirtualCard, place: Place, _rng: random.Random) -> None:
    conditions.exhaust_counters(card.memory, place)


_PURSE = PURSE_DIRECTORY
_SHOWN_IN_USE = Text(
    "密钥计数器只在用这个密钥时才显出来：用错一次少一次，用对了就打开了写卡的权限；检测不用它，维修用到时显出",
    "the counter of a key shows itself only when the key is used: a wrong use costs a try, a right one opens the card for "
    "writing; a diagnosis does not use it, a repair that does tells it",
)
FAULTS: Mapping[str, FaultKind] = {
    "mute": _both("卡没有任何应答", "no answer at all", "", _always("mute")),
    "broken-antenna": _kind("天线断：感应读不出，插卡能读", "dead through the air", "", _dead("contactless")),
    "broken-contacts": _kind("触点坏：插卡读不出，感应能读", "dead through its contacts", "", _dead("contact")),
    "bouncing-contact": _kind(
        "接触时断时续：每 N 条命令断一次电", "power is gone at every N-th command", "N", _counted("bounce_every", 9)
    ),
    "bad-atr": _kind("复位应答校验错", "the ATR's check byte is wrong", "", _always("bad_atr")),
    "torn-before-command": _both("第 N 条命令前断电", "power fails before command N", "N", _counted("tear_before_command", 9)),
    "torn-after-command": _both("第 N 条命令后断电", "power fails after command N", "N", _counted("tear_after_command", 9)),
    "torn-before-write": _both("第 N 次写卡前断电", "power fails before write N", "N", _counted("tear_before_write", 3)),
    "torn-after-write": _both("第 N 次写卡后断电", "power fails after write N", "N", _counted("tear_after_write", 3)),
    "torn-at-byte": _kind("写第 N 个字节时断电", "power fails at byte N", "N", _counted("tear_at_eeprom_byte", 200)),
    "lost-answer": _kind("第 N 次写卡的应答丢失", "write N's answer is lost", "N", _counted("lose_answer_to_write", 3)),
    "slow": _kind("每条命令迟答若干毫秒", "each answer comes late", "MS", _slow),
    "worn-eeprom": _kind(
        "第 N 个字节起写不进（6581）", "no byte is written from N on", "N", _counted("worn_from_eeprom_byte", 9)
    ),
    "stuck-counter": _kind("交易序号不再增加", "counters no longer move", "", _always("stuck_counter")),
    "grey-lock": _kind(
        "灰锁：上次扣款没做完，钱包暂锁", "a purchase elsewhere left the purse locked", "", _always("grey_lock")
    ),
    "corrupted-file": _damaged("文件内容损坏", "a file's content is damaged", "DIR/FILE", _at(f"{_PURSE}/0015", _file)),
    "locked-pin": _kind("密码锁死", "the PIN is locked", "DIR", _at(_PURSE, _lock(KeyKind.PIN))),
    "locked-key": _kind("主控密钥锁死", "the master key is locked", "DIR", _at(_PURSE, _lock(KeyKind.MASTER)), _SHOWN_IN_USE),
    "blocked-application": _kind("应用临时锁定", "blocked for a time", "DIR", _at(_PURSE, _block(bodies.FOR_A_TIME))),
    "blocked-for-good": _kind("应用永久锁定", "blocked for good", "DIR", _at(_PURSE, _block(bodies.FOR_GOOD))),
    "blocked-card": _kind("整卡锁定", "the card is blocked", "", _blocked_card),
    "wrong-key-version": _kind("充值密钥版本不符", "a load key of another version", "DIR", _at(_PURSE, _version)),
    "cloned-serial": _kind("别的芯片，同样的卡号", "another chip with this card's files", "HEX", _cloned),
    "wrong-balance": _kind("余额与账不符", "the balance is not what was booked", "FEN", _balance),
    "counter-at-maximum": _kind("交易序号到上限（9402）", "counters at their maximum", "DIR", _at(_PURSE, _exhaust)),
}
