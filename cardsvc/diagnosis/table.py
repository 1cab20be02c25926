"""The rule table: from evidence to findings. The rules themselves are data (findings.toml), checked when they are read."""

import tomllib
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

from cardsvc.card.layout import Items
from cardsvc.diagnosis.evidence import KEYS, Evidence, Value, pattern_of
from cardsvc.text import Text

Severity = Literal["unusable", "serious", "limited", "notice"]
SEVERITIES: tuple[Severity, ...] = ("unusable", "serious", "limited", "notice")
Confidence = Literal["certain", "likely", "possible"]
Cause = Literal["natural_fault", "human_damage", "half_done", "source_data", "fraud_sign", "ordinary"]

CAUSES: Mapping[Cause, Text] = {
    "natural_fault": Text("自然故障", "natural fault"),
    "human_damage": Text("人为损坏", "human damage"),
    "half_done": Text("业务做了一半", "half-done operation"),
    "source_data": Text("源头登记有误", "wrong data at the source office"),
    "fraud_sign": Text("有欺诈迹象", "sign of fraud"),
    "ordinary": Text("正常情况，不是损坏", "ordinary, no damage"),
}


class _Data(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)


class Condition(_Data):
    """One comparison over one key; exactly one of the five. A key that is absent fulfils only ``exists = false``."""

    key: str
    equals: bool | int | str | None = None
    one_of: Items[str] = ()
    greater: int | None = None
    less: int | None = None
    exists: bool | None = None

    @model_validator(mode="after")
    def _makes_sense(self) -> "Condition":
        if self.key not in KEYS:
            raise ValueError(f"no such evidence: {self.key}")
        given = [self.equals is not None, bool(self.one_of), self.greater is not None, self.less is not None]
        if sum((*given, self.exists is not None)) != 1:
            raise ValueError(f"{self.key}: exactly one comparison")
        kind = KEYS[self.key].kind
        fits = {
            "flag": isinstance(self.equals, bool),
            "number": self.equals is None and not self.one_of,
            "fen": self.equals is None and not self.one_of,
            "text": isinstance(self.equals, str) or bool(self.one_of),
            "list": self.greater is not None or self.less is not None,
        }
        if self.exists is None and not fits[kind]:
            raise ValueError(f"{self.key} is a {kind}: this comparison does not fit")
        return self

    def holds(self, value: Value, *, present: bool) -> bool:
        """Whether this value fulfils the condition. Lists are compared by their length."""
        if self.exists is not None:
            return present is self.exists
        if not present or value is None:
            return False
        if self.equals is not None:
            return value == self.equals
        if self.one_of:
            return value in self.one_of
        number = len(value) if isinstance(value, list | str) else value
        return number > self.greater if self.greater is not None else number < (self.less or 0)


class Rule(_Data):
    """One finding. ``when``: all must hold; ``any``: where given, one of them as well. ``hides``: findings it explains.

    ``shows``: the evidence that people are told with it; a starred key is that of the finding's subject.

    ``fee``: the occasion in the rule set that says who pays; ``plan``: the name of the cure, for the desk; nothing here
    carries it out.
    """

    code: str = Field(pattern="^[a-z_]+$")
    zh: str
    en: str
    severity: Severity
    confidence: Confidence
    cause: Cause
    tell_zh: str
    tell_en: str
    next_zh: str
    next_en: str
    fee: str
    plan: str
    when: Items[Condition]
    any: Items[Condition] = ()
    hides: Items[str] = ()
    shows: Items[str] = ()

    @model_validator(mode="after")
    def _shows_evidence(self) -> "Rule":
        if unknown := [key for key in self.shows if key not in KEYS]:
            raise ValueError(f"no such evidence: {unknown}")
        return self

    @property
    def conditions(self) -> tuple[Condition, ...]:
        """All conditions."""
        return (*self.when, *self.any)


class Table(_Data):
    """All findings; within one severity the order of the file is the rank."""

    finding: Items[Rule]

    @model_validator(mode="after")
    def _codes_are_sound(self) -> "Table":
        codes = [rule.code for rule in self.finding]
        unknown = {hidden for rule in self.finding for hidden in rule.hides} - set(codes)
        if len(set(codes)) != len(codes) or unknown:
            raise ValueError(f"codes must be unique and hidden ones known: {sorted(unknown)}")
        return self


@dataclass(frozen=True, slots=True)
class Finding:
    """A rule that holds, for one application or file where it is about one, with the evidence it rests on and what of all
    evidence people are told with it."""

    rule: Rule
    subject: str | None
    evidence: Evidence
    shown: Evidence


@cache
def table() -> Table:
    """The packaged table."""
    return Table.model_validate(tomllib.loads(resources.files(__package__).joinpath("findings.toml").read_text("utf-8")))


def finding_word(code: str) -> Text:
    """What the desk calls a finding; a code of an older table goes by itself."""
    return next((Text(rule.zh, rule.en) for rule in table().finding if rule.code == code), Text(code, code))


def findings(evidence: Evidence, rules: Table | None = None, *, explained: Collection[str] = ()) -> tuple[Finding, ...]:
    """What follows from the evidence, the gravest first; what another finding explains, or ``explained`` names, is left out."""
    rules = rules or table()
    found = [finding for rule in rules.finding for finding in _holding(rule, evidence)]
    hidden = {*explained, *(code for finding in found for code in finding.rule.hides)}
    kept = [finding for finding in found if finding.rule.code not in hidden]
    return tuple(sorted(kept, key=lambda finding: SEVERITIES.index(finding.rule.severity)))


def _holding(rule: Rule, evidence: Evidence) -> Iterator[Finding]:
    """The rule for each subject it holds for; None where it is about the whole card."""
    starred = any("*" in condition.key for condition in rule.conditions)
    for subject in _subjects(rule, evidence) if starred else (None,):
        judged = [(condition, _key(condition.key, subject)) for condition in rule.conditions]
        holds = {
            condition: condition.holds(evidence.get(key), present=evidence.get(key) is not None) for condition, key in judged
        }
        if all(holds[c] for c in rule.when) and (not rule.any or any(holds[c] for c in rule.any)):
            shown = (_key(key, subject) for key in rule.shows)
            yield Finding(rule, subject, _of(evidence, (key for _, key in judged)), _of(evidence, shown))


def _of(evidence: Evidence, keys: Iterable[str]) -> Evidence:
    return {key: evidence[key] for key in keys if key in evidence}


def _key(key: str, subject: str | None) -> str:
    return key if subject is None else key.replace("*", subject)


def _subjects(rule: Rule, evidence: Evidence) -> list[str]:
    """The applications or files for which the rule's starred keys have evidence, in its order."""
    starred = [condition.key for condition in rule.conditions if "*" in condition.key]
    subjects: dict[str, None] = {}
    for key in evidence:
        if pattern_of(key) in starred:
            subjects[key.removeprefix("file.") if key.startswith("file.") else key.split(".")[1]] = None
    return list(subjects)
