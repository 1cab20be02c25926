"""The contract suite of a firmware profile: what every family must do, tried on a virtual card with the profile's knobs.

The service is a throw-away one. Each check is told by name; the first failure of a check tells why.
"""

import copy
import shutil
import tempfile
import uuid
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cardsvc.cli.scratch.people import synthetic_person
from cardsvc.cli.shared.output import t
from cardsvc.errors import CardGone, CardsvcError

if TYPE_CHECKING:
    from cardsvc.bootstrap import Services
    from cardsvc.card.profile import AtrPattern, Profile
    from cardsvc.iso7816.channel import Channel
    from cardsvc.vcard import VirtualCard
    from cardsvc.vcard.classic import ClassicCard

LIKE = {"fmcos": "fudan-fmcos2", "smartcos": "mingwah-smartcos", "huada": "huada-city"}


class Failed(Exception):
    """A check did not hold; says why."""


def run_contract(path: Path) -> list[tuple[str, str | None]]:
    """All checks with None, or why one failed. Raises ProfileError when the file is no profile."""
    with throw_away(path) as (opened, profile):
        subject = Virtual(opened, profile)
        checks = issued_checks(subject) if profile.issuable else _foreign(subject)
        return [(name, outcome(check)) for name, check in checks]


def outcome(check: Callable[[], None]) -> str | None:
    """None, or why the check did not hold."""
    from cardsvc.readers.carry import CarriedOut

    try:
        check()
    except (Failed, CardsvcError, CarriedOut) as error:
        return str(error)
    return None


@contextmanager
def beside_the_others(path: Path) -> Iterator[tuple[Path, "Profile"]]:
    """A folder with the installed profiles and this one, which replaces its namesake. Raises ProfileError."""
    from cardsvc.card.profiles import load_profile
    from cardsvc.config import Settings

    with tempfile.TemporaryDirectory(prefix="cardsvc-contract-") as folder:
        profiles = Path(folder) / "profiles"
        shutil.copytree(Settings().profiles, profiles)
        layouts = path.parent / "layouts"
        if layouts.is_dir():
            shutil.copytree(layouts, profiles / "layouts", dirs_exist_ok=True)
        shutil.copy(path, profiles / "under-test.toml")
        profile = load_profile(profiles / "under-test.toml")
        for other in profiles.glob("*.toml"):
            if other.name != "under-test.toml" and load_profile(other).id == profile.id:
                other.unlink()
        yield profiles, profile


@contextmanager
def throw_away(path: Path) -> Iterator[tuple["Services", "Profile"]]:
    """A throw-away service over these profiles."""
    from cardsvc.bootstrap import build, create_keystore
    from cardsvc.cli.scratch.settings import QUICK_SCRYPT_N, scratch_settings

    with beside_the_others(path) as (profiles, profile):
        settings = scratch_settings(profiles.parent).model_copy(update={"profiles": profiles})
        settings.keystore.unlink()
        create_keystore(settings, scrypt_n=QUICK_SCRYPT_N)
        opened = build(settings)
        try:
            yield opened, profile
        finally:
            opened.close()


def virtual_card(profile: "Profile", seed: int) -> "VirtualCard":
    """A blank virtual card that answers as the profile says."""
    from cardsvc.vcard import PROFILES, VirtualCard

    dialect = copy.copy(PROFILES.get(profile.id) or PROFILES[LIKE[profile.dialect.name]])
    pattern = profile.atr[0]
    knobs: dict[str, Any] = {
        "name": profile.id,
        "chip_serial_length": pattern.chip_serial_length or dialect.chip_serial_length,
        "max_data": profile.transport.max_command_data + 4,
        "blocked_select_sw": int((*profile.status.blocked_select, "6283")[0], 16),
        "blocked_use_sw": int((*profile.status.blocked_use, "6985")[0], 16),
        "unwritten_sw": int((*profile.status.unwritten_binary, "9000")[0], 16),
        "proof_after": profile.purse.proof_number == "after",
        "log_after": profile.purse.log_number == "after",
        "pin_for_ep_load": profile.purse.pin_for_load,
        "empty_verify": profile.purse.pin_tries == "empty_verify",
        "t0": profile.transport.protocols[0] == "T=0",
        "check_byte": False,
        "atr": lambda serial: fitting_atr(pattern, serial),
    }
    for name, value in knobs.items():
        setattr(dialect, name, value)
    return VirtualCard.made(dialect, seed=seed)


