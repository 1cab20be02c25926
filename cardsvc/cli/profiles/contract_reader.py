"""The contract suite of a firmware profile on a real card: what the card itself says of the profile's values.

Reading only, unless a blank card is given away to it: then the whole suite runs on that card, under keys that are thrown away
afterwards, so the card can never be used again. A reader cannot take the power in the middle of a write: what is torn here is
torn between two commands, with the power off.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from cardsvc.cli.profiles.contract import Check, Failed, Subject, beside_the_others, issued_checks, outcome, same, throw_away
from cardsvc.cli.shared.output import t
from cardsvc.errors import CardGone
from cardsvc.iso7816.channel import Channel

if TYPE_CHECKING:
    from cardsvc.bootstrap import Services
    from cardsvc.card.profile import Profile
    from cardsvc.diagnosis.evidence import Value
    from cardsvc.diagnosis.probes import Readings

Connect = Callable[[], Channel]
WRITES = frozenset((0xD0, 0xD4, 0xD6, 0xDC, 0xE0, 0xE2, 0xE8, 0x08, 0x22, 0x52, 0x54))
"""Instructions that change a card, as personalisation and top-up send them."""


def run_on_card(path: Path, connect: Connect, *, write: bool) -> list[tuple[str, str | None]]:
    """All checks with None, or why one failed. ``connect`` powers the card up, as often as it is called.

    ``write``: run the whole suite on it where it is blank. Raises ProfileError when the file is no profile.
    """
    from cardsvc.card.profiles import load_profiles

    with beside_the_others(path) as (folder, profile):
        seen = Seen(load_profiles(folder), profile, connect)
        told = [(name, outcome(check)) for name, check in _reading(seen)]
    if not write:
        return told
    told.append((t("是一张空白卡", "it is a blank card"), outcome(seen.is_blank)))
    if told[-1][1] is None:
        with throw_away(path) as (opened, profile):
            told += [(name, outcome(check)) for name, check in issued_checks(OnReader(opened, profile, connect))]
    return told


class Seen:
    """A card of the family under test, asked as a diagnosis asks it, once."""

    def __init__(self, profiles: "tuple[Profile, ...]", profile: "Profile", connect: Connect) -> None:
        self.profiles, self.profile, self.connect = profiles, profile, connect
        self._asked: tuple[Readings, dict[str, Value]] | None = None

    @contextmanager
    def powered(self) -> Iterator[Channel]:
        """The card on power, with what its transport needs."""
        from cardsvc.iso7816.links import ResponseLink

        channel = self.connect()
        try:
            yield ResponseLink(channel)
        finally:
            channel.close()

    def asked(self) -> "tuple[Readings, dict[str, Value]]":
        """The answers, and the evidence that they are. No PIN is verified."""
        from cardsvc.bootstrap import now
        from cardsvc.diagnosis.probes import look, more
        from cardsvc.diagnosis.reading import card_state, evidence_of
        from cardsvc.iso7816.exchange import run_procedure

        if self._asked is None:
            with self.powered() as channel:
                seen = run_procedure(channel, look(self.profile, quick=False))
                ours = card_state(self.profile, seen) == "citizen"
                rest = more(self.profile, seen, quick=False, anything_open=False, ours=ours)
                seen = seen.with_more(run_procedure(channel, rest))
            self._asked = seen, evidence_of(self.profile, seen, "", None, None, now().date())
        return self._asked

    @property
    def state(self) -> str:
        """What the card is: blank, partial, citizen, foreign, locked, legacy."""
        return str(self.asked()[1]["card.state"])

    def is_blank(self) -> None:
        """Raises Failed for any other card: nothing is written on it."""
        same(self.state, "blank", "state of the card")


def _reading(seen: Seen) -> list[Check]:
    """What reading can show, by what the card turns out to be."""
    checks: list[Check] = [
        (t("能按 ATR 认出，且不与别的卡型混淆", "recognised by its ATR, and no other"), lambda: _is_recognised(seen)),
        (t("每次上电 ATR 一样", "the same ATR at every power-up"), lambda: _is_steady(seen)),
        (t("协议与配置一致", "speaks a protocol of the profile"), lambda: _speaks(seen)),
    ]
    if seen.profile.foreign is not None:
        return [*checks, (t("可读的都读得出", "everything that is free to read is read"), lambda: _is_read(seen))]
    if seen.profile.legacy is not None:
        return checks
    checks.append((t("随机数长度", "length of its random number"), lambda: _challenge(seen)))
    checks.append((t("卡片状态说得清", "says what it is"), lambda: _has_state(seen)))
    if outcome(lambda: same(seen.state, "citizen", "state")) is not None:
        return checks
    return [
        *checks,
        (t("应答的长度和状态字", "lengths and status words of its answers"), lambda: _answers(seen)),
        (t("交易记录的序号（log_number）", "numbers of its log (log_number)"), lambda: _log(seen)),
        (t("交易证明的序号（proof_number）", "number of its proof (proof_number)"), lambda: _proof(seen)),
        (t("充值要不要密码（pin_for_load）", "whether loads want the PIN (pin_for_load)"), lambda: _pin(seen)),
    ]


def _is_recognised(seen: Seen) -> None:
    from cardsvc.card.profiles import recognise

    with seen.powered() as channel:
        atr = channel.atr
    same(recognise(seen.profiles, atr).id, seen.profile.id, f"family of {atr.hex().upper()}")
    if seen.profile.issuable and not seen.profile.chip_serial(atr):
        raise Failed("the ATR tells no chip serial")


def _is_steady(seen: Seen) -> None:
    atrs = set()
    for _ in range(3):
        with seen.powered() as channel:
            atrs.add(channel.atr.hex().upper())
    same(len(atrs), 1, f"ATRs {', '.join(sorted(atrs))}")


def _speaks(seen: Seen) -> None:
    from cardsvc.iso7816.atr import Atr

    with seen.powered() as channel:
        atr = Atr.parse(channel.atr)
    contactless = atr.interface[:2] == b"\x80\x01"
    spoken = {"T=CL"} if contactless else {f"T={number}" for number in atr.protocols}
    if not spoken & set(seen.profile.transport.protocols):
        raise Failed(f"the ATR says {', '.join(sorted(spoken))}, the profile {', '.join(seen.profile.transport.protocols)}")


def _is_read(seen: Seen) -> None:
    from cardsvc.iso7816.exchange import run_procedure
    from cardsvc.procedures.foreign import read_foreign

    foreign = seen.profile.foreign
    if foreign is None:
        raise ValueError("not a family of others")
    with seen.powered() as channel:
        sight = run_procedure(channel, read_foreign(foreign))
    same(f"{sight.sw:04X}", "9000", f"SELECT {foreign.aid}")
    unread = [name for name, value in (*sight.fields.items(), *sight.balances.items()) if value is None]
    same(unread, [], "what was not read")


def _challenge(seen: Seen) -> None:
    from cardsvc.card.commands import get_challenge
    from cardsvc.iso7816.exchange import run_procedure, send

    length = seen.profile.dialect.challenge_length
    with seen.powered() as channel:
        answer = run_procedure(channel, send(get_challenge(length, ("xxxx",))))
    same((f"{answer.sw:04X}", len(answer.data)), ("9000", length), "GET CHALLENGE")


def _has_state(seen: Seen) -> None:
    """An erased card must answer SELECT as ``blank.no_mf`` says; one with an MF may be anything but dead."""
    readings, evidence = seen.asked()
    if evidence["card.state"] == "dead":
        raise Failed("it refuses every command")
    sw = readings.sw("mf.select") or 0
    if seen.state == "foreign" and not readings.ok("mf.select"):
        raise Failed(f"SELECT 3F00 is answered {sw:04X}: neither 9000 nor in blank.no_mf")
    if seen.state == "blank" and readings.ok("mf.select"):
        same(seen.profile.blank.factory_mf, True, "blank.factory_mf")


def _answers(seen: Seen) -> None:
    evidence = seen.asked()[1]
    same((evidence["protocol.wrong_lengths"], evidence["protocol.errors"]), ([], []), "wrong lengths, wrong status words")


def _log(seen: Seen) -> None:
    same(seen.asked()[1].get("log.disordered"), False, "log out of order by the profile's numbering")


def _proof(seen: Seen) -> None:
    if "purse.proof" not in seen.asked()[0]:
        raise Failed("no transaction on the card: load it once and test again")
    same(seen.asked()[1].get("proof.newest"), "given", "proof by the profile's number")


def _pin(seen: Seen) -> None:
    """Without the PIN a load may begin where the profile says so; where it tells tries, it must."""
    from cardsvc.procedures.pin import tries_shown

    readings, purse = seen.asked()[0], seen.profile.purse
    if not purse.pin_for_load:
        same(readings.ok("purse.load"), True, "INITIALIZE FOR LOAD without PIN")
    elif purse.pin_tries is not None and tries_shown(readings.sw("purse.pin") or 0) is None:
        raise Failed(f"VERIFY without a PIN is answered {readings.sw('purse.pin') or 0:04X}: it tells no tries")


class OnReader(Subject):
    """The card in a reader, at the throw-away service."""

    def __init__(self, opened: "Services", profile: "Profile", connect: Connect) -> None:
        super().__init__(opened, profile)
        self._connect, self._tear = connect, ("", 0)

    def channel(self) -> Channel:
        """The card on power; it loses it where a tear was asked for."""
        channel, (when, number) = self._connect(), self._tear
        return _Tearing(channel, when, number) if number else channel

    def relieve(self) -> None:
        """No tear any more."""
        self._tear = "", 0

    def strike(self, fault: str) -> None:
        """The power goes before or after the N-th command that writes."""
        when, _, number = fault.partition(":")
        self._tear = when, int(number)

    def unknown_commands(self) -> list[str]:
        """A real card does not tell them apart."""
        return []


class _Tearing:
    """A channel that takes the power at the N-th write."""

    def __init__(self, channel: Channel, when: str, number: int) -> None:
        self._channel, self._when, self._left = channel, when, number

    @property
    def atr(self) -> bytes:
        return self._channel.atr

    def transmit(self, command: bytes) -> bytes:
        self._left -= command[1] in WRITES
        strikes = self._left == 0 and command[1] in WRITES
        if strikes and self._when == "torn-before-write":
            raise self._gone()
        answer = self._channel.transmit(command)
        if strikes:
            raise self._gone()
        return answer

    def _gone(self) -> CardGone:
        self._channel.close()
        return CardGone("card_gone")

    def close(self) -> None:
        self._channel.close()
