"""The composition root: the only place that knows every adapter and puts them together."""

import datetime as dt
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from cardsvc.card.layout import key_name
from cardsvc.card.profile import Profile
from cardsvc.card.profiles import load_profiles
from cardsvc.config import Settings
from cardsvc.errors import KeystoreError, RequestError, StoreError
from cardsvc.keystore import ManagedKeyStore, SealedKeystore
from cardsvc.keystore.keys import SEALING, SIGNING, TRANSPORT
from cardsvc.keystore.receipt_key import ReceiptKey
from cardsvc.keystore.sealed import SCRYPT_N
from cardsvc.keystore.when_used import opened_when_used
from cardsvc.rules import RuleSet, parse_rule_set, rule_text
from cardsvc.service.management.rule_versions import keep_first
from cardsvc.service.operation_kinds import KINDS
from cardsvc.service.operations.engine import Engine
from cardsvc.service.operations.rule_book import RuleBook, local_day
from cardsvc.store import Store, open_store, revision_of, sqlite_file
from cardsvc.text import Text

if TYPE_CHECKING:
    from cardsvc.keystore.pkcs11 import Pkcs11KeyStore


@dataclass(frozen=True, slots=True)
class Services:
    """A service that is put together and ready."""

    settings: Settings
    store: Store
    engine: Engine
    profiles: tuple[Profile, ...]
    rules: RuleBook
    receipt_key: ReceiptKey | None = None

    def close(self) -> None:
        """Let go of the database."""
        self.store.close()


_read: Callable[[dt.tzinfo], dt.datetime] = dt.datetime.now  # noqa: TID251 - here it is read


def now() -> dt.datetime:
    """The clock of the service, the only one in a process (tests/clock.py lets it begin at a moment of its own)."""
    return _read(dt.UTC)


def build(settings: Settings, *, keys_when_used: bool = False) -> Services:
    """Open everything the settings name. ``keys_when_used``: the key store only when a key is asked for, and no key that signs
    receipts. Raises StoreError, KeystoreError, ProfileError or RuleError."""
    profiles = load_profiles(settings.profiles)
    text = rule_text(settings.rules)
    rules = RuleBook(parse_rule_set(text))
    keystore = opened_when_used(partial(open_keystore, settings)) if keys_when_used else open_keystore(settings)
    store = open_database(settings)
    keep_first(store, text, now())
    engine = Engine(store, keystore, profiles, rules, KINDS, now)
    signing = open_receipt_key(settings) if not keys_when_used and _receipt_file(settings).exists() else None
    return Services(settings, store, engine, profiles, rules, signing)


def open_keystore(settings: Settings) -> ManagedKeyStore:
    """The token where an HSM is set, or else the sealed file. Raises KeystoreError."""
    if settings.pkcs11_module is not None:
        return open_token(settings, settings.pkcs11_module)
    return SealedKeystore.open(settings.keystore, passphrase(settings))


def open_token(settings: Settings, module: Path) -> "Pkcs11KeyStore":
    """The keys in the token. Raises KeystoreError, see keystore/token.py."""
    from cardsvc.keystore.pkcs11 import Pkcs11KeyStore  # noqa: PLC0415 - what has no HSM loads nothing of it
    from cardsvc.keystore.token import Token  # noqa: PLC0415

    return Pkcs11KeyStore.open(Token(module, settings.pkcs11_token, settings.pkcs11_pin_file))


def _receipt_file(settings: Settings) -> Path:
    return settings.receipt_key or settings.keystore.with_name("receipts.pem")


def open_receipt_key(settings: Settings) -> ReceiptKey:
    """The key that signs receipts. Raises KeystoreError: ``receipt_key_missing``, ``receipt_key_sealed``."""
    file = _receipt_file(settings)
    if not file.exists():
        raise KeystoreError("receipt_key_missing")
    return ReceiptKey.open(file, passphrase(settings))


def create_receipt_key(settings: Settings) -> ReceiptKey:
    """A new key for receipts. Raises KeystoreError ``receipt_key_exists``, ``passphrase_missing``."""
    return ReceiptKey.create(_receipt_file(settings), passphrase(settings))


def create_database(settings: Settings) -> None:
    """The database of the settings, made where there is none, upgraded where it is older; the folder of an SQLite file, too."""
    file = sqlite_file(settings.database_url)
    if file is not None:
        try:
            file.parent.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise StoreError("store_unreachable", reason=f"{file.parent}: {error.strerror or type(error).__name__}") from None
    open_store(settings.database_url).close()


