"""Firmware profiles: one card-OS family each, as data. Every field is documented in firmware_profiles/README.md."""

from collections.abc import Collection
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

from cardsvc.card.layout import CardLayout, Items
from cardsvc.card.log_order import LogOrder
from cardsvc.errors.fields import FieldsError
from cardsvc.iso7816.status import matches

StatusWord = str
HEX_STATUS = "^[0-9A-Fx]{4}$"


class _Data(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)


def fits(pattern: str, atr: bytes) -> bool:
    """Whether an ATR has this form: hex, ``x`` for any digit."""
    seen = atr.hex().upper()
    return len(seen) == len(pattern) and all(p in ("x", s) for s, p in zip(seen, pattern, strict=True))


class AtrPattern(_Data):
    """One ATR of the family: hex, ``x`` for any digit; where the chip's serial number stands in it, if it does."""

    pattern: str = Field(pattern="^([0-9A-Fx]{2}){2,33}$")
    chip_serial_offset: int = Field(ge=0, le=32)
    chip_serial_length: int = Field(ge=0, le=10)
    what: str

    def fits(self, atr: bytes) -> bool:
        """Whether this ATR is one of them."""
        return fits(self.pattern, atr)

    @property
    def fixed_digits(self) -> int:
        """How much of the pattern is fixed: the more specific one wins."""
        return len(self.pattern) - self.pattern.count("x")

    def chip_serial(self, atr: bytes) -> bytes:
        """The chip's serial number, empty when the ATR does not tell it."""
        return atr[self.chip_serial_offset : self.chip_serial_offset + self.chip_serial_length]


class Transport(_Data):
    """How bytes travel."""

    protocols: Items[Literal["T=0", "T=1", "T=CL"]]
    max_command_data: int = Field(ge=16, le=255)
    max_response_data: int = Field(ge=16, le=256)


class CommandDialect(_Data):
    """How this family spells the commands in which families differ."""

    name: Literal["fmcos", "smartcos", "huada"]
    challenge_length: Literal[4, 8]
    append_record_p2_low: Literal[0, 4]
    file_exists: Items[str]
    key_exists: Items[str]
    max_directory_depth: int = Field(ge=1, le=3)
    key_change: Literal["master", "maintenance"] | None = None


class Blank(_Data):
    """What a card looks like before personalisation."""

    no_mf: Items[str]
    factory_mf: bool
    transport_key_id: int = Field(ge=0, le=255)


class PurseKnobs(_Data):
    """Where purses of this family differ (open points of the standard)."""

    log_number: LogOrder
    proof_number: Literal["before", "after"]
    loads_logged: Literal[False] | None = None
    pin_for_load: bool
    pin_tries: Literal["empty_verify"] | None = None
    pin_reset: Literal["unblock"] | None = None
    unload: bool
    purchase_mac1_card_id: bool
    max_balance: int = Field(gt=0)


class StatusWords(_Data):
    """Status words of this family for events that others answer differently."""

    blocked_select: Items[str]
    blocked_use: Items[str]
    mac_wrong: Items[str]
    unwritten_binary: Items[str]


class Symptom(_Data):
    """What a diagnosis sees of a fault: a key of its evidence (diagnosis/evidence.py) with one of these values."""

    key: str
    one_of: Items[bool | int | str]


class KnownFault(_Data):
    """A fault of this firmware: how it shows in an error (code, and command and status word where it has them), or in a
    diagnosis (``seen``: all of these, on a card whose ATR fits one of ``atr``, or any ATR of the family where none is given).

    ``explains``: the findings that are this fault and nothing worse.
    """

    id: str = Field(pattern="^[a-z0-9-]+$")
    code: str = ""
    command: str = ""
    sw: str = Field(default="xxxx", pattern=HEX_STATUS)
    atr: Items[Annotated[str, Field(pattern="^([0-9A-Fx]{2}){2,33}$")]] = ()
    seen: Items[Symptom] = ()
    explains: Items[str] = ()
    symptom_zh: str
    symptom_en: str
    versions: str
    cure_zh: str
    cure_en: str
    source: str

    @model_validator(mode="after")
    def _shows_somewhere(self) -> "KnownFault":
        if not self.code and not self.seen:
            raise FieldsError(
                f"{self.id}：故障要么见于错误（code），要么见于诊断（seen）",
                f"{self.id}: a fault shows in an error (code) or in a diagnosis (seen)",
            )
        return self

    def is_of(self, atr: bytes) -> bool:
        """Whether a card with this ATR is of a version that has the fault."""
        return not self.atr or any(fits(pattern, atr) for pattern in self.atr)

    def shows_in(self, code: str, command: str, sw: str) -> bool:
        """Whether an error with this code, on this command, with this status word (four hex digits, or empty) is its sign."""
        fits_sw = self.sw == "xxxx" or (len(sw) == 4 and matches(int(sw, 16), self.sw))
        return bool(self.code) and self.code == code and self.command in ("", command) and fits_sw


