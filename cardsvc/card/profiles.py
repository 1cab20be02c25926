"""Loading firmware profiles and recognising a card's family by its ATR."""

import tomllib
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from cardsvc.card.profile import Profile
from cardsvc.errors import ProfileError
from cardsvc.errors.fields import reasons


def load_profile(path: Path) -> Profile:
    """One profile with the card layout it names. Raises ProfileError ``profile_invalid`` with file and field."""
    table = _read(path)
    layout = table.get("layout")
    if isinstance(layout, str):
        table["layout"] = _read(path.parent / "layouts" / f"{layout}.toml")
    _add_pins(table)
    try:
        profile = Profile.model_validate(table)
    except ValidationError as error:
        raise ProfileError("profile_invalid", file=path.name, reason=reasons(error)) from None
    return profile if profile.purse.unload else profile.model_copy(update={"layout": profile.layout.without("unload")})


def _add_pins(table: dict[str, Any]) -> None:
    """Where loads want the PIN, each application with a load key has one as well, and the key that opens a locked one where
    the family knows such a thing. What is malformed is left to the model."""
    purse, layout = table.get("purse"), table.get("layout")
    if not isinstance(purse, dict) or purse.get("pin_for_load") is not True or not isinstance(layout, dict):
        return
    for application in layout.get("application", ()):
        keys = application.get("keys", ()) if isinstance(application, dict) else ()
        if any(isinstance(key, dict) and key.get("purpose") == "load" for key in keys):
            unblock = [{"purpose": "pin_unblock", "key_id": 0}] if purse.get("pin_reset") == "unblock" else []
            application["keys"] = [*keys, {"purpose": "pin", "key_id": 0}, *unblock]


def load_profiles(folder: Path) -> tuple[Profile, ...]:
    """All profiles of a folder by id. Raises ProfileError: folder missing or empty, a profile wrong, an id given twice."""
    files = sorted(folder.glob("*.toml")) if folder.is_dir() else []
    if not files:
        raise ProfileError("profile_folder_empty", folder=folder)
    profiles = tuple(load_profile(file) for file in files)
    ids = [profile.id for profile in profiles]
    for twice in {name for name in ids if ids.count(name) > 1}:
        raise ProfileError("profile_invalid", file=folder.name, reason=f"the id {twice} is given twice")
    return profiles


def recognise(profiles: Iterable[Profile], atr: bytes) -> Profile:
    """The one profile that fits an ATR most specifically; a draft, which has one card's whole ATR, takes none that we issue.

    Raises ProfileError ``card_family_unknown`` or ``card_family_ambiguous``; both say what was seen.
    """
    fits = [profile for profile in profiles if profile.fit(atr)]
    if not fits:
        raise ProfileError("card_family_unknown", atr=atr.hex().upper())
    if any(profile.issuable for profile in fits):
        fits = [profile for profile in fits if not profile.draft]
    most = max(profile.fit(atr) for profile in fits)
    best = [profile for profile in fits if profile.fit(atr) == most]
    if len(best) > 1:
        candidates = ", ".join(sorted(profile.id for profile in best))
        raise ProfileError("card_family_ambiguous", atr=atr.hex().upper(), candidates=candidates)
    return best[0]


def _read(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text("utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise ProfileError("profile_unreadable", file=path.name, reason=error) from None
