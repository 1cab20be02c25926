"""A database that was restored from a backup is older than the cards. What was booked in between is lost: two people say from
when to when, and within that time the cards' own evidence counts (transactions/catch_up.py).
"""

import datetime as dt
from collections.abc import Mapping
from typing import Any

from pydantic import Field, ValidationError, model_validator

from cardsvc.errors import RequestError
from cardsvc.errors.fields import FieldsError, reasons
from cardsvc.service.operations.kinds import Params
from cardsvc.service.staff.approvals import ApprovalKind, propose
from cardsvc.store import Store, UnitOfWork
from cardsvc.store.records import Approval, Card, Staff
from cardsvc.store.states import RESTORED
from cardsvc.units import LOCAL, local_stamp

FROM_CARD = RESTORED
"""The payment method of a load that was booked from its card."""
LONGEST = dt.timedelta(days=7)
STAMP = "%Y%m%d%H%M%S"
TIME = r"^20[0-9]{12}$"


class LostTime(Params):
    """The time that is missing from the books, in local time as cards and files have it, both ends included. ``since``: of the
    backup, ``until``: when the service went on with it; ``backup``: which one it was."""

    since: str = Field(pattern=TIME)
    until: str = Field(pattern=TIME)
    backup: str = Field(min_length=1, max_length=100)

    @model_validator(mode="after")
    def _is_a_time(self) -> "LostTime":
        try:
            length = moment_of(self.until) - moment_of(self.since)
        except ValueError:
            raise FieldsError("时间不存在", "no such time") from None
        if not dt.timedelta(0) < length <= LONGEST:
            raise FieldsError("缺失时段要大于零、不超过七天", "the lost time is more than nothing and at most seven days")
        return self

    def holds(self, stamp: str) -> bool:
        """Whether a moment, as cards and files have it, is within."""
        return self.since <= stamp <= self.until

    def may_miss(self, issued_at: dt.datetime | None, newest: dt.datetime | None) -> bool:
        """Whether a load of a card that was issued then may be missing, whose ``newest`` in the books is of that moment: a card
        takes none before the books have caught up with it."""
        there = issued_at is not None and issued_at <= moment_of(self.until)
        return there and (newest is None or newest < moment_of(self.since))


def moment_of(stamp: str) -> dt.datetime:
    """Local time from the form that cards and files have it in. Raises ValueError."""
    return dt.datetime.strptime(stamp, STAMP).replace(tzinfo=LOCAL)


def lost_times(uow: UnitOfWork) -> list[LostTime]:
    """Every time that two people said is missing."""
    return [LostTime.model_validate(approval.payload) for approval in uow.approvals.approved(RESTORED)]


def may_miss_loads(uow: UnitOfWork, card: Card) -> bool:
    """Whether restored books may lack loads of this card: they have none of a lost time or after it."""
    times = lost_times(uow)
    if not times:
        return False
    newest = max((load.authorised_at for load in uow.loads.of_card(card.card_no)), default=None)
    return any(time.may_miss(card.issued_at, newest) for time in times)


def tell_restored(
    store: Store, since: dt.datetime, until: dt.datetime, backup: str, reason: str, *, by: Staff, now: dt.datetime
) -> Approval:
    """Ask a second person to agree that the database was restored and what time is missing.

    Raises RequestError ``params_invalid``, ``not_permitted``, ``reason_missing``, ``approval_open``.
    """
    payload = {"since": f"{since.astimezone(LOCAL):{STAMP}}", "until": f"{until.astimezone(LOCAL):{STAMP}}", "backup": backup}
    if until > now:
        raise RequestError("params_invalid", reason="until")
    return propose(store, {RESTORED: BOOKS_RESTORED}, RESTORED, local_stamp(payload["since"]), payload, reason, by=by, now=now)


def _check(_uow: UnitOfWork, _subject: str, payload: Mapping[str, Any]) -> None:
    try:
        LostTime.model_validate(dict(payload))
    except ValidationError as error:
        raise RequestError("params_invalid", reason=reasons(error)) from None


def _carry_out(_uow: UnitOfWork, approval: Approval, _now: dt.datetime) -> dict[str, Any]:
    return dict(approval.payload)


BOOKS_RESTORED = ApprovalKind(
    RESTORED,
    proposers=frozenset({"supervisor", "administrator"}),
    approvers=frozenset({"supervisor", "auditor"}),
    check=_check,
    carry_out=_carry_out,
    of_city=True,
)
