"""What differs between families, as the machinery of the virtual card asks for it."""

from collections.abc import Mapping
from typing import Protocol, runtime_checkable

from cardsvc.vcard.bodies import Directory, Purse
from cardsvc.vcard.memory import Memory
from cardsvc.vcard.session import Apdu, Running


@runtime_checkable
class TwoSided(Protocol):
    """A family whose cards have contacts beside the antenna."""

    def contact_atr(self, chip_serial: bytes) -> bytes:
        """The ATR of the same card through its contacts; T=0 alone, so it has no check byte."""


class CardDialect(Protocol):
    """One family's rules. Methods that handle a command end it with StatusError or return answer data.

    ``t0``: the card speaks T=0. ``check_byte``: its ATR has a TCK. ``pin_for_ep_load``: a load of the EP wants the PIN.
    ``empty_verify``: VERIFY without a PIN tells the tries left. ``counter_wraps``: a counter at its maximum begins again at 0,
    where others answer 9402. ``wrong_mac1``: a fault of the firmware, what
    INITIALIZE FOR LOAD answers as MAC1 under a key with this algorithm byte.
    """

    name: str
    t0: bool
    check_byte: bool
    pin_for_ep_load: bool
    empty_verify: bool
    counter_wraps: bool
    max_data: int
    eeprom_size: int
    chip_serial_length: int
    blocked_select_sw: int
    blocked_select_fci: bool
    blocked_use_sw: int
    unwritten_sw: int
    proof_after: bool
    log_after: bool
    wrong_mac1: Mapping[int, bytes]

    def atr(self, chip_serial: bytes) -> bytes:
        """The ATR of a card with this chip, without its check byte."""

    def allowed(self, card: Running, permission: int) -> bool:
        """Whether a permission byte is satisfied now."""

    def open_for_creation(self, card: Running, directory: Directory) -> bool:
        """Whether everything is free in the selected DF because its creation has not ended."""

    def create(self, card: Running, apdu: Apdu) -> bytes:
        """CREATE FILE and its relatives."""

    def erase(self, card: Running, apdu: Apdu) -> bytes:
        """ERASE DF or MF."""

    def write_key(self, card: Running, apdu: Apdu) -> bytes:
        """WRITE KEY."""

    def install(self, memory: Memory) -> None:
        """What the maker puts on a fresh chip, within a running change."""

    def own_command(self, card: Running, apdu: Apdu) -> bytes | None:
        """A command that only this family has; None for one that it does not know."""

    def counter(self, card: Running, purse: Purse, p1: int) -> int:
        """What GET BALANCE answers to this P1."""

    def mac1_tail(self, card: Running) -> bytes:
        """What MAC1 of a purchase covers after the time."""

    def write_key_ins(self) -> int:
        """Instruction byte of WRITE KEY."""


class Ordinary:
    """What most families do alike: they come empty, have no command of their own and no identification in MAC1."""

    def install(self, memory: Memory) -> None:
        """Cards are delivered empty."""

    def own_command(self, card: Running, apdu: Apdu) -> bytes | None:  # noqa: ARG002 - of the protocol
        """None of its own."""
        return None

    def counter(self, card: Running, purse: Purse, p1: int) -> int:  # noqa: ARG002 - of the protocol
        """GET BALANCE knows the balance only, whatever P1 says."""
        return purse.balance

    def mac1_tail(self, card: Running) -> bytes:  # noqa: ARG002 - of the protocol
        """Nothing more is covered."""
        return b""