def _old_card() -> "ClassicCard":
    """An old bus card under keys that nobody has."""
    from cardsvc.vcard.classic import ClassicCard

    return ClassicCard(1234, b"\x5a" * 6, b"\xa5" * 6)


def fitting_atr(pattern: "AtrPattern", serial: bytes) -> bytes:
    """An ATR that fits the pattern, with this serial; digits that the pattern leaves open are zero."""
    raw = bytearray.fromhex(pattern.pattern.replace("x", "0"))
    start, length = pattern.chip_serial_offset, pattern.chip_serial_length
    raw[start : start + length] = serial[:length]
    return bytes(raw)


class Subject(ABC):
    """A card of the family under test at the throw-away service."""

    def __init__(self, opened: "Services", profile: "Profile") -> None:
        from cardsvc.service.operations.kinds import Actor

        self.opened, self.profile = opened, profile
        self._port = opened.engine.port(Actor("local", "contract", bytes.fromhex("310000000001"), "desk"))

    def do(self, kind: str, **params: Any) -> Mapping[str, Any]:
        """Put the card on, carry an operation out, take it off; faults strike once."""
        from cardsvc.readers.carry import carry_out

        channel = self.channel()
        try:
            return carry_out(self._port, channel, kind, params, idempotency_key=str(uuid.uuid4()))
        finally:
            channel.close()
            self.relieve()

    @abstractmethod
    def channel(self) -> "Channel":
        """The card on power."""

    @abstractmethod
    def relieve(self) -> None:
        """No fault strikes any more."""

    @abstractmethod
    def strike(self, fault: str) -> None:
        """This fault, ``torn-before-write:N`` or ``torn-after-write:N``, strikes at the next operation."""

    @abstractmethod
    def unknown_commands(self) -> list[str]:
        """Commands that the card did not know, in hex, as far as it tells."""

    def torn(self, fault: str, kind: str, **params: Any) -> None:
        """An operation in which power fails."""
        self.strike(fault)
        with suppress(CardGone):
            self.do(kind, **params)
            raise Failed(f"{fault} did not strike")

    def topup(self) -> dict[str, Any]:
        """Parameters of a top-up of 50.00 with a payment of its own."""
        return {"amount": 5000, "payment": {"method": "cash"}}

    def citizen(self) -> str:
        """A synthetic person."""
        from cardsvc.bootstrap import now
        from cardsvc.service.people.register import register_citizen

        return register_citizen(self.opened.store, synthetic_person(1), now()).citizen_id

    def balance(self, expected: int, settled: str | None = None) -> None:
        """Card and books hold this much, and what was open has come to this."""
        seen = self.do("inspect")
        same(seen["purse"].get("balance"), expected, "balance on the card")
        with self.opened.store.read() as uow:
            booked = -uow.ledger.balances().get(f"purse:{seen['card_no']}:purse:ep", 0)
        same(booked, expected, "balance in the books")
        same([entry["state"] for entry in seen["settled"]], [settled] if settled else [], "what was settled")


class Virtual(Subject):
    """A virtual card with the knobs of the profile, or an old bus card."""

    def __init__(self, opened: "Services", profile: "Profile") -> None:
        super().__init__(opened, profile)
        self.card: VirtualCard | ClassicCard = _old_card() if profile.legacy else virtual_card(profile, seed=1)

    def channel(self) -> "Channel":
        """The card on power."""
        return self.card.channel()

    def relieve(self) -> None:
        """No fault strikes any more."""
        from cardsvc.vcard import FaultPlan

        self.card.plan = FaultPlan()

    def strike(self, fault: str) -> None:
        """As the catalog of faults has it."""
        from cardsvc.vcard import Fault, VirtualCard, inflict

        if not isinstance(self.card, VirtualCard):
            raise Failed("faults by name are for virtual cards with a memory")
        inflict(self.card, [Fault.parse(fault)])

    def unknown_commands(self) -> list[str]:
        """Commands that the virtual card did not know."""
        return [raw.hex() for raw in getattr(self.card, "unknown_commands", [])]


