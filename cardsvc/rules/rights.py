"""Rules of the insurance offices' data: whose right a pre-application waits for, and which window corrects a wrong field."""

import datetime as dt
from typing import Literal

from cardsvc.rules.data import Dated, Items

Office = Literal["social", "medical"]
Window = Literal["social", "medical", "card"]


class RightRule(Dated):
    """The offices whose rights count for a card: one of them at least must say it is in force, and none that it comes later."""

    offices: Items[Office]


class CorrectionRule(Dated):
    """Where a field that differs in the data of some offices is put right: at the window of an office, or at our own."""

    field: Literal["name", "sex", "birth_date"]
    offices: Items[Office]
    window: Window


def right_offices(rules: tuple[RightRule, ...], day: dt.date) -> tuple[tuple[str, ...], str]:
    """Whose rights count on a day, and the rule. A rule set of before there were feeds has none: both offices, no rule."""
    rule = next((rule for rule in rules if rule.holds(day)), None)
    return (rule.offices, rule.id) if rule else (("social", "medical"), "")


def window_for(rules: tuple[CorrectionRule, ...], office: str, field: str, day: dt.date) -> tuple[str, str]:
    """Which window corrects a field of an office's data, and the rule. Without a rule the office itself."""
    rule = next((rule for rule in rules if rule.field == field and office in rule.offices and rule.holds(day)), None)
    return (rule.window, rule.id) if rule else (office, "")
