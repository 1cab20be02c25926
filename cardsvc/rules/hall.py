"""Questions of a hall: which tickets there are, what to bring, who goes first, by when somebody is called back.

Pure functions over a rule set; days are local.
"""

import datetime as dt
from collections.abc import Iterable
from typing import TypeVar

from cardsvc.rules.data import Dated
from cardsvc.rules.hall_rules import (
    WHO,
    AppraisalRule,
    ComplaintRule,
    GreenRule,
    PapersRule,
    QueueRule,
    TicketRule,
    Who,
)
from cardsvc.rules.loading import no_rule, refusal
from cardsvc.rules.refunds import working_day
from cardsvc.rules.ruleset import RuleSet
from cardsvc.text import Text

D = TypeVar("D", bound=Dated)


def _held(rules: Iterable[D], day: dt.date) -> list[D]:
    return [rule for rule in rules if rule.holds(day)]


def ticket_rules(rules: RuleSet, day: dt.date) -> list[TicketRule]:
    """The kinds of tickets of a day, in the order of the file."""
    return _held(rules.ticket, day)


def ticket_rule(rules: RuleSet, ticket: str, day: dt.date) -> TicketRule:
    """One kind of ticket. Raises RuleError ``rule_no_ticket``."""
    found = next((rule for rule in ticket_rules(rules, day) if rule.ticket == ticket), None)
    if found is None:
        raise no_rule("rule_no_ticket", rules, "ticket", ticket=ticket)
    return found


def papers(rules: RuleSet, jobs: Iterable[str], who: Who, day: dt.date) -> list[PapersRule]:
    """What to bring for each of these jobs, as far as there is a rule."""
    wanted = set(jobs)
    return [rule for rule in _held(rules.papers, day) if rule.job in wanted and rule.who == who]


def ticket_papers(rules: RuleSet, ticket: str, day: dt.date) -> dict[Who, list[Text]]:
    """What must be there for the jobs of a kind of ticket, by who comes; each paper once."""
    jobs = [job for rule in ticket_rules(rules, day) if rule.ticket == ticket for job in rule.jobs]
    named = {who: [Text(one.zh, one.en) for rule in papers(rules, jobs, who, day) for one in rule.papers] for who in WHO}
    return {who: list(dict.fromkeys(rows)) for who, rows in named.items()}


def queue_rule(rules: RuleSet, day: dt.date) -> QueueRule:
    """How numbers are called. Raises RuleError ``rule_no_queue``."""
    found = _held(rules.queue, day)
    if not found:
        raise no_rule("rule_no_queue", rules, "queue")
    return found[0]


def check_machine(rules: RuleSet, given: int, day: dt.date) -> None:
    """Whether a ticket machine gives one more that gave so many within a minute. Raises RuleError ``rule_ticket_minute``."""
    rule = queue_rule(rules, day)
    if given >= rule.a_minute:
        raise refusal("rule_ticket_minute", rules, rule, most=rule.a_minute)


def green_rules(rules: RuleSet, day: dt.date) -> list[GreenRule]:
    """The reasons for which somebody is served first."""
    return _held(rules.green, day)


def green_rule(rules: RuleSet, reason: str, day: dt.date) -> GreenRule:
    """One reason. Raises RuleError ``rule_no_green``."""
    found = next((rule for rule in green_rules(rules, day) if rule.reason == reason), None)
    if found is None:
        raise no_rule("rule_no_green", rules, "green", reason=reason)
    return found


def appraisal_rule(rules: RuleSet, day: dt.date) -> AppraisalRule:
    """How service is appraised. Raises RuleError ``rule_no_appraisal``."""
    found = _held(rules.appraisal, day)
    if not found:
        raise no_rule("rule_no_appraisal", rules, "appraisal")
    return found[0]


def check_appraisal(rules: RuleSet, level: int, reason: str | None, day: dt.date) -> dt.date | None:
    """Accept an appraisal; the day by which somebody has called back, where one must.

    Raises RuleError ``rule_appraisal_level``, ``rule_appraisal_reason``.
    """
    rule = appraisal_rule(rules, day)
    if not 1 <= level <= len(rule.levels):
        raise refusal("rule_appraisal_level", rules, rule, levels=len(rule.levels))
    known = {code for code, _zh, _en in rule.reasons}
    if level > rule.reason_at:
        return None
    if reason not in known:
        raise refusal("rule_appraisal_reason", rules, rule)
    return working_day(rules, day, rule.call_back_days)


def complaint_rules(rules: RuleSet, day: dt.date) -> list[ComplaintRule]:
    """The channels by which complaints come."""
    return _held(rules.complaint, day)


def complaint_rule(rules: RuleSet, channel: str, day: dt.date) -> ComplaintRule:
    """The rule of a channel by which complaints come. Raises RuleError ``rule_no_complaint``."""
    found = next((rule for rule in complaint_rules(rules, day) if rule.channel == channel), None)
    if found is None:
        raise no_rule("rule_no_complaint", rules, "complaint", channel=channel)
    return found


def complaint_due(rules: RuleSet, channel: str, day: dt.date) -> dt.date:
    """By when a complaint is answered. Raises RuleError ``rule_no_complaint``."""
    return working_day(rules, day, complaint_rule(rules, channel, day).answer_days)


def checklist(rules: RuleSet, day: dt.date) -> tuple[tuple[str, str, str], ...]:
    """Code, Chinese and English of what the morning meeting goes through."""
    found = _held(rules.checklist, day)
    return found[0].items if found else ()
