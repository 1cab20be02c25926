"""What a page shows that is meant for programs: identifiers among its words."""

import re

from playwright.sync_api import Page

from cardsvc.rules import load_rule_set

TEXTS = """() => {
  const found = [], walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (walker.nextNode()) {
    const text = walker.currentNode.data.trim(), parent = walker.currentNode.parentElement;
    if (text && !parent.closest('script, style, template, textarea, [data-code]')) found.push(text);
  }
  return found;
}"""
"""All texts, also those of choices and of parts that are folded: they unfold. ``data-code``: a code of the catalog, small below
what it says in words."""
RULES = load_rule_set()
IDS = [rule.id for _table, _number, rule in RULES.every() if "-" in rule.id]
UUID = r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}"
SNAKE = r"\b[a-z][a-z0-9]*(?:_[a-z0-9]+)+\b"
PARTS = r"\b[a-z_]{3,}:[a-z0-9]\S*"
IN_BOTH = re.compile(f"{UUID}|{SNAKE}|{PARTS}|" + "|".join(rf"(?<![\w-]){re.escape(one)}(?![\w-])" for one in IDS))
"""In either language: ids, snake_case, strings of parts such as accounts and places, ids of rules."""
LATIN = re.compile(r"(?<![A-Za-z0-9])[a-z][a-z0-9_:.-]{2,}")
"""On a Chinese page any word that begins with a small letter."""
NAMES = {
    *("clerk", "chief", "admin", "other", "second", "wes", "service"),  # staff ids, which people type to sign in
    *("演示other", "演示second", "kiosk-7", "desk-1", "app"),  # terminals, as the stickers on them say
    *("hall", "west"),  # outlets, where their ids are listed beside their names for commands
    *("people.csv", "xlsx"),
    *("cardsvc", "agent", "suspects", "propose", "reconcile", "run", "rules"),  # commands that are named in a sentence
}
"""Names that people gave, and what they type."""
AS_THEY_ARE = {"manage_rules": "values of rules that no list of words has: who comes, which data, reasons"}
"""Pages whose matter are identifiers."""
SPEAK_BOTH = {"hall_display", "ticket_machine", "appraisal_screen", "take_ticket"}
"""Screens of the hall: Chinese and English at once."""


def identifiers_on(page: Page, sort: str) -> list[str]:
    """The identifiers that can be read on a page, each with the text that it stands in."""
    kind = sort.partition(" ")[0]
    if kind in AS_THEY_ARE:
        return []
    found = set()
    chinese = page.locator("html").get_attribute("lang") == "zh-CN" and kind not in SPEAK_BOTH
    for text in page.evaluate(TEXTS):
        latin = [hit[0] for hit in LATIN.finditer(text) if chinese and not _is_name(hit[0])]
        found |= {f"{hit}: {text[:90]}" for hit in (*(hit[0] for hit in IN_BOTH.finditer(text)), *latin)}
    return sorted(found)


def _is_name(word: str) -> bool:
    """A workstation is called by its id, and a name may stand before punctuation."""
    return word.rstrip(".:") in NAMES or re.fullmatch(r"ws-\w+", word) is not None
