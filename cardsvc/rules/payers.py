"""Who pays on an occasion, and how much."""

import datetime as dt
from dataclasses import dataclass

from cardsvc.errors import RuleError
from cardsvc.rules.desk import fee
from cardsvc.rules.ruleset import RuleSet
from cardsvc.text import Text


@dataclass(frozen=True, slots=True)
class Payer:
    """``payer``: nobody, holder or card_company; ``amount`` in fen, of the holder; ``rules``: the ids that decided."""

    payer: str
    amount: int
    rules: tuple[str, ...]
    source: Text


def payer_of(rules: RuleSet, occasion: str, day: dt.date) -> Payer:
    """Who pays for ``repair``, ``replace_natural_fault``... Raises RuleError: ``rule_no_payer``, ``rule_no_fee``."""
    rule = next((rule for rule in rules.payer if rule.occasion == occasion and rule.holds(day)), None)
    if rule is None:
        raise RuleError("rule_no_payer", occasion=occasion, version=rules.version)
    if rule.job is None:
        return Payer(rule.payer, 0, (rule.id,), rule.source)
    amount, fee_id = fee(rules, rule.job, day)
    return Payer(rule.payer, amount, (rule.id, fee_id), rule.source)
