"""From answers and books to evidence: what the card is, its applications, and everything else put together."""

import datetime as dt

from cardsvc.card.layout import PIN_TRIES, ApplicationLayout, key_name
from cardsvc.card.periods import PursePeriods
from cardsvc.card.profile import Profile
from cardsvc.card.purse import BALANCE_LENGTH, COUNTER_MAXIMUM
from cardsvc.card.records import CITIZEN_CARD_TYPE, ApplicationRecord, ApplicationState, CardIssueSeen
from cardsvc.diagnosis.books import Books
from cardsvc.diagnosis.evidence import Value
from cardsvc.diagnosis.files import file_evidence, length_evidence, purse_card_no, senseless
from cardsvc.diagnosis.keys import KeyQuestions, key_evidence, load_answer
from cardsvc.diagnosis.probes import FULL_RUN, Readings
from cardsvc.diagnosis.purse import blocked_in_use, purse_evidence, refused
from cardsvc.iso7816.status import SW
from cardsvc.procedures.pin import tries_shown
from cardsvc.procedures.strangers import Kind

_REFUSES_ALL = 0x6D00


def card_state(profile: Profile, readings: Readings) -> str:
    """blank, partial, citizen, foreign or locked, from family and answers (see procedures.identify.CardState); legacy is an old
    bus card. What the books know of it makes two more, see ``_issued_state``."""
    if profile.legacy is not None:
        return "legacy"
    if profile.foreign is not None:
        return "foreign"
    sw = readings.sw("mf.select")
    if not readings.ok("mf.select"):
        if _is_locked(sw, readings.sw("challenge")):
            return "locked"
        return "blank" if f"{sw or 0:04X}" in profile.blank.no_mf else "foreign"
    issue = CardIssueSeen.parse(readings.data("mf.card_issue"))
    if issue is None:
        return "blank" if _as_delivered(profile, readings) else "partial"
    ours = issue.card_type == CITIZEN_CARD_TYPE and issue.city == profile.layout.issuer.city
    return "citizen" if ours and issue.card_no is not None else "foreign"


def _is_locked(select: int | None, challenge: int | None) -> bool:
    """CARD BLOCK: both refuse with 6A81 (JR/T 0025.2-2010 5.5.9.2), or SELECT of the MF answers as that of a blocked
    application does."""
    return select in (SW.SELECTED_FILE_INVALID, SW.LOCKED_FOR_GOOD) or select == challenge == SW.NOT_SUPPORTED


def _as_delivered(profile: Profile, readings: Readings) -> bool:
    """An MF of the factory, which holds nothing of ours; or, of a family that comes with its files, none of those that were
    read was ever written."""
    ours = ("mf.card_issue", "purse.select", FULL_RUN)
    if profile.blank.factory_mf and all(_is_absent(profile, readings.sw(label)) for label in ours):
        return True
    written = [label for label in readings.labels() if label.startswith(("mf.card", "purse.app", "holder.holder"))]
    return profile.dialect.name == "huada" and not any(readings.raw(label).strip(b"\xff\x00") for label in written)


def card_no_in(readings: Readings) -> str | None:
    """The card number in the card-issue file."""
    issue = CardIssueSeen.parse(readings.data("mf.card_issue"))
    return issue.card_no if issue else None


def evidence_of(
    profile: Profile,
    readings: Readings,
    chip_serial: str,
    books: Books | None,
    keys: KeyQuestions | None,
    day: dt.date,
    stranger: Kind | None = None,
) -> dict[str, Value]:
    """Everything that a card of a known family shows, against what the books know of it on this day. ``stranger``: whose it
    is, of a card that neither itself nor the books call ours (procedures/strangers.py)."""
    state = card_state(profile, readings) if stranger is None else "foreign"
    if books is not None and books.state != "personalising" and state in ("partial", "foreign"):
        state = _issued_state(readings)
    if state == "foreign" and _silent(readings):
        state = "dead"
    if state == "citizen" and card_no_in(readings) is not None and _has_no_applications(readings):
        state = "emptied"
    found: dict[str, Value] = {
        "card.state": state,
        "books.known": books is not None,
        **length_evidence(profile, readings),
    }
    if stranger not in (None, "city", "other"):
        found["stranger.kind"] = stranger
    if books is not None:
        found["books.state"] = books.state
        found["books.hot"] = books.hot
        found["books.lost"] = books.lost
        found["books.made"] = books.made
        found["books.refused"] = books.refused
        found["books.expired"] = books.expiry < day
        found["chip.differs"] = chip_serial != books.chip_serial
    if state != "citizen":
        return {**found, "protocol.senseless": senseless(readings, found)}
    first, second = card_no_in(readings), purse_card_no(readings.data("purse.application"))
    if first is not None and second is not None:
        found["serials.differ"] = first != second
    found |= {
        **file_evidence(profile, readings, books),
        **purse_evidence(profile, readings, books, keys),
        **key_evidence(profile, readings, books, keys),
        **_applications(profile, readings, books, day),
    }
    return {**found, "protocol.senseless": senseless(readings, found)}


def _issued_state(readings: Readings) -> str:
    """A chip that was finished here and shows no card-issue file of ours: dead (not even its MF can be selected), emptied (an
    MF without the city purse), or citizen, with a damaged file."""
    if not readings.ok("mf.select"):
        return "dead"
    return "emptied" if readings.sw("purse.select") == SW.FILE_NOT_FOUND else "citizen"


