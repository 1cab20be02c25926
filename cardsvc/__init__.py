"""cardsvc: issues citizen cards (市民卡), opens their applications, tops them up and repairs them.

The floors, from the bottom up, are drawn in README.md and enforced by the import contracts in pyproject.toml.
"""

__version__ = "0.1.0"
