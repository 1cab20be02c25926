"""``cardsvc card``: what is done on the card in the reader, and what is seen of it."""