def open_database(settings: Settings) -> Store:
    """The database alone, upgraded where it is older. Raises StoreError ``store_missing`` where there is none: an address that
    was mistyped makes no empty one, in which nothing of a city is found."""
    revision_of(settings.database_url)
    return open_store(settings.database_url)


def todays_rules(settings: Settings, store: Store, moment: dt.datetime) -> RuleSet:
    """The rules in force, for what needs no key store. Raises RuleError."""
    book = RuleBook(parse_rule_set(rule_text(settings.rules)))
    with store.read() as uow:
        return book.in_force(uow, local_day(moment))


def passphrase(settings: Settings) -> bytes:
    """The key store's passphrase from the settings. Raises KeystoreError ``passphrase_missing``."""
    if settings.passphrase is not None:
        return settings.passphrase.get_secret_value().encode()
    if settings.passphrase_file is not None:
        try:
            return settings.passphrase_file.read_bytes().rstrip(b"\r\n")
        except OSError:
            raise KeystoreError("passphrase_missing") from None
    raise KeystoreError("passphrase_missing")


MIN_TOKEN = 16
"""Characters of the token of GET /metrics: as many as nobody guesses."""


def metrics_token(settings: Settings) -> bytes | None:
    """The token that GET /metrics asks for, None where there is no such page. Raises RequestError ``settings_wrong`` for a file
    that cannot be read or says next to nothing."""
    if settings.metrics_token_file is None:
        return None
    try:
        token = settings.metrics_token_file.read_bytes().strip()
    except OSError as error:
        raise RequestError("settings_wrong", reason=f"CARDSVC_METRICS_TOKEN_FILE: {error.strerror}") from None
    if len(token) < MIN_TOKEN:
        text = Text(
            f"CARDSVC_METRICS_TOKEN_FILE：不足 {MIN_TOKEN} 个字符",
            f"CARDSVC_METRICS_TOKEN_FILE: fewer than {MIN_TOKEN} characters",
        )
        raise RequestError("settings_wrong", reason=text)
    return token


FACTORY_TRANSPORT_KEY = b"\xff" * 8
"""What blank FM1208 cards are sold with. The key of a batch of one's own comes in by a ceremony."""


def create_keystore(settings: Settings, *, scrypt_n: int = SCRYPT_N) -> ManagedKeyStore:
    """Random keys for all that the profiles need, and the factory's transport key: a new sealed file, or in an empty token.

    Raises KeystoreError ``keystore_exists``.
    """
    names = key_names(load_profiles(settings.profiles))
    if settings.pkcs11_module is None:
        empty: ManagedKeyStore = SealedKeystore.create(settings.keystore, passphrase(settings), (), scrypt_n=scrypt_n)
    else:
        empty = open_token(settings, settings.pkcs11_module)
        if empty.entries:
            raise KeystoreError("keystore_exists", file=settings.pkcs11_token)
    return empty.renewed(_new(names))


def lacking_keys(settings: Settings, store: ManagedKeyStore) -> tuple[str, ...]:
    """What this version needs and a key store made by an older one does not have."""
    return store.lacking(key_names(load_profiles(settings.profiles)))


def add_random_keys(settings: Settings, store: ManagedKeyStore) -> tuple[str, ...]:
    """Everything that is lacking, in one write of the file: at random, the transport key as the factory's. Gives the names."""
    names = lacking_keys(settings, store)
    if names:
        store.renewed(_new(names))
    return names


def _new(names: tuple[str, ...]) -> Mapping[str, bytes | None]:
    return {name: FACTORY_TRANSPORT_KEY if name == TRANSPORT else None for name in names}


def import_keys(settings: Settings) -> ManagedKeyStore:
    """All keys of the sealed file into the token that is set. Raises KeystoreError ``hsm_not_set``, ``hsm_key_conflict``."""
    if settings.pkcs11_module is None:
        raise KeystoreError("hsm_not_set")
    sealed = SealedKeystore.open(settings.keystore, passphrase(settings))
    return open_token(settings, settings.pkcs11_module).taken_over(sealed)


def key_names(profiles: tuple[Profile, ...]) -> tuple[str, ...]:
    """Every key that the card layouts of these profiles need, the service's own, and the transport key."""
    names = {key_name(a.name, slot.purpose) for profile in profiles for a in profile.layout.application for slot in a.keys}
    if any(profile.legacy for profile in profiles):
        names |= {"legacy.read", "legacy.write"}
    return (*sorted(names), SEALING, SIGNING, TRANSPORT)
