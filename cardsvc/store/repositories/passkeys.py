"""What may be asked of passkeys and challenges."""

import datetime as dt

from cardsvc.store import tables
from cardsvc.store.records import Passkey, PasskeyChallenge
from cardsvc.store.rows import Rows


class Passkeys(Rows[Passkey]):
    """Passkeys."""

    table, record = tables.passkey, Passkey

    def of(self, staff_id: str) -> list[Passkey]:
        """A person's passkeys, newest first."""
        return self.where_is(staff_id=staff_id, newest="added_at")

    def forget(self, passkey_id: str) -> None:
        """It opens nothing any more."""
        self.delete_in(self.table.c.passkey_id, [passkey_id])


class PasskeyChallenges(Rows[PasskeyChallenge]):
    """Challenges that wait."""

    table, record = tables.passkey_challenge, PasskeyChallenge

    def forget(self, challenge: str) -> None:
        """It was answered."""
        self.delete_in(self.table.c.challenge, [challenge])

    def forget_before(self, moment: dt.datetime) -> None:
        """Those whose time is over were not answered."""
        self._connection.execute(self.table.delete().where(self.table.c.until <= moment))
