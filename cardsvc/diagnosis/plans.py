"""What is done about each finding, as data (plans.toml): carried out on the card, by another job, by people, or not at all."""

import tomllib
from functools import cache
from importlib import resources
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict

from cardsvc.diagnosis.table import table

How = Literal["card", "job", "people", "new_card", "none"]


class Plan(BaseModel):
    """A cure. ``how``: see plans.toml; ``effect``: what card, money and record will be like."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)

    how: How
    two_people: bool = False
    document: bool = False
    zh: str
    en: str
    effect_zh: str
    effect_en: str

    def to_json(self) -> dict[str, Any]:
        """As a report shows it."""
        return {
            "how": self.how,
            "two_people": self.two_people,
            "document": self.document,
            "title": {"zh": self.zh, "en": self.en},
            "effect": {"zh": self.effect_zh, "en": self.effect_en},
        }


@cache
def plans() -> dict[str, Plan]:
    """All plans by name. Raises ValueError when the findings name others: a defect, found by the tests."""
    text = resources.files(__package__).joinpath("plans.toml").read_text("utf-8")
    found = {name: Plan.model_validate(values) for name, values in tomllib.loads(text).items()}
    named = {rule.plan for rule in table().finding}
    if named != set(found):
        raise ValueError(f"plans and findings differ: {sorted(named ^ set(found))}")
    return found
