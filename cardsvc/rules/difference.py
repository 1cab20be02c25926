"""What differs between two rule sets, rule by rule."""

from dataclasses import dataclass
from typing import Any, Literal

from cardsvc.rules.data import Dated
from cardsvc.rules.ruleset import RuleSet


@dataclass(frozen=True, slots=True)
class Change:
    """A rule that is new, gone or different. ``fields``: old and new value of each that differs, or of all."""

    what: Literal["added", "removed", "changed"]
    table: str
    rule: str
    fields: dict[str, tuple[Any, Any]]


def difference(old: RuleSet, new: RuleSet) -> list[Change]:
    """The changes that lead from one to the other, by table and id. The name of the version is none of them."""
    before, after = _by_id(old), _by_id(new)
    changes = []
    for key in sorted(before.keys() | after.keys()):
        fields = _fields(before.get(key), after.get(key))
        if fields:
            what = "added" if key not in before else "removed" if key not in after else "changed"
            changes.append(Change(what, *key, fields))  # type: ignore[arg-type] # one of three words
    return changes


def _by_id(rules: RuleSet) -> dict[tuple[str, str], Dated]:
    return {(table, rule.id): rule for table, _place, rule in rules.every()}


def _fields(before: Dated | None, after: Dated | None) -> dict[str, tuple[Any, Any]]:
    """Fields with their values as JSON has them; defaults of a new or gone rule are left out."""
    old = before.model_dump(mode="json", exclude_defaults=after is None) if before else {}
    new = after.model_dump(mode="json", exclude_defaults=before is None) if after else {}
    names = [name for name in {**old, **new} if name != "id"]
    return {name: (old.get(name), new.get(name)) for name in names if old.get(name) != new.get(name)}
