"""``cardsvc simulate --hall``: a whole day of the hall on a clock of its own, from the first number to the seal of the day."""
