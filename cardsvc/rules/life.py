"""Questions of a card's life: may it be renewed, what a change of the holder's data takes, who settles a dead holder's cards.

Pure functions over a rule set; days are local. Every answer and every refusal names its rule.
"""

import datetime as dt
from collections.abc import Iterable

from cardsvc.rules.desk import fee
from cardsvc.rules.life_rules import ChangeRule, HeirRule
from cardsvc.rules.loading import no_rule, refusal
from cardsvc.rules.ruleset import RuleSet


def renewal_fee(rules: RuleSet, product: str, expiry: dt.date, day: dt.date) -> tuple[int, str]:
    """The fee of a renewal in fen, and its rule, for a card whose validity is, or will soon be, over. ``expiry``: its last day.

    Raises RuleError ``rule_no_renewal``, ``rule_not_yet_renewed`` with the day from which it may be, ``rule_no_fee``.
    """
    rule = next((rule for rule in rules.renewal if rule.product == product and rule.holds(day)), None)
    if rule is None:
        raise no_rule("rule_no_renewal", rules, "renewal", product=product)
    earliest = expiry - dt.timedelta(days=rule.days_before)
    if day < earliest:
        raise refusal("rule_not_yet_renewed", rules, rule, earliest=earliest)
    return fee(rules, "renew", day)


def change_rules(rules: RuleSet, fields: Iterable[str], day: dt.date) -> tuple[ChangeRule, ...]:
    """The rules of changing these fields of a person. Raises RuleError ``rule_no_change`` for a field that none names."""
    found: dict[str, ChangeRule] = {}
    for name in fields:
        rule = next((rule for rule in rules.change if name in rule.fields and rule.holds(day)), None)
        if rule is None:
            raise no_rule("rule_no_change", rules, "change", field=name)
        found[rule.id] = rule
    return tuple(found.values())


def heirs(rules: RuleSet, day: dt.date) -> tuple[HeirRule, ...]:
    """Who may settle the cards of a holder who has died, with their papers."""
    return tuple(rule for rule in rules.heir if rule.holds(day))


def heir_rule(rules: RuleSet, heir: str, day: dt.date) -> HeirRule:
    """The rule of such a person. Raises RuleError ``rule_no_heir``."""
    for rule in heirs(rules, day):
        if rule.heir == heir:
            return rule
    raise no_rule("rule_no_heir", rules, "heir", heir=heir[:16])


def swapped(rules: RuleSet, application: str, product: str, day: dt.date) -> tuple[str, str | None]:
    """The product that a new card gets for one of an old card, and the rule where it is another one."""
    for rule in rules.swap:
        if rule.application == application and product in rule.products and rule.holds(day):
            return rule.becomes, rule.id
    return product, None
