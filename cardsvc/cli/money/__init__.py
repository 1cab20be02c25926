"""Money and its books: shifts, the day, orders, files, reconciliation, what only people can settle, receipts."""
