"""What a card is asked. Every question only reads, is asked whatever became of the others, and any status will do.

A full run is at most 38 commands on a card without open transactions, a quick look 11; the side with the reader adds
one or two SELECTs to time it. A card with a fault may be asked more: the balance that a refused load did not tell.
INITIALIZEs come last: the next balance-changing command may throw a proof away (JR/T 0025.2-2010 5.6).

Where loads want the PIN, only a verified PIN lets the card prove its load key. VERIFY goes out where the card tells that all
tries are left, and never else: the right PIN then changes nothing, a wrong one costs one try once, and the last one is out of
reach. A family that does not tell its tries is not asked (see ``_load``).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from cardsvc.card import purse as pboc
from cardsvc.card.commands import get_challenge, read_binary, read_record, select_by_id, select_by_name, tries_left
from cardsvc.card.layout import PIN_TRIES, ApplicationLayout
from cardsvc.card.log_order import began_at
from cardsvc.card.profile import Profile
from cardsvc.card.purse import LogRecord
from cardsvc.card.records import ApplicationRecord, CardIssue, PurseApplication
from cardsvc.iso7816.apdu import Answer
from cardsvc.iso7816.exchange import Ask, Procedure
from cardsvc.iso7816.status import SW
from cardsvc.procedures.pin import tries_shown
from cardsvc.procedures.purse import LOOK_TERMINAL
from cardsvc.procedures.script import MAX_BATCH

ANY = ("xxxx",)
EP = pboc.PURSES["ep"]
QUICK_APPLICATIONS = ("bus",)
CARD_RECORDS = (1, 7)
"""Records of the holder application's EF05 that are this card's own: card id, social-security card number."""
HOLDER_RECORDS = 6
ROOM_FOR_PINS = 4
"""Log records, the oldest, that give way to try counters and VERIFY: a full run stays within its commands."""
ROOM_FOR_AREAS = 1
"""Log records that give way to the load keys of areas; a begun load takes the place of GET BALANCE where that was asked."""
FULL_RUN = "mf.directory"
"""Asked in a full run alone."""
FILES = {
    "mf.card_issue": CardIssue.LENGTH,
    "purse.application": PurseApplication.LENGTH,
    **{f"{name}.application": ApplicationRecord.LENGTH for name in ("bus", "parking", "library", "park")},
}
"""Binary files that are read, with their length."""


@dataclass(frozen=True, slots=True)
class Question:
    """One command with the name its answer goes by."""

    label: str
    ask: Ask


class Readings:
    """Answers by the name of their question. An answer that never came is told from one that says no."""

    def __init__(self, answers: Mapping[str, Answer]) -> None:
        self._answers = dict(answers)

    def __contains__(self, label: str) -> bool:
        return label in self._answers

    def labels(self) -> tuple[str, ...]:
        """Everything that was asked, in order."""
        return tuple(self._answers)

    def sw(self, label: str) -> int | None:
        """The status word, or None when this was not asked."""
        answer = self._answers.get(label)
        return answer.sw if answer else None

    def ok(self, label: str) -> bool:
        """Whether the answer is a plain success."""
        return self.sw(label) == SW.OK

    def data(self, label: str) -> bytes:
        """The answer's data; empty where there is no success."""
        return self._answers[label].data if self.ok(label) else b""

    def raw(self, label: str) -> bytes:
        """The answer's data whatever its status says of them."""
        return self._answers[label].data if label in self else b""

    def of_its_application(self, label: str) -> bool:
        """Whether what was answered belongs to the application of its name: where that could not be selected, the one before
        answered."""
        select = f"{label.partition('.')[0]}.select"
        return label == select or select not in self or self.ok(select)

    def to_json(self) -> dict[str, str]:
        """As facts of an operation."""
        return {label: answer.encode().hex() for label, answer in self._answers.items()}

    @classmethod
    def from_json(cls, facts: Mapping[str, str]) -> "Readings":
        """What ``to_json`` made."""
        return cls({label: Answer.parse(bytes.fromhex(raw)) for label, raw in facts.items()})

    def with_more(self, other: "Readings") -> "Readings":
        """Both together."""
        return Readings({**self._answers, **other._answers})


