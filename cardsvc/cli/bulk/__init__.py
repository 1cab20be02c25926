"""``cardsvc bulk``: the cards of a file of people, on several readers at once."""
