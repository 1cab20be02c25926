"""The PBOC purse as bytes: commands, answers, and what each MAC and TAC is computed over.

Source: JR/T 0025.2-2010 5.2 and 5.5; Fudan FMCOS 2.0 general manual p83-117. All integers big-endian, amounts in fen.
"""

import datetime as dt
import struct
from dataclasses import dataclass
from enum import IntEnum, unique
from typing import ClassVar, Self

from cardsvc.card.commands import CLA_PBOC
from cardsvc.errors import CardError
from cardsvc.iso7816.apdu import Command
from cardsvc.iso7816.exchange import SUCCESS, Ask
from cardsvc.units import bcd_date, bcd_time

ED, EP = 0x01, 0x02
"""P2 of the purse commands: electronic deposit (电子存折) and electronic purse (电子钱包)."""

PURSES = {"ed": ED, "ep": EP}
COUNTER_MAXIMUM = 0xFFFF
"""A counter that stands here is used up: the next transaction would repeat the numbers of the first. Cards answer 9402; those
that go on are not let to (Fudan's manual names no such answer)."""
SAFE_AMOUNT = 1
"""Amount of an INITIALIZE that is sent only to read what the card answers; no credit or debit ever follows it."""


@unique
class TransactionType(IntEnum):
    """Transaction type identifiers (JR/T 0025.2-2010, log record)."""

    ED_LOAD = 0x01
    EP_LOAD = 0x02
    UNLOAD = 0x03
    CASH_WITHDRAW = 0x04
    ED_PURCHASE = 0x05
    EP_PURCHASE = 0x06
    OVERDRAFT_UPDATE = 0x07
    CAPP_PURCHASE = 0x09


BALANCE_LENGTH = 4


def load_type(purse: int) -> TransactionType:
    """The load type of a purse."""
    return TransactionType.ED_LOAD if purse == ED else TransactionType.EP_LOAD


def purchase_type(purse: int) -> TransactionType:
    """The purchase type of a purse."""
    return TransactionType.ED_PURCHASE if purse == ED else TransactionType.EP_PURCHASE


@dataclass(frozen=True, slots=True)
class _Layout:
    """A fixed layout that reads itself from an answer's data."""

    FORMAT: ClassVar[str]

    @classmethod
    def parse(cls, data: bytes) -> Self:
        """The fields in these bytes. Raises CardError ``answer_malformed`` for any other length."""
        length = struct.calcsize(cls.FORMAT)
        if len(data) != length:
            raise CardError("answer_malformed", reason=f"{cls.__name__}: {len(data)} bytes instead of {length}")
        return cls(*struct.unpack(cls.FORMAT, data))


@dataclass(frozen=True, slots=True)
class InitializeForLoadAnswer(_Layout):
    """Answer to INITIALIZE FOR LOAD.  Source: JR/T 0025.2-2010 5.5.2; Fudan FMCOS 2.0 general manual p84.

    offset  bytes  field           unit, meaning
    0       4      balance         fen, before the load
    4       2      online_counter  before the increment
    6       1      key_version     of the load key named in the command
    7       1      algorithm       of the same key; informative only (real cards disagree on its meaning)
    8       4      card_random     one use only
    12      4      mac1            over balance, amount, type, terminal
    """

    FORMAT: ClassVar[str] = ">IHBB4s4s"
    balance: int
    online_counter: int
    key_version: int
    algorithm: int
    card_random: bytes
    mac1: bytes


@dataclass(frozen=True, slots=True)
class InitializeForUnloadAnswer(InitializeForLoadAnswer):
    """Answer to INITIALIZE FOR UNLOAD.  Source: JR/T 0025.2-2010 5.5.7; Fudan FMCOS 2.0 general manual p100.

    offset  bytes  field           unit, meaning
    0       4      balance         fen, before the unload
    4       2      online_counter  before the increment
    6       1      key_version     of the unload key named in the command
    7       1      algorithm       of the same key; informative only
    8       4      card_random     one use only
    12      4      mac1            over balance, amount, type 03, terminal
    """


