"""What the offices say of a person beside what is registered here: fields that differ, and whether the right is in force.

Nothing is decided here and nothing is stored: the answer is always that of the data as they are now.
"""

import datetime as dt
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Literal

from cardsvc.rules import RuleSet
from cardsvc.rules.rights import right_offices, window_for
from cardsvc.service.people.names import one_dot
from cardsvc.service.people.reasons import COLUMN_NAMES
from cardsvc.store.records import Citizen, InsuranceRight
from cardsvc.text import Text

OFFICE_NAMES: Mapping[str, Text] = {"social": Text("社保", "social insurance"), "medical": Text("医保", "medical insurance")}
WINDOW_NAMES: Mapping[str, Text] = {
    "social": Text("社保窗口", "the social insurance's window"),
    "medical": Text("医保窗口", "the medical insurance's window"),
    "card": Text("市民卡窗口", "the card company's window"),
}
SEX_NAMES = {1: "男", 2: "女"}


@dataclass(frozen=True, slots=True)
class Difference:
    """A field that differs: what is registered here, what an office says, and the window that puts it right, by a rule."""

    field: str
    ours: str
    theirs: str
    office: str
    window: str
    rule: str

    def told(self) -> Text:
        """In a sentence, with both values."""
        field, office, window = COLUMN_NAMES[self.field], OFFICE_NAMES[self.office], WINDOW_NAMES[self.window]
        return Text(
            f"{field.zh}：登记为 {self.ours}，{office.zh}为 {self.theirs}，到{window.zh}更正",
            f"{field.en}: registered {self.ours}, {office.en} says {self.theirs}, to be put right at {window.en}",
        )


@dataclass(frozen=True, slots=True)
class Standing:
    """Whether the right is in force, by a rule. ``day``: when a later one begins or an ended one ended, where known."""

    state: Literal["in_force", "later", "ended", "none"]
    day: dt.date | None
    rule: str


@dataclass(frozen=True, slots=True)
class Compared:
    """Everything that the offices' data say to an application."""

    differences: tuple[Difference, ...]
    right: Standing

    def holds(self, *, pre: bool) -> bool:
        """Whether an application has to wait; a pre-application needs a right in force as well."""
        return bool(self.differences) or (pre and self.right.state != "in_force")

    def view(self) -> dict[str, Any]:
        """For pages and programs."""
        right = {"state": self.right.state, "day": self.right.day.isoformat() if self.right.day else None}
        return {"differences": [asdict(one) for one in self.differences], "right": {**right, "rule": self.right.rule}}


def compare(rules: RuleSet, citizen: Citizen | None, rights: Sequence[InsuranceRight], day: dt.date) -> Compared:
    """Compare a person with what the offices say; somebody who is not registered yet has no differences."""
    ordered = sorted(rights, key=lambda right: right.office, reverse=True)
    found = tuple(one for right in ordered for one in _differences(rules, citizen, right, day)) if citizen else ()
    return Compared(found, standing(rules, ordered, day))


def _differences(rules: RuleSet, citizen: Citizen, right: InsuranceRight, day: dt.date) -> list[Difference]:
    """By field. A sex that is not known (GB/T 2261.1: 0, 9) differs from none, nor does the name on the chip: an office's own
    system may hold no more."""
    names = {_plain(citizen.name), _plain(citizen.chip_name or citizen.name)}
    pairs = {
        "name": (citizen.name, right.name) if _plain(right.name) not in names else None,
        "sex": (SEX_NAMES[citizen.sex], SEX_NAMES[right.sex]) if {citizen.sex, right.sex} == {1, 2} else None,
        "birth_date": (str(citizen.birth_date), str(right.birth_date)) if citizen.birth_date != right.birth_date else None,
    }
    return [
        Difference(field, *values, right.office, *window_for(rules.correction, right.office, field, day))
        for field, values in pairs.items()
        if values
    ]


def _plain(name: str) -> str:
    """A name without what only its typing changes: width, blanks, kind of dot, case."""
    return "".join(unicodedata.normalize("NFKC", one_dot(name)).replace(".", "·").split()).casefold()


def standing(rules: RuleSet, rights: Sequence[InsuranceRight], day: dt.date) -> Standing:
    """Whether the right is in force on a day. One that comes later, or has no day yet, stands over one that is in force."""
    offices, rule = right_offices(rules.right, day)
    counted = [right for right in rights if right.office in offices]
    later = [right.right_from for right in counted if right.right_from is None or right.right_from > day]
    if later:
        days = [first for first in later if first is not None]
        return Standing("later", max(days) if len(days) == len(later) else None, rule)
    if any(right.right_until is None or right.right_until >= day for right in counted):
        return Standing("in_force", None, rule)
    ends = [right.right_until for right in counted if right.right_until]
    return Standing("ended", max(ends), rule) if ends else Standing("none", None, rule)
