"""Huada JavaCard city applet: how it spells personalisation. Applications and files come from the maker; only keys and contents
are written.

Source: a public log of a real metro card of this family. Inferred: key types and rights as in FMCOS.
"""

from cardsvc.card.commands import ANY_STATUS, CLA_ISO, CLA_PBOC_SM, MAC_LENGTH
from cardsvc.card.fmcos import FREE, KEY_TYPE, NEVER, STATE_AFTER_MASTER, THREE_TRIES
from cardsvc.card.layout import ApplicationLayout, KeySlot
from cardsvc.iso7816.apdu import Command
from cardsvc.iso7816.exchange import Ask
from cardsvc.units import CardNo, bcd

STATE_1 = 0x11
WRITE_KEY_DATA = 24 + MAC_LENGTH
"""Length, 4 bytes of head, 16 of key, 3 of padding; then the MAC."""
ID_TAG = 0x85


class HuadaDialect:
    """Personalisation commands of the city applet."""

    open_until_end = True

    def key_head(self, slot: KeySlot, version: int) -> bytes:
        """Right to use, right to change, then version and algorithm or next state and error counter."""
        if slot.purpose == "pin":
            return bytes((FREE, NEVER, STATE_AFTER_MASTER, THREE_TRIES))
        if slot.purpose == "master":
            return bytes((FREE, STATE_1, STATE_AFTER_MASTER, THREE_TRIES))
        if slot.purpose in ("maintenance", "pin_unblock"):
            return bytes((FREE, STATE_1, 0x00, THREE_TRIES))
        return bytes((FREE, STATE_1, version, 0x00))

    def write_key_header(self, slot: KeySlot) -> bytes:
        """CLA INS P1 P2 and the final Lc of WRITE KEY."""
        return bytes((CLA_PBOC_SM, 0xD4, KEY_TYPE[slot.purpose], slot.key_id, WRITE_KEY_DATA))

    def write_key(self, slot: KeySlot, protected: bytes) -> Ask:
        """84 D4 type id: the encrypted record with its MAC."""
        command = Command(CLA_PBOC_SM, 0xD4, KEY_TYPE[slot.purpose], slot.key_id, protected)
        return Ask(command, "WRITE KEY", changes=True, secret=True)

    def change_key_header(self, slot: KeySlot) -> bytes:
        """As in personalisation."""
        return self.write_key_header(slot)

    def change_key(self, slot: KeySlot, protected: bytes) -> Ask:
        """84 D4 type id, now under the application's master key."""
        return Ask(self.write_key(slot, protected).command, "WRITE KEY", ANY_STATUS, changes=True, secret=True)

    def load_id(self, authentication_id: bytes) -> Ask:
        """00 22: the 9-byte id that MAC1 of a purchase covers."""
        return Ask(Command(CLA_ISO, 0x22, 0x00, 0x00, authentication_id), "LOAD ID", ("9000", "6985"), changes=True)

    def end_of_creation(self, application: ApplicationLayout) -> Ask | None:  # noqa: ARG002 - of the selected application
        """00 08 00 00 00: the end of personalisation of the selected application."""
        return Ask(Command(CLA_ISO, 0x08, 0x00, 0x00, le=256), "END PERSONALISATION", ("9000", "6985"), changes=True)


def authentication_id(card_no: CardNo) -> bytes:
    """The 9-byte 用户卡安全认证识别码: tag 85, then four bytes twice (CJ/T 304 form; here the end of the card number)."""
    return bytes((ID_TAG,)) + bcd(card_no)[-4:] * 2
