"""Reading a rule set. What is wrong is told by the line of the file, and rules that contradict each other are refused.

Two rules for the same thing on the same day contradict each other. Every table is written ``[[name]]`` on a line of its own, so
that a rule has a line to be named by.
"""

import re
import tomllib
from collections.abc import Iterator
from difflib import get_close_matches
from functools import lru_cache, partial
from importlib import resources
from itertools import combinations, pairwise
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from cardsvc.errors import RuleError
from cardsvc.errors.fields import reasons
from cardsvc.rules.data import Dated
from cardsvc.rules.ruleset import LegalCap, RuleSet
from cardsvc.text import Text, joined

PACKAGED = "hangzhou"
MAX_LENGTH = 1_000_000
VERSIONS_KEPT = 8
"""Texts of which the rule set is kept: a command read the same text three times, and a rule set never changes."""
_HEADER = re.compile(r"^\s*\[\[\s*(\w+)\s*\]\]")
_SUBJECT = {
    "load": ("product", "area"),
    "spend": ("product",),
    "stop": ("product", "channel"),
    "opening": ("application", "products"),
    "refund": ("area", "products"),
    "deposit": ("product",),
    "hold": ("reason",),
    "payout": ("reason",),
    "calendar": (),
    "reconciliation": (),
    "fare": ("service", "products"),
    "fee": ("job",),
    "hours": ("outlet",),
    "promise": ("outlet",),
    "person": ("job",),
    "photo": (),
    "loss": ("report",),
    "product": ("product",),
    "legal_cap": (),
    "payer": ("occasion",),
    "stock": (),
    "uncollected": (),
    "consignment": (),
    "keeping": ("data",),
    "ticket": ("ticket",),
    "papers": ("job", "who"),
    "queue": (),
    "green": ("reason",),
    "appraisal": (),
    "complaint": ("channel",),
    "checklist": (),
    "right": (),
    "correction": ("field", "offices"),
    "renewal": ("product",),
    "change": ("fields",),
    "heir": ("heir",),
    "swap": ("application", "products"),
}
"""What a rule of each table is about: of two rules about the same, one may hold on a day."""

SOLD_APART = frozenset({"travel"})
"""Products that no rule opens and no card here is: 旅游卡, of which only the deposit is given back."""
Lines = dict[tuple[str, int], int]


def load_rule_set(path: Path | None = None) -> RuleSet:
    """The rule set in a file, or the packaged one. Raises RuleError ``rules_invalid``."""
    return parse_rule_set(rule_text(path))


