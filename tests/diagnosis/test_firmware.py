"""Known faults of a firmware, as data: found where version and symptom agree, and only there."""

from pathlib import Path

import pytest

from cardsvc.card.profile import Profile
from cardsvc.cli.card.diagnose import report_lines
from cardsvc.diagnosis.evidence import Value
from cardsvc.diagnosis.firmware import check_known_faults, firmware_faults
from cardsvc.errors import ProfileError
from tests.diagnosis.harm import algorithm_02
from tests.diagnosis.patients import Patient
from tests.world import World, profiles

SEEN = {"key.mac1": "wrong", "key.algorithm": 2}


def fudan(**changes: object) -> Profile:
    """The profile with its known fault changed."""
    profile = next(profile for profile in profiles() if profile.id == "fudan-fmcos2")
    fault = next(fault for fault in profile.known_fault if fault.seen)
    return profile.model_copy(update={"known_fault": (fault.model_copy(update=changes),)})


def test_the_finding_names_the_fault_and_its_cure(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As it stands in the profile; the suspicion that it explains is gone, and the report on paper says it too."""
    world = World(tmp_path / "city.db")
    card = world.issue("fudan-fmcos2")
    patient = Patient(world, card, card.channel)
    algorithm_02(patient)
    report = patient.examine()
    found = report["findings"][0]
    assert [finding["code"] for finding in report["findings"]] == ["firmware_fault"]
    fault = next(fault for fault in fudan().known_fault)
    assert found["next"] == {"zh": fault.cure_zh, "en": fault.cure_en}
    assert [(one["id"], one["versions"]) for one in found["firmware"]] == [("algorithm-02-03", fault.versions)]
    monkeypatch.setenv("CARDSVC_LANG", "zh")
    told = "\n".join(report_lines(report))
    assert fault.symptom_zh in told
    assert fault.cure_zh in told
    world.close()


@pytest.mark.parametrize(
    ("seen", "atr", "found"),
    [
        (SEEN, (), True),
        (SEEN | {"key.mac1": "right"}, (), False),
        (SEEN | {"key.algorithm": 1}, (), False),
        ({"key.mac1": "wrong"}, (), False),
        (SEEN, ("3B8B8001209000000000xxxxxxxxxxxx",), True),
        (SEEN, ("3B8B80012091xxxxxxxxxxxxxxxxxxxx",), False),
    ],
)
def test_version_and_symptom_must_agree(seen: dict[str, Value], atr: tuple[str, ...], *, found: bool) -> None:
    """All symptoms, on a version that has the fault."""
    faults = firmware_faults(fudan(atr=atr), bytes.fromhex("3B8B800120900000000000B0AC2842CC"), seen)
    assert bool(faults) == found


def test_all_known_faults_name_evidence_and_findings_that_exist() -> None:
    """And a profile that does not is refused with the name it gave."""
    for profile in profiles():
        check_known_faults(profile)
    symptom = fudan().known_fault[0].seen[0]
    for wrong in ({"seen": (symptom.model_copy(update={"key": "moon.phase"}),)}, {"explains": ("moon_phase",)}):
        with pytest.raises(ProfileError, match=r"moon.phase"):
            check_known_faults(fudan(**wrong))