@dataclass(frozen=True, slots=True)
class InitializeForPurchaseAnswer(_Layout):
    """Answer to INITIALIZE FOR PURCHASE.  Source: JR/T 0025.2-2010 5.5.3; Fudan FMCOS 2.0 general manual p89.

    offset  bytes  field            unit, meaning
    0       4      balance          fen, before the purchase
    4       2      offline_counter  before the increment
    6       3      overdraft_limit  fen
    9       1      key_version
    10      1      algorithm
    11      4      card_random
    """

    FORMAT: ClassVar[str] = ">IH3sBB4s"
    balance: int
    offline_counter: int
    overdraft_limit: bytes
    key_version: int
    algorithm: int
    card_random: bytes


@dataclass(frozen=True, slots=True)
class DebitForPurchaseAnswer(_Layout):
    """Answer to DEBIT FOR PURCHASE: TAC then MAC2 (GET TRANSACTION PROVE has them the other way round)."""

    FORMAT: ClassVar[str] = ">4s4s"
    tac: bytes
    mac2: bytes


@dataclass(frozen=True, slots=True)
class TransactionProof(_Layout):
    """Answer to GET TRANSACTION PROVE: MAC then TAC.  Source: JR/T 0025.2-2010 5.6."""

    FORMAT: ClassVar[str] = ">4s4s"
    mac: bytes
    tac: bytes


@dataclass(frozen=True, slots=True)
class LogRecord(_Layout):
    """One record of the transaction log EF18.  Source: JR/T 0025.2-2010 5.5.8; 23 bytes.

    offset  bytes  field            unit, meaning
    0       2      number           the transaction's counter; after the increment on real cards
    2       3      overdraft_limit  fen
    5       4      amount           fen
    9       1      type             TransactionType
    10      6      terminal
    16      4      date             BCD YYYYMMDD
    20      3      time             BCD hhmmss
    """

    FORMAT: ClassVar[str] = ">H3sIB6s4s3s"
    LENGTH: ClassVar[int] = struct.calcsize(FORMAT)
    number: int
    overdraft_limit: bytes
    amount: int
    type: int
    terminal: bytes
    date: bytes
    time: bytes

    @property
    def written(self) -> bool:
        """Whether the record holds a transaction: fresh cyclic files read all 00 or all FF."""
        return self.type not in (0x00, 0xFF)

    @property
    def stamp(self) -> str:
        """Its local time as the card has it, YYYYMMDDhhmmss; of a damaged one perhaps no time at all."""
        return (self.date + self.time).hex()


# Commands


def _initialize(p1: int, purse: int, key_index: int, amount: int, terminal: bytes, le: int, name: str) -> Ask:
    data = struct.pack(">BI6s", key_index, amount, terminal)
    return Ask(Command(CLA_PBOC, 0x50, p1, purse, data, le=le), name)


def initialize_for_load(purse: int, key_index: int, amount: int, terminal: bytes) -> Ask:
    """INITIALIZE FOR LOAD. Changes no balance; the load happens in CREDIT FOR LOAD."""
    return _initialize(0x00, purse, key_index, amount, terminal, 0x10, "INITIALIZE FOR LOAD")


def credit_for_load(moment: dt.datetime, mac2: bytes) -> Ask:
    """CREDIT FOR LOAD: the command that puts money on the card. ``moment`` is the host's local time."""
    data = bcd_date(moment.date()) + bcd_time(moment) + mac2
    return Ask(Command(CLA_PBOC, 0x52, 0x00, 0x00, data, le=4), "CREDIT FOR LOAD", changes=True)


def initialize_for_purchase(purse: int, key_index: int, amount: int, terminal: bytes) -> Ask:
    """INITIALIZE FOR PURCHASE."""
    return _initialize(0x01, purse, key_index, amount, terminal, 0x0F, "INITIALIZE FOR PURCHASE")


