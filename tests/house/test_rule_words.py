"""People read rules in words: every field has a name, no source ends in a letter."""

import re
import typing

from cardsvc.rules import RuleSet, load_rule_set
from cardsvc.rules.data import Dated
from cardsvc.service.words.rule_fields import FIELDS, value_in_words
from cardsvc.service.words.rules import TABLES, source_in_words


def models() -> dict[str, type[Dated]]:
    """The model of each table."""
    found = {name: typing.get_args(field.annotation) for name, field in RuleSet.model_fields.items()}
    return {name: given[0] for name, given in found.items() if given}


def test_every_table_and_every_field_has_a_name() -> None:
    """And no name is of a field that there is not."""
    assert set(models()) == set(TABLES)
    assert {field for model in models().values() for field in model.model_fields} - {"id"} == set(FIELDS)


def test_a_source_says_in_words_what_is_the_companys_own_default() -> None:
    """The letters of how far a source is trusted are for whoever keeps the rules."""
    for _table, _place, rule in load_rule_set().every():
        said = source_in_words(rule.source)
        assert not re.search(r"\bK\b|^[A-E][：:]|[（(][A-E][）)]|[；;] ?[A-E][：:]", f"{said.zh}\n{said.en}", re.MULTILINE), (
            said
        )
    assert source_in_words(load_rule_set().rule("card-tong").source).en.endswith("warranty (ours to set)")  # type: ignore[union-attr]


def test_values_are_amounts_in_yuan_and_words() -> None:
    """A name in both languages, yes or no, a list, a code."""
    assert value_in_words("fee", 1500) == ("15.00", "15.00")
    assert value_in_words("products", ["citizen", "T"]) == ("市民卡、T", "citizen card, T")
    assert value_in_words("named", True) == ("是", "yes")
    assert value_in_words("source", {"zh": "甲", "en": "a"}) == ("甲", "a")
    assert value_in_words("until", None) == ("-", "-")
