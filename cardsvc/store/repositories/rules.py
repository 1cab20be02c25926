"""What may be asked of versions of the rule set."""

import datetime as dt

from sqlalchemy import select

from cardsvc.store import tables
from cardsvc.store.records import RuleVersion
from cardsvc.store.rows import Rows


class RuleVersions(Rows[RuleVersion]):
    """Versions of the rule set."""

    table, record = tables.rule_version, RuleVersion

    def in_force(self, day: dt.date) -> str | None:
        """The version in force on a day: of those that have begun, the last."""
        columns = self.table.c
        query = select(columns.version).where(columns.effective_from <= day).order_by(columns.effective_from.desc()).limit(1)
        found: str | None = self._connection.execute(query).scalar()
        return found

    def effective_on(self, day: dt.date) -> RuleVersion | None:
        """The version that begins on this day."""
        return self.first_is(effective_from=day)

    def all(self) -> list[RuleVersion]:
        """Every version, the last to begin first."""
        return self.where(newest="effective_from")
