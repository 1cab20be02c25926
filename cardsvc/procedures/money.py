"""Everything that a card can hold money in, at one look: for taking over an old card."""

from collections.abc import Mapping

from cardsvc.card.profile import Profile
from cardsvc.iso7816.exchange import Procedure
from cardsvc.procedures.areas import AreaSight, read_areas
from cardsvc.procedures.purse import PurseRef, read_balance

CITY_PURSE = "purse"


def read_money(profile: Profile) -> Procedure[Mapping[str, AreaSight]]:
    """Every application with a purse, by name. Raises CardError ``application_blocked``."""
    found: dict[str, AreaSight] = {}
    for application in profile.layout.applications:
        purses = [file.name for file in application.file if file.kind == "purse"]
        if application.name == CITY_PURSE:
            balance = yield from read_balance(profile, PurseRef(CITY_PURSE, purses[0]))
            found[CITY_PURSE] = AreaSight(None, {purses[0]: balance})
        elif purses:
            found[application.name] = yield from read_areas(profile, application.name)
    return found
