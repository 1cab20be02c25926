"""Looking at an application with money areas of its own: what its record says, and what is in each of its purses."""

from collections.abc import Mapping
from dataclasses import dataclass

from cardsvc.card.commands import read_binary, select_by_name
from cardsvc.card.profile import Profile
from cardsvc.card.purse import PURSES, balance_in, get_balance
from cardsvc.card.records import ApplicationRecord
from cardsvc.errors import CardError
from cardsvc.iso7816.exchange import Procedure
from cardsvc.procedures.applications import unavailable
from cardsvc.procedures.script import refused


@dataclass(frozen=True, slots=True)
class AreaSight:
    """``balances`` in fen by purse ("ed", "ep"); ``record`` is None when its bytes are none."""

    record: ApplicationRecord | None
    balances: Mapping[str, int]


def read_areas(profile: Profile, application: str) -> Procedure[AreaSight]:
    """Record and balances in one round trip. Raises CardError ``application_blocked``, ``application_missing``."""
    layout = profile.layout.find(application)
    purses = layout.purses
    asks = (
        select_by_name(layout.aid_bytes),
        read_binary(layout.find("application").sfi, ApplicationRecord.LENGTH),
        *(get_balance(PURSES[purse]) for purse in purses),
    )
    answers = yield asks
    if not answers[0].ok:
        raise unavailable(profile, application, answers[0].sw)
    if len(answers) < len(asks) or not answers[-1].ok:
        if f"{answers[-1].sw:04X}" in profile.status.blocked_use:
            raise CardError("application_blocked", sw=f"{answers[-1].sw:04X}")
        raise refused(asks[len(answers) - 1], answers[-1])
    balances = {purse: balance_in(answer.data) for purse, answer in zip(purses, answers[2:], strict=True)}
    return AreaSight(ApplicationRecord.parse(answers[1].data), balances)
