"""The key store narrowed to one card: what the card procedures see of it."""

from cardsvc.card.layout import KeyPurpose, key_name
from cardsvc.card.purse import InitializeForLoadAnswer, InitializeForUnloadAnswer
from cardsvc.errors import KeystoreError
from cardsvc.keystore.protocol import KeyStore, MacSession, Versions


def application_of(name: str) -> str:
    """The application of a key's name: ``purse.load`` is the purse's."""
    return name.partition(".")[0]


def as_shown(keystore: KeyStore, versions: Versions, name: str, shown: int) -> Versions:
    """The versions with the one that the card itself names for a key: a roll of the key may have been broken off before it was
    booked. What the key store does not have, or has retired, is not believed."""
    return {**versions, name: shown} if keystore.usable(name, shown) else versions


class CardKeys:
    """procedures.personalise.PersonalisationKeys over a key store, a card number and key versions."""

    def __init__(self, keystore: KeyStore, card_no: str, versions: Versions) -> None:
        self._keystore = keystore
        self._card_no = card_no
        self._versions = versions

    def key_version(self, application: str, purpose: KeyPurpose) -> int:
        """The version that a key record carries. Raises KeystoreError ``key_missing``."""
        name = key_name(application, purpose)
        if name not in self._versions:
            raise KeystoreError("key_missing", key=name)
        return self._versions[name]

    def key_record(self, application: str, purpose: KeyPurpose, head: bytes) -> bytes:
        """A key record. Secret."""
        return self._keystore.key_record(self._card_no, key_name(application, purpose), head, self._versions)

    def protected_key_record(
        self, application: str, purpose: KeyPurpose, head: bytes, challenge: bytes, header: bytes
    ) -> bytes:
        """A key record under the transport key. Secret."""
        record = self.key_record(application, purpose, head)
        return self._keystore.protected_key_record(record, challenge, header, self._versions)

    def external_auth(self, application: str, challenge: bytes) -> bytes:
        """Cryptogram under the application's master key."""
        return self._keystore.external_auth(self._card_no, application, challenge, self._versions)

    def transport_auth(self, challenge: bytes) -> bytes:
        """Cryptogram under the transport key."""
        return self._keystore.transport_auth(challenge, self._versions)

    def transport_code(self) -> bytes:
        """The code that guards the erasure of this card."""
        return self._keystore.transport_code(self._card_no, self._versions)

    def line_mac(self, application: str, challenge: bytes, message: bytes) -> bytes:
        """MAC under the application's maintenance key."""
        return self._keystore.line_mac(self._card_no, application, challenge, message, self._versions)

    def pin_unblock(self, application: str, challenge: bytes, header: bytes) -> bytes:
        """The load PIN once more, protected by the application's PIN-unblock key. Secret."""
        return self._keystore.pin_unblock(self._card_no, application, challenge, header, self._versions)

    def changed_key_record(
        self, name: str, version: int, head: bytes, challenge: bytes, header: bytes, under: KeyPurpose
    ) -> bytes:
        """A new version of a key under a key that the card has. Secret."""
        guard, versions = key_name(application_of(name), under), self._versions
        return self._keystore.changed_key_record(self._card_no, name, version, head, challenge, header, guard, versions)

    def with_versions(self, versions: Versions) -> "CardKeys":
        """The same card with these versions instead of those it had."""
        return CardKeys(self._keystore, self._card_no, {**self._versions, **versions})

    def proves_itself(self, challenge: bytes, answer: bytes) -> bool:
        """Whether the card's MF answered with its internal key."""
        return self._keystore.proves_itself(self._card_no, "mf", challenge, answer, self._versions)

    def load_session(self, application: str, init: InitializeForLoadAnswer) -> MacSession:
        """The load session for what the card answered."""
        random, counter = init.card_random, init.online_counter
        return self._keystore.session(self._card_no, f"{application}.load", random, counter, self._versions)

    def unload_session(self, application: str, init: InitializeForUnloadAnswer) -> MacSession:
        """The unload session for what the card answered."""
        random, counter = init.card_random, init.online_counter
        return self._keystore.session(self._card_no, f"{application}.unload", random, counter, self._versions)