def look(profile: Profile, *, quick: bool) -> Procedure[Readings]:
    """First: who is it, and what do its purse and log say. Nothing that could disturb the proof of an open transaction."""
    mf, purse = profile.layout.mf, profile.layout.find("purse")
    questions = [
        Question("mf.select", select_by_id(mf.id_bytes, ANY)),
        Question("mf.card_issue", read_binary(mf.find("card_issue").sfi, CardIssue.LENGTH, ANY)),
        _selection(purse),
        Question("purse.application", read_binary(purse.find("application").sfi, PurseApplication.LENGTH, ANY)),
        Question("purse.balance", _any(pboc.get_balance(EP))),
    ]
    if not quick:
        directory = mf.find("directory")
        questions.insert(1, Question(FULL_RUN, read_record(1, directory.sfi, directory.record_length, ANY)))
    log = purse.find("log")
    depth = 1 if quick else log.records - (ROOM_FOR_PINS if profile.purse.pin_tries else ROOM_FOR_AREAS)
    questions += [Question(f"purse.log.{n}", read_record(n, log.sfi, LogRecord.LENGTH, ANY)) for n in range(1, depth + 1)]
    return _asked(questions)


def more(profile: Profile, seen: Readings, *, quick: bool, anything_open: bool, ours: bool) -> Procedure[Readings]:
    """Then: proof, counters, key version and genuineness, the holder, every application.

    ``anything_open``: money on this card is on its way, and the procedures that asked about it selected what they needed; an
    area may owe a proof then, and begins no load.
    ``ours``: it says so or the books do. Else it is asked nothing that only our families are known to take well: no VERIFY
    without a PIN, no INITIALIZE that could cost it a proof.
    """
    if not seen.ok("mf.select"):
        return (yield from _asked([Question("challenge", get_challenge(profile.dialect.challenge_length, ANY))]))
    told, questions = Readings({}), list[Question]()
    if ours:
        told, questions = yield from _of_purse(profile, seen, quick=quick, reselect=anything_open)
    for application in profile.layout.applications:
        if application.name == "holder":
            questions += [] if quick else _holder(application)
        elif application.name != "purse" and (not quick or application.name in QUICK_APPLICATIONS):
            deeper = ours and not quick
            keys = deeper and not anything_open and not profile.purse.pin_for_load
            questions += _application(profile, application, quick=quick, tries=deeper, keys=keys)
    told = told.with_more((yield from _asked(questions)))
    return told.with_more((yield from _asked(_untold(profile, told))))


def _untold(profile: Profile, told: Readings) -> list[Question]:
    """The balance of an area whose begun load did not tell it: its counter is used up, or its key is missing."""
    areas = [one for one in profile.layout.applications if one.name != "purse" and f"{one.name}.load" in told]
    silent = [one for one in areas if not told.ok(f"{one.name}.load")]
    return [q for one in silent for q in (_selection(one), Question(f"{one.name}.ep", _any(pboc.get_balance(EP))))]


def _of_purse(profile: Profile, seen: Readings, *, quick: bool, reselect: bool) -> Procedure[tuple[Readings, list[Question]]]:
    """What the city purse told, and what is to be asked next while it is selected."""
    purse = profile.layout.find("purse")
    questions = [_selection(purse)] if reselect else []
    questions += [*_proof(profile, seen), *([] if quick else _tries(profile, purse))]
    told = Readings({})
    if profile.purse.pin_for_load:
        told = yield from _asked(questions)
        told = told.with_more((yield from _asked(_load(purse) if _all_tries_left(told) else [])))
        questions = []
    else:
        questions += _load(purse)
    return told, [*questions, *_purchase(purse)]


def _asked(questions: Sequence[Question]) -> Procedure[Readings]:
    answers: dict[str, Answer] = {}
    for start in range(0, len(questions), MAX_BATCH):
        part = questions[start : start + MAX_BATCH]
        given = yield tuple(question.ask for question in part)
        answers.update((question.label, answer) for question, answer in zip(part, given, strict=False))
    return Readings(answers)


