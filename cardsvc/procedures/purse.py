"""The purse: balance, log, load, purchase, unload, and the evidence that settles what was broken off.

Source: JR/T 0025.2-2010 5.5.2 (load), 5.5.3 (purchase), 5.5.7 (unload), 5.6 (GET TRANSACTION PROVE).
Money moves here and nowhere else.
"""

import datetime as dt
from dataclasses import dataclass
from typing import Literal, Protocol

from cardsvc.card import purse as pboc
from cardsvc.card.commands import read_record, select_by_name
from cardsvc.card.profile import Profile
from cardsvc.card.purse import (
    DebitForPurchaseAnswer,
    InitializeForLoadAnswer,
    InitializeForPurchaseAnswer,
    InitializeForUnloadAnswer,
    LogRecord,
    TransactionProof,
    TransactionType,
)
from cardsvc.errors import CardError
from cardsvc.iso7816.apdu import Answer
from cardsvc.iso7816.exchange import Ask, Procedure
from cardsvc.iso7816.status import SW
from cardsvc.procedures.script import refused

Purpose = Literal["load", "unload", "purchase"]
Counted = Literal["load", "purchase"]
"""What is asked to see a counter: the online one (of loads and unloads), or the offline one."""

LOOK_TERMINAL = bytes(6)
"""Terminal number of an INITIALIZE that is only a look."""


class MacSession(Protocol):
    """A session key in use: it makes MACs and is never seen."""

    def mac(self, data: bytes) -> bytes:
        """The 4-byte transaction MAC over data."""


@dataclass(frozen=True, slots=True)
class PurseRef:
    """One purse of one application: ``purse`` is "ed" or "ep"."""

    application: str
    purse: str

    @property
    def p2(self) -> int:
        """P2 of the purse commands."""
        return pboc.PURSES[self.purse]

    @property
    def load_type(self) -> int:
        """Transaction type of a load into this purse."""
        return int(pboc.load_type(self.p2))

    @property
    def purchase_type(self) -> int:
        """Transaction type of a purchase from this purse."""
        return int(pboc.purchase_type(self.p2))


@dataclass(frozen=True, slots=True)
class PurseSight:
    """A purse as the card shows it: balance in fen, log newest first, counters before their next increment.

    A counter is None when the card does not answer the look (a blocked purse, or no money for a purchase look).
    """

    balance: int
    online_counter: int | None
    offline_counter: int | None
    log: tuple[LogRecord, ...]


def _select(profile: Profile, ref: PurseRef) -> Ask:
    return select_by_name(profile.layout.find(ref.application).aid_bytes)


def _key_id(profile: Profile, ref: PurseRef, purpose: Purpose) -> int:
    return profile.layout.find(ref.application).key(purpose).key_id


def _judge(profile: Profile, asks: tuple[Ask, ...], answers: tuple[Answer, ...]) -> None:
    """Raise what the first refusal of SELECT and INITIALIZE means."""
    ask, last = asks[len(answers) - 1], answers[-1]
    if len(answers) == len(asks) and last.ok:
        return
    if f"{last.sw:04X}" in (*profile.status.blocked_select, *profile.status.blocked_use) and ask is not asks[-1]:
        raise CardError("application_blocked", sw=f"{last.sw:04X}")
    if last.sw == SW.NOT_ENOUGH_MONEY:
        raise CardError("not_enough_money")
    if last.sw == SW.COUNTER_AT_MAXIMUM:
        raise CardError("counter_at_maximum")
    if last.sw in (SW.KEY_INDEX_NOT_SUPPORTED, SW.KEY_NOT_FOUND):
        raise CardError("purse_key_missing", sw=f"{last.sw:04X}")
    if last.sw == SW.GREY_LOCKED:
        raise CardError("purse_grey_locked")
    raise refused(ask, last)


def _not_used_up(counter: int) -> None:
    """Raises CardError ``counter_at_maximum`` where a card that should refuse begins one transaction too many."""
    if counter == pboc.COUNTER_MAXIMUM:
        raise CardError("counter_at_maximum")


def read_purse(profile: Profile, ref: PurseRef) -> Procedure[PurseSight]:
    """Balance, log and both counters. The counters come from INITIALIZEs that nothing follows: they change nothing."""
    asks = (_select(profile, ref), pboc.get_balance(ref.p2))
    answers = yield asks
    _judge(profile, asks, answers)
    balance = pboc.balance_in(answers[1].data)
    log = yield from read_log(profile, ref)
    online = yield from _look_for_load(profile, ref)
    offline = yield from _look_for_purchase(profile, ref)
    return PurseSight(balance, online.online_counter if online else None, offline, log)