def _is_absent(profile: Profile, sw: int | None) -> bool:
    """Not asked, or not there."""
    return sw is None or sw == SW.FILE_NOT_FOUND or f"{sw:04X}" in profile.blank.no_mf


def _has_no_applications(readings: Readings) -> bool:
    """An MF with a card-issue file and nothing below it."""
    selects = [label for label in readings.labels() if label.endswith(".select") and label != "mf.select"]
    return len(selects) > 1 and all(readings.sw(label) == SW.FILE_NOT_FOUND for label in selects)


def _silent(readings: Readings) -> bool:
    """Every answer refuses the instruction or the class: the card OS does not run."""
    answers = [readings.sw(label) or 0 for label in readings.labels()]
    return bool(answers) and all(sw >= _REFUSES_ALL and sw >> 12 == 6 for sw in answers)


def _applications(profile: Profile, readings: Readings, books: Books | None, day: dt.date) -> dict[str, Value]:
    found: dict[str, Value] = {}
    for application in profile.layout.applications:
        name = application.name
        if f"{name}.select" not in readings:
            continue
        found[f"application.{name}.state"] = state = _usable(profile, readings, name)
        found |= {f"application.{name}.{key}": value for key, value in _pin(profile, readings, name, books).items()}
        if state == "usable" and name not in ("holder", "purse"):
            told = {**_money(application, readings), **_record(readings, name, books, day)}
            found |= {f"application.{name}.{key}": value for key, value in told.items()}
    return found


def _usable(profile: Profile, readings: Readings, name: str) -> str:
    """usable, blocked (for a time), locked (for good), missing or refused."""
    sw = readings.sw(f"{name}.select")
    followers = [label for label in readings.labels() if label.startswith(f"{name}.") and label != f"{name}.select"]
    if sw == SW.LOCKED_FOR_GOOD or any(readings.sw(label) == SW.LOCKED_FOR_GOOD for label in followers):
        return "locked"
    if readings.ok(f"{name}.select"):
        return "blocked" if blocked_in_use(profile, readings, name) else "usable"
    if f"{sw:04X}" in profile.status.blocked_select:
        return "blocked"
    return "missing" if sw == SW.FILE_NOT_FOUND else "refused"


def _pin(profile: Profile, readings: Readings, name: str, books: Books | None) -> dict[str, Value]:
    """The tries left of an application's PIN, whether it is the one on record (the answer to VERIFY), and whether this very
    card was given the key that opens a locked one."""
    tries = tries_shown(readings.sw(f"{name}.pin") or 0)
    if tries is None:
        return {}
    has_key = any(slot.purpose == "pin_unblock" for slot in profile.layout.find(name).keys)
    known = books is not None and key_name(name, "pin_unblock") in books.key_versions
    found: dict[str, Value] = {"pin_tries": tries, "pin_resettable": has_key and known}
    if name == "purse" and tries == PIN_TRIES:
        found["pin_wrong"] = tries_shown(readings.sw("purse.load") or 0) is not None
    return found


def _money(application: ApplicationLayout, readings: Readings) -> dict[str, Value]:
    """What is in the purses of an application's own, where all of them were told; whether its loads have come to their end."""
    name, begun = application.name, load_answer(readings, application.name)
    found: dict[str, Value] = {}
    balances = [_balance(readings, name, purse) for purse in application.purses]
    if balances and None not in balances:
        found["balance"] = sum(balance or 0 for balance in balances)
    if f"{name}.load" in readings:
        found["load_refused"] = refused(readings, f"{name}.load")
        spent = begun is not None and begun.online_counter == COUNTER_MAXIMUM
        found["counter_at_maximum"] = spent or readings.sw(f"{name}.load") == SW.COUNTER_AT_MAXIMUM
    return found


def _balance(readings: Readings, name: str, purse: str) -> int | None:
    """Of one purse, as GET BALANCE or a begun load tells it."""
    begun, told = load_answer(readings, name), readings.data(f"{name}.{purse}")
    if purse == "ep" and begun is not None:
        return begun.balance
    return int.from_bytes(told, "big") if len(told) == BALANCE_LENGTH else None


def _record(readings: Readings, name: str, books: Books | None, day: dt.date) -> dict[str, Value]:
    record = ApplicationRecord.parse(readings.data(f"{name}.application"))
    if record is None:
        return {}
    found: dict[str, Value] = {"record": record.state.name.lower()}
    opened = record.state is ApplicationState.OPEN
    if books is not None:
        booked = books.applications.get(name)
        found["books"] = booked.state if booked else "none"
        found["product_differs"] = opened and booked is not None and booked.product != record.product
    if opened:
        found["expired"] = record.valid_to is not None and record.valid_to < day
        found["not_yet"] = record.valid_from is not None and record.valid_from > day
        found["review_overdue"] = record.review is not None and record.review < day
    if opened and name == "bus":
        found["month_over"] = _month_over(readings, PursePeriods.parse(record.own), day)
    return found


def _month_over(readings: Readings, periods: PursePeriods, day: dt.date) -> bool:
    """Money in a purse whose period is over."""
    purses = (("ed", periods.ed), ("ep", periods.ep))
    return any(period is not None and period.end <= day and _balance(readings, "bus", purse) for purse, period in purses)