def same(found: object, expected: object, what: str) -> None:
    """Raises Failed where they differ."""
    if found != expected:
        raise Failed(f"{what}: {found}, expected {expected}")


Check = tuple[str, Callable[[], None]]


def recognised(subject: Subject) -> None:
    """Every ATR of the profile is one, and of no other profile."""
    from cardsvc.card.profiles import recognise
    from cardsvc.iso7816.atr import MAX_LENGTH

    for pattern in subject.profile.atr:
        atr = fitting_atr(pattern, b"\x5a" * pattern.chip_serial_length)
        if len(atr) > MAX_LENGTH or atr[0] not in (0x3B, 0x3F):
            raise Failed(f"{pattern.pattern} is no ATR")
        same(recognise(subject.opened.profiles, atr).id, subject.profile.id, f"family of {pattern.pattern}")


def issued_checks(subject: Subject) -> list[Check]:
    """What a family that is issued here must do."""
    return [
        (t("能按 ATR 认出，且不与别的卡型混淆", "recognised by its ATR, and no other"), lambda: recognised(subject)),
        (t("个人化中途断电后续做", "personalised, and resumed after power failed"), lambda: _personalised(subject)),
        (t("开通公交", "an application opened"), lambda: _opened(subject)),
        (t("充值和消费，卡账一致", "topped up and spent; card and books agree"), lambda: _moved(subject)),
        (t("充值写卡后断电：确认", "a load torn after its write is confirmed"), lambda: _torn_after(subject)),
        (t("充值写卡前断电：退回", "a load torn before its write goes back"), lambda: _torn_before(subject)),
        (t("锁定与解锁", "blocked and unblocked"), lambda: _blocked(subject)),
        (t("没有卡不认识的命令", "no command that the card does not know"), lambda: _known(subject)),
    ]


def _foreign(subject: Virtual) -> list[Check]:
    return [
        (t("能按 ATR 认出，且不与别的卡型混淆", "recognised by its ATR, and no other"), lambda: recognised(subject)),
        (t("不制卡", "never personalised"), lambda: _not_issued(subject)),
    ]


def _personalised(subject: Subject) -> None:
    citizen = subject.citizen()
    subject.torn("torn-before-write:12", "personalise", citizen_id=citizen)
    subject.torn("torn-after-write:25", "personalise", citizen_id=citizen)
    same(subject.do("personalise", citizen_id=citizen)["resumed"], True, "resumed")
    subject.balance(0)


def _opened(subject: Subject) -> None:
    subject.do("open", application="bus", product="T")
    same(subject.do("inspect")["applications"]["bus"]["state"], "open", "state of the bus application")


def _moved(subject: Subject) -> None:
    subject.do("topup", **subject.topup())
    subject.do("purchase", amount=200, merchant="bus")
    subject.balance(4800)


def _torn_after(subject: Subject) -> None:
    subject.torn("torn-after-write:1", "topup", **subject.topup())
    subject.balance(9800, "confirmed")


def _torn_before(subject: Subject) -> None:
    subject.torn("torn-before-write:1", "topup", **subject.topup())
    subject.balance(9800, "refunded")


def _blocked(subject: Subject) -> None:
    subject.do("block", application="purse")
    same(subject.do("inspect")["purse"], {"state": "blocked"}, "purse")
    subject.do("unblock", application="purse")
    subject.balance(9800)


def _known(subject: Subject) -> None:
    same(subject.unknown_commands(), [], "unknown commands")


def _not_issued(subject: Virtual) -> None:
    from cardsvc.readers.carry import CarriedOut

    try:
        subject.do("personalise", citizen_id=subject.citizen())
    except CarriedOut as told:
        same((told.reply.problem or {}).get("code"), "card_family_not_issued", "refusal")
        same(subject.card.writes, 0, "writes")
    else:
        raise Failed("it was personalised")
