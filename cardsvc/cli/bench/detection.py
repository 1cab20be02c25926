"""How many faults of the catalog a diagnosis finds, each as what it is, and how often it finds one on a sound card."""

import random
import tempfile
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cardsvc.cli.shared.output import t
from cardsvc.vcard.catalog import FAULTS, Fault, inflict

if TYPE_CHECKING:
    from cardsvc.cli.bench.cards import Hall
    from cardsvc.vcard import VirtualCard

CASH = {"method": "cash"}
USES: tuple[tuple[str, Mapping[str, Any]], ...] = (
    ("topup", {"amount": 5000, "payment": CASH}),
    ("purchase", {"amount": 200, "merchant": "bench"}),
    ("purchase", {"amount": 5000, "merchant": "bench"}),
    ("inspect", {}),
)
WHILE_WRITING = ("torn-before-write", "torn-after-write", "torn-at-byte", "lost-answer", "worn-eeprom", "stuck-counter")
"""Faults of the catalog that strike a card while it is written: a diagnosis, which only reads, meets none of them."""
FOUND_AS: Mapping[str, str] = {
    "mute": "no_answer",
    "broken-antenna": "antenna_broken",
    "broken-contacts": "contacts_broken",
    "bouncing-contact": "contact_unstable",
    "bad-atr": "atr_wrong",
    "torn-before-command": "contact_unstable",
    "torn-after-command": "contact_unstable",
    "slow": "answers_slow",
    "corrupted-file": "file_corrupt",
    "locked-pin": "pin_locked",
    "grey-lock": "grey_lock",
    "blocked-application": "application_blocked",
    "blocked-for-good": "application_locked",
    "blocked-card": "card_locked",
    "wrong-key-version": "key_unknown",
    "cloned-serial": "clone",
    "wrong-balance": "balance_grew",
    "counter-at-maximum": "offline_counter_used_up",
}
"""What each of the others has to be found as, before anything else that may be wrong too."""
SLOW = Fault("slow", "260")
"""Milliseconds of each answer: just too slow. Met by a quick look: a full run would last a quarter of a minute."""


def detection(hall: "Hall", cards: Mapping[str, "VirtualCard"]) -> dict[str, Any]:
    """Each fault on a copy of a used card of each family that can have it; what cannot be seen by reading, with the reason."""
    from cardsvc.errors import RequestError
    from cardsvc.vcard import VirtualCard

    tried, missed = 0, []
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "card"
        for family, card in cards.items():
            card.save(file)
            for name, code in FOUND_AS.items():
                copy = VirtualCard.load(file)
                try:
                    inflict(copy, [SLOW if name == SLOW.name else Fault(name)], seed=1)
                except RequestError:
                    continue  # this family has no such place
                tried += 1
                found = _first(hall, copy, hall.card_no(card), quick=name == SLOW.name)
                if found != code:
                    missed.append(f"{name} ({family}): {found or '-'}")
    return {
        "faults found": f"{tried - len(missed)} of {tried}",
        "not found": ", ".join(sorted(missed)) or "-",
        "only while a card is written": ", ".join(WHILE_WRITING),
        **{f"no reading shows {name}": t(*kind.unseen) for name, kind in FAULTS.items() if kind.unseen},
    }


def _first(hall: "Hall", card: "VirtualCard", number: str, *, quick: bool) -> str | None:
    """The first finding. A card with a dead side is tried on that side first and then on the other, as a desk does."""
    dead = card.plan.dead_side
    if dead is not None:
        card.through_contacts = dead == "contact"
        silent = hall.report(card.channel, quick=quick, card_no=number)["findings"]
        if [finding["code"] for finding in silent] != ["no_answer"]:
            return None
        card.through_contacts = not card.through_contacts
    found = hall.report(card.channel, quick=quick, other_side_silent=dead is not None)["findings"]
    return found[0]["code"] if found else None


def false_alarms(hall: "Hall", cards: Mapping[str, "VirtualCard"], looks: int) -> dict[str, Any]:
    """How often a diagnosis finds something on a sound card that is used in between."""
    from cardsvc.readers.carry import CarriedOut

    rng, alarms, families = random.Random(1), [], list(cards)
    for turn in range(looks):
        family = families[turn % len(families)]
        kind, params = USES[rng.randrange(len(USES))]
        card = cards[family]
        with suppress(CarriedOut):  # a card at its limit, or without money, refuses: that is no fault of it
            hall.do(card.channel(), kind, params)
        report = hall.report(card.channel, quick=turn % 2 == 0)
        alarms += [f"{finding['code']} ({family})" for finding in report["findings"]]
    return {"false alarms": f"{len(alarms)} of {looks}", **({"alarms": ", ".join(alarms)} if alarms else {})}
