"""``cardsvc bench``: how fast top-ups, cards and reconciliation are on this machine."""
