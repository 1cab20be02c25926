"""The keys of a card that is being made: what they gave once is not asked of the key store again (keystore/in_making.py)."""

from collections.abc import Callable
from functools import partial

from cardsvc.card.dialect import dialect_of
from cardsvc.card.layout import KeyPurpose
from cardsvc.card.profile import Profile
from cardsvc.keystore.protocol import KeyStore, Versions
from cardsvc.service.purse.card_keys import CardKeys
from cardsvc.units import CardNo

AHEAD = 8
"""Cards: two for each of four readers."""


class MakingKeys(CardKeys):
    """CardKeys, each answer from the key store once: the same arguments always give the same bytes."""

    def __init__(self, keystore: KeyStore, card_no: str, versions: Versions) -> None:
        super().__init__(keystore, card_no, versions)
        self._all_versions = frozenset(versions.items())

    def key_record(self, application: str, purpose: KeyPurpose, head: bytes) -> bytes:
        """A key record. Secret."""
        return self._once(super().key_record, application, purpose, head)

    def protected_key_record(
        self, application: str, purpose: KeyPurpose, head: bytes, challenge: bytes, header: bytes
    ) -> bytes:
        """A key record under the transport key. Secret."""
        return self._once(super().protected_key_record, application, purpose, head, challenge, header)

    def external_auth(self, application: str, challenge: bytes) -> bytes:
        """Cryptogram under the application's master key."""
        return self._once(super().external_auth, application, challenge)

    def transport_auth(self, challenge: bytes) -> bytes:
        """Cryptogram under the transport key."""
        return self._once(super().transport_auth, challenge)

    def transport_code(self) -> bytes:
        """The code that guards the erasure of this card."""
        return self._once(super().transport_code)

    def line_mac(self, application: str, challenge: bytes, message: bytes) -> bytes:
        """MAC under the application's maintenance key."""
        return self._once(super().line_mac, application, challenge, message)

    def _once(self, give: Callable[..., bytes], *asked: str | bytes) -> bytes:
        question = (give.__name__, *asked, self._all_versions)
        return self._keystore.in_making.once(self._card_no, question, partial(give, *asked))

    def make_ahead(self, profile: Profile) -> None:
        """All that does not hang on what the card says: its key records, and the code that guards its erasure."""
        dialect = dialect_of(profile)
        for application in profile.layout.application:
            for slot in application.keys:
                head = dialect.key_head(slot, self.key_version(application.name, slot.purpose))
                self.key_record(application.name, slot.purpose, head)
        self.transport_code()


def make_ahead(keystore: KeyStore, profile: Profile, card_no: str, versions: Versions) -> None:
    """Have the keys of the cards that come after this one made in the background: card numbers run on. A card that gets another
    number, or keys of other versions, has its own made when it is there."""
    for number in range(int(card_no) + 1, int(card_no) + 1 + AHEAD):
        following = CardNo(f"{number:016d}")
        keystore.in_making.ahead(following, partial(MakingKeys(keystore, following, versions).make_ahead, profile))
