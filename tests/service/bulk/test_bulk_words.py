"""Why a card did not become one, as whoever feeds the readers reads it: in words, also where the details are not at hand."""

import re

from cardsvc.errors.catalog import all_entries
from cardsvc.service.bulk.words import why


def test_every_code_is_told_in_words() -> None:
    """Without a hole where a detail would stand."""
    for code in all_entries():
        for language, word in (("zh", "[一-鿿]{2}"), ("en", "[A-Za-z]{2,} ")):
            told = why(code, language)
            assert re.search(word, told.removesuffix(f"({code})")), told
            assert told.endswith(f" ({code})")
            assert not set("{}") & set(told), told


def test_details_that_are_not_at_hand_are_left_out() -> None:
    """In brackets or after a colon altogether, elsewhere as an ellipsis."""
    assert why("card_refused", "zh") == "卡片拒绝了 … (card_refused)"
    assert why("card_busy", "en") == "Another operation is under way on this card (card_busy)"
    assert why("bulk_stopped", "zh") == "连续 … 张卡没有做成，已停止 (bulk_stopped)"
    assert why("citizen_has_card", "zh").endswith(" (citizen_has_card)")
    assert why(None, "zh") == ""
