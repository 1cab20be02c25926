"""What a key store does, by purpose. The sealed file implements it; an HSM can, because no method hands out a key.

Names of keys are ``application.purpose``: ``purse.load``, ``mf.master``; ``transport`` is the key of blank cards. A key has
versions; the versions in force when an operation begins are stored with it, so running it again gives the same bytes.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from enum import StrEnum, unique
from typing import Protocol, Self

from cardsvc.keystore.in_making import InMaking

Versions = Mapping[str, int]


@unique
class KeyState(StrEnum):
    """active: used for everything. verify-only: still checks TACs. retired: used for nothing."""

    ACTIVE = "active"
    VERIFY_ONLY = "verify-only"
    RETIRED = "retired"


class MacSession(Protocol):
    """A session key in use."""

    def mac(self, data: bytes) -> bytes:
        """The 4-byte transaction MAC over data."""


class KeyStore(Protocol):
    """All methods raise KeystoreError: ``key_missing``, ``key_retired``. ``card_no`` is the 16-digit card number."""

    @property
    def in_making(self) -> InMaking:
        """What was made of keys for cards that are being made."""

    def versions(self) -> dict[str, int]:
        """The active version of every key."""

    def session(
        self, card_no: str, name: str, card_random: bytes, counter: int, versions: Versions, tail: bytes = b"\x80\x00"
    ) -> MacSession:
        """A purse session under the load, unload or purchase key ``name`` (JR/T 0025.2-2010 B.3)."""

    def tac_verifies(self, card_no: str, application: str, data: bytes, tac: bytes, versions: Versions) -> bool:
        """Whether a TAC over data was made by this card. Verify-only versions of the key are tried as well."""

    def tac_check(self, card_no: str, application: str, versions: Versions) -> Callable[[bytes, bytes], bool]:
        """``tac_verifies`` for many TACs of one card: a function of data and TAC, with the card's keys made once."""

    def line_mac(self, card_no: str, application: str, challenge: bytes, message: bytes, versions: Versions) -> bytes:
        """Secure-messaging MAC under the application's maintenance key."""

    def external_auth(self, card_no: str, application: str, challenge: bytes, versions: Versions) -> bytes:
        """Cryptogram under the application's master key."""

    def proves_itself(self, card_no: str, application: str, challenge: bytes, answer: bytes, versions: Versions) -> bool:
        """Whether the answer to INTERNAL AUTHENTICATE (8-byte challenge, 8 bytes back) was made by this card, under the key's
        version in ``versions`` or the active one: a roll of the key may have been broken off before it was booked."""

    def key_record(self, card_no: str, name: str, head: bytes, versions: Versions) -> bytes:
        """A key record for a card in personalisation: head, then the card's key. Secret: never logged or stored."""

    def protected_key_record(self, record: bytes, challenge: bytes, header: bytes, versions: Versions) -> bytes:
        """A ``key_record`` encrypted under the transport key, then the MAC over header (with the final Lc) and cryptogram."""

    def changed_key_record(
        self,
        card_no: str,
        name: str,
        version: int,
        head: bytes,
        challenge: bytes,
        header: bytes,
        under: str,
        versions: Versions,
    ) -> bytes:
        """A new version of a key for a card that is out: ``key_record`` encrypted under its key ``under``, then the MAC over
        header (with the final Lc) and cryptogram. Secret."""

    def usable(self, name: str, version: int) -> bool:
        """Whether this version of a key is there and not retired."""

    def load_pin(self, card_no: str, versions: Versions) -> bytes:
        """The PIN that the card's loads want where its family wants one: six digits, 3 bytes BCD. Secret."""

    def pin_unblock(self, card_no: str, application: str, challenge: bytes, header: bytes, versions: Versions) -> bytes:
        """The load PIN once more, encrypted under the application's PIN-unblock key, then the MAC over header (with the final
        Lc) and cryptogram. Secret."""

    def legacy_key(self, purpose: str, versions: Versions) -> bytes:
        """The sector key (6 bytes) of old bus cards, ``purpose`` read or write. Secret; it goes into the reader."""

    def transport_auth(self, challenge: bytes, versions: Versions) -> bytes:
        """Cryptogram under the transport key of blank cards: of the version that the card's batch was delivered with, else the
        active one."""

    def seal(self, secret: bytes, label: str) -> bytes:
        """A secret that only this key store opens again, under the same label: it may then stand in the database."""

    def unseal(self, sealed: bytes, label: str) -> bytes:
        """The secret. Raises KeystoreError ``secret_damaged`` for another label, another key or a changed byte."""

    def sign(self, message: bytes) -> bytes:
        """The service's own signature, Ed25519, 64 bytes: what it publishes is from it."""

    def signing_public_key(self) -> bytes:
        """The public half of it, 32 bytes."""

    def transport_code(self, card_no: str, versions: Versions) -> bytes:
        """8 bytes of this card that guard its erasure."""


class KeyFacts(Protocol):
    """What people may see of one version of one key."""

    @property
    def name(self) -> str:
        """The key's name."""

    @property
    def version(self) -> int:
        """From 1."""

    @property
    def state(self) -> KeyState:
        """What it is still used for."""

    @property
    def check_value(self) -> str:
        """6 hex digits: what people compare instead of the key."""


class ManagedKeyStore(KeyStore, Protocol):
    """A key store as its custodians see it. A change gives the changed store; the one before stays as it was."""

    @property
    def entries(self) -> Sequence[KeyFacts]:
        """All versions of all keys, by name and version."""

    def lacking(self, names: Iterable[str]) -> tuple[str, ...]:
        """Those names of which there is no active version, in the order given."""

    def renewed(self, values: Mapping[str, bytes | None]) -> Self:
        """A new active version of each key, with this value (8 or 16 bytes) or at random; the versions before only verify."""

    def retired(self, name: str, version: int) -> Self:
        """That version is used for nothing any more. Raises KeystoreError ``key_missing``."""
