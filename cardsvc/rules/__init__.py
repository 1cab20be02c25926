"""The city's and the card company's rules as dated data: what may be loaded, spent and opened, by whom, until when.

Pure functions over a rule set; the day is an argument. Every acceptance and every refusal names the rule that decided.
"""

from cardsvc.rules.difference import Change, difference
from cardsvc.rules.loading import LoadDecision, LoadRequest, Payable, check_load, check_moved, check_spend, credited, payable
from cardsvc.rules.opening import OpenRequest, OpenTerms, check_open, is_opened_anew
from cardsvc.rules.parsing import checked_rule_set, load_rule_set, parse_rule_set, rule_text
from cardsvc.rules.payers import Payer, payer_of
from cardsvc.rules.reconciling import reconciliation_rule
from cardsvc.rules.refunds import (
    DepositTerms,
    PayoutTerms,
    RefundRequest,
    RefundTerms,
    check_refund,
    deposit_refund,
    hold_until,
    payout_terms,
)
from cardsvc.rules.ruleset import RuleSet

__all__ = [
    "Change",
    "DepositTerms",
    "LoadDecision",
    "LoadRequest",
    "OpenRequest",
    "OpenTerms",
    "Payable",
    "Payer",
    "PayoutTerms",
    "RefundRequest",
    "RefundTerms",
    "RuleSet",
    "check_load",
    "check_moved",
    "check_open",
    "check_refund",
    "check_spend",
    "checked_rule_set",
    "credited",
    "deposit_refund",
    "difference",
    "hold_until",
    "is_opened_anew",
    "load_rule_set",
    "parse_rule_set",
    "payable",
    "payer_of",
    "payout_terms",
    "reconciliation_rule",
    "rule_text",
]