def _any(ask: Ask) -> Ask:
    return Ask(ask.command, ask.name, ANY, ask.changes, ask.secret)


def _selection(application: ApplicationLayout) -> Question:
    return Question(f"{application.name}.select", select_by_name(application.aid_bytes, ANY))


def _proof(profile: Profile, seen: Readings) -> list[Question]:
    """The proof of the newest transaction in the log, by its number there."""
    newest = newest_record(seen)
    if newest is None:
        return []
    return [Question("purse.proof", _any(pboc.get_transaction_prove(newest.type, proof_number(profile, newest) & 0xFFFF)))]


def proof_number(profile: Profile, record: LogRecord) -> int:
    """The number by which a family knows the proof of a log record."""
    before = began_at(record, profile.purse.log_number)
    return before + (profile.purse.proof_number == "after")


def newest_record(seen: Readings) -> LogRecord | None:
    """The first log record, where it is one."""
    raw = seen.data("purse.log.1")
    if len(raw) != LogRecord.LENGTH:
        return None
    record = LogRecord.parse(raw)
    return record if record.written else None


def _load(application: ApplicationLayout) -> list[Question]:
    """INITIALIZE FOR LOAD, followed by nothing: it tells the EP's balance and online counter, and proves the load key.

    Where loads want the PIN, the city purse is asked after VERIFY (procedures/pin.py), a refusal is the answer, and areas are
    not asked: each would want a VERIFY of its own.
    """
    load = pboc.initialize_for_load(EP, application.key("load").key_id, pboc.SAFE_AMOUNT, LOOK_TERMINAL)
    return [Question(f"{application.name}.load", _any(load))]


def _all_tries_left(told: Readings) -> bool:
    """Whether VERIFY may go out: the card itself says that no wrong PIN was ever entered since the last right one."""
    return tries_shown(told.sw("purse.pin") or 0) == PIN_TRIES


def _purchase(purse: ApplicationLayout) -> list[Question]:
    """INITIALIZE FOR PURCHASE, followed by nothing: it tells the offline counter."""
    nothing = 0  # an empty purse refuses any other amount
    purchase = pboc.initialize_for_purchase(EP, purse.key("purchase").key_id, nothing, LOOK_TERMINAL)
    return [Question("purse.purchase", _any(purchase))]


def _holder(application: ApplicationLayout) -> list[Question]:
    card, holder = application.find("card"), application.find("holder")
    numbers = range(1, HOLDER_RECORDS + 1)
    return [
        _selection(application),
        *(Question(f"holder.card.{n}", read_record(n, card.sfi, expect=ANY)) for n in CARD_RECORDS),
        *(Question(f"holder.holder.{n}", _secret(read_record(n, holder.sfi, expect=ANY))) for n in numbers),
    ]


def _secret(ask: Ask) -> Ask:
    return Ask(ask.command, ask.name, ask.expect, ask.changes, secret=True)


def _tries(profile: Profile, application: ApplicationLayout) -> list[Question]:
    """The try counter of the PIN, where the family is known to tell it without counting."""
    has_pin = any(slot.purpose == "pin" for slot in application.keys)
    if not has_pin or profile.purse.pin_tries is None:
        return []
    return [Question(f"{application.name}.pin", tries_left(application.key("pin").key_id, ANY))]


def _application(profile: Profile, application: ApplicationLayout, *, quick: bool, tries: bool, keys: bool) -> list[Question]:
    name = application.name
    read = read_binary(application.find("application").sfi, ApplicationRecord.LENGTH, ANY)
    questions = [_selection(application), Question(f"{name}.application", read)]
    if tries:
        questions += _tries(profile, application)
    if name == "bus" and not quick:
        told = {"ep"} if keys else set()  # by the begun load
        purses = [purse for purse in application.purses if purse not in told]
        questions += [Question(f"{name}.{purse}", _any(pboc.get_balance(pboc.PURSES[purse]))) for purse in purses]
    return [*questions, *(_load(application) if keys and application.has_key("load") else [])]
