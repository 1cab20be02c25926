"""Who is this card: blank, unfinished, a citizen card (which one), somebody else's, or locked.

One round trip for a citizen card. Reads only. What is no citizen card is asked whose it is before it is taken for a blank:
to personalise it would cost tries and write keys.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum, unique

from cardsvc.card.commands import get_challenge, read_binary, select_by_id, select_by_name
from cardsvc.card.profile import Profile
from cardsvc.card.purse import PURSES, balance_in, get_balance
from cardsvc.card.records import CITIZEN_CARD_TYPE, ApplicationRecord, CardIssue, CardIssueSeen, PurseApplication, card_no_of
from cardsvc.iso7816.exchange import Answers, Procedure, send
from cardsvc.iso7816.status import SW
from cardsvc.procedures.strangers import whose_chip
from cardsvc.units import CardNo

ANY = ("xxxx",)


@unique
class CardState(StrEnum):
    """What a look at the card says.

    blank    no MF: nothing was ever written, or all was erased
    partial  an MF without a finished card-issue file: personalisation began, or a factory MF
    citizen  a finished citizen card
    foreign  a finished card of another issuer or layout
    locked   every command is refused: CARD BLOCK was done
    """

    BLANK = "blank"
    PARTIAL = "partial"
    CITIZEN = "citizen"
    FOREIGN = "foreign"
    LOCKED = "locked"


@dataclass(frozen=True, slots=True)
class CardSight:
    """What ``identify`` saw. ``purse_blocked`` is None when the card was not looked at that far; ``as_delivered``: of a partial
    one, whether nothing of ours was ever on it."""

    state: CardState
    issue: CardIssueSeen | None = None
    purse_card_no: CardNo | None = None
    purse_blocked: bool | None = None
    as_delivered: bool = False

    @property
    def card_no(self) -> CardNo | None:
        """The card number in the card-issue file."""
        return self.issue.card_no if self.issue else None


def identify(profile: Profile) -> Procedure[CardSight]:
    """Look at the MF, the card-issue file and the purse's EF15. A family that others issue is foreign without a look."""
    if profile.foreign is not None:
        yield (select_by_name(bytes.fromhex(profile.foreign.aid), ANY),)
        return CardSight(CardState.FOREIGN)
    if profile.legacy is not None:
        return CardSight(CardState.FOREIGN)
    layout = profile.layout
    purse = layout.find("purse")
    answers = yield (
        select_by_id(layout.mf.id_bytes),
        read_binary(layout.mf.find("card_issue").sfi, CardIssue.LENGTH),
        select_by_name(purse.aid_bytes),
        read_binary(purse.find("application").sfi, PurseApplication.LENGTH),
    )
    if not answers[0].ok:
        return (yield from _without_mf(profile, answers[0].sw))
    issue = CardIssueSeen.parse(answers[1].data) if answers[1].ok else None
    if issue is None:
        others = yield from whose_chip(profile, has_mf=True)
        partial = CardSight(CardState.PARTIAL, as_delivered=_as_delivered(profile, answers))
        return CardSight(CardState.FOREIGN) if others else partial
    if issue.card_no is None or issue.card_type != CITIZEN_CARD_TYPE or issue.city != layout.issuer.city:
        return CardSight(CardState.FOREIGN, issue)
    blocked = len(answers) > 2 and f"{answers[2].sw:04X}" in profile.status.blocked_select
    serial = card_no_of(answers[3].data[PurseApplication.SERIAL]) if len(answers) > 3 and answers[3].ok else None
    return CardSight(CardState.CITIZEN, issue, serial, blocked)


def _as_delivered(profile: Profile, answers: Answers) -> bool:
    """An MF of the factory without our files; or, of a family that comes with its files, none of them written."""
    if not profile.blank.factory_mf:
        return False
    written = any(answer.data.strip(b"\xff\x00") for answer in (answers[1], *answers[3:]))
    return answers[1].sw == SW.FILE_NOT_FOUND or (profile.dialect.name == "huada" and not written)


def _without_mf(profile: Profile, sw: int) -> Procedure[CardSight]:
    """No MF can mean a blank card or, where every command answers 6A81, a locked one."""
    if f"{sw:04X}" not in profile.blank.no_mf:
        return CardSight(CardState.FOREIGN)
    if sw == SW.NOT_SUPPORTED:
        challenge = yield from send(get_challenge(profile.dialect.challenge_length, ANY))
        if challenge.sw == SW.NOT_SUPPORTED:
            return CardSight(CardState.LOCKED)
    others = yield from whose_chip(profile, has_mf=False)
    return CardSight(CardState.FOREIGN if others else CardState.BLANK)


@dataclass(frozen=True, slots=True)
class ApplicationSight:
    """One application as the card shows it. ``record`` is None when it is blocked, missing or does not decode; ``balances`` in
    fen by purse ("ed", "ep"), of the purses of its own that could be read."""

    name: str
    sw: int
    blocked: bool
    record: ApplicationRecord | None
    balances: Mapping[str, int] = field(default_factory=dict)


def read_applications(profile: Profile) -> Procedure[tuple[ApplicationSight, ...]]:
    """The own applications (bus, parking, library, park pass): opened or not, blocked, their record and their purses."""
    sights = []
    for application in profile.layout.applications:
        if application.name in ("holder", "purse"):
            continue
        purses = application.purses
        answers = yield (
            select_by_name(application.aid_bytes),
            read_binary(application.find("application").sfi, ApplicationRecord.LENGTH),
            *(get_balance(PURSES[purse]) for purse in purses),
        )
        blocked = f"{answers[0].sw:04X}" in profile.status.blocked_select
        record = ApplicationRecord.parse(answers[1].data) if len(answers) > 1 and answers[1].ok else None
        given = zip(purses, answers[2:], strict=False)
        balances = {purse: balance_in(answer.data) for purse, answer in given if answer.ok}
        sights.append(ApplicationSight(application.name, answers[0].sw, blocked, record, balances))
    return tuple(sights)
