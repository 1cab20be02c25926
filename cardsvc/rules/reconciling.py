"""What a reconciliation takes for explained, by the rule of the day."""

import datetime as dt

from cardsvc.errors import RuleError
from cardsvc.rules.ruleset import ReconciliationRule, RuleSet


def reconciliation_rule(rules: RuleSet, day: dt.date) -> ReconciliationRule:
    """The rule in force. Raises RuleError ``rule_no_reconciliation``."""
    for rule in rules.reconciliation:
        if rule.holds(day):
            return rule
    raise RuleError("rule_no_reconciliation", day=day.isoformat(), version=rules.version)
