"""The classes of the error tree: what kind of thing failed. Which thing exactly is the code."""

from enum import StrEnum, unique
from typing import Any

from cardsvc.errors.catalog import Entry, entry
from cardsvc.text import Language, Text


@unique
class Outcome(StrEnum):
    """What became of the thing that was asked for. There is no fourth value and no default branch."""

    NOT_DONE = "not_done"
    DONE = "done"
    UNKNOWN = "unknown"


class CardsvcError(Exception):
    """Root of all errors with a code. ``code`` must stand in the catalog; ``details`` fill the places in its texts."""

    def __init__(self, code: str, *, outcome: Outcome | None = None, **details: Any) -> None:
        super().__init__(code)
        self.code = code
        self.details = details
        self.outcome = outcome or Outcome(self.entry.outcome)

    @property
    def entry(self) -> Entry:
        """The catalog entry of this error's code."""
        return entry(self.code)

    @property
    def http_status(self) -> int:
        """The HTTP status that goes with the code."""
        return self.entry.http

    @property
    def what(self) -> Text:
        """What happened."""
        return self._filled(Text(self.entry.zh, self.entry.en))

    @property
    def next_step(self) -> Text:
        """What the person in front of the message can do now."""
        return self._filled(Text(self.entry.next_zh, self.entry.next_en))

    def message(self, language: Language) -> str:
        """One line: what happened and what to do next."""
        separator = "。" if language == "zh" else ". "
        return f"{self.what.into(language)}{separator}{self.next_step.into(language)}"

    def _filled(self, template: Text) -> Text:
        """With the details; one that is a Text stands there in the language of its sentence."""
        return Text(template.zh.format_map(self._details("zh")), template.en.format_map(self._details("en")))

    def _details(self, language: Language) -> "_Details":
        told = {name: value.into(language) if isinstance(value, Text) else value for name, value in self.details.items()}
        return _Details(told)

    def __str__(self) -> str:
        return f"{self.code} ({self.outcome}): {self.message('en')}"


class _Details(dict[str, Any]):
    """A detail that was not given shows as "?": a message must never fail to be shown."""

    def __missing__(self, key: str) -> str:
        return "?"


class RequestError(CardsvcError):
    """The caller asked for something malformed, unsigned, stale or contradictory. Nothing was done."""


class RuleError(CardsvcError):
    """A rule of the city or of the card company refuses. Details name the rule and its source."""


class CardError(CardsvcError):
    """The card answered something that the job cannot go on with."""


class CardGone(CardError):
    """The card is no longer there. Whether the command that was on its way took effect is not known."""


class ReaderError(CardsvcError):
    """Reader, driver or PC/SC service: the card is not to blame."""


class ProfileError(CardsvcError):
    """A firmware profile is wrong, missing, or more than one fits."""


class KeystoreError(CardsvcError):
    """A key is missing, sealed, retired or the wrong kind."""


class StoreError(CardsvcError):
    """The database cannot be reached, is locked, read-only or of another version."""


class OperationError(CardsvcError):
    """An operation is in a state that does not allow what was asked."""
