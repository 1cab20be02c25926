"""Where rows live: tables, unit of work, migrations. The only home of SQLAlchemy.

Chosen over putting the tables into the ledger package: operations, cards and terminals are no part of the books, and a
newcomer looks for tables in one place.
"""

from cardsvc.store.failures import Conflict, TransactionLost
from cardsvc.store.store import Store, open_store, sqlite_folder
from cardsvc.store.unit_of_work import UnitOfWork

__all__ = ["Conflict", "Store", "TransactionLost", "UnitOfWork", "open_store", "sqlite_folder"]
