"""Keys by purpose. Nobody outside asks for a key: they ask for what a key does."""

from cardsvc.keystore.keys import KeyEntry
from cardsvc.keystore.protocol import KeyState, KeyStore, MacSession, ManagedKeyStore, Versions
from cardsvc.keystore.sealed import SealedKeystore

__all__ = ["KeyEntry", "KeyState", "KeyStore", "MacSession", "ManagedKeyStore", "SealedKeystore", "Versions"]
