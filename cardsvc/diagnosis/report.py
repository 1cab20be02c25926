"""The report of a diagnosis: findings in rank, what was checked, and the evidence, as plain values for programs and pages."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from cardsvc.card.profile import KnownFault
from cardsvc.diagnosis.evidence import GROUPS, KEYS, Evidence, check
from cardsvc.diagnosis.plans import plans
from cardsvc.diagnosis.table import CAUSES, Finding, findings
from cardsvc.text import Text

Fee = Mapping[str, Any]
FeeOf = Callable[[str], Fee]
"""Who pays on an occasion: payer, amount in fen, ids of the rules, source, version."""


FIRMWARE = "firmware_fault"


def report(evidence: Evidence, fee_of: FeeOf, firmware: Sequence[KnownFault] = (), **about: Any) -> dict[str, Any]:
    """Findings and everything they rest on. ``about``: card number, profile, time, whether it was a quick look.

    ``firmware``: the known faults of the card's firmware that the evidence shows; each is told with its cure.

    ``healthy``: nothing was found that keeps the card from working; a notice does not.
    """
    check(evidence)
    found = findings(evidence, explained=[code for fault in firmware for code in fault.explains])
    return {
        **about,
        "healthy": all(finding.rule.severity == "notice" for finding in found),
        "findings": [_finding(finding, fee_of, firmware if finding.rule.code == FIRMWARE else ()) for finding in found],
        "checked": _checked(evidence),
        "unchecked": _unchecked(evidence),
        "evidence": dict(evidence),
    }


def _finding(finding: Finding, fee_of: FeeOf, firmware: Sequence[KnownFault]) -> dict[str, Any]:
    rule = finding.rule
    cures = Text("；".join(fault.cure_zh for fault in firmware), "; ".join(fault.cure_en for fault in firmware))
    return {
        "code": rule.code,
        "subject": finding.subject,
        "word": _both(Text(rule.zh, rule.en)),
        "severity": rule.severity,
        "confidence": rule.confidence,
        "cause": {"code": rule.cause, **_both(CAUSES[rule.cause])},
        "tell": _both(Text(rule.tell_zh, rule.tell_en)),
        "next": _both(cures if firmware else Text(rule.next_zh, rule.next_en)),
        "firmware": [_firmware(fault) for fault in firmware],
        "fee": dict(fee_of(rule.fee)),
        "plan": rule.plan,
        "cure": plans()[rule.plan].to_json(),
        "evidence": dict(finding.evidence),
    }


def _firmware(fault: KnownFault) -> dict[str, Any]:
    return {
        "id": fault.id,
        "symptom": _both(Text(fault.symptom_zh, fault.symptom_en)),
        "versions": fault.versions,
        "cure": _both(Text(fault.cure_zh, fault.cure_en)),
        "source": fault.source,
    }


def _both(text: Text) -> dict[str, str]:
    return {"zh": text.zh, "en": text.en}


def _checked(evidence: Evidence) -> list[dict[str, str]]:
    """The groups of probes that gave evidence."""
    seen = {key.partition(".")[0] for key in evidence}
    return [{"probe": group, **_both(name)} for group, name in GROUPS.items() if group in seen]


def _unchecked(evidence: Evidence) -> list[dict[str, Any]]:
    """What a full run left out on this card, and for which applications."""
    left = evidence.get("key.unproven")
    return [{"probe": "key.unproven", **_both(KEYS["key.unproven"].name), "subjects": left}] if left else []