class ForeignField(_Data):
    """One thing to read from a card of another issuer: bytes of a binary file, or the value of a TLV record by its tag."""

    name: str
    file_id: str = Field(pattern="^[0-9A-F]{4}$")
    tag: int | None = Field(default=None, ge=1, le=254)
    offset: int = Field(default=0, ge=0, le=200)
    length: int = Field(ge=1, le=64)
    coding: Literal["digits", "date", "text"]
    skip_digits: int = Field(default=0, ge=0, le=8)

    @property
    def sfi(self) -> int:
        """Short file identifier."""
        return int(self.file_id, 16) & 0x1F


class ForeignCard(_Data):
    """What may be read from cards of this family, which others issue."""

    aid: str = Field(pattern="^([0-9A-F]{2}){5,16}$")
    field: Items[ForeignField]
    balances: Items[int] = ()
    log: str | None = Field(default=None, pattern="^[0-9A-F]{4}$")
    trips: str | None = Field(default=None, pattern="^[0-9A-F]{4}$")


class LegacyCard(_Data):
    """Where an old bus card keeps what is needed to take it over: block numbers; the product letter within its block."""

    product_block: int = Field(ge=1, le=62)
    product_offset: int = Field(ge=0, le=15)
    value_block: int = Field(ge=1, le=62)
    backup_block: int = Field(ge=1, le=62)
    mark_block: int = Field(ge=1, le=62)

    @model_validator(mode="after")
    def _blocks_fit_together(self) -> "LegacyCard":
        if len({self.value_block // 4, self.backup_block // 4, self.product_block // 4}) != 1:
            raise FieldsError("product、value、backup 应在同一扇区", "product, value and backup lie in one sector")
        if len({self.product_block, self.value_block, self.backup_block, self.mark_block}) != 4:
            raise FieldsError("各占一块，不能重复", "each has a block of its own")
        return self


class Profile(_Data):
    """One card-OS family. ``source`` names, for every table above and field below, where its values come from. ``draft``:
    written by ``cardsvc card learn`` from one card, and not checked yet."""

    id: str = Field(pattern="^[a-z0-9-]+$")
    name_zh: str
    name_en: str
    vendor: str
    eeprom_bytes: int = Field(ge=1024)
    issuable: bool
    draft: bool = False
    atr: Items[AtrPattern]
    transport: Transport
    dialect: CommandDialect
    blank: Blank
    purse: PurseKnobs
    status: StatusWords
    known_fault: Items[KnownFault] = ()
    foreign: ForeignCard | None = None
    legacy: LegacyCard | None = None
    layout: CardLayout
    source: dict[str, str]

    @model_validator(mode="after")
    def _issued_here_or_read_only(self) -> "Profile":
        if [self.issuable, self.foreign is not None, self.legacy is not None].count(True) != 1:
            raise FieldsError(
                "卡型或可发卡，或有 foreign（读什么），或有 legacy（接收什么）",
                "a family is issuable, or has a table foreign (what to read) or legacy (what to take over)",
            )
        if self.draft and self.foreign is None:
            raise FieldsError("草稿只能读卡：没有核对过的不发卡", "a draft only reads: what was not checked is not issued")
        return self

    @model_validator(mode="after")
    def _every_value_has_a_source(self) -> "Profile":
        values = self.model_dump(exclude={"source", "layout", "known_fault", "draft"}, exclude_none=True)
        missing = [path for path in _leaves(values) if not self._sourced(path)]
        every = list(_leaves(self.model_dump()))
        unknown = [key for key in self.source if not any(_covers(key, path) for path in every)]
        if missing or unknown:
            raise FieldsError(
                f"没有写出处的值：{missing}；没有值的出处：{unknown}",
                f"values without a source: {missing}; sources of nothing: {unknown}",
            )
        return self

    def _sourced(self, path: str) -> bool:
        return any(_covers(key, path) for key in self.source)

    def with_keys(self, names: Collection[str]) -> "Profile":
        """The profile as it is for a card that was personalised with these keys: older cards lack what later layouts added."""
        layout = self.layout.with_keys(names)
        return self if layout is self.layout else self.model_copy(update={"layout": layout})

    def known_faults(self, code: str, command: str = "", sw: str = "") -> tuple[KnownFault, ...]:
        """The firmware's known faults that an error is a sign of."""
        return tuple(fault for fault in self.known_fault if fault.shows_in(code, command, sw))

    def chip_serial(self, atr: bytes) -> bytes:
        """The chip's serial number in this ATR, empty when it does not tell it."""
        fitting = [pattern for pattern in self.atr if pattern.fits(atr)]
        return max(fitting, key=lambda pattern: pattern.fixed_digits).chip_serial(atr) if fitting else b""

    def fit(self, atr: bytes) -> int:
        """How specifically this profile fits an ATR: 0 not at all, else the number of fixed digits."""
        return max((pattern.fixed_digits for pattern in self.atr if pattern.fits(atr)), default=0)


def _leaves(value: Any, path: str = "") -> list[str]:
    """Dotted paths of all values in nested tables; arrays count as one value."""
    if isinstance(value, dict):
        return [leaf for key, inner in value.items() for leaf in _leaves(inner, f"{path}.{key}" if path else key)]
    return [path]


def _covers(key: str, path: str) -> bool:
    return path == key or path.startswith(key + ".")
