"""The error tree. Every error that a person can meet has a code, an outcome, what happened and what to do next.

The texts, HTTP statuses and default outcomes stand in ``catalog/*.toml``, one file a family: they are looked up here and
decided nowhere else. Details given to an error fill the ``{places}`` of its texts; never pass a secret as a detail.
"""

from cardsvc.errors.tree import (
    CardError,
    CardGone,
    CardsvcError,
    KeystoreError,
    OperationError,
    Outcome,
    ProfileError,
    ReaderError,
    RequestError,
    RuleError,
    StoreError,
)

__all__ = [
    "CardError",
    "CardGone",
    "CardsvcError",
    "KeystoreError",
    "OperationError",
    "Outcome",
    "ProfileError",
    "ReaderError",
    "RequestError",
    "RuleError",
    "StoreError",
]