def read_balance(profile: Profile, ref: PurseRef) -> Procedure[int]:
    """Select the application and GET BALANCE, in fen."""
    asks = (_select(profile, ref), pboc.get_balance(ref.p2))
    answers = yield asks
    _judge(profile, asks, answers)
    return pboc.balance_in(answers[1].data)


def read_log(profile: Profile, ref: PurseRef) -> Procedure[tuple[LogRecord, ...]]:
    """The transaction log of the selected application, newest first. Source: JR/T 0025.2-2010 5.5.8."""
    file = profile.layout.find(ref.application).find("log")
    answers = yield tuple(read_record(number, file.sfi, LogRecord.LENGTH) for number in range(1, file.records + 1))
    records = (LogRecord.parse(answer.data) for answer in answers if answer.ok and len(answer.data) == LogRecord.LENGTH)
    return tuple(record for record in records if record.written)


def _look_for_load(
    profile: Profile, ref: PurseRef, challenge: bytes = LOOK_TERMINAL
) -> Procedure[InitializeForLoadAnswer | None]:
    """The online counter, by an INITIALIZE for the smallest amount; its MAC1 says whether this card told it. ``challenge``: 6
    bytes in the place of the terminal number, which MAC1 covers: nobody can have had the answer to a fresh one before."""
    key = _key_id(profile, ref, "load")
    answers = yield (pboc.initialize_for_load(ref.p2, key, pboc.SAFE_AMOUNT, challenge),)
    return InitializeForLoadAnswer.parse(answers[0].data) if answers[0].ok else None


def _look_for_purchase(profile: Profile, ref: PurseRef) -> Procedure[int | None]:
    """The offline counter, in the same way; nothing proves it."""
    key = _key_id(profile, ref, "purchase")
    answers = yield (pboc.initialize_for_purchase(ref.p2, key, pboc.SAFE_AMOUNT, LOOK_TERMINAL),)
    return InitializeForPurchaseAnswer.parse(answers[0].data).offline_counter if answers[0].ok else None


# Load


def initialize_for_load(profile: Profile, ref: PurseRef, amount: int, terminal: bytes) -> Procedure[InitializeForLoadAnswer]:
    """Select the application and INITIALIZE FOR LOAD. Nothing is written to the card."""
    key = _key_id(profile, ref, "load")
    asks = (_select(profile, ref), pboc.initialize_for_load(ref.p2, key, amount, terminal))
    answers = yield asks
    _judge(profile, asks, answers)
    begun = InitializeForLoadAnswer.parse(answers[1].data)
    _not_used_up(begun.online_counter)
    return begun


def look_is_genuine(look: InitializeForLoadAnswer, ref: PurseRef, session: MacSession, challenge: bytes) -> bool:
    """Whether the MAC1 of a look is right: this card, nobody in between, told balance and counter, after it was asked."""
    return session.mac(pboc.load_mac1_data(look.balance, pboc.SAFE_AMOUNT, ref.load_type, challenge)) == look.mac1


def check_mac1(init: InitializeForLoadAnswer, ref: PurseRef, amount: int, terminal: bytes, session: MacSession) -> None:
    """Whether this card knows its load or unload key. Raises CardError ``card_not_genuine``; no money has moved then."""
    unload = isinstance(init, InitializeForUnloadAnswer)
    transaction_type = TransactionType.UNLOAD if unload else ref.load_type
    if session.mac(pboc.load_mac1_data(init.balance, amount, transaction_type, terminal)) != init.mac1:
        raise CardError("card_not_genuine")


@dataclass(frozen=True, slots=True)
class TransactionEvidence:
    """What the card says about a load, unload or purchase whose answer was not seen, or was not good.

    ``counter``: the online counter for a load or unload, the offline counter for a purchase, before the next increment; None
    when the card did not tell. ``proofs``: the proofs that the card gave, by the number asked for; only a TAC, or MAC3 of an
    unload, that verifies counts. ``look``: for a load or unload, the answer that told the counter, with its MAC1.
    """

    balance: int | None
    counter: int | None
    proofs: tuple[tuple[int, TransactionProof], ...]
    log: tuple[LogRecord, ...]
    look: InitializeForLoadAnswer | None = None