def rule_text(path: Path | None = None) -> str:
    """The text of a rule file, or of the packaged one. Raises RuleError ``rules_invalid``."""
    try:
        if path is None:
            return resources.files(__package__).joinpath(f"{PACKAGED}.toml").read_text("utf-8")
        return path.read_text("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise RuleError("rules_invalid", reason=error) from None


@lru_cache(maxsize=VERSIONS_KEPT)
def parse_rule_set(text: str) -> RuleSet:
    """The rule set in a text. Raises RuleError ``rules_invalid`` naming the lines that are wrong or contradict each other."""
    if len(text) > MAX_LENGTH:
        raise RuleError("rules_invalid", reason=Text(f"超过 {MAX_LENGTH} 个字符", f"longer than {MAX_LENGTH} characters"))
    try:
        data = tomllib.loads(text)
        lines = _lines(text, data)
        rules = RuleSet.model_validate(data)
    except ValidationError as error:
        raise RuleError("rules_invalid", reason=reasons(error, partial(_place, lines))) from None
    except (tomllib.TOMLDecodeError, ValueError, RecursionError) as error:
        raise RuleError("rules_invalid", reason=error) from None
    wrong = [*_contradictions(rules, lines), *_gaps(rules)]
    if wrong:
        raise RuleError("rules_invalid", reason=joined(wrong))
    return rules


def checked_rule_set(text: str) -> RuleSet:
    """A rule set that is to come in: also a product that it makes nowhere known is named. One that is in force keeps its names.

    Raises RuleError ``rules_invalid``.
    """
    rules = parse_rule_set(text)
    wrong = list(_unknown_products(rules, _lines(text, tomllib.loads(text))))
    if wrong:
        raise RuleError("rules_invalid", reason=joined(wrong))
    return rules


def _unknown_products(rules: RuleSet, lines: Lines) -> Iterator[Text]:
    """A rule for a product that no card is and no application has is for nothing: its name was misspelt."""
    known = {rule.product for rule in rules.product} | SOLD_APART
    for opening in rules.opening:
        known |= {opening.application, *(opening.products if opening.application == "bus" else ())}
    spelt = {name.lower(): name for name in known}
    for table, place, rule in rules.every():
        if table in ("product", "opening"):
            continue
        named = (*getattr(rule, "products", ()), *(getattr(rule, field, None) for field in ("product", "becomes")))
        for name in sorted({one for one in named if one is not None} - known):
            near = get_close_matches(name.lower(), spelt, 1)
            hint = Text(f"，是不是 {spelt[near[0]]}？", f"; is it {spelt[near[0]]}?") if near else Text("", "")
            line = lines[table, place]
            yield Text(
                f"第 {line} 行：{rule.id} 的产品 {name} 没有这种卡，也没有应用开通它{hint.zh}",
                f"line {line}: {rule.id}: no card and no application is of the product {name}{hint.en}",
            )


def _lines(text: str, data: dict[str, Any]) -> Lines:
    """The line of each table's header, by table and place."""
    counts: dict[str, int] = {}
    lines: Lines = {}
    for number, line in enumerate(text.splitlines(), start=1):
        header = _HEADER.match(line)
        if header:
            place = counts.get(header[1], 0)
            lines[header[1], place] = number
            counts[header[1]] = place + 1
    for name, value in data.items():
        if isinstance(value, list) and len(value) != counts.get(name, 0):
            told = Text(
                f"{name}：每条规则单独起一行，写作 [[{name}]]", f"{name}: write each rule as [[{name}]] on a line of its own"
            )
            raise RuleError("rules_invalid", reason=told)
    return lines


def _place(lines: Lines, place: tuple[int | str, ...]) -> Text:
    """The place of a field, with the line of its rule."""
    line = lines.get((str(place[0]), int(place[1]))) if len(place) > 1 and isinstance(place[1], int) else None
    where = ".".join(map(str, place)) or "rules"
    return Text(f"第 {line} 行：{where}", f"line {line}: {where}") if line else Text(where, where)


def _contradictions(rules: RuleSet, lines: Lines) -> Iterator[Text]:
    """Pairs of rules that cannot both stand, named by id and line."""
    groups: dict[tuple[str, ...], list[tuple[Dated, int]]] = {}
    named: dict[str, tuple[Dated, int]] = {}
    for table, place, rule in rules.every():
        line = lines[table, place]
        if rule.id in named:
            first = named[rule.id][1]
            yield Text(
                f"第 {first} 行和第 {line} 行：都叫 {rule.id}", f"line {first} and line {line}: two rules are called {rule.id}"
            )
        named[rule.id] = (rule, line)
        if rule.until is not None and rule.until < rule.since:
            yield Text(f"第 {line} 行：{rule.id} 没开始就结束", f"line {line}: {rule.id} ends before it begins")
        for subject in _subjects(table, rule):
            groups.setdefault((table, *subject), []).append((rule, line))
    for group in groups.values():
        yield from _overlaps(group)


def _subjects(table: str, rule: Dated) -> list[tuple[str, ...]]:
    """What a rule is about; one that is for several products is about each."""
    values = [getattr(rule, field) for field in _SUBJECT[table]]
    several = next((value for value in values if isinstance(value, tuple)), None)
    if several is None:
        return [tuple(map(str, values))]
    single = [str(value) for value in values if not isinstance(value, tuple)]
    return [(*single, str(value)) for value in several]


def _overlaps(group: list[tuple[Dated, int]]) -> Iterator[Text]:
    ordered = sorted(group, key=lambda entry: (entry[0].since, entry[1]))
    for (earlier, line), (later, other) in combinations(ordered, 2):
        if earlier.until is None or later.since <= earlier.until:
            yield Text(
                f"第 {line} 行和第 {other} 行：{earlier.id} 和 {later.id} 在同一天（{later.since}）都有效",
                f"line {line} and line {other}: {earlier.id} and {later.id} hold on the same day ({later.since})",
            )


def _gaps(rules: RuleSet) -> Iterator[Text]:
    """The legal cap stands over every load: no day without one."""
    first = min((rule.since for rule in rules.load), default=None)
    caps: list[LegalCap] = sorted(rules.legal_cap, key=lambda cap: cap.since)
    whole = bool(caps) and caps[-1].until is None and (first is None or caps[0].since <= first)
    joined = all(a.until and (b.since - a.until).days == 1 for a, b in pairwise(caps))
    if not (whole and joined):
        yield Text(
            "legal_cap：从第一条充值规则起，每一天都要有一条",
            "legal_cap: from the first load rule on there must be one for every day",
        )
