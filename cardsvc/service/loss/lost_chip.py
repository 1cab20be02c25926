"""A card under a formal loss report (书面挂失) that turns up: whoever has it, the contact blocks its chip, then refuses it.

Readers that are offline and never fetch a hot list see a blocked chip as well. What came of it stands in the report: a card
that is pulled in between is blocked at its next contact, and an application that does not take the block is not tried again
(a wrong MAC costs tries). A card at the desk is not blocked while it is only looked at, or while two people are about to decide
on its release: its holder stands there with it. After the release (解挂) the desk unblocks it (``unblock``).
"""

import datetime as dt
from collections.abc import Mapping
from typing import Any

from cardsvc.errors import CardError
from cardsvc.iso7816.exchange import Procedure
from cardsvc.procedures.applications import block_application
from cardsvc.service.loss.hotlist import LOOKS_AND_BLOCKS, RELEASE_FROM_HOT_LIST, refuse_listed
from cardsvc.service.operations.kinds import Context, Effect, Phase
from cardsvc.service.purse.areas import CITY_PURSE
from cardsvc.service.purse.card_keys import CardKeys
from cardsvc.store import UnitOfWork

FORMAL = "formal"
DESK = "desk"
BLOCKED = "blocked"
CHIP = "chip_to_block"
"""The fact that names the applications."""


def chip_to_block(context: Context, uow: UnitOfWork, card_no: str) -> list[str]:
    """The applications that this contact is to block: the purse and what is open by the books, each tried once a report."""
    report = uow.loss_reports.open_of(card_no)
    if report is None or report.kind != FORMAL:
        return []
    kind, at_desk = context.operation.kind, context.actor.role == DESK
    if at_desk and (kind in LOOKS_AND_BLOCKS or uow.approvals.open_on(RELEASE_FROM_HOT_LIST.name, card_no)):
        return []
    opened = [row.application for row in uow.applications.of_card(card_no) if row.state == "open"]
    return [name for name in (CITY_PURSE.application, *opened) if name not in (report.chip or {})]


def _needed(context: Context) -> bool:
    return bool(context.facts.get(CHIP))


def _block(context: Context, _uow: UnitOfWork) -> Procedure[dict[str, str]]:
    return _block_all(context, context.facts.get(CHIP, []))


def _block_all(context: Context, names: list[str]) -> Procedure[dict[str, str]]:
    """What came of each: blocked, or the code of the error."""
    keys, found = CardKeys(context.keystore, context.card_no, context.versions), {}
    for name in names:

        def line_mac(challenge: bytes, text: bytes, name: str = name) -> bytes:
            return keys.line_mac(name, challenge, text)

        try:
            yield from block_application(context.profile, name, line_mac)
            found[name] = BLOCKED
        except CardError as error:
            found[name] = error.code
    return found


def _blocked(context: Context, uow: UnitOfWork, found: Mapping[str, str], now: dt.datetime) -> Effect:
    """Into the books, and the card is refused; a look at a terminal goes on with what is left to see."""
    report = uow.loss_reports.open_of(context.card_no)
    if report is not None:
        uow.loss_reports.change(report, chip={**(report.chip or {}), **found}, chip_at=now)
    for row in uow.applications.of_card(context.card_no):
        if found.get(row.application) == BLOCKED:
            uow.applications.change(row, state=BLOCKED, changed_at=now, operation_id=context.operation.operation_id)
    facts: dict[str, Any] = {"purse_blocked": True} if found.get(CITY_PURSE.application) == BLOCKED else {}
    return Effect(facts=facts, failed=refuse_listed(context, uow, now))


BLOCK_LOST = Phase("block_lost", _block, _blocked, needed=_needed)