@dataclass(frozen=True, slots=True)
class CreditForLoadOutcome:
    """How CREDIT FOR LOAD went: a TAC to verify, or a status word and the evidence gathered right after it."""

    sw: int
    tac: bytes | None = None
    evidence: TransactionEvidence | None = None


def credit_for_load(
    profile: Profile,
    ref: PurseRef,
    init: InitializeForLoadAnswer,
    amount: int,
    terminal: bytes,
    moment: dt.datetime,
    session: MacSession,
    challenge: bytes,
) -> Procedure[CreditForLoadOutcome]:
    """CREDIT FOR LOAD, directly after its INITIALIZE. A refusal is followed at once by gathering evidence; ``challenge`` is for
    its look."""
    mac2 = session.mac(pboc.load_mac2_data(amount, ref.load_type, terminal, moment))
    answers = yield (pboc.credit_for_load(moment, mac2),)
    answer = answers[0]
    if answer.ok and len(answer.data) == 4:
        return CreditForLoadOutcome(answer.sw, tac=answer.data)
    evidence = yield from load_evidence(profile, ref, init.online_counter, challenge)
    return CreditForLoadOutcome(answer.sw, evidence=evidence)


def load_evidence(profile: Profile, ref: PurseRef, online_counter: int, challenge: bytes) -> Procedure[TransactionEvidence]:
    """Everything the card can say about the load that began at this online counter (the value before the increment)."""
    return (yield from _evidence(profile, ref, challenge, ref.load_type, online_counter))


def last_load_evidence(profile: Profile, ref: PurseRef, challenge: bytes) -> Procedure[TransactionEvidence]:
    """The same of the newest load, unload or none: the counter is looked at first, and once more with the evidence."""
    answers = yield (_select(profile, ref),)
    look = (yield from _look_for_load(profile, ref)) if answers[0].ok else None
    if look is None:
        return TransactionEvidence(None, None, (), ())
    return (yield from load_evidence(profile, ref, max(0, look.online_counter - 1), challenge))


def purchase_evidence(profile: Profile, ref: PurseRef, offline_counter: int) -> Procedure[TransactionEvidence]:
    """Everything the card can say about the purchase that began at this offline counter."""
    return (yield from _evidence(profile, ref, None, ref.purchase_type, offline_counter))


def unload_evidence(profile: Profile, ref: PurseRef, online_counter: int, challenge: bytes) -> Procedure[TransactionEvidence]:
    """Everything the card can say about the unload that began at this online counter. A load is asked for the counter, which
    an empty purse shows too."""
    return (yield from _evidence(profile, ref, challenge, TransactionType.UNLOAD, online_counter))


def _evidence(
    profile: Profile, ref: PurseRef, challenge: bytes | None, transaction_type: int, counter: int
) -> Procedure[TransactionEvidence]:
    """``challenge``: of the look at the online counter; None for a purchase, whose counter nothing proves.

    The proof comes first: the next balance-changing command may throw it away (JR/T 0025.2-2010 5.6).
    """
    answers = yield (_select(profile, ref),)
    if not answers[0].ok:
        return TransactionEvidence(None, None, (), ())
    proofs = yield from _proofs(profile, transaction_type, counter)
    balance = yield from _balance(ref)
    log = yield from read_log(profile, ref)
    if challenge is None:
        return TransactionEvidence(balance, (yield from _look_for_purchase(profile, ref)), proofs, log)
    look = yield from _look_for_load(profile, ref, challenge)
    return TransactionEvidence(balance, look.online_counter if look else None, proofs, log, look)


def _balance(ref: PurseRef) -> Procedure[int | None]:
    answers = yield (pboc.get_balance(ref.p2),)
    whole = answers[0].ok and len(answers[0].data) == pboc.BALANCE_LENGTH
    return pboc.balance_in(answers[0].data) if whole else None


def _proofs(profile: Profile, kind: int, counter: int) -> Procedure[tuple[tuple[int, TransactionProof], ...]]:
    """Families disagree on the number of a proof: the profile's is asked first, then the other."""
    after, before = (counter + 1) & 0xFFFF, counter
    numbers = (after, before) if profile.purse.proof_number == "after" else (before, after)
    answers = yield tuple(pboc.get_transaction_prove(kind, number) for number in numbers)
    given = zip(numbers, answers, strict=False)
    return tuple((number, TransactionProof.parse(a.data)) for number, a in given if a.ok and len(a.data) == 8)


