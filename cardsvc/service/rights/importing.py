"""Taking in a file of an insurance office: as a whole or not at all, once, and in any order.

Of each person the office's last change counts, whichever file brings it, so files that are late or come again do no harm.
"""

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass
from functools import partial

from cardsvc.service.operations.rule_book import RuleBook, local_day
from cardsvc.service.people.lines import digest
from cardsvc.service.people.reasons import lines_wrong
from cardsvc.service.rights.feed import FeedLine, read_feed
from cardsvc.service.rights.holds import Rechecked, recheck
from cardsvc.service.staff.accounts import SERVICE, require_role
from cardsvc.store import Store, UnitOfWork
from cardsvc.store.records import InsuranceRight, RightsFile, Staff

NOTHING = Rechecked()
MAY_IMPORT = ("clerk", "supervisor", "administrator", SERVICE)


@dataclass(frozen=True, slots=True)
class Imported:
    """What became of a file. ``again``: it had been imported before, and nothing was done; ``news``: of how many people it is
    the last word; ``rechecked``: the applications that go on, or wait, because of it."""

    file: RightsFile
    again: bool
    news: int
    rechecked: Rechecked = NOTHING


def import_feed(
    store: Store, rules: RuleBook, office: str, file_name: str, content: bytes, *, by: Staff, now: dt.datetime
) -> Imported:
    """Take in a file of an office (``social``, ``medical``), and compare again what waits for it. The same file again changes
    nothing.

    Raises RequestError ``not_permitted``, ``bulk_lines_wrong`` with every bad line (``details["problems"]``), or what
    ``feed.read_feed`` finds: then nothing is stored.
    """
    require_role(by, *MAY_IMPORT)
    with store.read() as uow:
        known = uow.rights_files.get(office, digest(content))
        if known is not None:
            return _again(uow, known)
    feed = read_feed(content, local_day(now))
    if feed.problems:
        raise lines_wrong(feed.problems)
    file = RightsFile(office, feed.sha256, file_name[-100:], len(feed.people), by.staff_id, now)
    return store.transact(partial(_store, file, _rights(file, feed.people), rules))


def _store(file: RightsFile, said: list[InsuranceRight], rules: RuleBook, uow: UnitOfWork) -> Imported:
    known = uow.rights_files.get(file.office, file.sha256)
    if known is not None:
        return _again(uow, known)
    uow.rights_files.add(file)
    uow.rights.take(said)
    news = uow.rights.said_by(file.office, file.sha256)
    return Imported(file, again=False, news=news, rechecked=recheck(uow, rules, file.imported_at))


def _again(uow: UnitOfWork, known: RightsFile) -> Imported:
    return Imported(known, again=True, news=uow.rights.said_by(known.office, known.sha256))


def _rights(file: RightsFile, people: Iterable[FeedLine]) -> list[InsuranceRight]:
    return [
        InsuranceRight(
            office=file.office,
            id_number=person.id_number,
            name=person.name,
            sex=person.sex,
            birth_date=person.birth_date,
            kind=person.kind,
            place=person.place,
            right_from=person.right_from,
            right_until=person.right_until,
            changed_at=person.changed_at,
            digest=person.digest,
            sha256=file.sha256,
        )
        for person in people
    ]


def list_files(store: Store, limit: int = 50) -> list[RightsFile]:
    """The files that were imported last, the last one first."""
    with store.read() as uow:
        return uow.rights_files.latest(limit)
