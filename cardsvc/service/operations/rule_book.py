"""By which version of the rule set something is judged: the one in force on its day.

An operation keeps the version it began with, so that its phases are judged alike on every worker, also when a new version
takes effect meanwhile.
"""

import datetime as dt

from cardsvc.errors import RuleError
from cardsvc.rules import RuleSet, parse_rule_set
from cardsvc.store import UnitOfWork
from cardsvc.store.records import Operation
from cardsvc.units import LOCAL

RULE_VERSION = "rule_version"
"""The fact of an operation that says by which version it is judged."""


class RuleBook:
    """Rule sets by version, each read from the database once: a version that is there never changes.

    ``first`` stands for a database that holds none.
    """

    def __init__(self, first: RuleSet) -> None:
        self._first = first
        self._read: dict[str, RuleSet] = {}

    def in_force(self, uow: UnitOfWork, day: dt.date) -> RuleSet:
        """The rule set of a day. One query, so a new version is seen by every worker."""
        version = uow.rule_versions.in_force(day)
        return self._first if version is None else self.of_version(uow, version)

    def of_version(self, uow: UnitOfWork, version: str) -> RuleSet:
        """The rule set of a version. Raises RuleError ``rules_version_unknown``."""
        if version not in self._read:
            row = uow.rule_versions.get(version)
            if row is None and version != self._first.version:
                raise RuleError("rules_version_unknown", version=version)
            self._read[version] = parse_rule_set(row.text) if row else self._first
        return self._read[version]

    def of_operation(self, uow: UnitOfWork, operation: Operation) -> RuleSet:
        """The rule set that an operation began with."""
        version = operation.facts.get(RULE_VERSION)
        return self.of_version(uow, version) if version else self.in_force(uow, local_day(operation.started_at))


def local_day(moment: dt.datetime) -> dt.date:
    """The day in the city."""
    return moment.astimezone(LOCAL).date()
