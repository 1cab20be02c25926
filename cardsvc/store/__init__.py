"""Where rows live. The only home of SQLAlchemy.

store                opening the database
unit_of_work         a transaction with its repositories
tables               the tables; records and repositories have a file of the same name for each of these files
records              their rows as the service sees them
repositories         what may be asked of them
rows                 the statements that every repository needs
states               state machines of rows that hold no money (those of money: ledger/states.py)
handout_states       those of made cards on their way to their holders
triggers             rules that hold in the database itself
failures             what the database refuses, in our words
migrate, migrations  schema versions
filling, recording   many rows at once, and statements recorded, for benchmarks

Chosen over putting the tables into the ledger package: operations, cards and terminals are no part of the books, and a
newcomer looks for tables in one place.
"""

from cardsvc.store.failures import Conflict, TransactionLost
from cardsvc.store.store import Store, open_store, revision_of, sqlite_file
from cardsvc.store.unit_of_work import UnitOfWork

__all__ = ["Conflict", "Store", "TransactionLost", "UnitOfWork", "open_store", "revision_of", "sqlite_file"]
