"""The report of a diagnosis: findings in rank, what was checked, and the evidence, as plain values for programs and pages."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from cardsvc.card.profile import KnownFault, Profile
from cardsvc.diagnosis.evidence import GROUPS, Evidence, check
from cardsvc.diagnosis.plans import plans
from cardsvc.diagnosis.table import CAUSES, Finding, findings
from cardsvc.diagnosis.words import CONFIDENCES, told
from cardsvc.text import Text

Fee = Mapping[str, Any]
FeeOf = Callable[[str], Fee]
"""Who pays on an occasion: payer, amount in fen, ids of the rules, source, version."""


FIRMWARE = "firmware_fault"
LOAD_KEYS = Text("充值密钥", "load keys")


FOREIGN = "card_foreign"
DRAFT = Text("，按没有核对过的草稿认出", ", told by a draft that nobody checked")


def report(
    evidence: Evidence, fee_of: FeeOf, family: Profile | None, firmware: Sequence[KnownFault] = (), **about: Any
) -> dict[str, Any]:
    """Findings and everything they rest on. ``about``: card number, time, whether it was a quick look.

    ``family``: of the card, where its ATR told one; a card of others is named by it.

    ``firmware``: the known faults of the card's firmware that the evidence shows; each is told with its cure.

    ``healthy``: nothing was found that keeps the card from working; a notice does not.
    """
    check(evidence)
    found = findings(evidence, explained=[code for fault in firmware for code in fault.explains])
    return {
        **about,
        "healthy": all(finding.rule.severity == "notice" for finding in found),
        "findings": [_finding(finding, fee_of, family, firmware if finding.rule.code == FIRMWARE else ()) for finding in found],
        "checked": _checked(evidence),
        "unchecked": _unchecked(evidence),
        "evidence": dict(evidence),
    }


def _finding(finding: Finding, fee_of: FeeOf, family: Profile | None, firmware: Sequence[KnownFault]) -> dict[str, Any]:
    rule = finding.rule
    foreign = family if rule.code == FOREIGN and family is not None and family.foreign is not None else None
    cures = Text("；".join(fault.cure_zh for fault in firmware), "; ".join(fault.cure_en for fault in firmware))
    return {
        "code": rule.code,
        "subject": finding.subject,
        "word": _both(Text(rule.zh, rule.en)),
        "severity": rule.severity,
        "confidence": rule.confidence,
        "sure": _both(CONFIDENCES[rule.confidence]),
        "seen": [_both(told(key, value)) for key, value in finding.shown.items() if value != []],
        "cause": {"code": rule.cause, **_both(CAUSES[rule.cause])},
        "tell": _both(_named(Text(rule.tell_zh, rule.tell_en), foreign)),
        "next": _both(cures if firmware else Text(rule.next_zh, rule.next_en)),
        "firmware": [_firmware(fault) for fault in firmware],
        "family": _family(foreign) if foreign else None,
        "fee": dict(fee_of(rule.fee)),
        "plan": rule.plan,
        "cure": plans()[rule.plan].to_json(),
        "evidence": dict(finding.evidence),
    }


def _named(tell: Text, family: Profile | None) -> Text:
    """Whose card it is, as far as its family tells."""
    if family is None:
        return tell
    zh, en = (DRAFT.zh, DRAFT.en) if family.draft else ("", "")
    return Text(f"{tell.zh}：{family.name_zh}{zh}", f"{tell.en}: {family.name_en}{en}")


def _family(family: Profile) -> dict[str, Any]:
    """A family of others: its profile, and what ``cardsvc card inspect`` reads of its cards."""
    foreign = family.foreign
    reads = [field.name for field in foreign.field] if foreign else []
    return {"id": family.id, "name": _both(Text(family.name_zh, family.name_en)), "draft": family.draft, "reads": reads}


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
    return [{"probe": "key.unproven", **_both(LOAD_KEYS), "subjects": left}] if left else []
