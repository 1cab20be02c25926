"""An old bus card of this city, for training: under the keys of its key store."""

from cardsvc.keystore.protocol import KeyStore
from cardsvc.vcard.classic import ClassicCard


def old_bus_card(keys: KeyStore, fen: int) -> ClassicCard:
    """One with this balance."""
    versions = keys.versions()
    return ClassicCard(fen, keys.legacy_key("read", versions), keys.legacy_key("write", versions))
