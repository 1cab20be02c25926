"""Texts for people, always in both languages side by side: Chinese first, English beside it."""

import locale
import os
from collections.abc import Iterable
from typing import Literal, NamedTuple

Language = Literal["zh", "en"]


class Text(NamedTuple):
    """One message in Chinese and English."""

    zh: str
    en: str

    def into(self, language: Language) -> str:
        """The message in one language."""
        return self.zh if language == "zh" else self.en


def joined(texts: Iterable[Text]) -> Text:
    """Several messages as one, each language with its own semicolon."""
    told = list(texts)
    return Text("；".join(one.zh for one in told), "; ".join(one.en for one in told))


def language_of_environment() -> Language:
    """The language of the person at this terminal.

    CARDSVC_LANG (zh or en) wins; otherwise the POSIX locale decides. Anything that is not plainly English is Chinese,
    because the desks are.
    """
    chosen = os.environ.get("CARDSVC_LANG") or os.environ.get("LC_ALL") or os.environ.get("LC_MESSAGES")
    chosen = chosen or os.environ.get("LANG") or locale.getlocale()[0] or ""
    return "en" if chosen.lower().startswith("en") else "zh"
