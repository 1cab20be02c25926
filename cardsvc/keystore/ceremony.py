"""Key ceremony: a master key from components that two or more people hold. Check values are shown, never keys."""

from collections.abc import Sequence

from cardsvc.crypto.epurse import key_check_value
from cardsvc.errors import KeystoreError

COMPONENT_LENGTH = 16
MIN_PEOPLE = 2


def component_check_value(component: bytes) -> str:
    """The check value of one component, 6 hex digits: its holder compares it with the paper."""
    _check(component)
    return key_check_value(component).hex().upper()


def combine(components: Sequence[bytes]) -> bytes:
    """The key: all components XORed. Raises KeystoreError ``ceremony_needs_two`` or ``component_wrong``."""
    if len(components) < MIN_PEOPLE:
        raise KeystoreError("ceremony_needs_two")
    key = bytes(COMPONENT_LENGTH)
    for component in components:
        _check(component)
        key = bytes(left ^ right for left, right in zip(key, component, strict=True))
    if key[:8] == key[8:]:
        raise KeystoreError("component_wrong", reason="the two halves of the key would be equal: single DES")
    return key


def _check(component: bytes) -> None:
    if len(component) != COMPONENT_LENGTH:
        raise KeystoreError("component_wrong", reason=f"{len(component)} bytes instead of {COMPONENT_LENGTH}")
