"""Every word that a page may have to say is there, in both languages."""

import re
from pathlib import Path
from typing import get_args, get_type_hints

from cardsvc.diagnosis.plans import plans
from cardsvc.ledger.states import LoadState, PurchaseState, ShiftState
from cardsvc.service.approval_kinds import APPROVALS
from cardsvc.service.books.figures import JOB_NAMES
from cardsvc.service.operation_kinds import KINDS
from cardsvc.service.reconcile.worklist import ALL
from cardsvc.service.rights.comparing import Standing
from cardsvc.service.words import accounts, codes, names, results
from cardsvc.service.words.decisions import payload_rows
from cardsvc.store.states import ApprovalState, CardRequestState, DifferenceState, NoticeState, TicketState
from cardsvc.store.tables.hall import COMPLAINT_STEPS, NOTE_KINDS
from cardsvc.store.tables.library import LIBRARY_EVENTS
from cardsvc.store.tables.staff import STAFF_ROLES
from cardsvc.store.tables.stock import BLANK_MOVES
from cardsvc.store.tables.terminals import ROLES
from cardsvc.web.desk import words
from cardsvc.web.desk.applying import STATES
from cardsvc.web.desk.jobs import JOBS

TEMPLATES = Path(words.__file__).parent / "templates"


def test_every_phase_of_every_kind_and_every_state_has_a_word() -> None:
    """A progress list never shows a name of the program."""
    assert {phase.name for kind in KINDS.values() for phase in kind.phases} <= set(words.PHASES)
    assert {str(state) for state in ShiftState} == set(codes.SHIFTS)
    assert set(APPROVALS) == set(codes.APPROVALS)
    assert set(KINDS) == set(JOB_NAMES)
    assert {str(state) for state in (*LoadState, *PurchaseState)} == set(codes.MONEY_STATES)
    assert {str(state) for state in DifferenceState} | {ALL} == set(codes.DIFFERENCES)
    assert {str(state) for state in ApprovalState} == set(codes.DECISIONS)
    assert {str(state) for state in NoticeState} == set(codes.NOTICES)
    assert set(LIBRARY_EVENTS) == set(codes.LIBRARY)
    assert {str(state) for state in CardRequestState} == set(STATES)
    assert set(get_args(get_type_hints(Standing)["state"])) == set(codes.RIGHTS)
    assert {str(state) for state in TicketState} == set(codes.TICKETS)
    assert set(BLANK_MOVES) == set(codes.BLANK_MOVES)
    assert (set(NOTE_KINDS), set(COMPLAINT_STEPS)) == (set(codes.NOTES), set(codes.COMPLAINT_STEPS))
    assert (set(ROLES), set(STAFF_ROLES)) == (set(codes.ROLES), set(codes.STAFF_ROLES))


def test_no_two_jobs_for_the_same_card_have_the_same_key() -> None:
    """Jobs for a citizen card; blank and old cards have a few of their own."""
    keys = [form.key for kind, form in JOBS.items() if kind not in ("personalise", "migrate")]
    assert len(keys) == len(set(keys))
    assert not {"l", "d", "p", "q", "s"} & set(keys)


def test_templates_speak_through_t_alone() -> None:
    """Chinese stands in templates only as the first of two languages; nothing is inline that the policy forbids."""
    for path in TEMPLATES.glob("*.html"):
        text = path.read_text("utf-8")
        plain = re.sub(
            r'\b(?:t|both)\(\s*"[^"]*"\s*,\s*"[^"]*"\s*\)|\bt\(\s*\'[^\']*\'\s*,\s*\'[^\']*\'\s*\)|{#.*?#}|"中文"',
            "",
            text,
            flags=re.DOTALL,
        )
        assert not re.search(r"[\u4e00-\u9fff]", plain), path.name
        assert not re.search(r"<script>|<style>|\son\w+=|\sstyle=|javascript:", text), path.name
        for named, known in (
            ("words", {**vars(accounts), **vars(codes), **vars(names), **vars(words)}),
            ("results", vars(results)),
        ):
            assert set(re.findall(rf"\b{named}\.(\w+)", text)) <= set(known), path.name
        for english in re.findall(r'(?:t|both)\(\s*"[^"]*"\s*,\s*"([^"]*)"', text):
            assert not re.search(r"[\u4e00-\u9fff]", english), path.name


def test_a_decision_says_the_steps_of_a_repair_in_words() -> None:
    """What a second person agrees to is no name of the program."""
    for name, plan in plans().items():
        ((_name, label, shown),) = payload_rows({"steps": [f"{name}:purse"]})
        assert (label.en, shown.zh) == ("Steps", f"{plan.zh}（城市通钱包）")
        assert shown.en.startswith(f"{plan.en} (")
