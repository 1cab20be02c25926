"""A virtual card: power, commands in, answers out. The fault model stands in faults.py."""

import logging
import os
import random
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from cardsvc.errors import CardError, CardGone
from cardsvc.vcard import bodies, files, purse, security
from cardsvc.vcard.dialect import CardDialect, TwoSided
from cardsvc.vcard.eeprom import Eeprom
from cardsvc.vcard.faults import FaultPlan, PowerLost, Side, WornOut
from cardsvc.vcard.fmcos import Fmcos
from cardsvc.vcard.huada import Huada
from cardsvc.vcard.issued import SocialSecurity, TUnion
from cardsvc.vcard.memory import Kind, Memory
from cardsvc.vcard.session import Apdu, Running, StatusError, refuse
from cardsvc.vcard.smartcos import Smartcos
from cardsvc.vcard.t0 import T0
from cardsvc.vcard.watchdata import Watchdata

_DIALECTS: tuple[CardDialect, ...] = (Fmcos(), Smartcos(), Huada(), Watchdata(), SocialSecurity(), TUnion())
PROFILES = {dialect.name: dialect for dialect in _DIALECTS}
_MAGIC = b"cardsvc virtual card 1\n"
_LOG = logging.getLogger(__name__)
_WHILE_BLOCKED = (0xA4, 0x84, 0x1E, 0x18, 0x16)
_KNOWN_CLASSES = (0x00, 0x04, 0x80, 0x84)