# Purchase


def initialize_for_purchase(
    profile: Profile, ref: PurseRef, amount: int, terminal: bytes
) -> Procedure[InitializeForPurchaseAnswer]:
    """Select the application and INITIALIZE FOR PURCHASE. Raises CardError ``not_enough_money``."""
    key = _key_id(profile, ref, "purchase")
    asks = (_select(profile, ref), pboc.initialize_for_purchase(ref.p2, key, amount, terminal))
    answers = yield asks
    _judge(profile, asks, answers)
    begun = InitializeForPurchaseAnswer.parse(answers[1].data)
    _not_used_up(begun.offline_counter)
    return begun


@dataclass(frozen=True, slots=True)
class DebitForPurchaseOutcome:
    """How DEBIT FOR PURCHASE went. ``mac2_right``: the card that answered knows the session key."""

    sw: int
    tac: bytes | None = None
    mac2_right: bool = False
    evidence: TransactionEvidence | None = None


def debit_for_purchase(
    profile: Profile,
    ref: PurseRef,
    init: InitializeForPurchaseAnswer,
    amount: int,
    terminal: bytes,
    terminal_transaction: bytes,
    moment: dt.datetime,
    session: MacSession,
    card_id: bytes = b"",
) -> Procedure[DebitForPurchaseOutcome]:
    """DEBIT FOR PURCHASE, directly after its INITIALIZE. ``card_id``: the 9 bytes that MAC1 covers on city-union cards."""
    mac1 = session.mac(pboc.purchase_mac1_data(amount, ref.purchase_type, terminal, moment, card_id))
    answers = yield (pboc.debit_for_purchase(terminal_transaction, moment, mac1),)
    answer = answers[0]
    if answer.ok and len(answer.data) == 8:
        debit = DebitForPurchaseAnswer.parse(answer.data)
        right = session.mac(pboc.purchase_mac2_data(amount)) == debit.mac2
        return DebitForPurchaseOutcome(answer.sw, debit.tac, right)
    evidence = yield from purchase_evidence(profile, ref, init.offline_counter)
    return DebitForPurchaseOutcome(answer.sw, evidence=evidence)


# Unload


def initialize_for_unload(
    profile: Profile, ref: PurseRef, amount: int, terminal: bytes
) -> Procedure[InitializeForUnloadAnswer]:
    """Select the application and INITIALIZE FOR UNLOAD. Nothing is written. Raises CardError ``not_enough_money``."""
    key = _key_id(profile, ref, "unload")
    asks = (_select(profile, ref), pboc.initialize_for_unload(key, amount, terminal))
    answers = yield asks
    _judge(profile, asks, answers)
    begun = InitializeForUnloadAnswer.parse(answers[1].data)
    _not_used_up(begun.online_counter)
    return begun


@dataclass(frozen=True, slots=True)
class DebitForUnloadOutcome:
    """How DEBIT FOR UNLOAD went. ``mac3_right``: the card took this amount off at this counter."""

    sw: int
    mac3: bytes | None = None
    mac3_right: bool = False
    evidence: TransactionEvidence | None = None


def debit_for_unload(
    profile: Profile,
    ref: PurseRef,
    init: InitializeForUnloadAnswer,
    amount: int,
    terminal: bytes,
    moment: dt.datetime,
    session: MacSession,
    challenge: bytes,
) -> Procedure[DebitForUnloadOutcome]:
    """DEBIT FOR UNLOAD, directly after its INITIALIZE. Its MAC3 takes the place of a TAC; ``challenge`` is for the look after
    a refusal."""
    kind = TransactionType.UNLOAD
    mac2 = session.mac(pboc.load_mac2_data(amount, kind, terminal, moment))
    answers = yield (pboc.debit_for_unload(moment, mac2),)
    answer = answers[0]
    if answer.ok and len(answer.data) == 4:
        covered = pboc.load_tac_data(init.balance - amount, init.online_counter, amount, kind, terminal, moment)
        return DebitForUnloadOutcome(answer.sw, answer.data, session.mac(covered) == answer.data)
    evidence = yield from unload_evidence(profile, ref, init.online_counter, challenge)
    return DebitForUnloadOutcome(answer.sw, evidence=evidence)
