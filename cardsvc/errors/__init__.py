"""The error tree. Every error that a person can meet has a code, an outcome, what happened and what to do next.

tree       its classes: what kind of thing failed
fields     what is wrong with fields of parameters and data files
catalog    of every code its texts, HTTP status and default outcome, in TOML, one file a family; decided nowhere else

Details given to an error fill the ``{places}`` of its texts; never pass a secret as a detail.
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
