"""How a card-OS family spells the commands in which families differ: files, keys, ends of creation.

A dialect turns layout data into commands. A new family is a new profile file; only a really new spelling needs a class.
"""

from typing import Protocol

from cardsvc.card.fmcos import FmcosDialect
from cardsvc.card.huada import HuadaDialect
from cardsvc.card.layout import ApplicationLayout, FileLayout, KeySlot
from cardsvc.card.profile import Profile
from cardsvc.card.smartcos import SmartcosDialect
from cardsvc.iso7816.exchange import Ask


class Dialect(Protocol):
    """Personalisation commands that every family has.

    ``open_until_end``: until the end of creation everything may be written in the clear, and purses do not work.
    """

    open_until_end: bool

    def key_head(self, slot: KeySlot, version: int) -> bytes:
        """Everything of a key record that stands before the key."""

    def change_key_header(self, slot: KeySlot) -> bytes:
        """CLA INS P1 P2 and the final Lc of WRITE KEY on a card that is out."""

    def change_key(self, slot: KeySlot, protected: bytes) -> Ask:
        """Change a key that is there: the encrypted record with its MAC."""

    def end_of_creation(self, application: ApplicationLayout) -> Ask | None:
        """Close an application's (or the MF's) creation, where the family knows such a thing."""


class CreatingDialect(Dialect, Protocol):
    """Creation commands of a family whose cards come empty.

    ``master_opens``: EXTERNAL AUTHENTICATE in the MF opens the DFs as well (else each DF has its own state).
    """

    master_opens: bool

    def create_mf(self, mf: ApplicationLayout, transport_code: bytes) -> Ask:
        """Create the MF; ``transport_code`` (8 bytes) guards its erasure."""

    def erase_mf(self, transport_code: bytes) -> Ask:
        """Erase everything on the card."""

    def create_df(self, application: ApplicationLayout) -> Ask:
        """Create an application's DF in the MF."""

    def create_key_file(self, application: ApplicationLayout) -> Ask:
        """Create the key file, before any other file."""

    def write_key(self, slot: KeySlot, record: bytes) -> Ask:
        """Add a key that is not there yet."""

    def create_file(self, file: FileLayout) -> Ask:
        """Create an elementary file."""


def dialect_of(profile: Profile) -> CreatingDialect | HuadaDialect:
    """The dialect that a profile names."""
    if profile.dialect.name == "huada":
        return HuadaDialect()
    if profile.dialect.name == "fmcos":
        return FmcosDialect(profile)
    return SmartcosDialect(profile)
