"""The report of a diagnosis: findings in rank, what was checked, and the evidence, as plain values for programs and pages."""

from collections.abc import Callable, Mapping
from typing import Any

from cardsvc.diagnosis.evidence import GROUPS, Evidence, check
from cardsvc.diagnosis.plans import plans
from cardsvc.diagnosis.table import CAUSES, Finding, findings
from cardsvc.text import Text

Fee = Mapping[str, Any]
FeeOf = Callable[[str], Fee]
"""Who pays on an occasion: payer, amount in fen, ids of the rules, source, version."""


def report(evidence: Evidence, fee_of: FeeOf, **about: Any) -> dict[str, Any]:
    """Findings and everything they rest on. ``about``: card number, profile, time, whether it was a quick look.

    ``healthy``: nothing was found that keeps the card from working; a notice does not.
    """
    check(evidence)
    found = findings(evidence)
    return {
        **about,
        "healthy": all(finding.rule.severity == "notice" for finding in found),
        "findings": [_finding(finding, fee_of) for finding in found],
        "checked": _checked(evidence),
        "evidence": dict(evidence),
    }


def _finding(finding: Finding, fee_of: FeeOf) -> dict[str, Any]:
    rule = finding.rule
    return {
        "code": rule.code,
        "subject": finding.subject,
        "word": _both(Text(rule.zh, rule.en)),
        "severity": rule.severity,
        "confidence": rule.confidence,
        "cause": {"code": rule.cause, **_both(CAUSES[rule.cause])},
        "tell": _both(Text(rule.tell_zh, rule.tell_en)),
        "next": _both(Text(rule.next_zh, rule.next_en)),
        "fee": dict(fee_of(rule.fee)),
        "plan": rule.plan,
        "cure": plans()[rule.plan].to_json(),
        "evidence": dict(finding.evidence),
    }


def _both(text: Text) -> dict[str, str]:
    return {"zh": text.zh, "en": text.en}


def _checked(evidence: Evidence) -> list[dict[str, str]]:
    """The groups of probes that gave evidence."""
    seen = {key.partition(".")[0] for key in evidence}
    return [{"probe": group, **_both(name)} for group, name in GROUPS.items() if group in seen]