class VirtualCard:
    """One card. ``plan`` holds the faults that will strike; setting it starts its counters at zero. ``through_contacts``: a
    card with both sides lies in a contact reader, which gets another ATR."""

    def __init__(self, dialect: CardDialect, chip_serial: bytes, image: bytearray, seed: int | None) -> None:
        self.dialect = dialect
        self.chip_serial = chip_serial
        self.unknown_commands: list[bytes] = []
        self.commands = 0
        self.writes = 0
        self._eeprom = Eeprom(image)
        self._memory = Memory(self._eeprom)
        self._rng = random.Random(os.urandom(16) if seed is None else seed)
        self._running: Running | None = None
        self._forced: list[bytes] = []
        self._t0 = T0()
        self.through_contacts = False

    @classmethod
    def blank(
        cls, profile: str, chip_serial: bytes | None = None, seed: int | None = None, *, factory_mf: bool = False
    ) -> "VirtualCard":
        """A card as it comes from the factory: without an MF, or with one and its transport key FF x 8 (FMCOS)."""
        return cls.made(PROFILES[profile], chip_serial, seed, factory_mf=factory_mf)

    @classmethod
    def made(
        cls, dialect: CardDialect, chip_serial: bytes | None = None, seed: int | None = None, *, factory_mf: bool = False
    ) -> "VirtualCard":
        """A card of this dialect as it comes from the factory."""
        serial = chip_serial or os.urandom(dialect.chip_serial_length)
        if len(serial) != dialect.chip_serial_length:
            raise ValueError(f"the chip serial of {dialect.name} has {dialect.chip_serial_length} bytes")
        card = cls(dialect, serial, Eeprom.blank(dialect.eeprom_size).image, seed)
        card._memory.format()
        with card.opened():
            dialect.install(card.memory)
        if factory_mf:
            card._make_factory_mf()
        card.plan = FaultPlan()
        return card

    def _make_factory_mf(self) -> None:
        """As sold: an MF in which everything is free, and the transport key as external authentication key 00."""
        self.power_on()
        for command in (
            "80E03F000D38FFFFF0F001FFFFFFFFFFFFFF",
            "80E00000073F005001F0FFFF",
            "80D401000D39F0F0AA33FFFFFFFFFFFFFFFF",
        ):
            if self.transmit(bytes.fromhex(command)) != b"\x90\x00":
                raise ValueError(f"{self.dialect.name} has no factory MF")
        self.power_off()

    @property
    def plan(self) -> FaultPlan:
        """The faults to come."""
        return self._eeprom.plan

    @plan.setter
    def plan(self, plan: FaultPlan | None) -> None:
        self._eeprom.plan = plan or FaultPlan()
        self._eeprom.written = 0
        self.commands = self.writes = 0

    @property
    def eeprom_writes(self) -> int:
        """EEPROM bytes written since the plan was set: how many tear points a run has."""
        return self._eeprom.written

    @property
    def atr(self) -> bytes:
        """Answer to reset, with its check byte where it has one; none where the side to the reader is dead."""
        if self.plan.dead_side == self.side:
            return b""
        if self.side == "contact" and isinstance(self.dialect, TwoSided) and not self.dialect.t0:
            return self.dialect.contact_atr(self.chip_serial)
        raw = self.dialect.atr(self.chip_serial)
        if not self.dialect.check_byte:
            return raw[:-1] if self.plan.bad_atr else raw
        check = 0
        for value in raw[1:]:
            check ^= value
        return raw + bytes((check ^ 0xFF if self.plan.bad_atr else check,))

    @property
    def side(self) -> Side:
        """The side that it turns to the reader."""
        return "contact" if self.dialect.t0 or (self.through_contacts and self.two_sided) else "contactless"

    @property
    def two_sided(self) -> bool:
        """Whether it has contacts and an antenna. A family that speaks T=0 as it is issued has contacts alone."""
        return isinstance(self.dialect, TwoSided) and not self.dialect.t0

    @property
    def bounces(self) -> bool:
        """Whether its contacts do: after a loss of power it is there again."""
        return self.plan.bounce_every > 0

    @property
    def powered(self) -> bool:
        """Whether the card has power."""
        return self._running is not None

    @property
    def running(self) -> Running:
        """What it remembers as long as it has power. Raises CardGone without."""
        if self._running is None:
            raise CardGone("card_gone")
        return self._running

    def power_on(self) -> None:
        """Give power (or reset): recover what was interrupted, forget everything volatile. Raises CardError
        ``card_unresponsive`` where the side to the reader is dead."""
        self._running = None
        if self.plan.dead_side == self.side:
            raise CardError("card_unresponsive")
        try:
            self._eeprom.recover()
        except PowerLost:
            raise CardGone("card_gone") from None
        self._memory.scan()
        self._running = Running(self._memory, self._eeprom, self._rng, forced_random=self._forced)
        self._running.current_df = self._running.mf
        self._t0 = T0()

    def power_off(self) -> None:
        """Take the power away."""
        self._eeprom.rollback()
        self._running = None

    @property
    def memory(self) -> Memory:
        """The card's objects, for conditions; see ``opened``."""
        return self._memory

    @contextmanager
    def opened(self) -> Iterator[None]:
        """Change the memory directly, as wear or abuse would: all of it is stored at the end, whatever faults are planned."""
        self._memory.scan()
        plan, written = self._eeprom.plan, self._eeprom.written
        self._eeprom.plan = FaultPlan()
        try:
            yield
            self._eeprom.commit()
        finally:
            self._eeprom.rollback()
            self._eeprom.plan, self._eeprom.written = plan, written
            self._memory.scan()

    def force_random(self, value: bytes) -> None:
        """The next random number of this length: lets a test replay a published exchange."""
        self._forced.append(value)

    def transmit(self, command: bytes) -> bytes:
        """One command. Raises CardGone when power fails, or the card had none; a mute card answers with CardError."""
        if self._running is None:
            raise CardGone("card_gone")
        self.commands, writes = self.commands + 1, self.writes
        if self.plan.delay_milliseconds:
            time.sleep(self.plan.delay_milliseconds / 1000)
        if self.plan.mute:
            raise CardError("card_mute")
        try:
            if self.commands == self.plan.tear_before_command or (self.bounces and self.commands % self.plan.bounce_every == 0):
                raise PowerLost
            answer = self._over_transport(self._running, command)
            if self.commands == self.plan.tear_after_command:
                raise PowerLost
        except PowerLost:
            self.power_off()
            raise CardGone("card_gone") from None
        wrote = self.writes if self.writes != writes else None
        if self.commands == self.plan.lose_answer_to_command or (wrote and wrote == self.plan.lose_answer_to_write):
            raise CardError("answer_malformed", reason="the answer was lost")
        return answer

    def _over_transport(self, card: Running, command: bytes) -> bytes:
        if self.dialect.t0:
            return self._t0.transmit(command, lambda tpdu: self._answer(card, tpdu))
        return self._answer(card, command)

    def _answer(self, card: Running, command: bytes) -> bytes:
        """Carry the command out: its writes are committed before the answer leaves, all or none."""
        try:
            data, sw, keep = *self._dispatch(card, Apdu.parse(command), command), True
        except StatusError as ended:
            data, sw, keep = b"", ended.sw, ended.keep_writes
        try:
            if keep:
                self._commit()
        except WornOut:
            data, sw, keep = b"", 0x6581, False
        if not keep:
            self._eeprom.rollback()
            self._memory.scan()
        return data + sw.to_bytes(2, "big")

    def _commit(self) -> None:
        """Make the command's writes durable; power may fail before or after it as a whole, or inside."""
        if not self._eeprom.pending:
            return
        self.writes += 1
        if self.writes == self.plan.tear_before_write:
            raise PowerLost
        self._eeprom.commit()
        if self.writes == self.plan.tear_after_write:
            raise PowerLost

    def _dispatch(self, card: Running, apdu: Apdu, raw: bytes) -> tuple[bytes, int]:
        begun, card.pending = card.pending, None
        try:
            self._check_blocks(card, apdu)
            return self._carry_out(card, apdu, raw, begun)
        finally:
            if apdu.ins != 0x84:
                card.challenge = None

    def _check_blocks(self, card: Running, apdu: Apdu) -> None:
        """A blocked card answers 6A81 to everything; a blocked application lets only the way out pass."""
        if card.mf and bodies.Directory(card.memory, card.mf).blocked == bodies.FOR_GOOD:
            refuse(0x6A81)
        if card.current_df is None or card.current_df.kind != Kind.DF or apdu.ins in _WHILE_BLOCKED:
            return
        blocked = bodies.Directory(card.memory, card.current_df).blocked
        if blocked:
            refuse(0x9303 if blocked == bodies.FOR_GOOD else self.dialect.blocked_use_sw)

    def _carry_out(self, card: Running, apdu: Apdu, raw: bytes, begun: dict[str, object] | None) -> tuple[bytes, int]:
        if apdu.cla not in _KNOWN_CLASSES:
            self._unknown(raw)
            refuse(0x6E00)
        d = self.dialect
        match apdu.ins:
            case 0xA4:
                return self._select(card, apdu)
            case 0xB0:
                return files.read_binary(card, d, apdu)
            case 0xB2:
                data = files.read_record(card, d, apdu)
            case 0xD6 | 0xD0:
                data = files.update_binary(card, d, apdu)
            case 0xDC:
                data = files.update_record(card, d, apdu)
            case 0xE2:
                data = files.append_record(card, d, apdu)
            case 0x84:
                data = security.get_challenge(card, apdu)
            case 0x82:
                data = security.external_authenticate(card, d, apdu)
            case 0x88:
                data = security.internal_authenticate(card, d, apdu)
            case 0x20:
                data = security.verify(card, d, apdu)
            case 0x5E:
                data = security.change_or_reload_pin(card, apdu)
            case 0x24:
                data = security.unblock_pin(card, apdu)
            case 0x1E:
                data = security.application_block(card, apdu)
            case 0x18:
                data = security.application_unblock(card, apdu)
            case 0x16:
                data = security.card_block(card, apdu)
            case 0x50:
                data = purse.initialize(card, d, apdu)
            case 0x52:
                data = purse.credit(card, d, apdu, begun)
            case 0x54:
                data = purse.debit(card, d, apdu, begun)
            case 0x58:
                data = purse.update_limit(card, d, apdu, begun)
            case 0x5C:
                data = purse.get_balance(card, d, apdu)
            case 0x5A:
                data = purse.transaction_prove(card, apdu)
            case 0xE0:
                data = d.create(card, apdu)
            case 0x0E:
                data = d.erase(card, apdu)
            case ins if ins == d.write_key_ins():
                data = d.write_key(card, apdu)
            case _:
                data = self._own(card, apdu, raw)
        return data, 0x9000

    def _own(self, card: Running, apdu: Apdu, raw: bytes) -> bytes:
        """A command that only this family may know."""
        data = self.dialect.own_command(card, apdu)
        if data is None:
            self._unknown(raw)
            refuse(0x6D00)
        return data

    def _select(self, card: Running, apdu: Apdu) -> tuple[bytes, int]:
        """A temporarily blocked application is selected, and says so as its family does."""
        data = files.select(card, self.dialect, apdu)
        node = card.current_df
        if card.current_ef is None and node and bodies.Directory(card.memory, node).blocked == bodies.FOR_A_TIME:
            return data if self.dialect.blocked_select_fci else b"", self.dialect.blocked_select_sw
        return data, 0x9000

    def _unknown(self, raw: bytes) -> None:
        self.unknown_commands.append(raw)
        _LOG.warning("virtual card %s does not know the command %s", self.dialect.name, raw[:4].hex())

    def channel(self) -> "CardChannel":
        """Put the card on power and give the channel to it."""
        self.power_on()
        return CardChannel(self)

    def save(self, path: Path) -> None:
        """Store the card's memory in a file: profile, chip serial, EEPROM."""
        head = _MAGIC + f"{self.dialect.name} {self.chip_serial.hex()}\n".encode("ascii")
        temporary = path.with_name(path.name + ".new")
        temporary.write_bytes(head + self._eeprom.image)
        temporary.replace(path)

    @classmethod
    def load(cls, path: Path, seed: int | None = None) -> "VirtualCard":
        """The card in a file that ``save`` made. Raises CardError ``card_file_wrong``."""
        raw = path.read_bytes()
        head, _, image = raw.removeprefix(_MAGIC).partition(b"\n")
        name, _, serial = head.decode("ascii", "replace").partition(" ")
        if not raw.startswith(_MAGIC) or name not in PROFILES:
            raise CardError("card_file_wrong", file=path.name)
        dialect = PROFILES[name]
        if len(image) != len(Eeprom.blank(dialect.eeprom_size).image):
            raise CardError("card_file_wrong", file=path.name)
        return cls(dialect, bytes.fromhex(serial), bytearray(image), seed)


class CardChannel:
    """The channel to a virtual card on power (cardsvc.iso7816.channel.Channel)."""

    def __init__(self, card: VirtualCard) -> None:
        self._card = card
        self._open = True

    @property
    def atr(self) -> bytes:
        """The card's answer to reset."""
        return self._card.atr

    def transmit(self, command: bytes) -> bytes:
        """Send a command to the card."""
        if not self._open:
            raise CardGone("card_gone")
        return self._card.transmit(command)

    def close(self) -> None:
        """Take the card off power."""
        if self._open:
            self._open = False
            self._card.power_off()