def debit_for_purchase(terminal_transaction: bytes, moment: dt.datetime, mac1: bytes) -> Ask:
    """DEBIT FOR PURCHASE: the command that takes money off the card."""
    data = terminal_transaction + bcd_date(moment.date()) + bcd_time(moment) + mac1
    return Ask(Command(CLA_PBOC, 0x54, 0x01, 0x00, data, le=8), "DEBIT FOR PURCHASE", changes=True)


def initialize_for_unload(key_index: int, amount: int, terminal: bytes) -> Ask:
    """INITIALIZE FOR UNLOAD: of the electronic deposit, the only purse that knows it."""
    return _initialize(0x05, ED, key_index, amount, terminal, 0x10, "INITIALIZE FOR UNLOAD")


def debit_for_unload(moment: dt.datetime, mac2: bytes) -> Ask:
    """DEBIT FOR UNLOAD: the command that gives money back to the host. The card answers MAC3."""
    data = bcd_date(moment.date()) + bcd_time(moment) + mac2
    return Ask(Command(CLA_PBOC, 0x54, 0x03, 0x00, data, le=4), "DEBIT FOR UNLOAD", changes=True)


def get_balance(purse: int, counter: int = 0, expect: tuple[str, ...] = SUCCESS) -> Ask:
    """GET BALANCE; ``counter`` other than 0 only on transport-union cards."""
    return Ask(Command(CLA_PBOC, 0x5C, counter, purse, le=4), "GET BALANCE", expect)


def balance_in(data: bytes) -> int:
    """The balance in an answer to GET BALANCE, fen. Raises CardError ``answer_malformed`` for anything but four bytes."""
    if len(data) != BALANCE_LENGTH:
        raise CardError("answer_malformed", reason=f"balance of {len(data)} bytes")
    return int.from_bytes(data, "big")


def get_transaction_prove(transaction_type: int, number: int) -> Ask:
    """GET TRANSACTION PROVE by transaction number; 9406 says there is no such proof (JR/T 0025.2-2010 5.6)."""
    command = Command(CLA_PBOC, 0x5A, 0x00, transaction_type, struct.pack(">H", number), le=8)
    return Ask(command, "GET TRANSACTION PROVE", (*SUCCESS, "9406"))


# What MACs and TACs are computed over


def load_mac1_data(balance: int, amount: int, transaction_type: int, terminal: bytes) -> bytes:
    """Card's MAC1 of a load or unload: old balance, amount, type, terminal."""
    return struct.pack(">IIB6s", balance, amount, transaction_type, terminal)


def load_mac2_data(amount: int, transaction_type: int, terminal: bytes, moment: dt.datetime) -> bytes:
    """Host's MAC2 of a load or unload: amount, type, terminal, date, time."""
    return struct.pack(">IB6s", amount, transaction_type, terminal) + bcd_date(moment.date()) + bcd_time(moment)


def load_tac_data(
    new_balance: int, online_counter: int, amount: int, transaction_type: int, terminal: bytes, moment: dt.datetime
) -> bytes:
    """TAC of a load, and the card's MAC3 of an unload: **new** balance, online counter **before** the increment, amount, type,
    terminal, date, time."""
    head = struct.pack(">IHIB6s", new_balance, online_counter, amount, transaction_type, terminal)
    return head + bcd_date(moment.date()) + bcd_time(moment)


def purchase_mac1_data(amount: int, transaction_type: int, terminal: bytes, moment: dt.datetime, card_id: bytes = b"") -> bytes:
    """Terminal's MAC1 of a purchase; ``card_id``: the 9-byte authentication id that city-union cards add (CJ/T 304)."""
    return load_mac2_data(amount, transaction_type, terminal, moment) + card_id


def purchase_mac2_data(amount: int) -> bytes:
    """Card's MAC2 of a purchase: the amount."""
    return struct.pack(">I", amount)


def purchase_tac_data(
    amount: int, transaction_type: int, terminal: bytes, terminal_transaction: bytes, moment: dt.datetime
) -> bytes:
    """TAC of a purchase: amount, type, terminal, terminal's transaction number, date, time."""
    head = struct.pack(">IB6s4s", amount, transaction_type, terminal, terminal_transaction)
    return head + bcd_date(moment.date()) + bcd_time(moment)
