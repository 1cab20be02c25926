"""The citizen card's files and keys as data: which applications, which files with which rights, which keys.

The TOML files in ``firmware_profiles/layouts`` fill these models; ``firmware_profiles/README.md`` explains every field.
Rights are named by who may, not by a family's permission bytes; each dialect translates them:

free         anyone, without authentication
master       after EXTERNAL AUTHENTICATE with the master key
maintenance  with a secure-messaging MAC under the application's maintenance key (line protection)
never        nobody
"""

from collections.abc import Callable, Collection
from typing import Annotated, Literal, TypeVar

from pydantic import BaseModel, ConfigDict, Field, model_validator

from cardsvc.errors.fields import FieldsError

Access = Literal["free", "master", "maintenance", "never"]
KeyPurpose = Literal["master", "maintenance", "internal_auth", "tac", "load", "unload", "purchase", "pin", "pin_unblock"]
FileKind = Literal["binary", "fixed", "variable", "cyclic", "purse"]

PIN_TRIES = 3
"""Tries that every PIN and every key with a counter has when a card is issued."""

T = TypeVar("T")
Items = Annotated[tuple[T, ...], Field(strict=False)]
"""A TOML array; the items themselves are checked strictly."""


class _Data(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)


class FileLayout(_Data):
    """One elementary file. ``records`` and ``record_length`` for record files, ``size`` for the others."""

    name: str
    file_id: str = Field(pattern="^[0-9A-F]{4}$")
    kind: FileKind
    size: int = Field(default=0, ge=0, le=2048)
    records: int = Field(default=0, ge=0, le=254)
    record_length: int = Field(default=0, ge=0, le=248)
    read: Access = "free"
    write: Access = "master"
    log: str | None = Field(default=None, pattern="^[0-9A-F]{4}$")

    @property
    def sfi(self) -> int:
        """Short file identifier: the low five bits of the file identifier."""
        return int(self.file_id, 16) & 0x1F

    @property
    def id_bytes(self) -> bytes:
        """File identifier, 2 bytes."""
        return bytes.fromhex(self.file_id)


class KeySlot(_Data):
    """One key of an application: what it is for, the identifier it has on the card, and the version of the layout from which on
    cards have it."""

    purpose: KeyPurpose
    key_id: int = Field(ge=0, le=255)
    since: int = Field(default=1, ge=1, le=255)


def key_name(application: str, purpose: KeyPurpose) -> str:
    """The name of a key in the key store. The PIN that loads want is the card's: one for all its purses."""
    return "purse.pin" if purpose == "pin" else f"{application}.{purpose}"


class ApplicationLayout(_Data):
    """One DF (or the MF) with its keys and files, in the order in which they are created."""

    name: str
    file_id: str = Field(pattern="^[0-9A-F]{4}$")
    aid: str = Field(pattern="^([0-9A-F]{2}){5,16}$")
    label: str = ""
    keys: Items[KeySlot]
    file: Items[FileLayout]

    @property
    def id_bytes(self) -> bytes:
        """File identifier, 2 bytes."""
        return bytes.fromhex(self.file_id)

    @property
    def aid_bytes(self) -> bytes:
        """Application identifier: the DF name."""
        return bytes.fromhex(self.aid)

    def key(self, purpose: KeyPurpose) -> KeySlot:
        """The key for a purpose. Raises KeyError when the application has none."""
        for slot in self.keys:
            if slot.purpose == purpose:
                return slot
        raise KeyError(f"application {self.name} has no {purpose} key")

    def has_key(self, purpose: KeyPurpose) -> bool:
        """Whether the application has a key for a purpose."""
        return any(slot.purpose == purpose for slot in self.keys)

    @property
    def purses(self) -> tuple[str, ...]:
        """Names of its purses: "ed", "ep"."""
        return tuple(file.name for file in self.file if file.kind == "purse")

    def find(self, name: str) -> FileLayout:
        """The file with this name. Raises KeyError."""
        for file in self.file:
            if file.name == name:
                return file
        raise KeyError(f"application {self.name} has no file {name}")


class Issuer(_Data):
    """Codes of the issuer as they stand on the card (CJ/T 166 layout of EF15 and MF EF05), hex."""

    issuer: str = Field(pattern="^[0-9A-F]{4}$")
    city: str = Field(pattern="^[0-9A-F]{4}$")
    industry: str = Field(pattern="^[0-9A-F]{4}$")
    interoperability: str = Field(pattern="^[0-9A-F]{4}$")
    device: str = Field(pattern="^[0-9A-F]{12}$")
    social_security_region: str = Field(pattern="^[0-9]{6}$")
    name: str


class CardLayout(_Data):
    """The whole card. The first application is the MF. ``version`` stands on the card."""

    id: str
    version: int = Field(ge=1, le=255)
    issuer: Issuer
    application: Items[ApplicationLayout]
    source: dict[str, str]

    @model_validator(mode="after")
    def _names_are_unique(self) -> "CardLayout":
        names = [application.name for application in self.application]
        if len(set(names)) != len(names) or names[:1] != ["mf"]:
            raise FieldsError("应用名不能重复，第一个应是 mf", "application names must be unique and begin with mf")
        return self

    @model_validator(mode="after")
    def _no_key_is_newer_than_the_layout(self) -> "CardLayout":
        if self._newest() > self.version:
            raise FieldsError("密钥的版本比布局的还新", "a key is of a later version than the layout")
        return self

    def _newest(self) -> int:
        return max((slot.since for application in self.application for slot in application.keys), default=1)

    def with_keys(self, names: Collection[str]) -> "CardLayout":
        """The layout of a card that has, of the keys that later versions added, only these (names as in the key store)."""
        return self._keeping(lambda application, slot: slot.since == 1 or key_name(application, slot.purpose) in names)

    def without(self, purpose: KeyPurpose) -> "CardLayout":
        """The layout of a family whose cards get no key for a purpose."""
        return self._keeping(lambda _application, slot: slot.purpose != purpose)

    def _keeping(self, keeps: Callable[[str, KeySlot], bool]) -> "CardLayout":
        """The layout with fewer keys; its version is that of the newest that is left."""
        if all(keeps(application.name, slot) for application in self.application for slot in application.keys):
            return self
        kept = tuple(
            application.model_copy(update={"keys": tuple(slot for slot in application.keys if keeps(application.name, slot))})
            for application in self.application
        )
        fewer = self.model_copy(update={"application": kept})
        return fewer.model_copy(update={"version": fewer._newest()})

    @property
    def mf(self) -> ApplicationLayout:
        """The master file."""
        return self.application[0]

    @property
    def applications(self) -> tuple[ApplicationLayout, ...]:
        """All applications below the MF."""
        return self.application[1:]

    def find(self, name: str) -> ApplicationLayout:
        """The application with this name. Raises KeyError."""
        for application in self.application:
            if application.name == name:
                return application
        raise KeyError(f"the card layout has no application {name}")
