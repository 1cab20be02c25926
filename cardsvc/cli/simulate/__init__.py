"""``cardsvc simulate``: a day of a city's cards through the real API, until its day is ended and reconciled."""
